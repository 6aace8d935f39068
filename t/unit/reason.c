/* unit: src/ngx_http_model_reason.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The headers that tell why: whatever a name, a server or a vendor holds,
 * their values are one line of printable ASCII, and mean one thing only.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_reason.h"
#include "tap.h"


#define NNOTES  40


static ngx_http_request_t       request;
static ngx_http_model_ctx_t     ctx;
static ngx_http_model_vendor_t  vendor;


static void fresh(void);
static ngx_str_t *header(const char *name, ngx_uint_t *n);
static void told(const char *name, const char *want, const char *what);
static void test_bytes(void);
static void test_names(void);
static void test_notes(void);
static void test_replaced(void);


int
main(void)
{
    tap_init();

    test_bytes();
    test_names();
    test_notes();
    test_replaced();

    return tap_done();
}


/* an answer of vendor "v" without any header yet */

static void
fresh(void)
{
    if (request.pool) {
        ngx_destroy_pool(request.pool);
    }

    ngx_memzero(&request, sizeof(ngx_http_request_t));
    ngx_memzero(&ctx, sizeof(ngx_http_model_ctx_t));
    ngx_memzero(&vendor, sizeof(ngx_http_model_vendor_t));

    request.pool = ngx_create_pool(4096, &tap_log);

    (void) ngx_list_init(&request.headers_out.headers, request.pool, 4,
                         sizeof(ngx_table_elt_t));

    ngx_str_set(&vendor.id, "v");
    ctx.vendor = &vendor;
    ctx.reason = "listed";
}


/* the first one of this name, and how many there are */

static ngx_str_t *
header(const char *name, ngx_uint_t *n)
{
    ngx_str_t        *value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    *n = 0;
    value = NULL;

    for (part = &request.headers_out.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash && h[i].key.len == ngx_strlen(name)
                && ngx_strncasecmp(h[i].key.data, (u_char *) name,
                                   h[i].key.len)
                   == 0)
            {
                if ((*n)++ == 0) {
                    value = &h[i].value;
                }
            }
        }
    }

    return value;
}


static void
told(const char *name, const char *want, const char *what)
{
    ngx_str_t   *value, none = ngx_string("(none)");
    ngx_uint_t   n;

    value = header(name, &n);

    is(value ? value : &none, want, what);
}


/* each byte, in the middle of a name: what comes back is the byte alone */

static void
test_bytes(void)
{
    u_char       name[3], back[8], *p, *src;
    ngx_str_t   *value;
    ngx_uint_t   c, i, n, bad;

    bad = 0;

    for (c = 0; c < 256; c++) {

        fresh();

        name[0] = 'a';
        name[1] = (u_char) c;
        name[2] = 'b';

        ctx.name.data = name;
        ctx.name.len = 3;

        (void) ngx_http_model_reason_headers(&request, &ctx);

        value = header("X-Model-Name", &n);

        if (value == NULL || n != 1 || value->len > 5
            || value->data[value->len] != '\0')
        {
            bad++;
            continue;
        }

        for (i = 0; i < value->len; i++) {
            bad += (value->data[i] <= 0x20 || value->data[i] >= 0x7f);
        }

        p = back;
        src = value->data;
        ngx_unescape_uri(&p, &src, value->len, 0);

        bad += (p - back != 3 || ngx_memcmp(back, name, 3) != 0);
    }

    ok(bad == 0, "each byte comes back, by way of printable ones");
}


