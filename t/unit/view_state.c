/* unit: src/ngx_http_model_view_state.c src/ngx_http_model_view.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Which server has a model and has it loaded, for any number of them; and
 * which models are hidden since their servers are down.
 */


#include "view.h"


static void loads(const char *id, const char *name, const char *loaded);
static void goes(const char *id, const char *name, ngx_uint_t state,
    time_t ago, const char *list);
static ngx_http_model_server_t *at(ngx_http_model_view_t *view,
    ngx_http_model_vendor_t *v, const char *name);
static void bits(ngx_http_model_view_t *view, ngx_http_model_vendor_t *v,
    const char *name, const char *has, const char *loaded);
static void test_servers(void);
static void test_loaded(void);
static void test_many_servers(void);
static void test_hidden(void);


int
main(void)
{
    tap_init();

    test_servers();
    test_loaded();
    test_many_servers();
    test_hidden();

    return tap_done();
}


static void
loads(const char *id, const char *name, const char *loaded)
{
    ngx_http_model_catalogue_server_t  f;

    ngx_memzero(&f, sizeof(ngx_http_model_catalogue_server_t));

    text(&f.vendor, id);
    text(&f.server, name);
    text(&f.loaded, loaded);

    if (ngx_http_model_catalogue_update(views.catalogue, &f, &tap_log)
        == NGX_ERROR)
    {
        ok(0, "update");
    }
}


/* a change of state some seconds ago */

static void
goes(const char *id, const char *name, ngx_uint_t state, time_t ago,
    const char *list)
{
    ngx_http_model_catalogue_server_t  f;

    ngx_memzero(&f, sizeof(ngx_http_model_catalogue_server_t));

    text(&f.vendor, id);
    text(&f.server, name);
    text(&f.list, list);
    f.state = state;
    f.since = ngx_time() - ago;

    if (ngx_http_model_catalogue_update(views.catalogue, &f, &tap_log)
        == NGX_ERROR)
    {
        ok(0, "update");
    }
}


static ngx_http_model_server_t *
at(ngx_http_model_view_t *view, ngx_http_model_vendor_t *v, const char *name)
{
    ngx_str_t  s;

    text(&s, name);

    return ngx_http_model_view_server(view, v, &s);
}


/* has and loaded: a letter of '0' and '1' for each server in the view */

static void
bits(ngx_http_model_view_t *view, ngx_http_model_vendor_t *v,
    const char *name, const char *has, const char *loaded)
{
    char                      got[64], want[64];
    size_t                    n;
    ngx_str_t                 s;
    ngx_uint_t                i;
    ngx_http_model_model_t   *m;
    ngx_http_model_server_t  *servers;

    m = find(view, v, name);
    n = view->servers.nelts;
    servers = view->servers.elts;

    for (i = 0; m != NULL && i < n; i++) {
        got[i] = '0' + ngx_http_model_view_has(view, m, &servers[i]);
        got[n + 1 + i] = '0' + ngx_http_model_view_loaded(view, m,
                                                          &servers[i]);
    }

    got[n] = ' ';

    s.data = (u_char *) got;
    s.len = (m != NULL) ? 2 * n + 1 : 0;

    (void) snprintf(want, sizeof(want), "%s %s", has, loaded);

    is(&s, want, name);
}


static void
test_servers(void)
{
    ngx_http_model_view_t    *view;
    ngx_http_model_server_t  *servers;
    ngx_http_model_vendor_t  *a, *b, *c;

    begin(1 << 20);

    a = vendor("a", OPENAI);
    b = vendor("b", OPENAI);
    c = vendor("c", OPENAI);

    (void) declare(b, "m9");
    (void) declare(c, "m1");

    ok(at(NULL, a, "s1") == NULL, "no view");
    ok(at(ngx_http_model_view(&views, &tap_log), a, "s1") == NULL,
       "no servers");

    server("b", "s1", NGX_HTTP_MODEL_SERVER_DOWN,
           "{\"models\":[{\"name\":\"m1\",\"entry\":{}},"
           "{\"name\":\"m2\",\"entry\":{}}]}");
    server("a", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"m1\",\"entry\":{}},"
           "{\"name\":\"m3\",\"entry\":{}}]}");
    server("b", "s2", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"m2\",\"entry\":{}},"
           "{\"name\":\"m2\",\"entry\":{}}]}");
    server("a", "s3", NGX_HTTP_MODEL_SERVER_UNKNOWN, "");

    view = ngx_http_model_view(&views, &tap_log);
    servers = view->servers.elts;

    ok(at(view, a, "s1") == &servers[0] && at(view, a, "s3") == &servers[1]
       && at(view, b, "s1") == &servers[2] && at(view, b, "s2") == &servers[3],
       "each by its vendor and name");
    ok(at(view, a, "s2") == NULL && at(view, b, "s3") == NULL
       && at(view, c, "s1") == NULL && at(view, a, "") == NULL
       && at(view, a, "S1") == NULL, "no other");

    bits(view, a, "m1", "1000", "0000");
    bits(view, a, "m3", "1000", "0000");
    bits(view, b, "m1", "0010", "0000");
    bits(view, b, "m2", "0011", "0000");
    bits(view, b, "m9", "0000", "0000");
    bits(view, c, "m1", "0000", "0000");

    end();
}


