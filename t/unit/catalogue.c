/* unit: src/ngx_http_model_catalogue.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The catalogue in a real slab pool: what an update changes and what it
 * keeps, a full zone, pruning, marks, several processes at once, a reload.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <sys/wait.h>

#include "ngx_http_model_catalogue.h"
#include "zone.h"


static ngx_http_model_catalogue_server_t facts(const char *vendor,
    const char *server);
static void text(ngx_str_t *s, const char *value);
static ngx_http_model_catalogue_server_t *read_all(
    ngx_http_model_catalogue_t *cat, ngx_uint_t *n);
static ngx_uint_t keep_b(ngx_str_t *vendor, ngx_str_t *server, void *data);
static ngx_uint_t keep_none(ngx_str_t *vendor, ngx_str_t *server, void *data);
static size_t free_pages(ngx_shm_zone_t *shm_zone);
static void test_zone(void);
static void test_update(void);
static void test_times(void);
static void test_prune(void);
static void test_full(void);
static void test_reload(void);
static void test_want(void);
static void test_processes(void);


int
main(void)
{
    zone_init();

    test_zone();
    test_update();
    test_times();
    test_prune();
    test_full();
    test_reload();
    test_want();
    test_processes();

    ngx_destroy_pool(pool);

    return tap_done();
}


static void
text(ngx_str_t *s, const char *value)
{
    s->data = (u_char *) value;
    s->len = value ? ngx_strlen(value) : 0;
}


static ngx_http_model_catalogue_server_t
facts(const char *vendor, const char *server)
{
    ngx_http_model_catalogue_server_t  f;

    ngx_memzero(&f, sizeof(ngx_http_model_catalogue_server_t));

    text(&f.vendor, vendor);
    text(&f.server, server);

    return f;
}


static ngx_http_model_catalogue_server_t *
read_all(ngx_http_model_catalogue_t *cat, ngx_uint_t *n)
{
    ngx_uint_t    generation;
    ngx_array_t  *servers;

    servers = ngx_http_model_catalogue_read(cat, pool, &generation);

    *n = servers->nelts;

    if (generation != ngx_http_model_catalogue_generation(cat)) {
        ok(0, "generation of a copy");
    }

    return servers->elts;
}


static void
test_zone(void)
{
    ngx_conf_t                   cf;
    ngx_uint_t                   generation;
    ngx_array_t                 *servers;
    ngx_shm_zone_t              *shm_zone;
    ngx_http_model_catalogue_t  *cat;

    ngx_memzero(&cf, sizeof(ngx_conf_t));
    cf.cycle = &conf_cycle;
    cf.pool = pool;
    cf.log = &tap_log;

    (void) ngx_list_init(&conf_cycle.shared_memory, pool, 1,
                         sizeof(ngx_shm_zone_t));

    ok(ngx_http_model_catalogue_add(&cf, &zone_name, ngx_pagesize, &cf)
       == NULL, "too small");
    ok(ngx_strstr(tap_line, "zone \"model\" is too small") != NULL,
       "too small is told");

    cat = ngx_http_model_catalogue_add(&cf, &zone_name, 1 << 20, &cf);
    ok(cat != NULL, "add");
    ok(ngx_http_model_catalogue_add(&cf, &zone_name, 0, &cf) == cat, "find");

    ok(ngx_http_model_catalogue_generation(cat) == 0, "no zone yet");

    servers = ngx_http_model_catalogue_read(cat, pool, &generation);
    ok(servers != NULL && servers->nelts == 0 && generation == 0,
       "nothing to read yet");

    ngx_http_model_catalogue_want(cat, &zone_name);
    ngx_http_model_catalogue_want_loaded(cat, &zone_name);
    ok(ngx_http_model_catalogue_wanted(cat, &zone_name) == 0
       && ngx_http_model_catalogue_wanted_loaded(cat, &zone_name) == 0,
       "nothing wanted yet");
    ngx_http_model_catalogue_prune(cat, keep_none, NULL);

    cat = zone(1 << 16, NULL, &shm_zone);
    ok(cat != NULL && ngx_http_model_catalogue_generation(cat) == 1,
       "first generation");
}


static void
test_update(void)
{
    ngx_uint_t                          n, g;
    ngx_shm_zone_t                     *shm_zone;
    ngx_http_model_catalogue_t         *cat;
    ngx_http_model_catalogue_server_t   f, *s;

    cat = zone(1 << 18, NULL, &shm_zone);

    f = facts("a", "10.0.0.1:80");
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_OK,
       "create");

    f = facts("a1", "0.0.0.1:80");
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_OK,
       "create another");

    s = read_all(cat, &n);
    ok(n == 2, "two servers");
    is(&s[0].vendor, "a", "vendor of the first");
    is(&s[0].server, "10.0.0.1:80", "server of the first");
    is(&s[1].vendor, "a1", "vendor of the second");
    ok(s[0].state == NGX_HTTP_MODEL_SERVER_UNKNOWN && s[0].checked == 0
       && s[0].list.len == 0 && s[0].since == ngx_time(), "not asked yet");

    f = facts("a", "10.0.0.1:80");
    f.state = NGX_HTTP_MODEL_SERVER_UP;
    f.since = 100;
    f.checked = 101;
    f.listed = 102;
    f.loaded_at = 103;
    text(&f.version, "0.6.4");
    text(&f.list, "{\"models\":[]}");
    text(&f.loaded, "{\"models\":[1]}");

    g = ngx_http_model_catalogue_generation(cat);
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_OK, "up");
    ok(ngx_http_model_catalogue_generation(cat) == g + 1, "one generation");
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_DECLINED,
       "the same again");
    ok(ngx_http_model_catalogue_generation(cat) == g + 1, "no generation");

    f = facts("a", "10.0.0.1:80");
    f.state = NGX_HTTP_MODEL_SERVER_DOWN;
    f.checked = 200;
    text(&f.reason, "connection refused");
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_OK, "down");

    s = read_all(cat, &n);
    ok(n == 2, "still two servers");
    ok(s[0].state == NGX_HTTP_MODEL_SERVER_DOWN && s[0].since == ngx_time()
       && s[0].checked == 200 && s[0].listed == 102 && s[0].loaded_at == 103,
       "state and times");
    is(&s[0].reason, "connection refused", "reason");
    is(&s[0].version, "0.6.4", "version kept");
    is(&s[0].list, "{\"models\":[]}", "list kept");
    is(&s[0].loaded, "{\"models\":[1]}", "loaded kept");

    f = facts("a", "10.0.0.1:80");
    g = ngx_http_model_catalogue_generation(cat);
    text(&f.loaded, "{\"models\":[1]}");
    f.loaded_at = 104;
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_DECLINED
       && ngx_http_model_catalogue_generation(cat) == g,
       "unknown, and loaded as before");

    s = read_all(cat, &n);
    ok(s[0].state == NGX_HTTP_MODEL_SERVER_DOWN && s[0].loaded_at == 104,
       "unknown keeps the state");
    is(&s[0].reason, "connection refused", "and its reason");

    f = facts("a", "10.0.0.1:80");
    f.state = NGX_HTTP_MODEL_SERVER_UP;
    text(&f.version, "");
    text(&f.list, "{\"models\":[2,3]}");
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_OK,
       "up again");

    s = read_all(cat, &n);
    ok(s[0].reason.len == 0, "reason taken away");
    ok(s[0].version.len == 0, "version taken away");
    is(&s[0].list, "{\"models\":[2,3]}", "list replaced");
    is(&s[0].loaded, "{\"models\":[1]}", "loaded kept again");
    is(&s[1].server, "0.0.0.1:80", "the other one untouched");
}


static void
test_times(void)
{
    ngx_uint_t                          g;
    ngx_shm_zone_t                     *shm_zone;
    ngx_http_model_catalogue_t         *cat;
    ngx_http_model_catalogue_server_t   f;

    cat = zone(1 << 16, NULL, &shm_zone);

    f = facts("a", "x");
    ok(ngx_http_model_catalogue_times(cat, &f) == NGX_DECLINED,
       "times of nobody");

    f.state = NGX_HTTP_MODEL_SERVER_UP;
    (void) ngx_http_model_catalogue_update(cat, &f, &tap_log);

    g = ngx_http_model_catalogue_generation(cat);
    f.loaded_at = 77;
    f.checked = 78;
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_DECLINED
       && ngx_http_model_catalogue_generation(cat) == g,
       "times alone are no change");

    f = facts("a", "x");
    ok(ngx_http_model_catalogue_times(cat, &f) == NGX_OK
       && f.loaded_at == 77 && f.checked == 78 && f.listed == 0
       && f.state == NGX_HTTP_MODEL_SERVER_UP, "times");
}


static ngx_uint_t
keep_b(ngx_str_t *vendor, ngx_str_t *server, void *data)
{
    (void) server;

    (*(ngx_uint_t *) data)++;

    return vendor->data[0] == 'b';
}


static ngx_uint_t
keep_none(ngx_str_t *vendor, ngx_str_t *server, void *data)
{
    (void) vendor;
    (void) server;
    (void) data;

    return 0;
}


static size_t
free_pages(ngx_shm_zone_t *shm_zone)
{
    return ((ngx_slab_pool_t *) shm_zone->shm.addr)->pfree;
}


static void
test_prune(void)
{
    size_t                              pages;
    ngx_uint_t                          i, n, g, asked;
    ngx_shm_zone_t                     *shm_zone;
    ngx_http_model_catalogue_t         *cat;
    ngx_http_model_catalogue_server_t   f, *s;

    static const char  *vendors[] = { "a", "b", "c", "b", "a" };
    static const char  *servers[] = { "1", "2", "3", "4", "5" };

    cat = zone(1 << 18, NULL, &shm_zone);

    pages = free_pages(shm_zone);

    for (i = 0; i < 5; i++) {
        f = facts(vendors[i], servers[i]);
        f.list.len = 5000;
        f.list.data = ngx_pcalloc(pool, 5000);
        (void) ngx_http_model_catalogue_update(cat, &f, &tap_log);
    }

    asked = 0;
    g = ngx_http_model_catalogue_generation(cat);
    ngx_http_model_catalogue_prune(cat, keep_b, &asked);

    s = read_all(cat, &n);
    ok(asked == 5, "each was asked for");
    ok(n == 2, "two are left");
    is(&s[0].server, "2", "first that is left");
    is(&s[1].server, "4", "second that is left");
    ok(ngx_http_model_catalogue_generation(cat) == g + 1, "pruning is seen");

    ngx_http_model_catalogue_prune(cat, keep_b, &asked);
    ok(ngx_http_model_catalogue_generation(cat) == g + 1,
       "pruning nothing is not");

    f = facts("c", "6");
    (void) ngx_http_model_catalogue_update(cat, &f, &tap_log);
    s = read_all(cat, &n);
    ok(n == 3, "one more");
    is(&s[2].server, "6", "at the end");

    ngx_http_model_catalogue_prune(cat, keep_none, NULL);
    (void) read_all(cat, &n);
    ok(n == 0, "none is left");

    ok(free_pages(shm_zone) == pages, "all memory came back");
}


static void
test_full(void)
{
    size_t                              pages;
    u_char                             *large;
    ngx_int_t                           rc;
    ngx_uint_t                          i, n, g;
    char                                name[16];
    ngx_shm_zone_t                     *shm_zone;
    ngx_http_model_catalogue_t         *cat;
    ngx_http_model_catalogue_server_t   f, *s;

    cat = zone(16 * ngx_pagesize, NULL, &shm_zone);

    large = ngx_pcalloc(pool, 1 << 20);

    f = facts("a", "x");
    f.state = NGX_HTTP_MODEL_SERVER_UP;
    text(&f.list, "{}");
    (void) ngx_http_model_catalogue_update(cat, &f, &tap_log);

    g = ngx_http_model_catalogue_generation(cat);
    pages = free_pages(shm_zone);
    tap_logged = 0;

    f.state = NGX_HTTP_MODEL_SERVER_DOWN;
    text(&f.reason, "some reason");
    text(&f.version, "1");
    f.list.data = large;
    f.list.len = 1 << 20;
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_ERROR,
       "no room for a list");
    ok(tap_logged == 1, "one line");
    ok(ngx_strstr(tap_line, "could not allocate node in model zone \"model\"")
       != NULL, "the line names the zone");

    s = read_all(cat, &n);
    ok(n == 1 && s[0].state == NGX_HTTP_MODEL_SERVER_UP
       && s[0].reason.len == 0 && s[0].version.len == 0,
       "facts stay as they were");
    is(&s[0].list, "{}", "list stays as it was");
    ok(ngx_http_model_catalogue_generation(cat) == g, "no generation");
    ok(free_pages(shm_zone) == pages, "no page lost");

    f.server.len = 0;
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_ERROR,
       "no room for a new server's list");
    (void) read_all(cat, &n);
    ok(n == 1, "no server without its list");

    rc = NGX_OK;

    for (i = 0; i < 100000 && rc == NGX_OK; i++) {
        (void) snprintf(name, sizeof(name), "%lu", (unsigned long) i);
        f = facts("a", name);
        rc = ngx_http_model_catalogue_update(cat, &f, &tap_log);
    }

    ok(rc == NGX_ERROR && i > 100, "no room for nodes");
    ok(tap_logged == 1, "still one line");

    (void) read_all(cat, &n);
    ok(n == i, "all that found room are there");

    f = facts("a", "x");
    f.state = NGX_HTTP_MODEL_SERVER_DOWN;
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_OK,
       "a full zone goes on");

    ngx_http_model_catalogue_prune(cat, keep_none, NULL);
    f = facts("a", "new");
    ok(ngx_http_model_catalogue_update(cat, &f, &tap_log) == NGX_OK,
       "room again");
}


static void
test_reload(void)
{
    ngx_uint_t                          n, g;
    ngx_shm_zone_t                     *old_zone, *new_zone;
    ngx_http_model_catalogue_t         *before, *after;
    ngx_http_model_catalogue_server_t   f, *s;

    before = zone(1 << 16, NULL, &old_zone);

    f = facts("a", "x");
    text(&f.list, "{}");
    (void) ngx_http_model_catalogue_update(before, &f, &tap_log);
    g = ngx_http_model_catalogue_generation(before);

    after = zone(1 << 16, old_zone, &new_zone);
    ok(after != NULL && after != before, "a catalogue of the new cycle");
    ok(ngx_http_model_catalogue_generation(after) == g, "same generation");

    s = read_all(after, &n);
    ok(n == 1, "same server");
    is(&s[0].list, "{}", "same list");

    text(&f.list, "{\"models\":[]}");
    (void) ngx_http_model_catalogue_update(before, &f, &tap_log);
    s = read_all(after, &n);
    is(&s[0].list, "{\"models\":[]}", "an old worker's update is seen");

    /* where the zone outlives the process */

    new_zone->shm.exists = 1;
    ok(new_zone->init(new_zone, NULL) == NGX_OK, "attach");
    s = read_all(after, &n);
    ok(n == 1, "same server after attaching");
}


