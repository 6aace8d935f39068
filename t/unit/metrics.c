/* unit: src/ngx_http_model_metrics.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Counters in the zone: what a request adds, bounds, a full zone, several
 * workers, and workers that are killed.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <sys/wait.h>
#include <signal.h>

#include "ngx_http_model_metrics.h"
#include "zone.h"


#define NPROCESSES  2
#define NROUNDS     20000
#define NKILLED     30
#define NTIMED      200000


static ngx_shm_zone_t            *shm_zone;
static ngx_http_model_metrics_t  *metrics;


static void test_count(void);
static void test_tokens(void);
static void test_tries(void);
static void test_rows(void);
static void test_answered(void);
static void test_full(void);
static void test_reload(void);
static void test_slots(void);
static void test_processes(void);
static void test_killed(void);
static void test_time(void);


static ngx_str_t *
text(const char *value)
{
    static ngx_uint_t  n;
    static ngx_str_t   texts[8];

    ngx_str_t  *s;

    s = &texts[n++ % 8];

    s->data = (u_char *) value;
    s->len = ngx_strlen(value);

    return s;
}


static void
fresh(size_t size)
{
    ngx_process_slot = 0;

    metrics = ngx_http_model_metrics_create(pool,
                                            zone(size, NULL, &shm_zone));
    ngx_http_model_metrics_init_worker(metrics, &tap_log);
}


static ngx_http_model_metrics_sample_t
sample(const char *model)
{
    ngx_uint_t                       i;
    ngx_http_model_metrics_sample_t  s;

    ngx_memzero(&s, sizeof(s));

    s.vendor = *text("v");
    s.model = *text(model);
    s.operation = NGX_HTTP_MODEL_OP_CHAT;
    s.known = NGX_HTTP_MODEL_NAME_KNOWN;

    for (i = 0; i < NGX_HTTP_MODEL_NTOKENS; i++) {
        s.tokens[i] = -1;
    }

    s.cost = -1;
    s.first_token = -1;
    s.output_time = -1;
    s.queued = -1;

    return s;
}


static void
count(const char *model)
{
    ngx_http_model_metrics_sample_t  s;

    s = sample(model);
    ngx_http_model_metrics_count(metrics, &s);
}


static ngx_uint_t
nrows(void)
{
    return ngx_http_model_metrics_models(metrics, pool)->nelts;
}


/* by vendor "v" and model; NULL when there is no such row */

static ngx_http_model_metrics_model_t *
model(const char *name)
{
    ngx_uint_t                       i;
    ngx_array_t                     *array;
    ngx_http_model_metrics_model_t  *m;

    array = ngx_http_model_metrics_models(metrics, pool);
    m = array->elts;

    for (i = 0; i < array->nelts; i++) {
        if (m[i].vendor.len == 1 && m[i].vendor.data[0] == 'v'
            && m[i].model.len == ngx_strlen(name)
            && ngx_memcmp(m[i].model.data, name, m[i].model.len) == 0)
        {
            return &m[i];
        }
    }

    return NULL;
}


static uint64_t
requests(const char *name)
{
    uint64_t                         n;
    ngx_uint_t                       i;
    ngx_http_model_metrics_model_t  *m;

    m = model(name);
    n = 0;

    for (i = 0; m && i < NGX_HTTP_MODEL_NOUTCOMES; i++) {
        n += ngx_http_model_metrics_total(&m->numbers.duration[i]);
    }

    return n;
}


static ngx_http_model_metrics_row_t *
row(const char *name)
{
    return ngx_http_model_metrics_model(metrics, text("v"), text(name),
                                        NGX_HTTP_MODEL_OP_CHAT,
                                        NGX_HTTP_MODEL_NAME_KNOWN);
}


int
main(void)
{
    zone_init();

    test_count();
    test_tokens();
    test_tries();
    test_rows();
    test_answered();
    test_full();
    test_reload();
    test_slots();
    test_processes();
    test_killed();
    test_time();

    ngx_destroy_pool(pool);

    return tap_done();
}


