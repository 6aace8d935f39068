/* unit: src/ngx_http_model_health.c src/ngx_http_model_health_node.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Health in a real slab pool: rows of failures, breakers and their leases as
 * time goes, what is read, told and forgotten.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "health.h"


static ngx_http_model_health_t *seen(const char *server, const char *model);
static ngx_msec_t taken(const char *server, const char *model);
static ngx_uint_t keep_x(ngx_str_t *vendor, ngx_str_t *server, void *data);
static void test_no_zone(void);
static void test_failures(void);
static void test_names(void);
static void test_cooldown(void);
static void test_half_open(void);
static void test_whole_server(void);
static void test_lease(void);
static void test_wrap(void);
static void test_read(void);
static void test_note(void);
static void test_note_window(void);
static void test_prune(void);


int
main(void)
{
    zone_init();

    test_no_zone();
    test_failures();
    test_names();
    test_cooldown();
    test_half_open();
    test_whole_server();
    test_lease();
    test_wrap();
    test_read();
    test_note();
    test_note_window();
    test_prune();

    ngx_destroy_pool(pool);

    return tap_done();
}


/* what a reader sees of it, NULL when nothing */

static ngx_http_model_health_t *
seen(const char *server, const char *model)
{
    ngx_uint_t                i;
    ngx_array_t              *array;
    ngx_http_model_health_t  *health;

    array = ngx_http_model_health_read(cat, pool);
    health = array->elts;

    for (i = 0; i < array->nelts; i++) {

        if (health[i].server.len == ngx_strlen(server)
            && ngx_memcmp(health[i].server.data, server, health[i].server.len)
               == 0
            && health[i].model.len == ngx_strlen(model)
            && ngx_memcmp(health[i].model.data, model, health[i].model.len)
               == 0)
        {
            return &health[i];
        }
    }

    return NULL;
}


static void
test_no_zone(void)
{
    ngx_conf_t  cf;

    ngx_memzero(&cf, sizeof(ngx_conf_t));
    cf.cycle = &conf_cycle;
    cf.pool = pool;
    cf.log = &tap_log;

    (void) ngx_list_init(&conf_cycle.shared_memory, pool, 1,
                         sizeof(ngx_shm_zone_t));

    cat = ngx_http_model_catalogue_add(&cf, &zone_name, 1 << 20, &cf);
    tap_logged = 0;

    ok(failed("v", "a") == 0 && failures("v", "a") == 0, "no zone: no row");
    answered("v", "a");
    ok(cool("a", "m", 1000) == 0 && out("a", "m") == 0,
       "no zone: nothing cools");
    ok(probe("a", "m") == 0 && probed("a", "m", 1) == 0, "no zone: no probe");
    ok(read_all() == 0, "no zone: nothing to read");
    ok(note("a") == NGX_HTTP_MODEL_HEALTH_LOG, "no zone: all is told");
    ngx_http_model_health_prune(cat, keep_none, NULL);
    ok(tap_logged == 0, "no zone: no line");
}


static void
test_failures(void)
{
    cat = zone(1 << 18, NULL, &shm_zone);

    ok(failures("v", "a") == 0, "no failure yet");
    answered("v", "a");
    ok(read_all() == 0, "an answer of a healthy one leaves nothing");

    ok(failed("v", "a") == 1 && failed("v", "a") == 2 && failed("v", "a") == 3,
       "failures count up");
    ok(failed("v", "b") == 1 && failed("w", "a") == 1,
       "each server of each vendor for itself");

    answered("v", "a");
    ok(failures("v", "a") == 0 && failures("v", "b") == 1
       && failures("w", "a") == 1, "an answer ends one row");
    answered("v", "a");
    answered("v", "none");
    ok(failures("v", "b") == 1, "once more is nothing");

    ok(failed("v", "a") == 1, "a new row");
    answered("v", "a");
    answered("v", "b");
    answered("w", "a");
    ok(failures("v", "a") + failures("v", "b") + failures("w", "a") == 0
       && read_all() == 0, "all rows over");
}


