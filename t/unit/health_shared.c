/* unit: src/ngx_http_model_health.c src/ngx_http_model_health_node.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What health keeps in the zone: its bounds, a full zone, several workers, and
 * workers that are killed.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <sys/wait.h>
#include <signal.h>

#include "health.h"


#define NPROCESSES  2
#define NROUNDS     5000
#define NKILLED     30


static void test_cooldowns(void);
static void test_servers(void);
static void test_forgotten(void);
static void test_full(void);
static void test_workers(void);
static void test_processes(void);
static void test_killed(void);


int
main(void)
{
    zone_init();

    test_cooldowns();
    test_servers();
    test_forgotten();
    test_full();
    test_workers();
    test_processes();
    test_killed();

    ngx_destroy_pool(pool);

    return tap_done();
}


static void
test_cooldowns(void)
{
    char        name[16];
    ngx_uint_t  i, n;

    cat = zone(1 << 21, NULL, &shm_zone);
    ngx_current_msec = 100000;

    (void) cool("whole", "", 5000);
    n = 1;

    for (i = 1; i < NGX_HTTP_MODEL_HEALTH_COOLDOWNS; i++) {
        (void) snprintf(name, sizeof(name), "m%lu", (unsigned long) i);
        n += cool("a", name, 10000 + i);
    }

    ok(n == NGX_HTTP_MODEL_HEALTH_COOLDOWNS && read_all() == n,
       "as many as may be");

    ok(cool("a", "short", 4999) == 0 && out("a", "short") == 0
       && out("whole", "") == 5000, "the one that ends first: the new one");

    ok(cool("a", "more", 20000) == 1 && out("a", "more") == 20000
       && out("whole", "") == 0 && read_all() == n,
       "the one that ends first: that of a whole server");
    ok(cool("a", "again", 20000) == 1 && out("a", "m1") == 0
       && out("a", "m2") == 10002 && read_all() == n,
       "the one that ends first: that of a model");
    ok(cool("a", "m2", 30000) == 0 && out("a", "m3") == 10003
       && read_all() == n, "a longer one needs no room");

    ngx_current_msec += 10003;
    ok(cool("a", "m3", 1000) == 1 && out("a", "m4") == 1 && read_all() == n,
       "nor does one that is out again");

    (void) probe("a", "m3");
    ngx_current_msec += 50000;

    for (i = 0; i < NGX_HTTP_MODEL_HEALTH_COOLDOWNS; i++) {
        (void) snprintf(name, sizeof(name), "m%lu", (unsigned long) i);

        if (probe("a", name)) {
            n -= probed("a", name, 1);
        }
    }

    ok(n == 2 && read_all() == 2, "they close one by one");
    ok(probe("a", "more") && probed("a", "more", 1) && probe("a", "again")
       && probed("a", "again", 1) && read_all() == 0, "down to none");
}


static void
test_servers(void)
{
    char        name[16];
    ngx_uint_t  i, n;

    cat = zone(1 << 21, NULL, &shm_zone);
    ngx_current_msec = 100000;

    (void) cool("first", "", 100000);

    n = 0;

    for (i = 0; i < NGX_HTTP_MODEL_HEALTH_SERVERS + 5; i++) {
        ngx_current_msec++;
        (void) snprintf(name, sizeof(name), "s%lu", (unsigned long) i);
        n += failed("v", name);

        if (i == 100) {
            (void) failed("v", "s0");
        }
    }

    ok(n == NGX_HTTP_MODEL_HEALTH_SERVERS + 5, "each server found room");
    ok(read_all() == NGX_HTTP_MODEL_HEALTH_SERVERS, "as many as may be");
    ok(failures("v", "s1") == 0 && failures("v", "s6") == 0
       && failures("v", "s7") == 1,
       "those heard of least recently were given up");
    ok(failures("v", "s0") == 2 && out("first", "") > 0,
       "not one that failed again, nor one that is out");
}


/* nobody asks again for what was kept out */

