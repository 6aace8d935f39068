/* unit: src/ngx_http_model_alias_order.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The targets of an alias: which are permitted, in which order they are
 * tried, how weights share requests among them.
 */


#include "listing.h"


typedef struct {
    const char               *asked;
    ngx_int_t                 rc;
    const char               *sent;     /* vendor:name */
    const char               *alias;    /* NULL: none */
    const char               *star;
} test_route_t;


static void begin_aliases(void);
static ngx_http_model_alias_t *alias(const char *name);
static void target(ngx_http_model_alias_t *a, const char *value,
    ngx_int_t weight, ngx_uint_t backup);
static void bind_aliases(void);
static const char *sequence(ngx_http_model_alias_t *a, const char *star,
    ngx_uint_t turn);
static void order(ngx_http_model_alias_t *a, const char *star,
    ngx_uint_t turn, const char *value, const char *name);
static void firsts(ngx_http_model_alias_t *a, ngx_uint_t n,
    const char *value, const char *name);
static void only(const char *id);
static void test_order(void);
static void test_weights(void);
static void test_nested(void);
static void test_nested_weights(void);
static const char *numbered(const char *name, ngx_uint_t n);
static void test_many(void);
static void test_patterns(void);
static void test_scope(void);
static void test_keys(void);
static void test_routes(void);
static void test_each(void);
static void test_documents(void);


static ngx_array_t  aliases;


int
main(void)
{
    tap_init();

    test_order();
    test_weights();
    test_nested();
    test_nested_weights();
    test_many();
    test_patterns();
    test_scope();
    test_keys();
    test_routes();
    test_each();
    test_documents();

    return tap_done();
}


static void
begin_aliases(void)
{
    fixture();

    (void) ngx_array_init(&aliases, pool, 4, sizeof(void *));
    scope.aliases = &aliases;
}


static ngx_http_model_alias_t *
alias(const char *name)
{
    ngx_http_model_alias_t  *a;

    a = ngx_pcalloc(pool, sizeof(ngx_http_model_alias_t));

    a->name = text(name);
    a->pattern = strchr(name, '*') ? 1 : 0;

    (void) ngx_array_init(&a->targets, pool, 1,
                          sizeof(ngx_http_model_alias_target_t));

    *(ngx_http_model_alias_t **) ngx_array_push(&aliases) = a;

    return a;
}


static void
target(ngx_http_model_alias_t *a, const char *value, ngx_int_t weight,
    ngx_uint_t backup)
{
    ngx_http_model_alias_target_t  *t;

    t = ngx_array_push(&a->targets);
    ngx_memzero(t, sizeof(ngx_http_model_alias_target_t));

    t->text = text(value);
    t->weight = weight;
    t->backup = backup ? 1 : 0;
}


static void
bind_aliases(void)
{
    ngx_conf_t  cf;

    ngx_memzero(&cf, sizeof(ngx_conf_t));
    cf.log = &tap_log;

    if (ngx_http_model_alias_bind(&cf, &aliases, &vendors) != NGX_OK) {
        ok(0, "bound");
    }
}


static const char *
sequence(ngx_http_model_alias_t *a, const char *star, ngx_uint_t turn)
{
    size_t                   len;
    ngx_str_t                s;
    ngx_uint_t               i;
    ngx_array_t             *routes;
    ngx_http_model_route_t  *route;

    static char  line[4096];

    if (star) {
        s = text(star);
    }

    routes = ngx_http_model_alias_targets(&scope, a, star ? &s : NULL, turn,
                                          pool);
    if (routes == NULL) {
        return "NULL";
    }

    route = routes->elts;
    line[0] = '\0';
    len = 0;

    for (i = 0; i < routes->nelts; i++) {
        len += snprintf(line + len, sizeof(line) - len, "%s%.*s:%.*s",
                        i ? " " : "", (int) route[i].vendor->id.len,
                        route[i].vendor->id.data, (int) route[i].name.len,
                        route[i].name.data);

        if (route[i].alias != a || ngx_strcmp(route[i].reason, "alias") != 0) {
            return "not of the outermost alias";
        }
    }

    return line;
}


static void
order(ngx_http_model_alias_t *a, const char *star, ngx_uint_t turn,
    const char *value, const char *name)
{
    ngx_str_t  got;

    got = text(sequence(a, star, turn));
    is(&got, value, name);
}