static void
test_names(void)
{
    char  most[NGX_HTTP_MODEL_HEALTH_NAME + 1];
    char  over[NGX_HTTP_MODEL_HEALTH_NAME + 2];

    cat = zone(1 << 18, NULL, &shm_zone);

    (void) failed("ab", "c:1");
    ok(failures("a", "bc:1") == 0 && failures("abc", ":1") == 0
       && failures("ab", "c:11") == 0 && failures("ab", "c:") == 0
       && failures("ab", "c:1") == 1, "names are whole names");

    (void) cool("s", "mo", 1000);
    ok(out("s", "m") == 0 && out("s", "mod") == 0 && out("sm", "o") == 0
       && out("s", "") == 0 && out("smo", "") == 0 && out("s", "mo") == 1000,
       "so are those of models");

    memset(most, 'x', sizeof(most) - 1);
    most[sizeof(most) - 1] = '\0';

    memset(over, 'x', sizeof(over) - 1);
    over[sizeof(over) - 1] = '\0';

    tap_logged = 0;

    ok(failed(most, most) == 1 && failures(most, most) == 1
       && cool(most, most, 1000) == 1 && out(most, most) == 1000,
       "the longest names");
    ok(failed(over, "s") == 0 && failed("v", over) == 0
       && cool(over, "m", 1000) == 0 && cool("s", over, 1000) == 0,
       "longer ones are not kept");
    ok(failures(over, "s") == 0 && out(over, "m") == 0 && out("s", over) == 0
       && probe("s", over) == 0 && probed("s", over, 1) == 0,
       "nor found");
    ok(note(over) == NGX_HTTP_MODEL_HEALTH_LOG, "nor held back");
    ok(tap_logged == 0, "nor an alert");
}


static void
test_cooldown(void)
{
    cat = zone(1 << 18, NULL, &shm_zone);
    ngx_current_msec = 100000;

    ok(cool("a", "m", 0) == 0 && out("a", "m") == 0, "for no time");

    ok(cool("a", "m", 5000) == 1, "out");
    ok(out("a", "m") == 5000, "for all of its time");
    ok(out("a", "n") == 0 && out("b", "m") == 0 && out("a", "") == 0,
       "nothing else is");

    ngx_current_msec += 1000;
    ok(out("a", "m") == 4000, "time goes");
    ok(cool("a", "m", 2000) == 0 && out("a", "m") == 4000,
       "a shorter one changes nothing");
    ok(cool("a", "m", 6000) == 0 && out("a", "m") == 6000,
       "a longer one takes its place");
    ok(probe("a", "m") == 0 && probed("a", "m", 1) == 0
       && out("a", "m") == 6000, "no probe while it lasts");

    ngx_current_msec += 5999;
    ok(out("a", "m") == 1, "to the last millisecond");
    ngx_current_msec += 1;
    ok(out("a", "m") == 0, "and over");

    ok(cool("a", "m", 1000) == 1 && out("a", "m") == 1000,
       "out again without a probe is a change");

    ok(cool("b", "m", (ngx_msec_t) -1) == 1
       && out("b", "m") == NGX_MAX_INT32_VALUE, "the longest");
}


static void
test_half_open(void)
{
    cat = zone(1 << 18, NULL, &shm_zone);
    ngx_current_msec = 100000;

    (void) cool("a", "m", 1000);
    ngx_current_msec += 1500;

    ok(out("a", "m") == 0 && out("a", "m") == 0, "asking takes no lease");
    ok(probe("a", "n") == 0 && probe("b", "m") == 0, "others are no probe");
    ok(probe("a", "m") == 1, "one request tries");
    ok(probe("a", "m") == 0 && taken("a", "m") == NGX_HTTP_MODEL_HEALTH_LEASE,
       "a second one does not, and is told so");
    ok(taken("a", "n") == 0 && taken("b", "m") == 0, "others may go");
    ok(out("a", "m") == NGX_HTTP_MODEL_HEALTH_LEASE, "others wait for it");
    ok(probed("a", "m", 1) == 1, "it answers");
    ok(out("a", "m") == 0 && probe("a", "m") == 0 && read_all() == 0,
       "closed");
    ok(probed("a", "m", 1) == 0, "that is told once");

    (void) cool("a", "m", 3000);
    ngx_current_msec += 3000;
    (void) probe("a", "m");
    ngx_current_msec += 10;
    ok(probed("a", "m", 0) == 0, "it fails");
    ok(out("a", "m") == 3000, "out for as long as the last time");
    ok(cool("a", "m", 1000) == 0 && out("a", "m") == 3000,
       "as with any cooldown");

    ngx_current_msec += 3000;
    (void) probe("a", "m");
    ok(probed("a", "m", -1) == 0, "it tells nothing");
    ok(out("a", "m") == 0 && probe("a", "m") == 1, "the next one tries");

    ok(cool("a", "m", 7000) == 1 && out("a", "m") == 7000,
       "the probe brings a new cooldown");
    ok(probed("a", "m", 0) == 0 && out("a", "m") == 7000
       && probed("a", "m", -1) == 0 && probed("a", "m", 1) == 0
       && out("a", "m") == 7000, "which its end leaves alone");

    ngx_current_msec += 7000;
    ok(out("a", "m") == 0 && probe("a", "m") == 1
       && probed("a", "m", 1) == 1, "and tried again");
}