static void
test_forgotten(void)
{
    cat = zone(1 << 21, NULL, &shm_zone);
    ngx_current_msec = 100000;

    (void) cool("a", "", 5000);
    (void) cool("a", "m", 5000);
    (void) cool("b", "n", 200000);

    ngx_current_msec += 5000 + 59000;
    (void) out("c", "other");
    ok(read_all() == 3, "half open for a minute");

    ngx_current_msec += 20000;
    (void) out("c", "other");
    ok(read_all() == 1 && out("b", "n") == 200000 - 84000,
       "closed after that, a longer one is not");

    ngx_current_msec = 100000 + 200000 + 190000;
    (void) out("c", "other");
    ok(read_all() == 1, "a longer one is half open as long again");

    ngx_current_msec += 30000;
    (void) out("c", "other");
    ok(read_all() == 0 && ngx_http_model_health_cooling(cat) == 0,
       "nothing is out: the zone is not locked any more");
}


static void
test_full(void)
{
    char                                name[16];
    ngx_uint_t                          i, n;
    ngx_http_model_catalogue_server_t   facts;

    cat = zone(16 * ngx_pagesize, NULL, &shm_zone);
    ngx_current_msec = 100000;

    (void) failed("v", "known");
    (void) cool("known", "m", 1000);

    /* no page is left, and no slot of the sizes that are asked for below */

    for (i = 0; i < 100000; i++) {
        (void) snprintf(name, sizeof(name), "m%lu", (unsigned long) i);

        if (!cool(name, name, 5000)) {
            break;
        }
    }

    tap_logged = 0;

    for (n = 0; n < 1000; n++) {
        (void) snprintf(name, sizeof(name), "s%lu", (unsigned long) n);

        if (!failed("v", name)) {
            break;
        }
    }

    ok(i > 100 && n < 1000, "no room");
    ok(ngx_strstr(tap_line, "could not allocate node in model zone \"model\"")
       != NULL && ngx_strstr(tap_line, "of vendor \"v\"") != NULL,
       "an alert names the zone");

    tap_logged = 0;

    ok(failed("v", "new") == 0 && failures("v", "new") == 0
       && cool("new", "a model", 1000) == 0 && out("new", "a model") == 0
       && note("new") == NGX_HTTP_MODEL_HEALTH_LOG
       && note("new") == NGX_HTTP_MODEL_HEALTH_LOG,
       "nothing is kept of a new server");

    ngx_memzero(&facts, sizeof(ngx_http_model_catalogue_server_t));
    facts.vendor = *text("v");
    facts.server = *text("new");
    facts.list.len = 1 << 20;
    facts.list.data = ngx_pcalloc(pool, 1 << 20);
    ok(ngx_http_model_catalogue_update(cat, &facts, &tap_log) == NGX_ERROR
       && tap_logged == 0, "one alert for all");

    ok(failed("v", "known") == 2 && out("known", "m") == 1000
       && note("known") == NGX_HTTP_MODEL_HEALTH_LOG,
       "what is there goes on");
    ngx_current_msec += 1000;
    ok(probe("known", "m") == 1 && probed("known", "m", 1) == 1
       && out("known", "m") == 0, "and ends");

    ngx_http_model_health_prune(cat, keep_none, NULL);
    ok(failed("v", "new") == 1 && cool("new", "m", 1000) == 1, "room again");
}


static void
test_workers(void)
{
    ngx_shm_zone_t              *old_zone;
    ngx_http_model_health_t     *health;
    ngx_http_model_catalogue_t  *a, *b;

    a = zone(1 << 18, NULL, &shm_zone);
    old_zone = shm_zone;
    ngx_current_msec = 100000;

    cat = a;
    (void) failed("v", "s");
    (void) cool("s", "m", 1000);
    (void) note("s");

    b = zone(1 << 18, old_zone, &shm_zone);
    ok(b != NULL && b != a, "another catalogue on the zone");

    cat = b;
    ok(failures("v", "s") == 1 && out("s", "m") == 1000 && read_all() == 2,
       "the same view");
    health = ngx_http_model_health_read(cat, pool)->elts;
    is(&health[0].server, "s", "of the same server");
    ok(failed("v", "s") == 2, "one row");
    ok(cool("s", "m", 500) == 0, "one cooldown");
    (void) note("s");

    cat = a;
    ok(failures("v", "s") == 2, "back again");

    ngx_current_msec += 1000;
    ok(probe("s", "m") == 1, "one tries");
    cat = b;
    ok(probe("s", "m") == 0 && out("s", "m") > 0, "the other does not");
    cat = a;
    (void) probed("s", "m", 1);
    answered("v", "s");
    (void) note("s");
    cat = b;
    ok(out("s", "m") == 0 && failures("v", "s") == 0 && read_all() == 0,
       "healthy in both");

    (void) note("s");
    (void) note("s");
    ok(note("s") == NGX_HTTP_MODEL_HEALTH_LAST, "their lines count together");
    cat = a;
    ok(note("s") == NGX_HTTP_MODEL_HEALTH_QUIET, "and end together");
}


