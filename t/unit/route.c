/* unit: src/ngx_http_model_route.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What a name means: a view of declared models, vendors of three dialects,
 * and for each asked name the vendor, the name sent, and the way there.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_route.h"


#define OLLAMA     ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)
#define OPENAI     ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OPENAI)
#define ANTHROPIC  ngx_http_model_dialect_bit(NGX_HTTP_MODEL_ANTHROPIC)

#define MANY       2500


typedef struct {
    const char               *id;
    ngx_uint_t                dialects;
    ngx_uint_t                prefix;
    const char               *expose[5];
    const char               *models[8];
} test_vendor_t;


typedef struct {
    const char               *asked;
    ngx_int_t                 rc;
    const char               *vendor;
    const char               *name;
    const char               *model;     /* NULL: not listed */
    const char               *reason;
} test_name_t;


static void ok(ngx_uint_t good, const char *name);
static ngx_str_t str(const char *text);
static ngx_uint_t eq(ngx_str_t *s, const char *text);
static void *must(void *p);
static ngx_array_t *strings(const char **text);
static void create_view(void);
static ngx_http_model_vendor_t *create_vendor(test_vendor_t *t,
    ngx_uint_t index);
static ngx_http_model_scope_t create_scope(const char **ids);
static void check(ngx_http_model_scope_t *scope, test_name_t *t,
    const char *what);
static void test_names(void);
static void test_subset(void);
static void test_single(void);
static void test_fallback(void);
static void test_patterns(void);
static void test_separator(void);
static void test_lengths(void);
static void test_visible(void);
static void near(ngx_http_model_scope_t *scope, const char *asked,
    ngx_uint_t max, const char *want);
static void test_near(void);
static void test_many(void);


static ngx_log_t               test_log;
static ngx_open_file_t         test_log_file;
static ngx_cycle_t             test_cycle;
static ngx_conf_t              test_conf;
static ngx_pool_t             *pool;
static ngx_array_t            *vendors;
static ngx_http_model_view_t  *view;
static ngx_uint_t              tests, failed;


/* by rank */

static test_vendor_t  test_vendors[] = {

    { "acme", OLLAMA, 1, { NULL },
      { "llama3:latest", "llama3:8b", "Qwen2.5:7B", "plain", "ns/mix:latest",
        NULL } },

    { "openai", OPENAI, 1, { "gpt-5*", "text-*", NULL },
      { "gpt-5", "gpt-5-mini", "text-embedding-3-small", NULL } },

    { "router", OPENAI, 0, { NULL },
      { "openai/gpt-4o", "meta/llama:free", "shared", "gpt-5", NULL } },

    { "claude", ANTHROPIC, 1, { NULL },
      { "claude-opus-4", "twin", NULL } },

    { "beta", OLLAMA, 0, { "shared*", "twin*", "llama3*", "solo", NULL },
      { "shared", "twin:latest", "llama3:latest", "mistral:7b", NULL } }
};


static const char  *all[] = {
    "acme", "openai", "router", "claude", "beta", NULL
};


#define LISTED  "listed"
#define PREFIX  "prefix"
#define BARE    "bare"
#define SINGLE  "only vendor"
#define DEFAULT "default"

#define UNKNOWN(name)  { name, NGX_DECLINED, NULL, NULL, NULL, NULL }
#define HIDDEN(name)   { name, NGX_ABORT, NULL, NULL, NULL, NULL }
#define END            { NULL, NGX_OK, NULL, NULL, NULL, NULL }


int ngx_cdecl
main(void)
{
    ngx_pagesize = getpagesize();
    ngx_time_init();

    test_log_file.fd = ngx_stderr;
    test_log.file = &test_log_file;
    test_log.log_level = NGX_LOG_EMERG;

    pool = must(ngx_create_pool(16384, &test_log));

    create_view();

    test_names();
    test_subset();
    test_single();
    test_fallback();
    test_patterns();
    test_separator();
    test_lengths();
    test_visible();
    test_near();
    test_many();

    ngx_destroy_pool(view->pool);
    ngx_destroy_pool(pool);

    printf("1..%u\n", (unsigned) tests);

    return failed ? 1 : 0;
}