/* the last character of the first target of each of n turns */

static void
firsts(ngx_http_model_alias_t *a, ngx_uint_t n, const char *value,
    const char *name)
{
    char          got[256];
    ngx_str_t     s;
    ngx_uint_t    i;
    const char   *first;

    for (i = 0; i < n; i++) {
        first = sequence(a, NULL, 1);
        got[i] = first[strcspn(first, " ") - 1];
    }

    s.data = (u_char *) got;
    s.len = n;

    is(&s, value, name);
}


static void
only(const char *id)
{
    ngx_str_t                  s;
    ngx_http_model_vendor_t  **p;

    s = text(id);

    scope.vendors = ngx_array_create(pool, 1, sizeof(void *));

    p = ngx_array_push(scope.vendors);
    *p = ngx_http_model_vendor_find(&vendors, &s);
}


static void
test_order(void)
{
    ngx_http_model_alias_t  *a;

    begin_aliases();

    a = alias("a");
    target(a, "acme:x", 1, 0);
    target(a, "acme:b1", 9, 1);
    target(a, "cloud:y", 1, 0);
    target(a, "acme:z", 1, 0);
    target(a, "cloud:b2", 1, 1);
    bind_aliases();

    order(a, NULL, 0, "acme:x cloud:y acme:z acme:b1 cloud:b2", "a look");
    order(a, NULL, 0, "acme:x cloud:y acme:z acme:b1 cloud:b2",
          "a look moves nothing");
    order(a, NULL, 1, "acme:x cloud:y acme:z acme:b1 cloud:b2", "turn 1");
    order(a, NULL, 0, "cloud:y acme:z acme:x acme:b1 cloud:b2",
          "a look sees what the next turn gets");
    order(a, NULL, 1, "cloud:y acme:z acme:x acme:b1 cloud:b2", "turn 2");
    order(a, NULL, 1, "acme:z acme:x cloud:y acme:b1 cloud:b2", "turn 3");
    order(a, NULL, 1, "acme:x cloud:y acme:z acme:b1 cloud:b2", "turn 4");

    /* known names are sent as the vendor has them */

    a = alias("known");
    target(a, "acme:LLAMA3", 1, 0);
    target(a, "cloud:gpt-4o:latest", 1, 0);
    target(a, "acme:llama3", 1, 0);
    bind_aliases();

    order(a, NULL, 0, "acme:llama3 cloud:gpt-4o", "each once");

    end();
}


static void
test_weights(void)
{
    ngx_uint_t               i, count[3];
    const char              *first;
    ngx_http_model_alias_t  *a;

    begin_aliases();

    a = alias("nginx's own example");
    target(a, "acme:a", 5, 0);
    target(a, "acme:b", 1, 0);
    target(a, "acme:c", 1, 0);
    target(a, "acme:d", 100, 1);
    bind_aliases();

    firsts(a, 14, "aabacaaaabacaa", "smooth, twice over");

    a = alias("three");
    target(a, "acme:a", 70, 0);
    target(a, "acme:b", 20, 0);
    target(a, "acme:c", 10, 0);
    bind_aliases();

    ngx_memzero(count, sizeof(count));

    for (i = 0; i < 1000; i++) {
        first = sequence(a, NULL, 1);
        count[first[5] - 'a']++;
    }

    ok(count[0] == 700 && count[1] == 200 && count[2] == 100,
       "shares are exact");

    a = alias("largest");
    target(a, "acme:a", 65535, 0);
    target(a, "acme:b", 65535, 0);
    bind_aliases();

    firsts(a, 6, "ababab", "largest weights");

    end();
}


static void
test_nested(void)
{
    ngx_http_model_alias_t  *a, *inner, *deep;

    begin_aliases();

    deep = alias("deep");
    target(deep, "acme:d1", 1, 0);
    target(deep, "acme:d2", 1, 1);

    inner = alias("inner");
    target(inner, "cloud:i1", 1, 0);
    target(inner, "deep", 1, 0);
    target(inner, "cloud:i2", 1, 1);

    a = alias("a");
    target(a, "acme:x", 1, 0);
    target(a, "inner", 1, 0);
    target(a, "deep", 1, 1);
    target(a, "acme:last", 1, 1);
    bind_aliases();

    ok(a->depth == 3 && inner->depth == 2 && deep->depth == 1, "depths");

    order(inner, NULL, 0, "cloud:i1 acme:d1 acme:d2 cloud:i2",
          "nested in its place");
    order(a, NULL, 0, "acme:x cloud:i1 acme:d1 acme:d2 cloud:i2 acme:last",
          "twice nested, each once");

    end();
}