static void
test_count(void)
{
    ngx_http_model_numbers_t         *n;
    ngx_http_model_metrics_model_t   *m;
    ngx_http_model_metrics_sample_t   s;

    fresh(1 << 20);

    ok(nrows() == 0, "nothing at first");

    s = sample("m");
    s.duration = 10;
    ngx_http_model_metrics_count(metrics, &s);
    s.duration = 11;
    ngx_http_model_metrics_count(metrics, &s);
    s.duration = 81920;
    ngx_http_model_metrics_count(metrics, &s);
    s.duration = 81921;
    ngx_http_model_metrics_count(metrics, &s);

    m = model("m");
    n = &m->numbers;

    is(&m->vendor, "v", "vendor");
    is(&m->model, "m", "model");
    ok(m->operation == NGX_HTTP_MODEL_OP_CHAT, "operation");
    ok(n->duration[0].counts[0] == 1 && n->duration[0].counts[1] == 1
       && n->duration[0].counts[13] == 1 && n->duration[0].counts[14] == 1,
       "a bound belongs to its bucket");
    ok(n->duration[0].sum == 10 + 11 + 81920 + 81921, "their sum");
    ok(requests("m") == 4, "as many requests");
    ok(n->tries == 0 && n->failovers == 0 && n->cost == 0
       && ngx_http_model_metrics_total(&n->queued) == 0
       && ngx_http_model_metrics_total(&n->first_token) == 0
       && ngx_http_model_metrics_total(&n->usage[0]) == 0,
       "what is not known is not counted");

    s = sample("m");
    s.outcome = NGX_HTTP_MODEL_OUTCOME_SERVER_ERROR;
    s.error = NGX_HTTP_MODEL_ERROR_TIMEOUT;
    s.first_token = 5;
    s.tries = 3;
    s.failovers = 2;
    s.queued = 0;
    s.cost = 7;
    ngx_http_model_metrics_count(metrics, &s);

    n = &model("m")->numbers;

    ok(ngx_http_model_metrics_total(&n->duration[2]) == 1
       && n->errors[NGX_HTTP_MODEL_ERROR_TIMEOUT] == 1, "an error");
    ok(ngx_http_model_metrics_total(&n->first_token) == 0,
       "has no time to the first token");
    ok(n->tries == 3 && n->failovers == 2, "tries");
    ok(n->queued.counts[0] == 1, "waited, if not long");
    ok(n->cost == 7, "cost");

    s.cost = 9007199254740993;
    ngx_http_model_metrics_count(metrics, &s);
    s.cost = 1;
    ngx_http_model_metrics_count(metrics, &s);
    ok(model("m")->numbers.cost == 9007199254741001u, "to the last digit");

    s = sample("m");
    s.operation = NGX_HTTP_MODEL_OP_EMBEDDINGS;
    ngx_http_model_metrics_count(metrics, &s);
    ok(nrows() == 2 && requests("m") == 7, "an operation has its own row");
}


static void
test_tokens(void)
{
    ngx_http_model_numbers_t         *n;
    ngx_http_model_metrics_sample_t   s;

    fresh(1 << 20);

    s = sample("m");
    s.tokens[NGX_HTTP_MODEL_TOKENS_INPUT] = 0;
    s.tokens[NGX_HTTP_MODEL_TOKENS_OUTPUT] = 101;
    s.tokens[NGX_HTTP_MODEL_TOKENS_REASONING] = 40;
    s.first_token = 250;
    s.output_time = 2500;
    ngx_http_model_metrics_count(metrics, &s);

    n = &model("m")->numbers;

    ok(n->tokens[0] == 0 && n->tokens[1] == 101 && n->tokens[4] == 40
       && n->tokens[2] == 0, "tokens by type");
    ok(n->usage[0].counts[0] == 1 && n->usage[1].counts[4] == 1
       && n->usage[1].sum == 101, "those of one request");
    ok(n->first_token.counts[8] == 1 && n->first_token.sum == 250,
       "time to the first");
    ok(n->token_time.counts[1] == 1 && n->token_time.sum == 25000,
       "time of those after it");

    s.tokens[NGX_HTTP_MODEL_TOKENS_OUTPUT] = 1;
    ngx_http_model_metrics_count(metrics, &s);
    s.tokens[NGX_HTTP_MODEL_TOKENS_OUTPUT] = -1;
    ngx_http_model_metrics_count(metrics, &s);

    n = &model("m")->numbers;
    ok(ngx_http_model_metrics_total(&n->token_time) == 1
       && ngx_http_model_metrics_total(&n->first_token) == 3,
       "one token has none after it");
}


