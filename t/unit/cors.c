/* unit: src/ngx_http_model_cors.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Browsers: what model_cors takes, which Origin is whose, what a preflight
 * is, which headers an answer gets.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_cors.h"


#define NONE     NGX_HTTP_MODEL_ORIGIN_NONE
#define ALLOWED  NGX_HTTP_MODEL_ORIGIN_ALLOWED
#define FOREIGN  NGX_HTTP_MODEL_ORIGIN_FOREIGN


typedef struct {
    const char  *args[5];
    const char  *origin;
    const char  *host;
    ngx_uint_t   want;
} test_origin_t;


static void ok(ngx_uint_t good, const char *name);
static void *must(void *p);
static void log_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len);
static char *set(ngx_http_model_cors_t *cors, const char **args);
static ngx_http_request_t *create_request(const char *origin,
    const char *host);
static ngx_table_elt_t *push_header(ngx_list_t *headers, const char *name,
    const char *value);
static ngx_uint_t header(ngx_http_request_t *r, const char *name,
    const char **value);
static ngx_uint_t has(const char *list, const char *token);
static void test_directive(void);
static void test_origins(void);
static void test_hosts(void);
static void test_preflight(void);
static void test_answer(void);
static void test_preflight_answer(void);
static void test_vary(void);


static char         test_text[4096];
static ngx_log_t    test_log;
static ngx_conf_t   test_conf;
static ngx_pool_t  *pool;
static ngx_uint_t   tests, failed;


int ngx_cdecl
main(void)
{
    ngx_pagesize = getpagesize();
    ngx_time_init();
    ngx_use_stderr = 0;

    test_log.log_level = NGX_LOG_INFO;
    test_log.writer = log_writer;

    pool = must(ngx_create_pool(16384, &test_log));

    test_conf.pool = pool;
    test_conf.log = &test_log;

    test_directive();
    test_origins();
    test_hosts();
    test_preflight();
    test_answer();
    test_preflight_answer();
    test_vary();

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


static void *
must(void *p)
{
    if (p == NULL) {
        printf("Bail out! no memory\n");
        exit(1);
    }

    return p;
}


static void
log_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf, size_t len)
{
    (void) log;
    (void) level;

    len = ngx_min(len, sizeof(test_text) - 1);

    ngx_memcpy(test_text, buf, len);
    test_text[len] = '\0';
}


static char *
set(ngx_http_model_cors_t *cors, const char **args)
{
    ngx_str_t  *s;

    test_text[0] = '\0';

    test_conf.args = must(ngx_array_create(pool, 4, sizeof(ngx_str_t)));

    s = must(ngx_array_push(test_conf.args));
    ngx_str_set(s, "model_cors");

    for ( /* void */ ; *args; args++) {
        s = must(ngx_array_push(test_conf.args));
        s->len = ngx_strlen(*args);
        s->data = (u_char *) *args;
    }

    return ngx_http_model_cors_set(&test_conf, cors);
}


static ngx_http_request_t *
create_request(const char *origin, const char *host)
{
    ngx_http_request_t  *r;

    r = must(ngx_pcalloc(pool, sizeof(ngx_http_request_t)));

    r->pool = pool;
    r->method = NGX_HTTP_POST;

    if (ngx_list_init(&r->headers_in.headers, pool, 2,
                      sizeof(ngx_table_elt_t))
        != NGX_OK
        || ngx_list_init(&r->headers_out.headers, pool, 2,
                         sizeof(ngx_table_elt_t))
           != NGX_OK)
    {
        must(NULL);
    }

    push_header(&r->headers_in.headers, "Accept", "*");

    if (host) {
        r->headers_in.host = push_header(&r->headers_in.headers, "Host",
                                         host);
    }

    if (origin) {
        push_header(&r->headers_in.headers, "oRigin", origin);
    }

    return r;
}


