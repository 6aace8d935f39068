/* unit: src/ngx_http_model_error.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * One error in three dialects: bodies, types, codes and statuses, and a
 * client's bytes made fit to stand in a message.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_error.h"
#include "tap.h"


static ngx_pool_t  *pool;


static void body(ngx_uint_t dialect, ngx_uint_t status, const char *code,
    const char *param, const char *want, const char *name);
static void quoted(const char *text, size_t len, const char *want,
    const char *name);
static void test_bodies(void);
static void test_statuses(void);
static void test_message(void);
static void test_quote(void);


#define S(s)  s, sizeof(s) - 1

#define OPENAI(type, code)                                                    \
    "{\"error\":{\"message\":\"it's \\\"x\\\"\",\"type\":\"" type            \
    "\",\"param\":null,\"code\":" code "}}"

#define ANTHROPIC(type)                                                       \
    "{\"type\":\"error\",\"error\":{\"type\":\"" type                         \
    "\",\"message\":\"it's \\\"x\\\"\"}}"


int
main(void)
{
    tap_init();

    pool = ngx_create_pool(4096, &tap_log);

    test_bodies();
    test_statuses();
    test_message();
    test_quote();

    ngx_destroy_pool(pool);

    return tap_done();
}


static void
body(ngx_uint_t dialect, ngx_uint_t status, const char *code,
    const char *param, const char *want, const char *name)
{
    ngx_str_t  message, out;

    ngx_str_set(&message, "it's \"x\"");

    if (ngx_http_model_error_body(pool, dialect, status, code, param, &message,
                                  &out)
        != NGX_OK)
    {
        ok(0, name);
        return;
    }

    is(&out, want, name);
}


static void
test_bodies(void)
{
    ngx_uint_t  i;
    char        name[32];

    static struct {
        ngx_uint_t   status;
        const char  *openai;
        const char  *anthropic;
    } cases[] = {
        { 400, OPENAI("invalid_request_error", "null"),
          ANTHROPIC("invalid_request_error") },
        { 401, OPENAI("invalid_request_error", "\"invalid_api_key\""),
          ANTHROPIC("authentication_error") },
        { 402, OPENAI("invalid_request_error", "null"),
          ANTHROPIC("billing_error") },
        { 403, OPENAI("invalid_request_error", "null"),
          ANTHROPIC("permission_error") },
        { 404, OPENAI("invalid_request_error", "null"),
          ANTHROPIC("not_found_error") },
        { 405, OPENAI("invalid_request_error", "\"method_not_supported\""),
          ANTHROPIC("invalid_request_error") },
        { 408, OPENAI("invalid_request_error", "null"),
          ANTHROPIC("timeout_error") },
        { 413, OPENAI("invalid_request_error", "null"),
          ANTHROPIC("request_too_large") },
        { 415, OPENAI("invalid_request_error", "null"),
          ANTHROPIC("invalid_request_error") },
        { 429, OPENAI("requests", "\"rate_limit_exceeded\""),
          ANTHROPIC("rate_limit_error") },
        { 500, OPENAI("server_error", "null"), ANTHROPIC("api_error") },
        { 502, OPENAI("server_error", "null"), ANTHROPIC("api_error") },
        { 503, OPENAI("server_error", "null"), ANTHROPIC("overloaded_error") },
        { 504, OPENAI("server_error", "null"), ANTHROPIC("timeout_error") },
        { 529, OPENAI("server_error", "null"), ANTHROPIC("overloaded_error") }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) snprintf(name, sizeof(name), "openai %lu",
                        (unsigned long) cases[i].status);
        body(NGX_HTTP_MODEL_OPENAI, cases[i].status, NULL, NULL,
             cases[i].openai, name);

        (void) snprintf(name, sizeof(name), "anthropic %lu",
                        (unsigned long) cases[i].status);
        body(NGX_HTTP_MODEL_ANTHROPIC, cases[i].status, NULL, NULL,
             cases[i].anthropic, name);

        (void) snprintf(name, sizeof(name), "ollama %lu",
                        (unsigned long) cases[i].status);
        body(NGX_HTTP_MODEL_OLLAMA, cases[i].status, "c", "p",
             "{\"error\":\"it's \\\"x\\\"\"}", name);
    }

    body(NGX_HTTP_MODEL_OPENAI, 404, "model_not_found", "model",
         "{\"error\":{\"message\":\"it's \\\"x\\\"\","
         "\"type\":\"invalid_request_error\",\"param\":\"model\","
         "\"code\":\"model_not_found\"}}", "openai, code and param given");
    body(NGX_HTTP_MODEL_OPENAI, 401, "other", NULL,
         OPENAI("invalid_request_error", "\"other\""),
         "openai, code of the caller wins");
    body(NGX_HTTP_MODEL_ANTHROPIC, 400, "thread_unsupported_request", "thread",
         "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
         "\"message\":\"it's \\\"x\\\"\",\"details\":{\"error_code\":"
         "\"thread_unsupported_request\"}}}", "anthropic, code given");
}


static void
test_statuses(void)
{
    ok(ngx_http_model_error_status(NGX_HTTP_MODEL_ANTHROPIC, 503) == 529,
       "anthropic 503 is 529");
    ok(ngx_http_model_error_status(NGX_HTTP_MODEL_ANTHROPIC, 502) == 502,
       "anthropic 502 stays");
    ok(ngx_http_model_error_status(NGX_HTTP_MODEL_OPENAI, 503) == 503,
       "openai 503 stays");
    ok(ngx_http_model_error_status(NGX_HTTP_MODEL_OLLAMA, 503) == 503,
       "ollama 503 stays");
}


static void
test_message(void)
{
    u_char     *p;
    ngx_str_t   message, out;

    message.len = 5000;
    message.data = malloc(message.len);

    ngx_memset(message.data, 'a', message.len);

    (void) ngx_http_model_error_body(pool, NGX_HTTP_MODEL_OLLAMA, 400, NULL,
                                     NULL, &message, &out);
    ok(out.len == 2048 + sizeof("{\"error\":\"\"}") - 1, "cut at 2048 bytes");

    for (p = message.data; p < message.data + 4998; p += 3) {
        ngx_memcpy(p, "\xe2\x82\xac", 3);
    }

    (void) ngx_http_model_error_body(pool, NGX_HTTP_MODEL_OLLAMA, 400, NULL,
                                     NULL, &message, &out);
    ok(out.len == 2046 + sizeof("{\"error\":\"\"}") - 1, "cut at a character");

    free(message.data);

    ngx_str_set(&message, "a\xff\nb\xe2\x80\xa8");

    (void) ngx_http_model_error_body(pool, NGX_HTTP_MODEL_OLLAMA, 400, NULL,
                                     NULL, &message, &out);
    is(&out, "{\"error\":\"a\xef\xbf\xbd\\nb\\u2028\"}",
       "one line of valid UTF-8");

    ngx_str_null(&message);

    (void) ngx_http_model_error_body(pool, NGX_HTTP_MODEL_OLLAMA, 400, NULL,
                                     NULL, &message, &out);
    is(&out, "{\"error\":\"\"}", "no message");
}


static void
quoted(const char *text, size_t len, const char *want, const char *name)
{
    u_char     *copy;
    ngx_str_t   s, got;

    copy = malloc(len ? len : 1);
    ngx_memcpy(copy, text, len);

    s.data = copy;
    s.len = len;

    got = ngx_http_model_error_quote(pool, &s);
    is(&got, want, name);

    free(copy);
}


static void
test_quote(void)
{
    size_t  i;
    char    text[400], want[200];

    quoted(S(""), "", "empty");
    quoted(S("llama3:8b"), "llama3:8b", "a name");
    quoted(S("a\"b'c`d\\e"), "a?b?c?d?e", "quotes and backslash");
    quoted(S("a\0\x1f\x7f\r\n"), "a?????", "control characters");
    quoted(S("\xc2\x85\xc2\x9f\xe2\x80\xa8\xe2\x80\xa9"), "????",
           "other line ends and controls");
    quoted(S("\xc2\xa0\xc3\xa9\xe2\x80\xaa\xe2\x82\xac\xf0\x9f\x98\x80"),
           "\xc2\xa0\xc3\xa9\xe2\x80\xaa\xe2\x82\xac\xf0\x9f\x98\x80",
           "good UTF-8");
    quoted(S("\xff\xc0\x80\xe2\x82"), "?????", "bad UTF-8");

    ngx_memset(text, 'a', sizeof(text));
    ngx_memset(want, 'a', sizeof(want));

    want[128] = '\0';
    quoted(text, 128, want, "128 bytes");

    ngx_memcpy(want + 125, "...", 3);
    quoted(text, 129, want, "129 bytes");

    for (i = 0; i < sizeof(text) - 3; i += 3) {
        ngx_memcpy(text + i, "\xe2\x82\xac", 3);
    }

    ngx_memcpy(want, text, 123);
    ngx_memcpy(want + 123, "...", 4);
    quoted(text, 399, want, "cut at a character");

    quoted(text, 126, (text[126] = '\0', text), "126 bytes of characters");
}