static void
test_tries(void)
{
    ngx_array_t                      *array;
    ngx_http_model_metrics_row_t     *a;
    ngx_http_model_metrics_server_t  *server;

    fresh(1 << 20);

    a = ngx_http_model_metrics_server(metrics, text("v"), text("a:1"));
    (void) ngx_http_model_metrics_server(metrics, text("w"), text("a:1"));
    count("a:1");

    ngx_http_model_metrics_in_flight(metrics, a, 1);
    ngx_http_model_metrics_in_flight(metrics, a, 1);
    ngx_http_model_metrics_in_flight(metrics, a, -1);
    ngx_http_model_metrics_tried(a, 1, 100);
    ngx_http_model_metrics_tried(a, 0, 20);

    array = ngx_http_model_metrics_servers(metrics, pool);
    server = array->elts;

    ok(array->nelts == 2 && nrows() == 1, "servers are no models");
    is(&server[0].vendor, "v", "vendor");
    is(&server[0].server, "a:1", "server");
    ok(server[0].tries == 2 && server[0].failures == 1
       && server[0].time == 120 && server[0].in_flight == 1, "its numbers");
    ok(server[1].tries == 0 && server[1].in_flight == 0, "not another's");
}


static void
test_rows(void)
{
    char                              name[300];
    ngx_uint_t                        i;
    ngx_http_model_metrics_sample_t   s;

    fresh(1 << 20);

    s = sample("made up");
    s.known = NGX_HTTP_MODEL_NAME_UNKNOWN;
    ngx_http_model_metrics_count(metrics, &s);
    ok(nrows() == 1 && requests("other") == 1, "a model that is not known");

    count("made up");
    ngx_http_model_metrics_count(metrics, &s);
    ok(nrows() == 2 && requests("made up") == 2,
       "until somebody knows that it is");

    tap_logged = 0;

    for (i = 0; i < 1000; i++) {
        (void) snprintf(name, sizeof(name), "m%lu", (unsigned long) i);
        count(name);
        count("");
    }

    ok(nrows() == (1 << 20) / NGX_HTTP_MODEL_METRICS_SHARE + 2,
       "as many as may be");
    ok(requests("other") == 1 + 1000 - 63, "the others");
    ok(requests("") == 1000, "of no model");
    ok(requests("m62") == 1 && requests("m63") == 0, "the first ones stay");
    ok(tap_logged == 1 && ngx_strstr(tap_line, "in model zone \"model\""),
       "one line");

    for (i = 0; i < 1000; i++) {
        (void) snprintf(name, sizeof(name), "s%lu", (unsigned long) i);
        (void) ngx_http_model_metrics_server(metrics, text("v"), text(name));
    }

    ok(ngx_http_model_metrics_servers(metrics, pool)->nelts == 64
       && ngx_http_model_metrics_server(metrics, text("v"), text("s1"))
       && !ngx_http_model_metrics_server(metrics, text("v"), text("s64")),
       "servers have their own bound");
    ok(tap_logged == 1, "and no other line");

    ngx_http_model_metrics_tried(NULL, 1, 1);
    ngx_http_model_metrics_in_flight(metrics, NULL, 1);
    ngx_http_model_metrics_waiting(metrics, NULL, 1);

    fresh(1 << 20);

    ngx_memset(name, 'x', 257);
    name[257] = '\0';
    count(name);
    ok(nrows() == 1 && requests("other") == 1, "a name that is too long");
    name[256] = '\0';
    count(name);
    ok(nrows() == 2 && requests(name) == 1, "one that just fits");
}


/* names that no list has, but that servers answer to */

static void
test_answered(void)
{
    char                              name[16];
    ngx_uint_t                        i, all;
    ngx_http_model_metrics_sample_t   s;

    fresh(1 << 22);
    tap_logged = 0;

    for (i = 0; i < 1000; i++) {
        (void) snprintf(name, sizeof(name), "m%lu", (unsigned long) i);
        s = sample(name);
        s.known = NGX_HTTP_MODEL_NAME_ANSWERED;
        ngx_http_model_metrics_count(metrics, &s);
        ngx_http_model_metrics_count(metrics, &s);
    }

    ok(nrows() == NGX_HTTP_MODEL_METRICS_ANSWERED + 1,
       "as many as a vendor may have");
    ok(requests("m31") == 2 && requests("m32") == 0, "the first ones");
    ok(requests("other") == 2 * (1000 - NGX_HTTP_MODEL_METRICS_ANSWERED),
       "the others");
    ok(tap_logged == 0, "which is no reason to tell");

    count("m500");
    count("listed");
    ok(requests("m500") == 1 && requests("listed") == 1,
       "those that are known have rows all the same");

    /* of many vendors, no more than their share of all */

    for (i = 0; i < 1000; i++) {
        (void) snprintf(name, sizeof(name), "v%lu", (unsigned long) i);
        s = sample("m");
        s.vendor = *text(name);
        s.known = NGX_HTTP_MODEL_NAME_ANSWERED;
        ngx_http_model_metrics_count(metrics, &s);
    }

    all = (1 << 22) / NGX_HTTP_MODEL_METRICS_SHARE;

    for (i = 0; i < 1000; i++) {
        (void) snprintf(name, sizeof(name), "l%lu", (unsigned long) i);
        count(name);
    }

    for (i = 0; requests(name) == 0 && i < 1000; i++) {
        (void) snprintf(name, sizeof(name), "l%lu", (unsigned long) 999 - i);
    }

    ok(1000 - i + 2 + 1 == all - all / 4, "three quarters are for the known");
}