static ngx_table_elt_t *
push_header(ngx_list_t *headers, const char *name, const char *value)
{
    ngx_table_elt_t  *h;

    h = must(ngx_list_push(headers));
    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.len = ngx_strlen(name);
    h->key.data = (u_char *) name;
    h->value.len = ngx_strlen(value);
    h->value.data = (u_char *) value;

    return h;
}


/* how often the answer has the header, and its last value, else "" */

static ngx_uint_t
header(ngx_http_request_t *r, const char *name, const char **value)
{
    char             *p;
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    n = 0;
    *value = "";

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash == 0
                || h[i].key.len != ngx_strlen(name)
                || ngx_memcmp(h[i].key.data, name, h[i].key.len) != 0)
            {
                continue;
            }

            p = must(ngx_pcalloc(pool, h[i].value.len + 1));
            ngx_memcpy(p, h[i].value.data, h[i].value.len);

            *value = p;
            n++;
        }
    }

    return n;
}


static ngx_uint_t
has(const char *list, const char *token)
{
    size_t       len;
    const char  *p;

    len = ngx_strlen(token);

    for (p = list; (p = strstr(p, token)) != NULL; p += len) {

        if ((p == list || (p[-1] == ' ' && p[-2] == ','))
            && (p[len] == '\0' || p[len] == ','))
        {
            return 1;
        }
    }

    return 0;
}


static void
test_directive(void)
{
    char                    name[128];
    ngx_str_t              *s;
    ngx_uint_t              i;
    ngx_http_model_cors_t   cors;

    static const char  *off[] = { "off", NULL };
    static const char  *any[] = { "*", NULL };
    static const char  *both[] = { "https://a", "*", NULL };
    static const char  *too[] = { "off", "https://a", NULL };
    static const char  *mixed[] = { "https://Chat.Example", "app://*", NULL };
    static const char  *one[] = { NULL, NULL };

    static const char  *good[] = {
        "https://chat.example.com", "http://localhost:3000",
        "http://localhost:*", "https://*.example.com", "http://*:*",
        "chrome-extension://*", "chrome-extension://abcdefghijklmnop",
        "http://[::1]:8080", "http://127.0.0.1", "tauri://localhost"
    };

    static const char  *bad[] = {
        "", "chat.example.com", "https://", "https://a/", "https://a/b",
        "https://a:b", "https://a:0", "https://a:", "https://a:123456",
        "https://a b", "https://u@a", "https://a?x", "https://a.*",
        "https://a*.example", "https://*a", "https://*.", "https://**",
        "https://*.*", "https://a:8*", "https://[::1", "https://[::1]x",
        "*://a", "https:/a", "1http://a", "null", "://a"
    };

    ok(set(&cors, off) == NGX_CONF_OK && cors.origins == NULL && !cors.any,
       "off");
    ok(set(&cors, any) == NGX_CONF_OK && cors.origins == NULL && cors.any,
       "any");

    ok(set(&cors, mixed) == NGX_CONF_OK && !cors.any && cors.origins
       && cors.origins->nelts == 2, "two origins");

    s = cors.origins->elts;
    ok(s[0].len == 20 && ngx_memcmp(s[0].data, "https://chat.example", 20) == 0,
       "kept in lower case");

    ok(set(&cors, both) == NGX_CONF_ERROR
       && strstr(test_text, "\"*\" must be the only parameter of "
                            "\"model_cors\" directive"),
       "any and an origin");
    ok(set(&cors, too) == NGX_CONF_ERROR
       && strstr(test_text, "\"off\" must be the only parameter"),
       "off and an origin");

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        one[0] = good[i];
        (void) snprintf(name, sizeof(name), "taken: \"%s\"", good[i]);
        ok(set(&cors, one) == NGX_CONF_OK, name);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        one[0] = bad[i];
        (void) snprintf(name, sizeof(name), "refused: \"%s\"", bad[i]);
        ok(set(&cors, one) == NGX_CONF_ERROR
           && strstr(test_text, "invalid origin \""), name);
    }
}