/* a nested alias moves on only when it is chosen */

static void
test_nested_weights(void)
{
    ngx_http_model_alias_t  *a, *inner;

    begin_aliases();

    inner = alias("inner");
    target(inner, "cloud:1", 1, 0);
    target(inner, "cloud:2", 1, 0);

    a = alias("a");
    target(a, "acme:x", 1, 0);
    target(a, "inner", 1, 0);
    bind_aliases();

    firsts(a, 8, "x1x2x1x2", "both levels take turns");
    firsts(inner, 1, "1", "asked for by its own name it goes on");
    firsts(a, 4, "x2x1", "from there");

    a = alias("backup");
    target(a, "acme:x", 1, 0);
    target(a, "inner", 1, 1);
    bind_aliases();
    only("cloud");

    firsts(a, 3, "212", "a backup alias that is first");

    end();
}


static const char *
numbered(const char *name, ngx_uint_t n)
{
    char  *p;

    p = ngx_pnalloc(pool, 32);
    (void) snprintf(p, 32, "%s%u", name, (unsigned) n);

    return p;
}


static void
test_many(void)
{
    ngx_uint_t               i;
    ngx_array_t             *routes;
    ngx_http_model_alias_t  *a, *rung;

    begin_aliases();

    a = alias("many");

    for (i = 0; i < 40; i++) {
        target(a, numbered("acme:m", i), 1, 0);
    }

    /* each leads twice to the next one */

    rung = alias("rung0");
    target(rung, "acme:end", 1, 0);

    for (i = 1; i < 8; i++) {
        rung = alias(numbered("rung", i));
        target(rung, numbered("rung", i - 1), 1, 0);
        target(rung, numbered("rung", i - 1), 1, 1);
    }

    bind_aliases();

    routes = ngx_http_model_alias_targets(&scope, a, NULL, 0, pool);

    ok(routes && routes->nelts == NGX_HTTP_MODEL_ALIAS_TARGETS,
       "no more than the limit");

    order(rung, NULL, 1, "acme:end", "many ways to one target");

    end();
}


static void
test_patterns(void)
{
    char                     star[300];
    ngx_http_model_alias_t  *a, *inner;

    begin_aliases();

    inner = alias("inner");
    target(inner, "acme:fixed", 1, 0);

    a = alias("a-*");
    target(a, "cloud:b-*-c", 1, 0);
    target(a, "acme:*", 1, 0);
    target(a, "inner", 1, 0);
    target(a, "acme:none", 1, 1);
    bind_aliases();

    order(a, "x", 0, "cloud:b-x-c acme:x acme:fixed acme:none", "star");
    order(a, "", 0, "cloud:b--c acme:fixed acme:none",
          "a star that is nothing leaves no empty name");
    order(a, "*", 0, "cloud:b-*-c acme:* acme:fixed acme:none",
          "a star for a star");

    ngx_memset(star, 's', 255);
    star[255] = '\0';

    ok(strncmp(sequence(a, star, 0), "acme:sss", 8) == 0,
       "too long with the star");

    star[252] = '\0';

    ok(strncmp(sequence(a, star, 0), "cloud:b-sss", 11) == 0,
       "as long as may be");

    end();
}