static void
test_full(void)
{
    char                                name[16];
    ngx_uint_t                          i;
    ngx_slab_pool_t                    *sp;
    ngx_http_model_metrics_t           *late;

    fresh(16 * ngx_pagesize);
    sp = (ngx_slab_pool_t *) shm_zone->shm.addr;

    count("known");
    ngx_http_model_metrics_in_flight(metrics, row("known"), 1);

    sp->log_nomem = 0;

    for (i = ngx_pagesize; i >= 8; i /= 2) {
        while (ngx_slab_alloc(sp, i)) { /* void */ }
    }

    tap_logged = 0;

    for (i = 0; i < 10; i++) {
        (void) snprintf(name, sizeof(name), "m%lu", (unsigned long) i);
        count(name);
    }

    count("known");

    ok(nrows() == 1 && requests("known") == 2 && model("known")->in_flight == 1,
       "without room what is there goes on");
    ok(tap_logged == 1, "one line");

    ngx_process_slot = 1;
    late = ngx_http_model_metrics_create(pool, shm_zone->data);
    ngx_http_model_metrics_init_worker(late, &tap_log);
    ok(tap_logged == 2, "a worker without room says so");

    ngx_http_model_metrics_in_flight(late, row("known"), 1);
    ok(model("known")->in_flight == 1, "and tells nothing");
}


static void
test_reload(void)
{
    ngx_shm_zone_t            *old_zone;
    ngx_http_model_metrics_t  *old;

    fresh(1 << 20);

    count("m");
    ngx_http_model_metrics_in_flight(metrics, row("m"), 1);
    ngx_http_model_metrics_waiting(metrics, row("m"), 1);

    old = metrics;
    old_zone = shm_zone;

    ngx_process_slot = 1;
    metrics = ngx_http_model_metrics_create(pool,
                                      zone(1 << 20, old_zone, &shm_zone));
    ngx_http_model_metrics_init_worker(metrics, &tap_log);

    count("m");
    ngx_http_model_metrics_in_flight(metrics, row("m"), 1);

    ok(requests("m") == 2 && model("m")->in_flight == 2
       && model("m")->waiting == 1, "old and new workers count together");

    ngx_http_model_metrics_in_flight(old, row("m"), -1);
    ngx_http_model_metrics_waiting(old, row("m"), -1);
    ok(model("m")->in_flight == 1 && model("m")->waiting == 0,
       "until the old ones are done");
}


static void
test_slots(void)
{
    pid_t  pid;

    fresh(1 << 20);

    count("m");
    (void) fflush(stdout);

    pid = fork();

    if (pid == 0) {
        ngx_pid = ngx_getpid();
        ngx_process_slot = 5;

        ngx_http_model_metrics_init_worker(metrics, &tap_log);
        ngx_http_model_metrics_in_flight(metrics, row("m"), 3);

        for ( ;; ) {
            (void) pause();
        }
    }

    while (model("m")->in_flight != 3) {
        ngx_msleep(1);
    }

    ngx_http_model_metrics_in_flight(metrics, row("m"), 1);
    ok(model("m")->in_flight == 4, "of two processes");

    ok(pid > 0 && kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid,
       "one is killed");
    ok(model("m")->in_flight == 1, "what was on in it is over");

    ngx_process_slot = 5;
    ngx_http_model_metrics_init_worker(metrics, &tap_log);
    ok(model("m")->in_flight == 1, "whoever gets its slot has none");
    ngx_http_model_metrics_in_flight(metrics, row("m"), 1);
    ok(model("m")->in_flight == 2, "and counts anew");
}