static void
test_origins(void)
{
    char                    name[256];
    ngx_uint_t              i;
    test_origin_t          *t;
    ngx_http_model_cors_t   cors;

#define LIST  "https://chat.example", "http://localhost:*",                   \
              "https://*.corp.example", "chrome-extension://*"

    static test_origin_t  origins[] = {

        /* off: the same host and port only */

        { { "off" }, NULL, "gw", NONE },
        { { "off" }, "", "gw", NONE },
        { { "off" }, "https://evil.example", "gw", FOREIGN },
        { { "off" }, "null", "gw", FOREIGN },
        { { "off" }, "http://gw", "gw", NONE },
        { { "off" }, "https://gw", "gw", NONE },
        { { "off" }, "HTTPS://GW", "gw", NONE },
        { { "off" }, "http://gw:8080", "gw:8080", NONE },
        { { "off" }, "http://gw:80", "gw", NONE },
        { { "off" }, "http://gw", "gw:80", NONE },
        { { "off" }, "https://gw", "gw:443", NONE },
        { { "off" }, "http://gw:8080", "gw", FOREIGN },
        { { "off" }, "http://gw", "gw:8080", FOREIGN },
        { { "off" }, "http://gw", "gw:443", FOREIGN },
        { { "off" }, "http://gw:8081", "gw:8080", FOREIGN },
        { { "off" }, "http://gw.evil", "gw", FOREIGN },
        { { "off" }, "http://evil.gw", "gw", FOREIGN },
        { { "off" }, "http://[::1]:8080", "[::1]:8080", NONE },
        { { "off" }, "http://[::1]:8080", "[::1]", FOREIGN },
        { { "off" }, "app://gw", "gw", FOREIGN },
        { { "off" }, "http://gw/", "gw", FOREIGN },
        { { "off" }, "http://gw http://evil", "gw", FOREIGN },
        { { "off" }, "gw", "gw", FOREIGN },
        { { "off" }, "http://", "gw", FOREIGN },
        { { "off" }, "http://", "", FOREIGN },
        { { "off" }, "http://gw:*", "gw:*", FOREIGN },
        { { "off" }, "http://gw", NULL, FOREIGN },

        /* a list */

        { { LIST }, "https://chat.example", "gw", ALLOWED },
        { { LIST }, "https://CHAT.example:443", "gw", ALLOWED },
        { { LIST }, "http://chat.example", "gw", FOREIGN },
        { { LIST }, "https://chat.example:8443", "gw", FOREIGN },
        { { LIST }, "https://chat.example.evil", "gw", FOREIGN },
        { { LIST }, "https://xchat.example", "gw", FOREIGN },
        { { LIST }, "http://localhost:3000", "gw", ALLOWED },
        { { LIST }, "http://localhost", "gw", ALLOWED },
        { { LIST }, "https://localhost:3000", "gw", FOREIGN },
        { { LIST }, "http://localhost.evil:3000", "gw", FOREIGN },
        { { LIST }, "https://a.corp.example", "gw", ALLOWED },
        { { LIST }, "https://a.b.corp.example", "gw", FOREIGN },
        { { LIST }, "https://corp.example", "gw", FOREIGN },
        { { LIST }, "https://.corp.example", "gw", FOREIGN },
        { { LIST }, "https://acorp.example", "gw", FOREIGN },
        { { LIST }, "https://evil/.corp.example", "gw", FOREIGN },
        { { LIST }, "https://evil?a.corp.example", "gw", FOREIGN },
        { { LIST }, "https://evil#.corp.example", "gw", FOREIGN },
        { { LIST }, "https://x@a.corp.example", "gw", FOREIGN },
        { { LIST }, "chrome-extension://abcdefgh", "gw", ALLOWED },
        { { LIST }, "moz-extension://abcdefgh", "gw", FOREIGN },
        { { LIST }, "null", "gw", FOREIGN },
        { { LIST }, "http://gw", "gw", NONE },
        { { LIST }, "https://chat.example", "chat.example", ALLOWED },
        { { "file://*" }, "file://", "gw", ALLOWED },

        /* any */

        { { "*" }, NULL, "gw", NONE },
        { { "*" }, "https://evil.example", "gw", ALLOWED },
        { { "*" }, "null", "gw", ALLOWED },
        { { "*" }, "http://gw", "gw", ALLOWED }
    };

    for (i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        t = &origins[i];

        (void) snprintf(name, sizeof(name), "%s, host %s, model_cors %s",
                        t->origin ? t->origin : "no origin",
                        t->host ? t->host : "unknown", t->args[0]);

        ok(set(&cors, t->args) == NGX_CONF_OK
           && ngx_http_model_cors_origin(create_request(t->origin, t->host),
                                         &cors)
              == t->want, name);
    }
}