static void
test_want(void)
{
    ngx_str_t                    a, b;
    ngx_shm_zone_t              *shm_zone;
    ngx_http_model_catalogue_t  *cat;

    cat = zone(1 << 16, NULL, &shm_zone);

    text(&a, "a");
    text(&b, "b");

    ok(!ngx_http_model_catalogue_wanted(cat, &a), "nothing wanted");

    ngx_http_model_catalogue_want(cat, &a);
    ngx_http_model_catalogue_want(cat, &a);
    ngx_http_model_catalogue_want(cat, &b);

    ok(ngx_http_model_catalogue_wanted(cat, &a), "a is wanted");
    ok(!ngx_http_model_catalogue_wanted(cat, &a), "once");
    ok(ngx_http_model_catalogue_wanted(cat, &b), "b is wanted");
    ok(!ngx_http_model_catalogue_wanted(cat, &b), "b once");

    ngx_http_model_catalogue_want(cat, &b);
    ok(!ngx_http_model_catalogue_wanted(cat, &a)
       && ngx_http_model_catalogue_wanted(cat, &b), "again only b");

    ok(!ngx_http_model_catalogue_wanted_loaded(cat, &a)
       && !ngx_http_model_catalogue_wanted_loaded(cat, &b),
       "another mark is none of loaded");

    ngx_http_model_catalogue_want_loaded(cat, &a);
    ngx_shmtx_lock(&((ngx_slab_pool_t *) shm_zone->shm.addr)->mutex);
    ngx_http_model_catalogue_want_loaded(cat, &a);
    ngx_shmtx_unlock(&((ngx_slab_pool_t *) shm_zone->shm.addr)->mutex);
    ngx_http_model_catalogue_want(cat, &b);

    ok(!ngx_http_model_catalogue_wanted(cat, &a)
       && !ngx_http_model_catalogue_wanted_loaded(cat, &b),
       "nor the other way round");
    ok(ngx_http_model_catalogue_wanted_loaded(cat, &a)
       && !ngx_http_model_catalogue_wanted_loaded(cat, &a), "loaded, once");
    ok(ngx_http_model_catalogue_wanted(cat, &b), "b as before");
    ngx_http_model_catalogue_want_loaded(cat, &a);
    ok(ngx_http_model_catalogue_wanted_loaded(cat, &a), "loaded, once more");
}