static void
test_loaded(void)
{
    ngx_http_model_view_t    *view;
    ngx_http_model_vendor_t  *a, *b, *c;

    begin(1 << 20);

    a = vendor("a", OLLAMA|OPENAI);
    b = vendor("b", OPENAI);
    c = vendor("c", OPENAI|ngx_http_model_dialect_bit(
                               NGX_HTTP_MODEL_ANTHROPIC));

    (void) declare(a, "llava");
    (void) declare(b, "more");
    expose(c, "shown*");

    server("a", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"Qwen:7b\",\"entry\":{}},"
           "{\"name\":\"llama3:latest\",\"entry\":{}}]}");
    server("a", "s2", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"qwen:7b\",\"entry\":{}},"
           "{\"name\":\"host:1/x/phi:latest\",\"entry\":{}}]}");
    server("a", "s3", NGX_HTTP_MODEL_SERVER_DOWN,
           "{\"models\":[{\"name\":\"llama3:latest\",\"entry\":{}}]}");

    loads("a", "s1", "{\"models\":[{\"name\":\"llama3\"},{\"x\":1},null,"
          "{\"name\":\"\"},{\"name\":1,\"model\":\"LLAVA:latest\"}]}");
    loads("a", "s2", "{\"models\":[{\"name\":\"unknown\",\"model\":"
          "\"QWEN:7b\"},{\"name\":\"Host:1/x/phi\"}]}");
    loads("a", "s3", "{\"models\":[{\"name\":\"llama3:latest\"}]}");

    server("b", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"one\",\"entry\":{}}]}");
    server("b", "s2", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"one\",\"entry\":{}},"
           "{\"name\":\"two\",\"entry\":{}}]}");
    server("b", "s3", NGX_HTTP_MODEL_SERVER_DOWN,
           "{\"models\":[{\"name\":\"two\",\"entry\":{}}]}");
    loads("b", "s2", "{\"models\":[{\"name\":\"two\"}]}");

    server("c", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"hidden\",\"entry\":{}}]}");
    server("c", "s2", NGX_HTTP_MODEL_SERVER_UNKNOWN,
           "{\"models\":[{\"name\":\"shown\",\"entry\":{}}]}");

    view = ngx_http_model_view(&views, &tap_log);

    bits(view, a, "llama3:latest", "10100000", "10000000");
    bits(view, a, "Qwen:7b", "10000000", "01000000");
    bits(view, a, "qwen:7b", "01000000", "01000000");
    bits(view, a, "host:1/x/phi:latest", "01000000", "01000000");
    bits(view, a, "llava", "00000000", "10000000");
    bits(view, b, "one", "00011000", "00010000");
    bits(view, b, "two", "00001100", "00000000");
    bits(view, b, "more", "00000000", "00000000");
    bits(view, c, "shown", "00000001", "00000001");

    loads("a", "s1", "{\"models\":[]}");
    loads("a", "s2", "[]");
    view = ngx_http_model_view(&views, &tap_log);

    bits(view, a, "llama3:latest", "10100000", "00000000");
    bits(view, a, "qwen:7b", "01000000", "00000000");

    end();
}