static void
test_processes(void)
{
    int                               status;
    pid_t                             pids[NPROCESSES];
    char                              name[16];
    ngx_uint_t                        i, k, good;
    ngx_http_model_metrics_sample_t   s;

    fresh(1 << 20);
    (void) fflush(stdout);

    for (k = 0; k < NPROCESSES; k++) {

        pids[k] = fork();

        if (pids[k] != 0) {
            continue;
        }

        ngx_pid = ngx_getpid();
        ngx_process_slot = k + 1;

        ngx_http_model_metrics_init_worker(metrics, &tap_log);

        for (i = 0; i < NROUNDS; i++) {
            (void) snprintf(name, sizeof(name), "m%lu",
                            (unsigned long) i % 50);

            s = sample(name);
            s.cost = 3;
            s.duration = 1;
            ngx_http_model_metrics_count(metrics, &s);

            ngx_http_model_metrics_in_flight(metrics, row(name), 1);
            ngx_http_model_metrics_in_flight(metrics, row(name), -1);
        }

        _exit(0);
    }

    good = 0;

    for (k = 0; k < NPROCESSES; k++) {
        good += (pids[k] > 0 && waitpid(pids[k], &status, 0) == pids[k]
                 && status == 0);
    }

    ok(good == NPROCESSES, "all workers ended well");
    ok(nrows() == 50, "one row for all of them");

    good = 0;

    for (i = 0; i < 50; i++) {
        (void) snprintf(name, sizeof(name), "m%lu", (unsigned long) i);

        good += (requests(name) == NPROCESSES * NROUNDS / 50
                 && model(name)->numbers.cost == 3 * NPROCESSES * NROUNDS / 50
                 && model(name)->numbers.duration[0].sum
                    == NPROCESSES * NROUNDS / 50
                 && model(name)->in_flight == 0);
    }

    ok(good == 50, "nothing is lost");
}


/* what a worker leaves that is killed wherever it is, but in the allocator */

static void
test_killed(void)
{
    pid_t             pid;
    char              name[16];
    ngx_uint_t        i, k, held, good;
    ngx_slab_pool_t  *sp;

    fresh(1 << 23);
    sp = (ngx_slab_pool_t *) shm_zone->shm.addr;

    count("m");
    (void) fflush(stdout);

    held = 0;
    good = 0;

    for (i = 0; i < NKILLED; i++) {

        pid = fork();

        if (pid == 0) {
            ngx_pid = ngx_getpid();
            ngx_process_slot = 1;
            (void) alarm(10);

            ngx_http_model_metrics_init_worker(metrics, &tap_log);

            for (k = 0; /* void */ ; k++) {
                (void) snprintf(name, sizeof(name), "%lu-%lu",
                                (unsigned long) i, (unsigned long) k % 10);
                count(name);
                ngx_http_model_metrics_in_flight(metrics, row("m"), 1);
            }
        }

        ngx_msleep(1 + i % 3);

        if (pid < 0 || kill(pid, SIGKILL) != 0 || waitpid(pid, NULL, 0) != pid)
        {
            break;
        }

        held += ngx_shmtx_force_unlock(&sp->mutex, pid);

        (void) snprintf(name, sizeof(name), "after %lu", (unsigned long) i);
        count(name);

        good += (requests(name) == 1 && model("m")->in_flight == 0);
    }

    printf("# %lu of %d workers held the mutex\n", (unsigned long) held,
           NKILLED);

    ok(good == NKILLED, "a killed worker leaves what can be used");
}


static void
test_time(void)
{
    char                              name[16];
    ngx_uint_t                        i;
    struct timeval                    from, to;
    ngx_http_model_metrics_sample_t   s;

    fresh(1 << 24);

    for (i = 0; i < 500; i++) {
        (void) snprintf(name, sizeof(name), "m%lu", (unsigned long) i);
        count(name);
    }

    s = sample("m250");
    s.tokens[0] = 1000;
    s.tokens[1] = 500;
    s.tokens[2] = 100;
    s.cost = 12345;
    s.tries = 1;
    s.duration = 5000;
    s.first_token = 300;
    s.output_time = 4000;
    s.queued = 10;

    ngx_gettimeofday(&from);

    for (i = 0; i < NTIMED; i++) {
        ngx_http_model_metrics_count(metrics, &s);
    }

    ngx_gettimeofday(&to);

    printf("# %ld ns to count a request\n",
           (long) (((to.tv_sec - from.tv_sec) * 1000000
                    + to.tv_usec - from.tv_usec) * 1000 / NTIMED));

    ok(requests("m250") == NTIMED + 1, "counted");
}