static void
test_whole_server(void)
{
    cat = zone(1 << 18, NULL, &shm_zone);
    ngx_current_msec = 100000;

    ok(cool("a", "", 2000) == 1, "all models of a server");
    ok(out("a", "") == 2000 && out("a", "m") == 2000 && out("b", "m") == 0,
       "each of them is out");

    ok(cool("a", "m", 5000) == 1 && out("a", "m") == 5000
       && out("a", "n") == 2000, "the longer one counts");

    ngx_current_msec += 2000;
    ok(probe("a", "n") == 1, "a model tries for the server");
    ok(out("a", "o") == NGX_HTTP_MODEL_HEALTH_LEASE
       && probe("a", "o") == 0, "one for all");
    ok(probed("a", "n", 1) == 1 && out("a", "o") == 0, "closed for all");
    ok(out("a", "m") == 3000, "but for the model that is out itself");

    (void) cool("a", "", 3000);
    ngx_current_msec += 3000;
    ok(probe("a", "m") == 1, "both are over: one request for both");
    ok(probed("a", "m", 0) == 0 && out("a", "n") == 3000
       && out("a", "m") == 5000, "both are out again");

    ngx_current_msec += 5000;
    ok(probe("a", "m") == 1 && probed("a", "m", 1) == 1 && out("a", "m") == 0
       && out("a", "n") == 0, "both are closed");

    (void) failed("v", "a");
    (void) cool("a", "", 1000);
    ngx_current_msec += 1000;
    (void) probe("a", "");
    ok(probed("a", "", 1) == 1 && failures("v", "a") == 1,
       "a row of failures is another matter");
    answered("v", "a");
    ok(failures("v", "a") == 0 && read_all() == 0, "and ends on its own");
}


static void
test_lease(void)
{
    cat = zone(1 << 18, NULL, &shm_zone);
    ngx_current_msec = 100000;

    (void) cool("a", "m", 1000);
    ngx_current_msec += 1000;
    (void) probe("a", "m");

    ngx_current_msec += NGX_HTTP_MODEL_HEALTH_LEASE - 1;
    ok(out("a", "m") == 1 && probe("a", "m") == 0, "a lease lasts");
    ngx_current_msec += 1;
    ok(out("a", "m") == 0, "and ends");
    ok(probe("a", "m") == 1 && out("a", "m") == NGX_HTTP_MODEL_HEALTH_LEASE,
       "the next one has it");

    ngx_current_msec += NGX_HTTP_MODEL_HEALTH_LEASE;
    ok(probed("a", "m", 1) == 1 && read_all() == 0, "late, but it answers");
}


/* the clock of 32-bit systems goes round in 49 days */

static void
test_wrap(void)
{
    cat = zone(1 << 18, NULL, &shm_zone);
    ngx_current_msec = (ngx_msec_t) -500;

    (void) cool("a", "m", 1000);
    ok(out("a", "m") == 1000, "before the clock goes round");
    ngx_current_msec += 600;
    ok(ngx_current_msec < 1000 && out("a", "m") == 400, "after it");
    ngx_current_msec += 400;
    ok(out("a", "m") == 0 && probe("a", "m") == 1, "over");

    ngx_current_msec = (ngx_msec_t) -1;
    ok(note("b") == NGX_HTTP_MODEL_HEALTH_LOG, "a line");
    ngx_current_msec += 2;
    (void) note("b");
    (void) note("b");
    (void) note("b");
    (void) note("b");
    ok(note("b") == NGX_HTTP_MODEL_HEALTH_LAST
       && note("b") == NGX_HTTP_MODEL_HEALTH_QUIET, "the minute of it");

    ngx_current_msec = 100000;
}


static void
test_read(void)
{
    ngx_http_model_health_t  *health;

    cat = zone(1 << 18, NULL, &shm_zone);
    ngx_current_msec = 100000;

    ok(read_all() == 0, "nothing");

    (void) note("quiet");
    (void) failed("v", "b");
    answered("v", "b");
    ok(read_all() == 0, "the healthy are left out");

    (void) failed("v", "a");
    (void) failed("v", "a");
    (void) cool("a", "m", 1000);
    (void) cool("b", "", 2000);
    ok(read_all() == 3, "three");

    health = seen("a", "");
    ok(health && health->failures == 2
       && health->breaker == NGX_HTTP_MODEL_BREAKER_CLOSED
       && health->left == 0, "failures");
    is(&health->vendor, "v", "vendor");

    health = seen("a", "m");
    ok(health && health->failures == 0
       && health->breaker == NGX_HTTP_MODEL_BREAKER_OPEN
       && health->left == 1000, "open");

    health = seen("b", "");
    ok(health && health->breaker == NGX_HTTP_MODEL_BREAKER_OPEN
       && health->left == 2000, "open for all models");

    ngx_current_msec += 1000;
    health = seen("a", "m");
    ok(health && health->breaker == NGX_HTTP_MODEL_BREAKER_HALF_OPEN
       && health->left == 0, "half open");

    (void) probe("a", "m");
    health = seen("a", "m");
    ok(health && health->breaker == NGX_HTTP_MODEL_BREAKER_HALF_OPEN
       && health->left == NGX_HTTP_MODEL_HEALTH_LEASE, "being tried");

    (void) probed("a", "m", 1);
    ok(seen("a", "m") == NULL && read_all() == 2, "closed");
}