static void
ok(ngx_uint_t good, const char *name)
{
    tests++;

    if (!good) {
        failed++;
    }

    printf("%sok %u - %s\n", good ? "" : "not ", (unsigned) tests, name);
}


static ngx_str_t
str(const char *text)
{
    ngx_str_t  s;

    s.len = ngx_strlen(text);
    s.data = (u_char *) text;

    return s;
}


static ngx_uint_t
eq(ngx_str_t *s, const char *text)
{
    return s->len == ngx_strlen(text)
           && ngx_memcmp(s->data, text, s->len) == 0;
}


static void *
must(void *p)
{
    if (p == NULL) {
        printf("Bail out! no memory\n");
        exit(1);
    }

    return p;
}


static ngx_array_t *
strings(const char **text)
{
    ngx_str_t    *s;
    ngx_array_t  *a;

    if (*text == NULL) {
        return NULL;
    }

    a = must(ngx_array_create(pool, 4, sizeof(ngx_str_t)));

    for ( /* void */ ; *text; text++) {
        s = must(ngx_array_push(a));
        *s = str(*text);
    }

    return a;
}


static void
create_view(void)
{
    ngx_str_t                   name;
    ngx_uint_t                  i;
    ngx_http_model_views_t      views;
    ngx_http_model_vendor_t   **vendor;

    test_cycle.log = &test_log;
    test_cycle.pool = pool;
    ngx_cycle = &test_cycle;

    if (ngx_list_init(&test_cycle.shared_memory, pool, 1,
                      sizeof(ngx_shm_zone_t))
        != NGX_OK)
    {
        must(NULL);
    }

    test_conf.cycle = &test_cycle;
    test_conf.pool = pool;
    test_conf.log = &test_log;

    vendors = must(ngx_array_create(pool, 8,
                                    sizeof(ngx_http_model_vendor_t *)));

    for (i = 0; i < sizeof(test_vendors) / sizeof(test_vendors[0]); i++) {
        vendor = must(ngx_array_push(vendors));
        *vendor = create_vendor(&test_vendors[i], i);
    }

    name = str("test");

    ngx_memzero(&views, sizeof(views));
    views.vendors = vendors;
    views.separator = str(":");
    views.catalogue = must(ngx_http_model_catalogue_add(&test_conf, &name,
                                                        65536, &test_conf));

    view = must(ngx_http_model_view(&views, &test_log));
}


static ngx_http_model_vendor_t *
create_vendor(test_vendor_t *t, ngx_uint_t index)
{
    const char                 **name;
    ngx_http_model_vendor_t     *vendor;
    ngx_http_model_declared_t   *declared;

    vendor = must(ngx_pcalloc(pool, sizeof(ngx_http_model_vendor_t)));

    vendor->id = str(t->id);
    vendor->label = vendor->id;
    vendor->rank = index + 1;
    vendor->index = index;
    vendor->dialects = t->dialects;
    vendor->prefix = t->prefix ? 1 : 0;
    vendor->expose = strings(t->expose);

    if (ngx_array_init(&vendor->declared, pool, 8,
                       sizeof(ngx_http_model_declared_t))
        != NGX_OK)
    {
        must(NULL);
    }

    for (name = t->models; *name; name++) {
        declared = must(ngx_array_push(&vendor->declared));
        ngx_memzero(declared, sizeof(ngx_http_model_declared_t));

        declared->name = str(*name);
        declared->context = -1;
        declared->output = -1;
    }

    return vendor;
}


static ngx_http_model_scope_t
create_scope(const char **ids)
{
    ngx_str_t                  id;
    ngx_http_model_scope_t     scope;
    ngx_http_model_vendor_t  **vendor;

    ngx_memzero(&scope, sizeof(scope));

    scope.view = view;
    scope.vendors = must(ngx_array_create(pool, 8,
                                        sizeof(ngx_http_model_vendor_t *)));

    for ( /* void */ ; *ids; ids++) {
        id = str(*ids);

        vendor = must(ngx_array_push(scope.vendors));
        *vendor = must(ngx_http_model_vendor_find(vendors, &id));
    }

    return scope;
}


