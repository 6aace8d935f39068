/* unit: src/ngx_http_model_view.c src/ngx_http_model_view_build.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Views of a catalogue in a real slab pool: how servers and declarations
 * merge, what is found by which name, whom a view outlives, and the time that
 * many models take.
 */


#include "view.h"


static ngx_http_model_model_t *model(ngx_http_model_view_t *view,
    ngx_uint_t i);
static void names(ngx_http_model_view_t *view, const char *want,
    const char *name);
static ngx_uint_t visit(ngx_http_model_model_t *m, void *data);
static ngx_http_model_model_t *each(ngx_http_model_view_t *view,
    const char *name, ngx_uint_t by_listed, char *stop, char *seen);
static void generate(u_char *buf, ngx_str_t *list, ngx_uint_t first,
    ngx_uint_t n);
static void test_merge(void);
static void test_declared(void);
static void test_names(void);
static void test_malformed(void);
static void test_cut(void);
static void test_life(void);
static void test_complete(void);
static void test_scale(void);


int
main(void)
{
    tap_init();

    test_merge();
    test_declared();
    test_names();
    test_malformed();
    test_cut();
    test_life();
    test_complete();
    test_scale();

    return tap_done();
}


static ngx_http_model_model_t *
model(ngx_http_model_view_t *view, ngx_uint_t i)
{
    return (ngx_http_model_model_t *) view->models.elts + i;
}


static void
names(ngx_http_model_view_t *view, const char *want, const char *name)
{
    char        buf[4096], *p;
    ngx_str_t   got;
    ngx_uint_t  i;

    p = buf;

    for (i = 0; i < view->models.nelts; i++) {
        p += sprintf(p, "%.*s ", (int) model(view, i)->listed.len,
                     (char *) model(view, i)->listed.data);
    }

    got.data = (u_char *) buf;
    got.len = p - buf;

    is(&got, want, name);
}


typedef struct {
    char  *stop;
    char  *seen;
} visit_t;


static ngx_uint_t
visit(ngx_http_model_model_t *m, void *data)
{
    visit_t *v = data;

    ngx_str_t  *id;

    id = &m->vendor->id;

    (void) strncat(v->seen, (char *) id->data, id->len);

    return v->stop != NULL && ngx_strcmp(v->stop, id->data) == 0;
}


static ngx_http_model_model_t *
each(ngx_http_model_view_t *view, const char *name, ngx_uint_t by_listed,
    char *stop, char *seen)
{
    visit_t    v;
    ngx_str_t  s;

    text(&s, name);

    v.stop = stop;
    v.seen = seen;
    seen[0] = '\0';

    return ngx_http_model_view_each(view, &s, by_listed, visit, &v);
}