static void
test_scope(void)
{
    ngx_array_t               expose;
    ngx_http_model_alias_t   *a, *p;
    ngx_http_model_vendor_t  *cloud;

    begin_aliases();

    a = alias("a");
    target(a, "cloud:gpt-4o", 3, 0);
    target(a, "acme:llama3", 1, 0);

    p = alias("p-*");
    target(p, "cloud:*", 1, 0);
    target(p, "acme:*", 1, 1);
    bind_aliases();

    only("acme");
    order(a, NULL, 1, "acme:llama3", "one vendor");
    order(a, NULL, 1, "acme:llama3", "again");
    order(p, "x", 1, "acme:x", "a backup is what is left");

    scope.vendors = ngx_array_create(pool, 1, sizeof(void *));
    order(a, NULL, 1, "", "no vendor");

    scope.vendors = &vendors;
    order(a, NULL, 1, "cloud:gpt-4o acme:llama3",
          "what was left out meanwhile has lost nothing");

    /* what "*" stands for is looked at when it is known */

    cloud = ((ngx_http_model_vendor_t **) vendors.elts)[1];

    (void) ngx_array_init(&expose, pool, 1, sizeof(ngx_str_t));
    *(ngx_str_t *) ngx_array_push(&expose) = text("gpt-*");
    cloud->expose = &expose;

    order(p, "gpt-9", 0, "cloud:gpt-9 acme:gpt-9", "exposed");
    order(p, "o4", 0, "acme:o4", "not exposed");

    end();
}


static void
test_keys(void)
{
    ngx_uint_t               i;
    ngx_array_t              patterns;
    ngx_http_model_alias_t  *a, *inner, *p, *one;

    static const struct {
        const char          *pattern;
        const char          *alias;
        const char          *order;
    } cases[] = {
        { "*", "a", "cloud:gpt-4o acme:i1 acme:i2" },
        { "a", "a", "cloud:gpt-4o acme:i1 acme:i2" },
        { "a", "inner", "" },
        { "a", "p-*", "" },
        { "cloud:*", "a", "cloud:gpt-4o" },
        { "cloud/gpt-4o", "a", "cloud:gpt-4o" },
        { "inner", "a", "acme:i1 acme:i2" },
        { "acme:i2", "a", "acme:i2" },
        { "p-*", "p-*", "cloud:star" },
        { "p-star", "p-*", "cloud:star" },
        { "p-other", "p-*", "" },
        { "cloud:st*", "p-*", "cloud:star" },
        { "nothing", "a", "" }
    };

    begin_aliases();

    inner = alias("inner");
    target(inner, "acme:i1", 1, 0);
    target(inner, "acme:i2", 1, 0);

    a = alias("a");
    target(a, "cloud:gpt-4o", 1, 0);
    target(a, "inner", 1, 0);

    p = alias("p-*");
    target(p, "cloud:*", 1, 0);
    bind_aliases();

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        (void) ngx_array_init(&patterns, pool, 1, sizeof(ngx_str_t));
        *(ngx_str_t *) ngx_array_push(&patterns) = text(cases[i].pattern);
        scope.patterns = &patterns;

        one = cases[i].alias[0] == 'a' ? a
              : cases[i].alias[0] == 'p' ? p : inner;

        order(one, one == p ? "star" : NULL, 0, cases[i].order,
              numbered("key ", i));
    }

    end();
}


static void
test_routes(void)
{
    char                     got[512];
    ngx_int_t                rc;
    ngx_str_t                asked, s;
    ngx_http_model_route_t   route;
    test_route_t            *t;

    static test_route_t  cases[] = {
        { "smart", NGX_OK, "cloud:gpt-4o", "smart", "" },
        { "smart:latest", NGX_OK, "cloud:gpt-4o", "smart", "" },
        { "Smart", NGX_DECLINED, NULL, NULL, NULL },
        { "acme:llama3:latest", NGX_OK, "cloud:gpt-4o", "acme:llama3:latest",
          "" },
        { "acme:llama3", NGX_OK, "cloud:gpt-4o", "acme:llama3:latest", "" },
        { "acme:new", NGX_OK, "acme:new", NULL, "" },
        { "gpt-4o", NGX_OK, "acme:4", "gpt-*o", "4" },
        { "gpt-o", NGX_ABORT, NULL, NULL, NULL },
        { "cloud:gpt-4o", NGX_OK, "cloud:gpt-4o", NULL, "" },
        { "tag", NGX_OK, "acme:x", "tag:latest", "" },
        { "other", NGX_DECLINED, NULL, NULL, NULL },
        { "", NGX_DECLINED, NULL, NULL, NULL },
        { "hidden", NGX_ABORT, NULL, NULL, NULL },
        { "hidden:latest", NGX_ABORT, NULL, NULL, NULL }
    };

    begin_aliases();

    target(alias("smart"), "cloud:gpt-4o", 1, 0);
    target(alias("acme:llama3:latest"), "smart", 1, 0);
    target(alias("gpt-*o"), "acme:*", 1, 0);
    target(alias("gpt-*"), "acme:never", 1, 0);
    target(alias("tag:latest"), "acme:x", 1, 0);
    target(alias("hidden"), "away:x", 1, 0);

    (void) vendor("away", OLLAMA);
    bind_aliases();

    /* the location has no such vendor */

    scope.vendors = ngx_array_create(pool, 2, sizeof(void *));
    *(void **) ngx_array_push(scope.vendors) = ((void **) vendors.elts)[0];
    *(void **) ngx_array_push(scope.vendors) = ((void **) vendors.elts)[1];

    for (t = cases; t < cases + sizeof(cases) / sizeof(cases[0]); t++) {

        asked = text(t->asked);
        rc = ngx_http_model_route(&scope, &asked, &route, pool);

        if (rc != NGX_OK || t->rc != NGX_OK) {
            ok(rc == t->rc, t->asked);
            continue;
        }

        (void) snprintf(got, sizeof(got), "%.*s:%.*s",
                        (int) route.vendor->id.len, route.vendor->id.data,
                        (int) route.name.len, route.name.data);
        s = text(got);

        is(&s, t->sent, t->asked);

        ok(t->alias == NULL
           ? route.alias == NULL && ngx_strcmp(route.reason, "alias") != 0
           : (route.alias
              && ngx_strcmp(route.alias->name.data, t->alias) == 0
              && ngx_strcmp(route.reason, "alias") == 0),
           "by which alias");

        is(&route.star, t->star, "star");
    }

    end();
}