static void
test_note(void)
{
    ngx_uint_t  i;

    cat = zone(1 << 18, NULL, &shm_zone);
    ngx_current_msec = 100000;

    for (i = 1; i < NGX_HTTP_MODEL_HEALTH_LINES; i++) {
        ngx_current_msec += 50;
        ok(note("a") == NGX_HTTP_MODEL_HEALTH_LOG, "a change is told");
    }

    ngx_current_msec += 50;
    ok(note("a") == NGX_HTTP_MODEL_HEALTH_LAST, "the last one");
    ok(note("a") == NGX_HTTP_MODEL_HEALTH_QUIET, "then it is quiet");
    ok(note("b") == NGX_HTTP_MODEL_HEALTH_LOG, "another server is not");

    ngx_current_msec += 59999;
    ok(note("a") == NGX_HTTP_MODEL_HEALTH_QUIET, "for a minute");
    ngx_current_msec += 1;
    ok(note("a") == NGX_HTTP_MODEL_HEALTH_LOG, "and no longer");
}


static void
test_note_window(void)
{
    ngx_uint_t  i, n, rc, lines, most;
    ngx_msec_t  at[400];

    cat = zone(1 << 18, NULL, &shm_zone);
    ngx_current_msec = 100000;
    lines = 0;

    for (i = 0; i < 20; i++) {
        ngx_current_msec += 12000;
        lines += (note("a") == NGX_HTTP_MODEL_HEALTH_LOG);
    }

    ok(lines == 20, "a change each twelve seconds is told for ever");

    /* no minute has more, wherever it starts */

    lines = 0;
    most = 0;

    for (i = 0; i < 4000; i++) {
        ngx_current_msec += (i % 97) * 20;

        rc = note("b");

        if (rc == NGX_HTTP_MODEL_HEALTH_QUIET || lines == 400) {
            continue;
        }

        at[lines++] = ngx_current_msec;

        for (n = 0; n < lines; n++) {

            if (ngx_current_msec - at[n] < 60000) {
                most = ngx_max(most, lines - n);
                break;
            }
        }
    }

    ok(lines > 100, "many lines in many minutes");
    ok(most == NGX_HTTP_MODEL_HEALTH_LINES, "six in the fullest one");
}


/* what it says to those that do not get the lease */

static ngx_msec_t
taken(const char *server, const char *model)
{
    ngx_uint_t  lease;
    ngx_msec_t  left;

    left = ngx_http_model_health_probe(cat, text("v"), text(server),
                                       text(model), &lease);

    return lease ? 0 : left;
}


static ngx_uint_t
keep_x(ngx_str_t *vendor, ngx_str_t *server, void *data)
{
    (*(ngx_uint_t *) data)++;

    return vendor->len == 1 && server->len == 1 && server->data[0] == 'x';
}


static void
test_prune(void)
{
    ngx_uint_t  asked, pages;

    cat = zone(1 << 18, NULL, &shm_zone);
    ngx_current_msec = 100000;

    ngx_http_model_health_prune(cat, keep_none, NULL);
    ok(read_all() == 0, "nothing to prune");

    (void) failed("v", "x");
    pages = ((ngx_slab_pool_t *) shm_zone->shm.addr)->pfree;
    (void) failed("v", "xx");
    (void) cool("x", "m", 1000);
    (void) cool("y", "m", 1000);
    (void) cool("y", "", 1000);
    (void) note("z");

    asked = 0;
    ngx_http_model_health_prune(cat, keep_x, &asked);
    ok(asked == 6, "each was asked for");
    ok(read_all() == 2 && failures("v", "x") == 1 && out("x", "m") == 1000,
       "what is kept");
    ok(failures("v", "xx") == 0 && out("y", "m") == 0, "what is not");

    answered("v", "x");
    ngx_current_msec += 1000;
    ok(probe("x", "m") && probed("x", "m", 1) && read_all() == 0,
       "it goes on");

    (void) failed("v", "x");
    (void) cool("x", "m", 1000);
    ngx_http_model_health_prune(cat, keep_none, NULL);
    ok(read_all() == 0 && failures("v", "x") == 0 && out("x", "m") == 0,
       "none is left");
    ok(((ngx_slab_pool_t *) shm_zone->shm.addr)->pfree >= pages,
       "memory came back");
    ok(failed("v", "x") == 1 && cool("x", "m", 1000) == 1, "and is used");
}
