/* unit: src/ngx_http_model_backoff.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The first byte is the status, the second shifts the time, lines are headers
 * "name:value".  The delay is at most a day; it does not depend on the case
 * of names nor on what the list is cut into; headers of limits are nothing to
 * 503; an hour later, what is still asked for is no longer.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_backoff.h"


#define NOW  1767225600


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void headers(ngx_pool_t *pool, ngx_list_t *list, ngx_uint_t n,
    ngx_uint_t upper, const uint8_t *data, size_t size);
static u_char *copy(ngx_pool_t *pool, const uint8_t *data, size_t len,
    ngx_uint_t upper);
static void must(ngx_uint_t good);


static ngx_log_t        test_log;
static ngx_open_file_t  test_log_file;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    time_t       now;
    ngx_list_t   list, other;
    ngx_msec_t   delay;
    ngx_uint_t   status;
    ngx_pool_t  *pool;

    static ngx_uint_t  statuses[] = { 429, 503, 529, 500 };

    if (ngx_pagesize == 0) {
        ngx_pagesize = getpagesize();
        ngx_time_init();

        test_log_file.fd = ngx_stderr;
        test_log.file = &test_log_file;
        test_log.log_level = NGX_LOG_EMERG;
    }

    if (size < 2) {
        return 0;
    }

    pool = ngx_create_pool(4096, &test_log);
    must(pool != NULL);

    status = statuses[data[0] & 3];
    now = NOW + ((time_t) data[1] - 128) * 3600;

    if (data[1] == 0) {
        now = 0;
    }

    headers(pool, &list, 1, 0, data + 2, size - 2);
    headers(pool, &other, 20, 1, data + 2, size - 2);

    delay = ngx_http_model_backoff(&list, status, now);

    must(delay <= NGX_HTTP_MODEL_BACKOFF_MAX);
    must(status != 500 || delay == 0);
    must(ngx_http_model_backoff(&other, status, now) == delay);

    if (status != 500 && delay == 0) {
        must(ngx_http_model_backoff(&list, 503, now) == 0);
    }

    if (status == 503 || status == 529) {

        /* a header that is past makes way for the next of its name */

        must(delay != 0
             || ngx_http_model_backoff(&list, status, now + 3600) == 0);
    }

    ngx_destroy_pool(pool);

    return 0;
}


static void
headers(ngx_pool_t *pool, ngx_list_t *list, ngx_uint_t n, ngx_uint_t upper,
    const uint8_t *data, size_t size)
{
    size_t            len, name;
    const uint8_t    *p;
    ngx_table_elt_t  *h;

    must(ngx_list_init(list, pool, n, sizeof(ngx_table_elt_t)) == NGX_OK);

    for ( /* void */ ; size; data += len, size -= len) {

        p = memchr(data, '\n', size);
        len = p ? (size_t) (p - data) + 1 : size;

        p = memchr(data, ':', len);

        if (p == NULL) {
            continue;
        }

        name = p - data;

        h = ngx_list_push(list);
        must(h != NULL);

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->key.len = name;
        h->key.data = copy(pool, data, name, upper);
        h->value.len = len - name - 1 - (data[len - 1] == '\n');
        h->value.data = copy(pool, p + 1, h->value.len, 0);
    }
}


/* of its own size: a read past the end is found */

static u_char *
copy(ngx_pool_t *pool, const uint8_t *data, size_t len, ngx_uint_t upper)
{
    size_t   i;
    u_char  *p;

    p = ngx_palloc(pool, len ? len : 1);
    must(p != NULL);

    for (i = 0; i < len; i++) {
        p[i] = upper ? ngx_toupper(data[i]) : data[i];
    }

    return p;
}


static void
must(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