static void
test_merge(void)
{
    ngx_str_t                 s;
    ngx_http_model_view_t    *view;
    ngx_http_model_model_t   *m;
    ngx_http_model_vendor_t  *a, *b;
    ngx_http_model_server_t  *servers;

    begin(1 << 20);

    b = vendor("b", OPENAI);
    a = vendor("a", OLLAMA);

    view = ngx_http_model_view(&views, &tap_log);
    ok(view != NULL && view->models.nelts == 0 && view->servers.nelts == 0,
       "nothing known");
    ok(find(view, a, "m1") == NULL, "nothing found");

    server("a", "s1", NGX_HTTP_MODEL_SERVER_DOWN,
           "{\"models\":[{\"name\":\"m1\",\"entry\":{\"of\":\"s1\"}},"
           "{\"name\":\"m2\",\"entry\":{\"of\":\"s1\"},"
           "\"show\":{\"of\":\"s1\"}}]}");
    server("gone", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"m0\",\"entry\":{}}]}");
    server("b", "s9", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"m2\",\"entry\":{\"of\":\"s9\"}}]}");
    server("a", "s2", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"m3\",\"entry\":{\"of\":\"s2\"}},"
           "{\"name\":\"m2\",\"entry\":{\"of\":\"s2\"}},"
           "{\"name\":\"m3\",\"entry\":{\"of\":\"twice\"}}]}");
    server("a", "s3", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"m3\",\"entry\":{\"of\":\"s3\"},"
           "\"show\":{\"of\":\"s3\"}}]}");
    server("a", "s4", NGX_HTTP_MODEL_SERVER_UNKNOWN,
           "{\"models\":[{\"name\":\"m1\",\"entry\":{\"of\":\"s4\"}}]}");

    view = ngx_http_model_view(&views, &tap_log);
    names(view, "b:m2 a:m1 a:m2 a:m3 ", "by rank, then as listed");

    servers = view->servers.elts;
    ok(view->servers.nelts == 5, "servers of vendors that exist");
    ok(servers[0].vendor == b && servers[1].vendor == a, "servers by rank");
    is(&servers[4].facts.server, "s4", "servers in order of creation");

    m = find(view, a, "m1");
    ok(m == model(view, 1), "found");
    ok(m->nservers == 2 && m->nup == 1, "on one down, one not asked");
    ok(ngx_http_model_json_get_str(m->entry, "of", &s) == NGX_OK, "entry");
    is(&s, "s1", "entry of the first when none is up");
    ok(m->show == NULL && m->declared == NULL, "no show document");

    m = find(view, a, "m2");
    ok(m->vendor == a && m->nservers == 2 && m->nup == 1,
       "on one down, one up");
    (void) ngx_http_model_json_get_str(m->entry, "of", &s);
    is(&s, "s2", "entry of the one that is up");
    (void) ngx_http_model_json_get_str(m->show, "of", &s);
    is(&s, "s1", "show document of the one that has it");

    m = find(view, a, "m3");
    ok(m->nservers == 2 && m->nup == 2, "listed twice counts once");
    (void) ngx_http_model_json_get_str(m->entry, "of", &s);
    is(&s, "s2", "entry of the first that is up");
    (void) ngx_http_model_json_get_str(m->show, "of", &s);
    is(&s, "s3", "show document of another");

    ok(find(view, b, "m2") == model(view, 0), "the other vendor's");
    ok(find(view, b, "m1") == NULL, "not the other vendor's");
    ok(find(view, a, "m0") == NULL, "not of a vendor that is gone");

    end();
}


static void
test_declared(void)
{
    ngx_http_model_view_t      *view;
    ngx_http_model_model_t     *m;
    ngx_http_model_vendor_t    *a, *b, *c;
    ngx_http_model_declared_t  *d[5];

    begin(1 << 20);

    a = vendor("a", OLLAMA|OPENAI);
    b = vendor("b", OPENAI);
    c = vendor("c", OPENAI);

    d[0] = declare(a, "llama3");
    d[1] = declare(a, "host:5000/x/mistral");
    d[2] = declare(a, "qwen:7b");
    d[3] = declare(b, "gpt");
    d[4] = declare(a, "only");
    (void) declare(b, "o1");
    (void) declare(b, "bad\nname");
    (void) declare(b, "");

    expose(c, "gpt-5*");
    expose(c, "*mini");
    (void) declare(c, "gpt-5");
    (void) declare(c, "o3");
    (void) declare(c, "o3-mini");

    server("a", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"qwen:latest\",\"entry\":{}},"
           "{\"name\":\"llama3:latest\",\"entry\":{}},"
           "{\"name\":\"qwen:7b\",\"entry\":{}},"
           "{\"name\":\"host:5000/x/mistral:latest\",\"entry\":{}}]}");
    server("b", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"gpt:latest\",\"entry\":{}}]}");
    server("c", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"gpt-4\",\"entry\":{}},"
           "{\"name\":\"gpt-5-pro\",\"entry\":{}},"
           "{\"name\":\"o4-mini\",\"entry\":{}}]}");

    view = ngx_http_model_view(&views, &tap_log);
    names(view, "a:qwen:latest a:llama3:latest a:qwen:7b "
                "a:host:5000/x/mistral:latest a:only "
                "b:gpt:latest b:gpt b:o1 "
                "c:gpt-5-pro c:o4-mini c:gpt-5 c:o3-mini ",
          "declared after found, exposed only");

    ok(find(view, a, "llama3:latest")->declared == d[0], "tag is implied");
    ok(find(view, a, "host:5000/x/mistral:latest")->declared == d[1],
       "a port is no tag");
    ok(find(view, a, "qwen:7b")->declared == d[2], "tag as written");
    ok(find(view, a, "qwen:latest")->declared == NULL, "other tag");
    ok(find(view, b, "gpt:latest")->declared == NULL
       && find(view, b, "gpt")->declared == d[3],
       "no tag is implied elsewhere");

    m = find(view, a, "only");
    ok(m->declared == d[4] && m->entry == NULL && m->show == NULL
       && m->nservers == 0 && m->nup == 0, "only declared");

    ok(find(view, c, "gpt-4") == NULL && find(view, c, "o3") == NULL,
       "not exposed");

    end();
}


