/* unit: + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Streams as servers send them, each a file that is named after the server's
 * dialect, and what becomes of them for the clients of each other API, in a
 * file of the same name and ".out".  Each is fed whole, cut before every byte
 * and byte by byte: the same comes out.  With BRIDGE_WRITE in the environment
 * the files of what comes out are written anew.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "exchange.h"


typedef struct {
    const char  *path;
    const char  *request;
} client_t;


static client_t  clients[] = {

    { "/api/chat",
      "{\"model\":\"acme:small\",\"messages\":[{\"role\":\"user\","
      "\"content\":\"hi\"}]}" },

    { "/api/generate", "{\"model\":\"acme:small\",\"prompt\":\"hi\"}" },

    { "/v1/chat/completions",
      "{\"model\":\"acme:small\",\"stream\":true,\"stream_options\":{"
      "\"include_usage\":true},\"messages\":[{\"role\":\"user\","
      "\"content\":\"hi\"}]}" },

    { "/v1/responses",
      "{\"model\":\"acme:small\",\"stream\":true,\"input\":\"hi\"}" },

    { "/v1/messages",
      "{\"model\":\"acme:small\",\"stream\":true,\"max_tokens\":9,"
      "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}" },

    { NULL, NULL }
};


static ngx_str_t  got;        /* what is to be in the file */
static size_t     got_size;


static void keep(const u_char *p, size_t len);
static ngx_str_t load(const char *name);
static void test_file(const char *name);
static void test_client(const char *name, client_t *client,
    const ngx_http_model_bridge_api_t *api, ngx_uint_t to, ngx_str_t *in);
static void run(exchange_t *x, client_t *client,
    const ngx_http_model_bridge_api_t *api, ngx_uint_t to, ngx_str_t *in,
    size_t cut);
static void compare(const char *name);


int
main(int argc, char **argv)
{
    int  i;

    tap_init();

    for (i = 1; i < argc; i++) {
        test_file(argv[i]);
    }

    ok(argc > 50, "there are streams");

    free(got.data);

    return tap_done();
}


static void
keep(const u_char *p, size_t len)
{
    if (got_size - got.len < len) {
        got_size = 2 * (got.len + len) + 1024;
        got.data = realloc(got.data, got_size);
    }

    ngx_memcpy(got.data + got.len, p, len);
    got.len += len;
}


static ngx_str_t
load(const char *name)
{
    FILE       *f;
    ngx_str_t   s;

    ngx_str_null(&s);

    f = fopen(name, "rb");
    if (f == NULL) {
        return s;
    }

    s.data = malloc(1024 * 1024);
    s.len = fread(s.data, 1, 1024 * 1024, f);

    fclose(f);

    return s;
}


static void
test_file(const char *name)
{
    const char                         *dot;
    ngx_str_t                           in, path;
    ngx_uint_t                          to;
    client_t                           *client;
    const ngx_http_model_bridge_api_t  *api;

    static const char  *dialects[] = { ".ollama", ".openai", ".anthropic" };

    dot = strrchr(name, '.');

    for (to = 0; to < NGX_HTTP_MODEL_NDIALECTS; to++) {
        if (dot && ngx_strcmp(dot, dialects[to]) == 0) {
            break;
        }
    }

    in = load(name);

    if (to == NGX_HTTP_MODEL_NDIALECTS || in.len == 0) {
        ok(0, name);
        return;
    }

    got.len = 0;

    for (client = clients; client->path; client++) {

        path = exchange_str(client->path);
        api = ngx_http_model_bridge_api(&path);

        if (ngx_http_model_bridge_can(api, to)) {
            test_client(name, client, api, to, &in);
        }
    }

    free(in.data);

    compare(name);
}


static void
test_client(const char *name, client_t *client,
    const ngx_http_model_bridge_api_t *api, ngx_uint_t to, ngx_str_t *in)
{
    char        text[256];
    size_t      cut;
    ngx_uint_t  good;
    exchange_t  whole, x;

    run(&whole, client, api, to, in, in->len);

    keep((u_char *) "== ", 3);
    keep((u_char *) client->path, ngx_strlen(client->path));
    keep((u_char *) "\n", 1);
    keep(whole.out.data, whole.out.len);

    good = 1;

    for (cut = 0; cut < in->len && good; cut++) {

        run(&x, client, api, to, in, cut);

        good = x.out.len == whole.out.len
               && ngx_memcmp(x.out.data, whole.out.data, x.out.len) == 0;

        if (!good) {
            printf("# cut at %lu: %.*s\n", (unsigned long) cut,
                   (int) x.out.len, (char *) x.out.data);
        }

        exchange_done(&x);
    }

    exchange_done(&whole);

    if (strrchr(name, '/')) {
        name = strrchr(name, '/') + 1;
    }

    ngx_snprintf((u_char *) text, sizeof(text), "%s for %s, cut anywhere%Z",
                 name, client->path);
    ok(good, text);
}


static void
run(exchange_t *x, client_t *client, const ngx_http_model_bridge_api_t *api,
    ngx_uint_t to, ngx_str_t *in, size_t cut)
{
    ngx_str_t     body;
    ngx_array_t  *pieces;

    exchange_init(x, api, NULL, to);

    body = exchange_str(client->request);

    if (ngx_http_model_bridge_request(&x->b, &body, &pieces) != NGX_OK) {
        ok(0, client->request);
    }

    /* as if it was asked for: not every server can be */

    x->b.talk.logprobs = NGX_HTTP_MODEL_ON;

    exchange_stream(x, in, cut);
}


static void
compare(const char *name)
{
    char         out[1024];
    FILE        *f;
    ngx_str_t    want;
    ngx_uint_t   good;

    ngx_snprintf((u_char *) out, sizeof(out), "%s.out%Z", name);

    if (getenv("BRIDGE_WRITE")) {
        f = fopen(out, "wb");

        if (f) {
            (void) fwrite(got.data, 1, got.len, f);
            fclose(f);
        }
    }

    want = load(out);

    good = want.len == got.len
           && ngx_memcmp(want.data, got.data, got.len) == 0;

    if (strrchr(name, '/')) {
        name = strrchr(name, '/') + 1;
    }

    ok(good, name);

    if (!good) {
        printf("# got %.*s\n", (int) got.len, (char *) got.data);
    }

    free(want.data);
}