static void
test_names(void)
{
    fresh();
    ngx_str_set(&ctx.name, "org/llama3:8b-q4_K~x");
    ok(ngx_http_model_reason_headers(&request, &ctx) == NGX_OK, "headers");
    told("X-Model-Vendor", "v", "vendor");
    told("X-Model-Name", "org/llama3:8b-q4_K~x", "a usual name stays");
    told("X-Model-Reason", "listed", "reason");
    told("X-Model-Tries", "(none)", "nothing was to be asked");
    told("X-Model-Server", "(none)", "no server");

    fresh();
    ngx_str_set(&ctx.name, "a\r\nSet-Cookie: x=1, 100% \"b\"");
    (void) ngx_http_model_reason_headers(&request, &ctx);
    told("X-Model-Name", "a%0D%0ASet-Cookie:%20x=1,%20100%25%20\"b\"",
         "no line of its own");

    fresh();
    ngx_str_set(&ctx.name, "\xe4\xb8\xad\0x");
    (void) ngx_http_model_reason_headers(&request, &ctx);
    told("X-Model-Name", "%E4%B8%AD%00x", "UTF-8, and a zero");

    fresh();
    (void) ngx_http_model_reason_headers(&request, &ctx);
    told("X-Model-Name", "(none)", "no name, no header");

    fresh();
    ctx.vendor = NULL;
    ctx.reason = "unknown";
    ngx_str_set(&ctx.name, "x");
    (void) ngx_http_model_reason_headers(&request, &ctx);
    told("X-Model-Vendor", "(none)", "of no vendor");
    told("X-Model-Name", "(none)", "nor a name at one");
    told("X-Model-Reason", "unknown", "but a reason");
}


static void
test_notes(void)
{
    char         name[32];
    size_t       len;
    ngx_str_t    at, *value;
    ngx_uint_t   i, n, commas;

    fresh();
    ctx.keyed_path = 1;
    ctx.queued = 5;

    ngx_str_set(&at, "10.0.0.1:80");
    ngx_http_model_reason_failed(&request, &ctx, NGX_HTTP_MODEL_ON_503, &at);
    ngx_str_set(&at, "a, b at c\r\n");
    ngx_http_model_reason_note(&request, &ctx, "busy", &at);
    ngx_str_set(&at, "gone");
    ngx_http_model_reason_failed(&request, &ctx, 0, &at);

    (void) ngx_http_model_reason_headers(&request, &ctx);
    told("X-Model-Reason", "listed, path key, queued, "
         "http_503 at 10.0.0.1:80, busy at a,%20b%20at%20c%0D%0A",
         "in order, and none looks like two");

    /* a name that is gone when the header is made */

    fresh();
    (void) ngx_cpystrn((u_char *) name, (u_char *) "server", sizeof(name));
    at.data = (u_char *) name;
    at.len = 6;
    ngx_http_model_reason_note(&request, &ctx, "stall", &at);
    ngx_memset(name, 'x', sizeof(name));
    (void) ngx_http_model_reason_headers(&request, &ctx);
    told("X-Model-Reason", "listed, stall at server", "names are copied");

    /* many, with the longest escapes: within what was allocated */

    fresh();
    ctx.keyed_path = 1;
    ctx.queued = 1;
    ngx_memset(name, 0xff, sizeof(name));
    at.len = sizeof(name);

    for (i = 0; i < NNOTES; i++) {
        ngx_http_model_reason_note(&request, &ctx, "invalid_header", &at);
    }

    (void) ngx_http_model_reason_headers(&request, &ctx);
    value = header("X-Model-Reason", &n);
    commas = 0;
    len = value ? value->len : 0;

    for (i = 0; i < len; i++) {
        commas += (value->data[i] == ',');
    }

    ok(commas == 2 + 16, "the first sixteen");
    ok(len == sizeof("listed, path key, queued") - 1
              + 16 * (sizeof(", invalid_header at ") - 1 + 3 * sizeof(name)),
       "whole");
}


/* a vendor that sends such headers itself */

static void
test_replaced(void)
{
    ngx_uint_t        n;
    ngx_table_elt_t  *h;

    fresh();

    h = ngx_list_push(&request.headers_out.headers);
    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;
    ngx_str_set(&h->key, "x-model-reason");
    ngx_str_set(&h->value, "forged");

    h = ngx_list_push(&request.headers_out.headers);
    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;
    ngx_str_set(&h->key, "X-MODEL-SERVER");
    ngx_str_set(&h->value, "forged");

    (void) ngx_http_model_reason_headers(&request, &ctx);

    told("X-Model-Reason", "listed", "ours takes its place");
    (void) header("X-Model-Reason", &n);
    ok(n == 1, "and there is one");
    told("X-Model-Server", "(none)", "what we have none of goes away, too");
}