static void
test_names(void)
{
    char                      seen[64];
    ngx_http_model_view_t    *view;
    ngx_http_model_vendor_t  *a, *b, *c;

    begin(1 << 20);

    ngx_str_set(&views.separator, "/");

    a = vendor("a", OLLAMA);
    b = vendor("b", OLLAMA);
    c = vendor("c", OPENAI);

    a->prefix = 0;
    c->prefix = 0;

    (void) declare(a, "m");
    (void) declare(b, "m");
    (void) declare(c, "m");
    (void) declare(c, "b/m");

    view = ngx_http_model_view(&views, &tap_log);
    names(view, "m b/m m b/m ", "prefix on and off");

    ok(each(view, "m", 1, NULL, seen) == NULL && !strcmp(seen, "ac"),
       "all listed so, by rank");
    ok(each(view, "b/m", 1, NULL, seen) == NULL && !strcmp(seen, "bc"),
       "a listed name of two vendors");
    ok(each(view, "m", 0, NULL, seen) == NULL && !strcmp(seen, "abc"),
       "all named so, by rank");
    ok(each(view, "m", 0, "b", seen) == find(view, b, "m")
       && !strcmp(seen, "ab"), "the visitor ends it");
    ok(each(view, "b/m", 0, "c", seen) == find(view, c, "b/m")
       && !strcmp(seen, "c"), "own name with a separator");
    ok(each(view, "M", 0, NULL, seen) == NULL && seen[0] == '\0',
       "case matters");
    ok(each(view, "", 1, NULL, seen) == NULL && seen[0] == '\0',
       "empty name");

    end();
}


static void
test_malformed(void)
{
    u_char                   *p;
    ngx_str_t                 list;
    ngx_uint_t                i;
    char                      name[16], buf[2048];
    ngx_http_model_view_t    *view;
    ngx_http_model_vendor_t  *a;

    static const char  *lists[] = {
        "x", "[]", "{}", "null", "{\"models\":", "{\"models\":{}}",
        "{\"models\":null}", "{\"models\":[1,null,[],\"x\",{}]}",
        "{\"models\":[{\"name\":\"n\"}]}",
        "{\"models\":[{\"name\":\"n\",\"entry\":[]}]}",
        "{\"models\":[{\"name\":1,\"entry\":{}}]}",
        "{\"models\":[{\"name\":\"\",\"entry\":{}}]}",
        "{\"models\":[{\"name\":\"a\\nb\",\"entry\":{}}]}",
        "{\"models\":[{\"name\":\"a\\u0000\",\"entry\":{}}]}",
        "{\"models\":[{\"name\":\"a\\u007f\",\"entry\":{}}]}",
        "{\"models\":[{\"name\":\"\xff\",\"entry\":{}}]}",
        "{\"models\":[{\"name\":\"good\",\"entry\":{},\"show\":1}]}"
    };

    begin(1 << 20);

    a = vendor("a", OLLAMA);
    tap_logged = 0;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        (void) sprintf(name, "s%lu", (unsigned long) i);
        server("a", name, NGX_HTTP_MODEL_SERVER_UP, lists[i]);
    }

    for (i = 256; i < 258; i++) {
        p = ngx_cpymem(buf, "{\"models\":[{\"name\":\"", 20);
        ngx_memset(p, 'n', i);
        p = ngx_cpymem(p + i, "\",\"entry\":{}}]}", 16);

        (void) sprintf(name, "long%lu", (unsigned long) i);
        server("a", name, NGX_HTTP_MODEL_SERVER_UP, buf);
    }

    view = ngx_http_model_view(&views, &tap_log);

    ok(view->models.nelts == 2, "nothing but what is well-formed");
    is(&model(view, 0)->name, "good", "the good one");
    ok(model(view, 0)->show == NULL, "without its odd show document");
    ok(model(view, 1)->name.len == 256, "the longest name");
    ok(tap_logged == 1, "one line in the log");
    ok(ngx_strstr(tap_line, "model list of server \"s0\" of vendor \"a\"")
       != NULL, "the line names the server");

    text(&list, "{\"models\":[]}");
    server("a", "s1", NGX_HTTP_MODEL_SERVER_UP, (char *) list.data);
    view = ngx_http_model_view(&views, &tap_log);
    ok(view != NULL && tap_logged == 1, "and no more lines later");
    ok(find(view, a, "good") != NULL, "the good one stays");

    end();
}