static void
test_hosts(void)
{
    ngx_http_request_t     *r;
    ngx_http_model_cors_t   cors;

    static const char  *off[] = { "off", NULL };
    static const char  *any[] = { "*", NULL };
    static u_char       host[] = "gw:8080";

    (void) set(&cors, off);

    r = create_request("https://gw:8080", NULL);
    r->host_start = host;
    r->host_end = host + sizeof(host) - 1;

    ok(ngx_http_model_cors_origin(r, &cors) == NONE,
       "host of the request line");

    r = create_request("http://gw", "gw");
    push_header(&r->headers_in.headers, "Origin", "http://evil");

    ok(ngx_http_model_cors_origin(r, &cors) == FOREIGN, "two origins");

    (void) set(&cors, any);
    ok(ngx_http_model_cors_origin(r, &cors) == ALLOWED, "two of any");
}


static void
test_preflight(void)
{
    ngx_http_request_t  *r;

    r = create_request("http://a", "gw");
    r->method = NGX_HTTP_OPTIONS;
    ok(!ngx_http_model_cors_preflight(r), "OPTIONS alone");

    push_header(&r->headers_in.headers, "access-control-request-method",
                "POST");
    ok(ngx_http_model_cors_preflight(r), "preflight");

    r->method = NGX_HTTP_POST;
    ok(!ngx_http_model_cors_preflight(r), "not by POST");

    r = create_request(NULL, "gw");
    r->method = NGX_HTTP_OPTIONS;
    push_header(&r->headers_in.headers, "Access-Control-Request-Method",
                "POST");
    ok(!ngx_http_model_cors_preflight(r), "not without Origin");
}


static void
test_answer(void)
{
    const char             *value;
    ngx_http_request_t     *r;
    ngx_http_model_cors_t   cors;

    static const char  *list[] = { "http://a.example", NULL };
    static const char  *any[] = { "*", NULL };

    (void) set(&cors, list);
    r = create_request("http://a.example", "gw");

    ok(ngx_http_model_cors_headers(r, &cors, 0) == NGX_OK, "headers");

    ok(header(r, "Access-Control-Allow-Origin", &value) == 1
       && ngx_strcmp(value, "http://a.example") == 0, "the origin");
    ok(header(r, "Vary", &value) == 1 && ngx_strcmp(value, "Origin") == 0,
       "Vary");
    ok(header(r, "Access-Control-Expose-Headers", &value) == 1
       && has(value, "x-request-id") && has(value, "request-id")
       && has(value, "retry-after") && has(value, "retry-after-ms")
       && has(value, "x-ratelimit-remaining-tokens")
       && has(value, "anthropic-ratelimit-requests-reset")
       && has(value, "x-model-vendor"), "exposed headers");
    ok(header(r, "Access-Control-Allow-Headers", &value) == 0
       && header(r, "Access-Control-Max-Age", &value) == 0
       && header(r, "Access-Control-Allow-Credentials", &value) == 0,
       "and none of a preflight");

    (void) set(&cors, any);
    r = create_request("http://b.example", "gw");

    ok(ngx_http_model_cors_headers(r, &cors, 0) == NGX_OK
       && header(r, "Access-Control-Allow-Origin", &value) == 1
       && ngx_strcmp(value, "*") == 0 && header(r, "Vary", &value) == 0,
       "a star for any");
}