static void
check(ngx_http_model_scope_t *scope, test_name_t *t, const char *what)
{
    char                     text[512];
    ngx_int_t                rc;
    ngx_str_t                name;
    ngx_uint_t               good;
    ngx_http_model_route_t   route;

    for ( /* void */ ; t->asked; t++) {
        name = str(t->asked);
        rc = ngx_http_model_route(scope, &name, &route, pool);

        good = (rc == t->rc);

        if (good && rc == NGX_OK) {
            good = eq(&route.vendor->id, t->vendor)
                   && eq(&route.name, t->name)
                   && ngx_strcmp(route.reason, t->reason) == 0
                   && (route.model == NULL) == (t->model == NULL)
                   && (t->model == NULL
                       || (eq(&route.model->name, t->model)
                           && route.model->vendor == route.vendor));
        }

        (void) snprintf(text, sizeof(text), "%s: \"%s\"", what, t->asked);
        ok(good, text);

        if (!good && rc == NGX_OK) {
            printf("# %.*s, sent \"%.*s\", %s, %s\n",
                   (int) route.vendor->id.len, route.vendor->id.data,
                   (int) route.name.len, route.name.data, route.reason,
                   route.model ? "known" : "unknown");

        } else if (!good) {
            printf("# code %d\n", (int) rc);
        }
    }
}


static test_name_t  known[] = {

    /* as listed; of two the smaller rank */

    { "acme:llama3:8b", NGX_OK, "acme", "llama3:8b", "llama3:8b",
      LISTED },
    { "acme:llama3:latest", NGX_OK, "acme", "llama3:latest",
      "llama3:latest", LISTED },
    { "openai/gpt-4o", NGX_OK, "router", "openai/gpt-4o",
      "openai/gpt-4o", LISTED },
    { "shared", NGX_OK, "router", "shared", "shared", LISTED },
    { "gpt-5", NGX_OK, "router", "gpt-5", "gpt-5", LISTED },
    { "llama3:latest", NGX_OK, "beta", "llama3:latest", "llama3:latest",
      LISTED },

    /* prefixes, known and unknown */

    { "acme/llama3:8b", NGX_OK, "acme", "llama3:8b", "llama3:8b",
      PREFIX },
    { "acme:llama3", NGX_OK, "acme", "llama3", "llama3:latest", PREFIX },
    { "acme/plain:latest", NGX_OK, "acme", "plain:latest", "plain",
      PREFIX },
    { "acme:ns/mix", NGX_OK, "acme", "ns/mix", "ns/mix:latest", PREFIX },
    { "acme:new:1b", NGX_OK, "acme", "new:1b", NULL, PREFIX },
    { "acme::8b", NGX_OK, "acme", ":8b", NULL, PREFIX },
    { "router:meta/llama:free", NGX_OK, "router", "meta/llama:free",
      "meta/llama:free", PREFIX },
    { "router/openai/gpt-4o", NGX_OK, "router", "openai/gpt-4o",
      "openai/gpt-4o", PREFIX },
    { "openai:gpt-5", NGX_OK, "openai", "gpt-5", "gpt-5", LISTED },
    { "openai/gpt-5-new", NGX_OK, "openai", "gpt-5-new", NULL, PREFIX },
    { "claude:twin", NGX_OK, "claude", "twin", "twin", LISTED },
    { "beta:twin", NGX_OK, "beta", "twin", "twin:latest", PREFIX },

    /* ":latest" that a client added */

    { "openai/gpt-5:latest", NGX_OK, "openai", "gpt-5", "gpt-5",
      PREFIX },
    { "openai:gpt-5-new:latest", NGX_OK, "openai", "gpt-5-new:latest",
      NULL, PREFIX },
    { "claude-opus-4:latest", NGX_OK, "claude", "claude-opus-4",
      "claude-opus-4", BARE },
    { "openai/gpt-4o:latest", NGX_ABORT, NULL, NULL, NULL, NULL },

    /* case, for Ollama's servers only */

    { "acme:qwen2.5:7b", NGX_OK, "acme", "Qwen2.5:7B", "Qwen2.5:7B",
      PREFIX },
    { "acme:LLAMA3", NGX_OK, "acme", "llama3", "llama3:latest", PREFIX },
    { "acme:LLAMA3:Latest", NGX_OK, "acme", "llama3:latest",
      "llama3:latest", PREFIX },
    { "acme:PLAIN:latest", NGX_OK, "acme", "plain", "plain", PREFIX },
    { "QWEN2.5:7B", NGX_OK, "acme", "Qwen2.5:7B", "Qwen2.5:7B", BARE },
    { "openai:GPT-5", NGX_ABORT, NULL, NULL, NULL, NULL },
    UNKNOWN("Claude-Opus-4"),
    UNKNOWN("ACME:llama3"),

    /* bare names: smallest rank, also by the implied tag */

    { "llama3", NGX_OK, "acme", "llama3", "llama3:latest", BARE },
    { "llama3:8b", NGX_OK, "acme", "llama3:8b", "llama3:8b", BARE },
    { "twin", NGX_OK, "claude", "twin", "twin", BARE },
    { "twin:latest", NGX_OK, "beta", "twin:latest", "twin:latest",
      LISTED },
    { "gpt-5-mini", NGX_OK, "openai", "gpt-5-mini", "gpt-5-mini", BARE },
    { "plain:latest", NGX_OK, "acme", "plain:latest", "plain", BARE },

    /* what expose hides, or shows by the implied tag */

    { "beta:solo:latest", NGX_OK, "beta", "solo:latest", NULL, PREFIX },
    HIDDEN("beta:solo:8b"),
    HIDDEN("beta:sol"),

    HIDDEN("openai:o4-mini"),
    HIDDEN("openai/davinci"),
    HIDDEN("beta:mistral:7b"),
    UNKNOWN("mistral:7b"),

    /* neither */

    UNKNOWN("nope"),
    UNKNOWN("nope:latest"),
    UNKNOWN("acme:"),
    UNKNOWN("acme/"),
    UNKNOWN(":llama3"),
    UNKNOWN("/llama3"),
    UNKNOWN(":"),
    UNKNOWN(":latest"),
    UNKNOWN("acm:llama3"),
    UNKNOWN("acmee:llama3"),
    UNKNOWN("llama3:9b"),
    UNKNOWN("llama"),
    UNKNOWN(""),
    END
};