static void
generate(u_char *buf, ngx_str_t *list, ngx_uint_t first, ngx_uint_t n)
{
    u_char      *p;
    ngx_uint_t   i;

    p = ngx_cpymem(buf, "{\"models\":[", 11);

    for (i = first; i < first + n; i++) {
        p = ngx_sprintf(p, "%s{\"name\":\"model-%ui:8b\",\"entry\":{\"size\":"
                        "4661224676,\"details\":{\"family\":\"llama\","
                        "\"parameter_size\":\"8.0B\",\"families\":[\"llama\"]"
                        "}},\"show\":{\"capabilities\":[\"completion\","
                        "\"tools\"],\"model_info\":{\"llama.context_length\":"
                        "8192}}}", (i == first) ? "" : ",", i);
    }

    p = ngx_cpymem(p, "]}", 2);
    *p = '\0';

    list->data = buf;
    list->len = p - buf;
}


static void
test_cut(void)
{
    u_char                   *buf;
    ngx_str_t                 list;
    ngx_http_model_view_t    *view;
    ngx_http_model_vendor_t  *a;

    begin(1 << 24);

    buf = malloc(1 << 22);
    a = vendor("a", OLLAMA);
    tap_logged = 0;

    generate(buf, &list, 0, 10000);
    server("a", "s1", NGX_HTTP_MODEL_SERVER_UP, (char *) buf);
    view = ngx_http_model_view(&views, &tap_log);
    ok(view->models.nelts == 10000 && tap_logged == 0, "10,000 models");

    generate(buf, &list, 0, 10001);
    server("a", "s1", NGX_HTTP_MODEL_SERVER_UP, (char *) buf);
    view = ngx_http_model_view(&views, &tap_log);
    ok(view->models.nelts == 10000, "10,001 models are cut");
    ok(tap_logged == 1, "one line in the log");
    ok(find(view, a, "model-9999:8b") != NULL
       && find(view, a, "model-10000:8b") == NULL, "the first are taken");

    server("a", "s1", NGX_HTTP_MODEL_SERVER_DOWN, (char *) buf);
    (void) ngx_http_model_view(&views, &tap_log);
    ok(tap_logged == 1, "no second line");

    free(buf);
    end();
}


static void
test_life(void)
{
    ngx_pool_t               *request;
    ngx_http_model_view_t    *first, *view;
    ngx_http_model_model_t   *m;
    ngx_http_model_vendor_t  *a;

    begin(1 << 20);

    a = vendor("a", OLLAMA);

    server("a", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"old\",\"entry\":{}}]}");

    first = ngx_http_model_view(&views, &tap_log);
    ok(ngx_http_model_view(&views, &tap_log) == first, "the same view");
    ok(first->generation
       == ngx_http_model_catalogue_generation(views.catalogue)
       && first->refs == 1, "of this generation");

    request = ngx_create_pool(1024, &tap_log);
    ok(ngx_http_model_view_ref(first, request) == NGX_OK
       && ngx_http_model_view_ref(first, request) == NGX_OK
       && first->refs == 3, "referenced twice");

    m = find(first, a, "old");

    server("a", "s1", NGX_HTTP_MODEL_SERVER_UP,
           "{\"models\":[{\"name\":\"new\",\"entry\":{}}]}");

    view = ngx_http_model_view(&views, &tap_log);
    ok(view != first && views.current == view, "a new view");
    ok(find(view, a, "new") != NULL && find(view, a, "old") == NULL,
       "of what is now");
    ok(first->refs == 3 && find(first, a, "old") == m,
       "the old one is kept while the event is handled");

    server("a", "s1", NGX_HTTP_MODEL_SERVER_DOWN, "{\"models\":[]}");
    (void) ngx_http_model_view(&views, &tap_log);
    ok(first->refs == 3 && view->refs == 1 && find(view, a, "new") != NULL,
       "as is the one after it");

    ngx_current_msec++;
    (void) ngx_http_model_view(&views, &tap_log);
    ok(first->refs == 2 && find(first, a, "old") == m && views.retired == NULL,
       "later by its references");
    is(&m->listed, "a:old", "and what it holds");

    ngx_http_model_view_cleanup(&views);
    ok(views.current == NULL, "dropped");

    ngx_destroy_pool(request);

    end();
}