static void
test_many_servers(void)
{
    char                      name[32], list[256];
    ngx_uint_t                i, n, wrong;
    ngx_http_model_view_t    *view;
    ngx_http_model_model_t   *shared, *m;
    ngx_http_model_server_t  *servers;
    ngx_http_model_vendor_t  *a, *b, *c;

    static const ngx_uint_t  sizes[] = { 63, 64, 65, 130 };

    for (n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {

        begin(1 << 20);

        a = vendor("a", OLLAMA);
        b = vendor("b", OLLAMA);
        c = vendor("c", OLLAMA);

        for (i = 0; i < 3 * sizes[n]; i++) {
            (void) sprintf(name, "s%lu", (unsigned long) i / 3);
            (void) sprintf(list, "{\"models\":[{\"name\":\"m%lu:1b\",\"entry\":"
                           "{}}%s]}", (unsigned long) i / 3,
                           (i / 3 % 2) ? ",{\"name\":\"odd:1b\",\"entry\":{}}"
                                       : "");

            server(i % 3 == 0 ? "b" : i % 3 == 1 ? "a" : "c", name,
                   NGX_HTTP_MODEL_SERVER_UP, list);

            (void) sprintf(list, "{\"models\":[{\"name\":\"m%lu:1b\"}]}",
                           (unsigned long) i / 3);

            if (i % 3 == 0) {
                loads("b", name, list);
            }
        }

        view = ngx_http_model_view(&views, &tap_log);
        servers = view->servers.elts;
        shared = find(view, b, "odd:1b");
        wrong = 0;

        for (i = 0; i < sizes[n]; i++) {
            (void) sprintf(name, "m%lu:1b", (unsigned long) i);
            m = find(view, b, name);

            wrong += ngx_http_model_view_has(view, shared,
                                             &servers[sizes[n] + i]) != i % 2
                     || ngx_http_model_view_has(view, shared, &servers[i])
                     || ngx_http_model_view_has(view, shared,
                                                &servers[2 * sizes[n] + i])
                     || ngx_http_model_view_loaded(view, shared,
                                                   &servers[sizes[n] + i])
                     || !ngx_http_model_view_loaded(view, m,
                                                    &servers[sizes[n] + i])
                     || ngx_http_model_view_loaded(view, find(view, a, name),
                                                   &servers[i])
                     || !ngx_http_model_view_has(view, find(view, a, name),
                                                 &servers[i])
                     || !ngx_http_model_view_has(view, find(view, c, name),
                                                 &servers[2 * sizes[n] + i]);

            (void) sprintf(name, "s%lu", (unsigned long) i);
            wrong += at(view, b, name) != &servers[sizes[n] + i]
                     || at(view, c, name) != &servers[2 * sizes[n] + i];
        }

        ok(view->servers.nelts == 3 * sizes[n] && wrong == 0,
           "many servers of three vendors");
        ok(shared->nservers == sizes[n] / 2, "counted");

        end();
    }
}


static void
test_hidden(void)
{
    ngx_http_model_view_t    *view;
    ngx_http_model_vendor_t  *a, *b, *c;

    static const char  both[] = "{\"models\":[{\"name\":\"one\",\"entry\":{}},"
                                "{\"name\":\"two\",\"entry\":{}}]}";
    static const char  one[] = "{\"models\":[{\"name\":\"one\",\"entry\":{}}]}";

    begin(1 << 20);

    a = vendor("a", OPENAI);
    b = vendor("b", OPENAI);
    c = vendor("c", OPENAI);

    a->grace = 60000;
    b->grace = 0;
    c->grace = 1500;

    (void) declare(a, "other");
    (void) declare(a, "two");
    (void) declare(b, "none");
    (void) declare(c, "other");

    goes("a", "s1", NGX_HTTP_MODEL_SERVER_DOWN, 100, both);
    goes("a", "s2", NGX_HTTP_MODEL_SERVER_DOWN, 61, one);
    goes("c", "s1", NGX_HTTP_MODEL_SERVER_DOWN, 2, one);

    view = ngx_http_model_view(&views, &tap_log);

    ok(ngx_http_model_view_hidden(view, find(view, a, "one")),
       "all its servers are down");
    ok(ngx_http_model_view_hidden(view, find(view, a, "two")),
       "its only server is down");
    ok(ngx_http_model_view_hidden(view, find(view, a, "other")),
       "declared, and all servers are down");
    ok(!ngx_http_model_view_hidden(view, find(view, b, "none")),
       "no server known");
    ok(ngx_http_model_view_hidden(view, find(view, c, "one"))
       && ngx_http_model_view_hidden(view, find(view, c, "other")),
       "another grace");

    a->grace = 61000;
    ok(!ngx_http_model_view_hidden(view, find(view, a, "one"))
       && ngx_http_model_view_hidden(view, find(view, a, "two"))
       && !ngx_http_model_view_hidden(view, find(view, a, "other")),
       "the last that went down counts");

    c->grace = 2000;
    ok(!ngx_http_model_view_hidden(view, find(view, c, "one")),
       "not yet");

    c->grace = 0;
    c->discover = 0;
    ok(!ngx_http_model_view_hidden(view, find(view, c, "one"))
       && !ngx_http_model_view_hidden(view, find(view, c, "other")),
       "nothing is discovered");

    a->grace = 0;
    goes("b", "s1", NGX_HTTP_MODEL_SERVER_DOWN, 0, one);
    goes("a", "s2", NGX_HTTP_MODEL_SERVER_UP, 0, one);
    goes("a", "s3", NGX_HTTP_MODEL_SERVER_UNKNOWN, 0, "");

    view = ngx_http_model_view(&views, &tap_log);

    ok(ngx_http_model_view_hidden(view, find(view, b, "one"))
       && ngx_http_model_view_hidden(view, find(view, b, "none")),
       "no grace");
    ok(!ngx_http_model_view_hidden(view, find(view, a, "one")),
       "one server is up");
    ok(ngx_http_model_view_hidden(view, find(view, a, "two")),
       "but not one that has it");
    ok(!ngx_http_model_view_hidden(view, find(view, a, "other")),
       "declared, and one server is up");

    goes("a", "s2", NGX_HTTP_MODEL_SERVER_DOWN, 0, one);
    view = ngx_http_model_view(&views, &tap_log);
    ok(!ngx_http_model_view_hidden(view, find(view, a, "other")),
       "declared, and one was not asked yet");

    end();
}