static void
test_names(void)
{
    ngx_http_model_scope_t  scope;

    scope = create_scope(all);
    check(&scope, known, "name");
}


/* a prefix counts only if it is a vendor of the location */

static void
test_subset(void)
{
    ngx_http_model_scope_t  scope;

    static const char   *ids[] = { "router", "claude", NULL };

    static test_name_t   names[] = {
        UNKNOWN("acme:llama3:8b"),
        UNKNOWN("llama3:8b"),
        UNKNOWN("QWEN2.5:7b"),
        UNKNOWN("openai:gpt-5"),
        { "openai/gpt-4o:latest", NGX_OK, "router", "openai/gpt-4o",
          "openai/gpt-4o", BARE },
        { "shared", NGX_OK, "router", "shared", "shared", LISTED },
        END
    };

    static const char   *last[] = { "beta", NULL };

    static test_name_t   hidden[] = {
        { "shared", NGX_OK, "beta", "shared", "shared", LISTED },
        { "llama3", NGX_OK, "beta", "llama3", "llama3:latest", BARE },
        UNKNOWN("gpt-5"),
        END
    };

    scope = create_scope(ids);
    check(&scope, names, "subset");

    scope = create_scope(last);
    check(&scope, hidden, "last vendor");
}


static void
test_single(void)
{
    ngx_http_model_scope_t     scope;
    ngx_http_model_vendor_t  **vendor;

    static const char   *ids[] = { "acme", NULL };

    static test_name_t   names[] = {
        { "llama3:8b", NGX_OK, "acme", "llama3:8b", "llama3:8b", BARE },
        { "acme:llama3:8b", NGX_OK, "acme", "llama3:8b", "llama3:8b",
          LISTED },
        { "new", NGX_OK, "acme", "new", NULL, SINGLE },
        { "openai/gpt-4o", NGX_OK, "acme", "openai/gpt-4o", NULL, SINGLE },
        { "acme:", NGX_OK, "acme", "acme:", NULL, SINGLE },
        { "", NGX_OK, "acme", "", NULL, SINGLE },
        END
    };

    static const char   *exposing[] = { "openai", NULL };

    static test_name_t   hidden[] = {
        { "gpt-5-pro", NGX_OK, "openai", "gpt-5-pro", NULL, SINGLE },
        { "gpt-5:latest", NGX_OK, "openai", "gpt-5", "gpt-5", BARE },
        HIDDEN("davinci"),
        HIDDEN(""),
        END
    };

    scope = create_scope(ids);
    vendor = scope.vendors->elts;
    scope.single = vendor[0];

    check(&scope, names, "single");

    scope = create_scope(exposing);
    vendor = scope.vendors->elts;
    scope.single = vendor[0];

    check(&scope, hidden, "single that exposes");
}


