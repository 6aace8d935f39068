
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * TAP for the C programs: what is checked, and the little of nginx that has
 * to run for pools, logs and the slab.
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


static ngx_uint_t   tap_tests;
static ngx_uint_t   tap_failures;
static ngx_uint_t   tap_logged;     /* lines since it was set to 0 */
static char         tap_line[NGX_MAX_ERROR_STR];
static ngx_log_t    tap_log;
static ngx_cycle_t  tap_cycle;


static void
ok(ngx_uint_t good, const char *name)
{
    tap_tests++;

    if (!good) {
        tap_failures++;
    }

    printf("%sok %lu - %s\n", good ? "" : "not ", (unsigned long) tap_tests,
           name);
}


/* text that is wanted and that came, for a look when they differ */

static ngx_inline void
is(ngx_str_t *got, const char *want, const char *name)
{
    ngx_uint_t  good;

    good = got->len == ngx_strlen(want)
           && ngx_memcmp(got->data, want, got->len) == 0;

    ok(good, name);

    if (!good) {
        printf("# got  %.*s\n# want %s\n", (int) got->len,
               got->len ? (char *) got->data : "", want);
    }
}


static void
tap_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf, size_t len)
{
    (void) log;
    (void) level;

    tap_logged++;

    len = ngx_min(len, sizeof(tap_line) - 1);
    ngx_memcpy(tap_line, buf, len);
    tap_line[len] = '\0';
}


static void
tap_init(void)
{
    ngx_use_stderr = 0;

    /* the value of a lock that is held */
    ngx_pid = ngx_getpid();

    ngx_pagesize = getpagesize();
    ngx_cacheline_size = 64;

    for (ngx_pagesize_shift = 0;
         (1u << ngx_pagesize_shift) < ngx_pagesize;
         ngx_pagesize_shift++)
    {
        /* void */
    }

    ngx_time_init();
    ngx_slab_sizes_init();

    tap_log.log_level = NGX_LOG_NOTICE;
    tap_log.writer = tap_writer;

    tap_cycle.log = &tap_log;
    ngx_cycle = &tap_cycle;
}


static ngx_inline int
tap_done(void)
{
    printf("1..%lu\n", (unsigned long) tap_tests);

    return tap_failures ? 1 : 0;
}


#endif /* _TAP_H_INCLUDED_ */