static void
test_processes(void)
{
    int         status;
    pid_t       pids[NPROCESSES];
    ngx_uint_t  i, k, n, good;
    char        name[16];

    cat = zone(1 << 20, NULL, &shm_zone);
    ngx_current_msec = 100000;

    (void) fflush(stdout);

    for (k = 0; k < NPROCESSES; k++) {

        pids[k] = fork();

        if (pids[k] != 0) {
            continue;
        }

        ngx_pid = ngx_getpid();

        for (i = 0; i < NROUNDS; i++) {
            (void) snprintf(name, sizeof(name), "%lu", (unsigned long) i % 7);

            (void) failed("v", "shared");
            (void) failed("v", name);
            (void) cool(name, "m", 10);
            ngx_current_msec += 10;

            if (probe(name, "m")) {
                (void) probed(name, "m", (ngx_int_t) (i % 3) - 1);
            }

            answered("v", name);
            (void) note(name);
            (void) read_all();
        }

        _exit(0);
    }

    good = 0;

    for (k = 0; k < NPROCESSES; k++) {
        good += (pids[k] > 0 && waitpid(pids[k], &status, 0) == pids[k]
                 && status == 0);
    }

    ok(good == NPROCESSES, "all workers ended well");
    ok(failures("v", "shared") == NPROCESSES * NROUNDS, "each failure counted");

    n = 0;

    for (i = 0; i < 7; i++) {
        (void) snprintf(name, sizeof(name), "%lu", (unsigned long) i);
        n += failures("v", name);
    }

    ok(n == 0, "rows are over");

    answered("v", "shared");
    ngx_current_msec = 200000 + 10 * NROUNDS;

    for (i = 0; i < 7; i++) {
        (void) snprintf(name, sizeof(name), "%lu", (unsigned long) i);

        if (probe(name, "m")) {
            (void) probed(name, "m", 1);
        }
    }

    ok(read_all() == 0, "nothing stays");
}


/* what a worker leaves that is killed wherever it is, but in the allocator */

static void
test_killed(void)
{
    pid_t             pid;
    ngx_uint_t        i, held, good;
    ngx_slab_pool_t  *sp;

    cat = zone(1 << 18, NULL, &shm_zone);
    sp = (ngx_slab_pool_t *) shm_zone->shm.addr;
    ngx_current_msec = 100000;

    (void) failed("v", "a");
    (void) fflush(stdout);

    held = 0;
    good = 0;

    for (i = 0; i < NKILLED; i++) {

        pid = fork();

        if (pid == 0) {
            ngx_pid = ngx_getpid();
            (void) alarm(10);

            for ( ;; ) {
                (void) failed("v", "a");
                (void) cool("a", "", 1);
                ngx_current_msec++;
                (void) probe("a", "");
                (void) probed("a", "", 1);
                (void) note("a");
                answered("v", "a");
            }
        }

        ngx_msleep(1 + i % 3);

        if (pid < 0 || kill(pid, SIGKILL) != 0 || waitpid(pid, NULL, 0) != pid)
        {
            break;
        }

        held += ngx_shmtx_force_unlock(&sp->mutex, pid);

        ngx_current_msec += 1000000;

        good += (failed("v", "a") > 0 && failures("v", "a") > 0
                 && cool("a", "", 5) == 1 && out("a", "m") == 5
                 && note("a") == NGX_HTTP_MODEL_HEALTH_LOG);

        ngx_current_msec += 5;

        good += (probe("a", "m") == 1 && probed("a", "m", 1) == 1
                 && out("a", "m") == 0);
    }

    printf("# %lu of %d workers held the mutex\n", (unsigned long) held,
           NKILLED);

    ok(good == 2 * NKILLED, "a killed worker leaves what can be used");

    answered("v", "a");
    ok(read_all() == 0 && failures("v", "a") == 0, "and nothing wrong");
}