static void
test_fallback(void)
{
    ngx_http_model_scope_t     scope;
    ngx_http_model_vendor_t  **vendor;

    static test_name_t  names[] = {
        { "llama3", NGX_OK, "acme", "llama3", "llama3:latest", BARE },
        { "nope", NGX_OK, "acme", "nope", NULL, DEFAULT },
        { "", NGX_OK, "acme", "", NULL, DEFAULT },
        HIDDEN("openai:o4-mini"),
        END
    };

    static test_name_t  fixed[] = {
        { "nope", NGX_OK, "acme", "llama3", "llama3:latest", DEFAULT },
        { "", NGX_OK, "acme", "llama3", "llama3:latest", DEFAULT },
        { "shared", NGX_OK, "router", "shared", "shared", LISTED },
        END
    };

    static test_name_t  hidden[] = {
        HIDDEN("nope"),
        HIDDEN(""),
        END
    };

    scope = create_scope(all);
    vendor = scope.vendors->elts;
    scope.fallback = vendor[0];

    check(&scope, names, "default");

    scope.fallback_model = str("llama3");

    check(&scope, fixed, "default model");

    scope.fallback = vendor[1];
    scope.fallback_model = str("davinci");

    check(&scope, hidden, "default that is hidden");
}


static void
test_patterns(void)
{
    ngx_http_model_scope_t     scope;
    ngx_http_model_vendor_t  **vendor;

    static const char   *patterns[] = {
        "acme:llama3", "acme:Q*", "openai/gpt-4*", "beta:*", NULL
    };

    static test_name_t   names[] = {
        { "llama3", NGX_OK, "acme", "llama3", "llama3:latest", BARE },
        { "acme:llama3:latest", NGX_OK, "acme", "llama3:latest",
          "llama3:latest", LISTED },
        { "acme:qwen2.5:7b", NGX_OK, "acme", "Qwen2.5:7B", "Qwen2.5:7B",
          PREFIX },
        { "openai/gpt-4o", NGX_OK, "router", "openai/gpt-4o",
          "openai/gpt-4o", LISTED },
        { "beta:shared", NGX_OK, "beta", "shared", "shared", PREFIX },
        { "beta:shared2", NGX_OK, "beta", "shared2", NULL, PREFIX },
        { "llama3:latest", NGX_OK, "beta", "llama3:latest", "llama3:latest",
          LISTED },
        HIDDEN("acme:llama3:8b"),
        HIDDEN("llama3:8b"),
        HIDDEN("acme:new"),
        HIDDEN("shared"),
        HIDDEN("openai:gpt-5"),
        HIDDEN("openai/gpt-4"),
        HIDDEN("claude-opus-4"),
        UNKNOWN("nope"),
        END
    };

    static const char   *bare[] = { "llama3", "shared*", "gpt-5*", NULL };

    static test_name_t   listed[] = {
        { "beta:shared2", NGX_OK, "beta", "shared2", NULL, PREFIX },
        { "beta:llama3", NGX_OK, "beta", "llama3", "llama3:latest", PREFIX },
        { "gpt-5", NGX_OK, "router", "gpt-5", "gpt-5", LISTED },
        HIDDEN("llama3"),
        HIDDEN("acme:llama3"),
        HIDDEN("openai:gpt-5"),
        END
    };

    static test_name_t   fallback[] = {
        HIDDEN("nope"),
        HIDDEN(""),
        END
    };

    scope = create_scope(all);
    scope.patterns = strings(patterns);

    check(&scope, names, "key");

    vendor = scope.vendors->elts;
    scope.fallback = vendor[0];

    check(&scope, fallback, "key, default");

    scope = create_scope(all);
    scope.patterns = strings(bare);

    check(&scope, listed, "key of listed names");
}