static void
test_complete(void)
{
    ngx_http_model_view_t              *view;
    ngx_http_model_vendor_t            *a, *b, other;
    ngx_http_model_catalogue_server_t   f;

    begin(1 << 20);

    a = vendor("a", OLLAMA);
    b = vendor("b", OLLAMA);
    b->discover = 0;

    view = ngx_http_model_view(&views, &tap_log);
    ok(!ngx_http_model_view_complete(view, a), "no server known");
    ok(ngx_http_model_view_complete(view, b), "nothing to discover");

    ngx_memzero(&other, sizeof(ngx_http_model_vendor_t));
    text(&other.id, "c");
    other.discover = 1;
    ok(!ngx_http_model_view_complete(view, &other), "not a vendor of these");

    server("a", "s1", NGX_HTTP_MODEL_SERVER_DOWN, "");
    server("a", "s2", NGX_HTTP_MODEL_SERVER_UNKNOWN, "");

    view = ngx_http_model_view(&views, &tap_log);
    ok(!ngx_http_model_view_complete(view, a), "one not asked yet");

    ngx_memzero(&f, sizeof(ngx_http_model_catalogue_server_t));
    text(&f.vendor, "a");
    text(&f.server, "s2");
    text(&f.reason, "timed out");
    f.checked = 1;
    (void) ngx_http_model_catalogue_update(views.catalogue, &f, &tap_log);

    view = ngx_http_model_view(&views, &tap_log);
    ok(ngx_http_model_view_complete(view, a), "all were asked");

    end();
}


static void
test_scale(void)
{
    char                     *ids, name[32];
    u_char                   *buf;
    clock_t                   start, flat;
    ngx_str_t                 list;
    ngx_uint_t                i, n;
    ngx_http_model_view_t    *view;
    ngx_http_model_vendor_t  *v;

    begin(1 << 25);

    v = NULL;
    buf = malloc(1 << 22);
    ids = ngx_palloc(pool, 1000 * 8);

    for (i = 0; i < 1000; i++) {
        (void) sprintf(ids + i * 8, "v%lu", (unsigned long) i);
        v = vendor(ids + i * 8, OLLAMA);

        generate(buf, &list, 0, 10);
        server(ids + i * 8, "s1", NGX_HTTP_MODEL_SERVER_UP, (char *) buf);
    }

    start = clock();
    view = ngx_http_model_view(&views, &tap_log);
    start = clock() - start;

    ok(view->models.nelts == 10000, "10 models of 1,000 vendors");

    /* ten times what a sanitizer build takes; quadratic work takes more */

    ok(start < CLOCKS_PER_SEC * 5, "built quickly");
    printf("# %.3f s\n", (double) start / CLOCKS_PER_SEC);

    n = 0;
    flat = clock();

    for (i = 0; i < 100000; i++) {
        (void) sprintf(name, "model-%lu:8b", (unsigned long) i % 12);
        n += (find(view, v, name) != NULL);
    }

    flat = clock() - flat;

    ok(n == 83334, "100,000 lookups");
    ok(flat < CLOCKS_PER_SEC * 2, "found quickly");
    printf("# %.3f s\n", (double) flat / CLOCKS_PER_SEC);

    generate(buf, &list, 0, 10000);

    for (i = 0; i < 5; i++) {
        (void) sprintf(name, "more%lu", (unsigned long) i);
        server("v0", name, NGX_HTTP_MODEL_SERVER_UP, (char *) buf);
    }

    start = clock();
    view = ngx_http_model_view(&views, &tap_log);
    start = clock() - start;

    ok(view->models.nelts == 10000 + 9990, "10,000 models of five servers");
    ok(model(view, 0)->nservers == 6, "merged");
    ok(start < CLOCKS_PER_SEC * 10, "built quickly too");
    printf("# %.3f s\n", (double) start / CLOCKS_PER_SEC);

    free(buf);
    end();
}