static void
test_processes(void)
{
    int                                 status;
    pid_t                               pids[2];
    char                                list[3000];
    size_t                              j, len;
    ngx_uint_t                          i, n, k, torn;
    ngx_pool_t                         *own;
    ngx_array_t                        *servers;
    ngx_shm_zone_t                     *shm_zone;
    ngx_http_model_catalogue_t         *cat;
    ngx_http_model_catalogue_server_t   f, *s;

    cat = zone(1 << 18, NULL, &shm_zone);

    (void) fflush(stdout);

    for (k = 0; k < 2; k++) {
        pids[k] = fork();

        if (pids[k] != 0) {
            continue;
        }

        ngx_pid = ngx_getpid();

        for (i = 0; i < 2000; i++) {
            f = facts("a", (i % 3) ? "x" : "y");
            f.state = 1 + i % 2;

            /* all bytes of a list are alike, and so is its length */

            len = 50 + 100 * (i % 26);
            ngx_memset(list, 'a' + i % 26, len);
            f.list.data = (u_char *) list;
            f.list.len = len;

            if (ngx_http_model_catalogue_update(cat, &f, &tap_log)
                == NGX_ERROR)
            {
                _exit(1);
            }
        }

        _exit(0);
    }

    torn = 0;

    for (i = 0; i < 2000; i++) {
        own = ngx_create_pool(4096, &tap_log);
        servers = ngx_http_model_catalogue_read(cat, own, &n);
        s = servers->elts;

        for (n = 0; n < servers->nelts; n++) {
            len = s[n].list.len;

            for (j = 0; j < len; j++) {
                torn += (s[n].list.data[j] != s[n].list.data[0]);
            }

            torn += (len != 50 + 100 * (size_t) (s[n].list.data[0] - 'a'));
        }

        ngx_destroy_pool(own);
    }

    ok(torn == 0, "no list is torn");

    for (k = 0; k < 2; k++) {
        ok(waitpid(pids[k], &status, 0) == pids[k] && status == 0,
           "a writer ended well");
    }

    (void) read_all(cat, &n);
    ok(n == 2, "two writers made two servers");
}