static void
test_separator(void)
{
    ngx_http_model_scope_t  scope;

    static const char   *patterns[] = { "acme/new*", "beta:sh*", NULL };

    static test_name_t   names[] = {
        { "acme:new", NGX_OK, "acme", "new", NULL, PREFIX },
        { "acme/new:1b", NGX_OK, "acme", "new:1b", NULL, PREFIX },
        { "beta:shared", NGX_OK, "beta", "shared", "shared", PREFIX },
        HIDDEN("acme:other"),
        HIDDEN("beta:new"),
        END
    };

    scope = create_scope(all);
    scope.patterns = strings(patterns);

    check(&scope, names, "separator");
}


static void
test_lengths(void)
{
    u_char                     long_name[NGX_HTTP_MODEL_NAME_LEN + 2];
    ngx_int_t                  rc;
    ngx_str_t                  name;
    ngx_http_model_scope_t     scope;
    ngx_http_model_route_t     route;
    ngx_http_model_vendor_t  **vendor;

    static const char  *ids[] = { "acme", NULL };
    static const char  *patterns[] = { "acme:*", NULL };

    scope = create_scope(ids);
    vendor = scope.vendors->elts;
    scope.single = vendor[0];

    ngx_memset(long_name, 'x', sizeof(long_name));

    name.data = long_name;
    name.len = NGX_HTTP_MODEL_NAME_LEN;

    rc = ngx_http_model_route(&scope, &name, &route, pool);
    ok(rc == NGX_OK && route.name.len == name.len, "longest name");

    scope.patterns = strings(patterns);

    rc = ngx_http_model_route(&scope, &name, &route, pool);
    ok(rc == NGX_OK, "longest name against patterns");

    name.len++;

    rc = ngx_http_model_route(&scope, &name, &route, pool);
    ok(rc == NGX_DECLINED, "too long name");
    ok(ngx_http_model_route_near(&scope, &name, 3, pool)->nelts == 0,
       "nothing near a too long name");
}


static void
test_visible(void)
{
    ngx_uint_t               i, seen, other;
    ngx_http_model_model_t  *model;
    ngx_http_model_scope_t   scope;

    static const char  *ids[] = { "acme", "router", NULL };
    static const char  *patterns[] = {
        "acme:llama3", "router:gpt-5", "shared", "claude:*", NULL
    };

    scope = create_scope(ids);
    model = view->models.elts;

    seen = 0;
    other = 0;

    for (i = 0; i < view->models.nelts; i++) {
        if (ngx_http_model_route_visible(&scope, &model[i])) {
            seen++;

            if (!eq(&model[i].vendor->id, "acme")
                && !eq(&model[i].vendor->id, "router"))
            {
                other++;
            }
        }
    }

    ok(seen == 9 && other == 0, "models of the location's vendors are seen");

    scope.patterns = strings(patterns);
    seen = 0;
    other = 0;

    for (i = 0; i < view->models.nelts; i++) {
        if (ngx_http_model_route_visible(&scope, &model[i])) {
            seen++;

            if (!eq(&model[i].listed, "acme:llama3:latest")
                && !eq(&model[i].listed, "gpt-5")
                && !eq(&model[i].listed, "shared"))
            {
                other++;
            }
        }
    }

    ok(seen == 3 && other == 0, "patterns limit what is seen");
}