static void
test_each(void)
{
    ngx_array_t             **parts;
    ngx_http_model_alias_t   *a, *inner;

    begin_aliases();

    inner = alias("inner");
    target(inner, "acme:1", 1, 0);
    target(inner, "acme:2", 1, 0);

    a = alias("a");
    target(a, "cloud:gpt-4o", 1, 1);
    target(a, "inner", 1, 0);
    target(a, "acme:1", 1, 0);
    bind_aliases();

    only("acme");

    parts = ngx_http_model_alias_each(&scope, a, NULL, pool);

    ok(parts && parts[0]->nelts == 0 && parts[1]->nelts == 2
       && parts[2]->nelts == 1, "each target with what is left of it");

    end();
}


static void
test_documents(void)
{
    ngx_http_model_alias_t     *a, *p;
    ngx_http_model_declared_t  *d;

    begin_aliases();

    d = declare(((ngx_http_model_vendor_t **) vendors.elts)[1], "later");
    d->context = 1000;

    a = alias("smart");
    target(a, "acme:llama3", 2, 0);
    target(a, "cloud:meta/llama-3-8b", 1, 0);

    target(alias("cloud:gpt-4o"), "smart", 1, 0);

    p = alias("p-*");
    target(p, "cloud:*", 1, 0);
    bind_aliases();

    read_document(ngx_http_model_listing_openai(&scope, pool, &bytes),
                  "models");
    names("data", "id", "smart cloud:gpt-4o acme:llama3:latest "
          "acme:nomic-embed-text:latest cloud:meta/llama-3-8b ");
    want("data.0.context_length", "8192");
    want("data.0.max_output_tokens", "2048");
    want("data.0.owned_by", "\"alias\"");
    want("data.0.pricing", NULL);

    read_document(ngx_http_model_listing_alias(&scope, a, NULL, 0, pool,
                                               &bytes), "alias");
    names("targets", "id", "acme:llama3:latest cloud:meta/llama-3-8b ");
    want("targets.0.weight", "2");
    want("interfaces", "[\"/api/chat\",\"/api/generate\","
         "\"/v1/chat/completions\",\"/v1/completions\",\"/v1/messages\","
         "\"/v1/responses\"]");
    want("servers", "2");

    only("cloud");

    read_document(ngx_http_model_listing_alias(&scope, a, NULL, 0, pool,
                                               &bytes), "one of its targets");
    want("pricing", "{\"prompt\":\"0.0000025\",\"completion\":\"0.00001\"}");
    want("owned_by", "\"cloud\"");
    ok(model("cloud:meta/llama-3-8b")->merged == NULL,
       "a model of the view is none");

    ok(ngx_http_model_listing_alias(&scope, p, NULL, 0, pool, &bytes)
       == NGX_DECLINED, "a pattern without a listed target");

    end();
}