static void
test_preflight_answer(void)
{
    const char             *value;
    ngx_http_request_t     *r;
    ngx_http_model_cors_t   cors;

    static const char  *list[] = { "http://a.example", NULL };

    (void) set(&cors, list);
    r = create_request("http://a.example", "gw");

    ok(ngx_http_model_cors_headers(r, &cors, 1) == NGX_OK
       && header(r, "Access-Control-Allow-Methods", &value) == 1
       && has(value, "GET") && has(value, "POST") && has(value, "DELETE")
       && has(value, "HEAD"), "methods");
    ok(header(r, "Access-Control-Max-Age", &value) == 1
       && ngx_strcmp(value, "43200") == 0, "age");
    ok(header(r, "Access-Control-Expose-Headers", &value) == 0,
       "nothing exposed");
    ok(header(r, "Access-Control-Allow-Credentials", &value) == 0,
       "no credentials");
    ok(header(r, "Access-Control-Allow-Headers", &value) == 1
       && has(value, "authorization") && has(value, "content-type")
       && has(value, "x-api-key") && has(value, "anthropic-version")
       && has(value, "anthropic-dangerous-direct-browser-access")
       && has(value, "openai-beta") && has(value, "http-referer")
       && !has(value, "cookie"), "headers of the clients");

    r = create_request("http://a.example", "gw");
    push_header(&r->headers_in.headers, "Access-Control-Request-Headers",
                "authorization, x-evil,X-Stainless-OS ,,\tx-stainless-lang,"
                "x-stainless-, x-stainless-a:b, x-stainless-\"q\", cookie");

    ok(ngx_http_model_cors_headers(r, &cors, 1) == NGX_OK
       && header(r, "Access-Control-Allow-Headers", &value) == 1
       && has(value, "X-Stainless-OS") && has(value, "x-stainless-lang")
       && has(value, "authorization"), "headers of the SDKs");
    ok(!has(value, "x-evil") && !has(value, "cookie")
       && strstr(value, "a:b") == NULL && strchr(value, '"') == NULL
       && !has(value, "x-stainless-"), "no others");

    r = create_request("http://a.example", "gw");
    push_header(&r->headers_in.headers, "Access-Control-Request-Headers",
                " , ");

    ok(ngx_http_model_cors_headers(r, &cors, 1) == NGX_OK
       && header(r, "Access-Control-Allow-Headers", &value) == 1
       && has(value, "last-event-id"), "an empty list");
}


static void
test_vary(void)
{
    char                    name[64];
    ngx_uint_t              i;
    const char             *value;
    ngx_table_elt_t        *h;
    ngx_http_request_t     *r;
    ngx_http_model_cors_t   cors;

    static const char  *list[] = { "http://a.example", NULL };

    static const struct {
        const char  *vary;
        ngx_uint_t   n;
    } varies[] = {
        { "Accept-Encoding", 2 },
        { "Accept-Encoding, origin", 1 },
        { "Origin", 1 },
        { "*", 1 },
        { "X-Origin", 2 },
        { "", 2 }
    };

    (void) set(&cors, list);

    for (i = 0; i < sizeof(varies) / sizeof(varies[0]); i++) {
        r = create_request("http://a.example", "gw");
        push_header(&r->headers_out.headers, "Vary", varies[i].vary);

        (void) snprintf(name, sizeof(name), "beside \"Vary: %s\"",
                        varies[i].vary);

        ok(ngx_http_model_cors_headers(r, &cors, 0) == NGX_OK
           && header(r, "Vary", &value) == varies[i].n, name);
    }

    r = create_request("http://a.example", "gw");
    h = push_header(&r->headers_out.headers, "Vary", "Origin");
    h->hash = 0;

    ok(ngx_http_model_cors_headers(r, &cors, 0) == NGX_OK
       && header(r, "Vary", &value) == 1, "beside a Vary taken back");
}