static void
near(ngx_http_model_scope_t *scope, const char *asked, ngx_uint_t max,
    const char *want)
{
    char          text[512];
    size_t        len;
    ngx_str_t     name, *s;
    ngx_uint_t    i;
    ngx_array_t  *names;

    name = str(asked);
    names = must(ngx_http_model_route_near(scope, &name, max, pool));

    len = 0;
    text[0] = '\0';
    s = names->elts;

    for (i = 0; i < names->nelts; i++) {
        len += snprintf(text + len, sizeof(text) - len, "%s%.*s",
                        i ? " " : "", (int) s[i].len, s[i].data);
    }

    i = (ngx_strcmp(text, want) == 0);

    if (!i) {
        printf("# \"%s\"\n", text);
    }

    (void) snprintf(text, sizeof(text), "near \"%s\"", asked);
    ok(i, text);
}


static void
test_near(void)
{
    ngx_http_model_scope_t  scope;

    static const char  *ids[] = { "acme", "openai", NULL };
    static const char  *patterns[] = { "acme:llama3:8b", NULL };

    scope = create_scope(all);
    near(&scope, "share", 3, "shared");

    scope = create_scope(ids);

    near(&scope, "acme:lama3:8b", 1, "acme:llama3:8b");
    near(&scope, "acmee:llama3:8b", 1, "acme:llama3:8b");
    near(&scope, "lama3", 3, "acme:llama3:latest acme:llama3:8b");
    near(&scope, "LLAMA", 3, "acme:llama3:latest acme:llama3:8b");
    near(&scope, "gtp-5", 3, "openai:gpt-5");
    near(&scope, "gpt-5-mini-2025", 1, "openai:gpt-5-mini");
    near(&scope, "qwen", 3, "acme:Qwen2.5:7B");
    near(&scope, "other/plain", 3, "acme:plain");
    near(&scope, "claude-opus-4", 3, "");
    near(&scope, "zzzzzzzz", 3, "");
    near(&scope, "", 3, "");
    near(&scope, "x", 3, "");
    near(&scope, "lama3", 0, "");

    scope.patterns = strings(patterns);
    near(&scope, "lama3", 3, "acme:llama3:8b");
}


/* work is bounded, and what lies beyond the bound is not looked at */

static void
test_many(void)
{
    u_char                  *p;
    ngx_str_t               *s;
    ngx_uint_t               i;
    ngx_array_t             *names;
    ngx_str_t                asked;
    ngx_http_model_view_t    many;
    ngx_http_model_model_t  *model;
    ngx_http_model_scope_t   scope;

    static const char  *ids[] = { "acme", NULL };

    scope = create_scope(ids);

    many = *view;
    scope.view = &many;

    if (ngx_array_init(&many.models, pool, MANY,
                       sizeof(ngx_http_model_model_t))
        != NGX_OK)
    {
        must(NULL);
    }

    for (i = 0; i < MANY; i++) {
        model = must(ngx_array_push(&many.models));
        ngx_memzero(model, sizeof(ngx_http_model_model_t));

        model->vendor = *(ngx_http_model_vendor_t **) scope.vendors->elts;
        model->listed.data = must(ngx_pnalloc(pool, 32));

        p = ngx_sprintf(model->listed.data, "acme:model-%05ui", i);

        model->listed.len = p - model->listed.data;
        model->name.data = model->listed.data + 5;
        model->name.len = model->listed.len - 5;
    }

    asked = str("model-01999");
    names = must(ngx_http_model_route_near(&scope, &asked, 2, pool));
    s = names->elts;

    ok(names->nelts == 2 && eq(&s[0], "acme:model-01999"),
       "the nearest of many");

    asked = str("model-02400");
    names = must(ngx_http_model_route_near(&scope, &asked, 3, pool));
    s = names->elts;

    ok(names->nelts == 3 && !eq(&s[0], "acme:model-02400"),
       "not beyond the bound");
}
