/* unit: src/ngx_http_model_bridge_ollama*.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The first byte is what is done, the second the size of the pieces of a
 * stream, the rest a document or a stream.  A request of Ollama's dialect is
 * put to the others, and back: each is JSON.  An answer of Ollama's, or for
 * its clients, is the same whole and in pieces, and of lines that are JSON.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_api.h"


#define SIZE  (4 * 1024 * 1024)


typedef struct {
    const ngx_http_model_bridge_api_t  *client;
    ngx_uint_t                          to;
    const char                         *request;
} way_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ngx_int_t sink(void *data, u_char *p, size_t len);
static ngx_pool_t *begin(ngx_http_model_bridge_t *b, const way_t *way);
static ngx_int_t ask(ngx_http_model_bridge_t *b, u_char *p, size_t len,
    ngx_str_t *made);
static void request(const way_t *way, const uint8_t *data, size_t size);
static void stream(const way_t *way, const uint8_t *data, size_t size,
    size_t piece);
static size_t run(const way_t *way, const uint8_t *data, size_t size,
    size_t piece, u_char *to);
static void answer(const way_t *way, const uint8_t *data, size_t size);
static void json(ngx_pool_t *pool, u_char *p, size_t len);
static void must(ngx_uint_t good);


#define HI  "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]"

#define OLLAMA     NGX_HTTP_MODEL_OLLAMA
#define OPENAI     NGX_HTTP_MODEL_OPENAI
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC


static const way_t  ways[] = {
    { &ngx_http_model_bridge_chat, OPENAI, "{\"model\":\"m\"," HI "}" },
    { &ngx_http_model_bridge_chat, ANTHROPIC,
      "{\"model\":\"m\"," HI "}" },
    { &ngx_http_model_bridge_generate, OPENAI,
      "{\"model\":\"m\",\"prompt\":\"a\"}" },
    { &ngx_http_model_bridge_generate, ANTHROPIC,
      "{\"model\":\"m\",\"prompt\":\"a\"}" },
    { &ngx_http_model_bridge_completions, OLLAMA,
      "{\"model\":\"m\",\"stream\":true," HI "}" },
    { &ngx_http_model_bridge_messages, OLLAMA,
      "{\"model\":\"m\",\"stream\":true,\"max_tokens\":9," HI "}" },
    { &ngx_http_model_bridge_responses, OLLAMA,
      "{\"model\":\"m\",\"input\":\"a\",\"stream\":true}" }
};


static u_char  *out;
static size_t   out_len;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const way_t  *way;

    static ngx_log_t    log;
    static ngx_cycle_t  cycle;

    if (ngx_cycle == NULL) {
        cycle.log = &log;
        ngx_cycle = &cycle;

        ngx_pagesize = getpagesize();
        ngx_cacheline_size = 64;
        ngx_time_init();

        must(ngx_crc32_table_init() == NGX_OK);
    }

    if (size < 3) {
        return 0;
    }

    way = &ways[(data[0] >> 2) % (sizeof(ways) / sizeof(ways[0]))];

    switch (data[0] % 4) {

    case 0:
        request(way, data + 2, size - 2);
        break;

    case 1:
        answer(way, data + 2, size - 2);
        break;

    default:
        stream(way, data + 2, size - 2, data[1]);
        break;
    }

    return 0;
}


static ngx_int_t
sink(void *data, u_char *p, size_t len)
{
    (void) data;

    must(out_len + len <= SIZE);

    ngx_memcpy(out + out_len, p, len);
    out_len += len;

    return NGX_OK;
}


static ngx_pool_t *
begin(ngx_http_model_bridge_t *b, const way_t *way)
{
    ngx_pool_t  *pool;

    static ngx_log_t  log;

    pool = ngx_create_pool(4096, &log);

    ngx_memzero(b, sizeof(ngx_http_model_bridge_t));

    b->client = way->client;
    b->to = way->to;
    b->pool = pool;
    b->temp = ngx_create_pool(4096, &log);
    b->limit = 4096;
    ngx_str_set(&b->vendor, "acme");
    ngx_str_set(&b->model, "acme:m");
    ngx_str_set(&b->name, "m");
    ngx_str_set(&b->nonce, "0123456789abcdef01234567");
    b->output = -1;
    b->started = 1000000000;
    b->clock = 2000000000;
    b->sink = sink;

    must(ngx_http_model_bridge_init(b) == NGX_OK);

    return pool;
}


static ngx_int_t
ask(ngx_http_model_bridge_t *b, u_char *p, size_t len, ngx_str_t *made)
{
    u_char       *q;
    ngx_int_t     rc;
    ngx_str_t     body, *piece;
    ngx_uint_t    i;
    ngx_array_t  *pieces;

    body.data = p;
    body.len = len;

    rc = ngx_http_model_bridge_request(b, &body, &pieces);

    if (rc != NGX_OK) {
        must(rc == NGX_DECLINED ? b->text.len != 0 : rc == NGX_DONE);
        return rc;
    }

    piece = pieces->elts;
    made->len = 0;

    for (i = 0; i < pieces->nelts; i++) {
        made->len += piece[i].len;
    }

    made->data = ngx_pnalloc(b->pool, made->len);
    q = made->data;

    for (i = 0; i < pieces->nelts; i++) {
        q = ngx_cpymem(q, piece[i].data, piece[i].len);
    }

    return NGX_OK;
}


static void
request(const way_t *way, const uint8_t *data, size_t size)
{
    u_char                   *copy;
    ngx_int_t                 rc;
    ngx_str_t                 made, back;
    way_t                     home;
    ngx_pool_t               *pool, *other;
    ngx_http_model_bridge_t   b, c;

    pool = begin(&b, way);

    copy = malloc(size);
    ngx_memcpy(copy, data, size);

    rc = ask(&b, copy, size, &made);

    if (rc == NGX_DONE) {
        json(pool, b.text.data, b.text.len);
    }

    if (rc == NGX_OK) {
        json(pool, made.data, made.len);

        home.client = b.server;
        home.to = way->client->dialect;

        if (ngx_http_model_bridge_can(home.client, home.to)) {
            other = begin(&c, &home);

            if (ask(&c, made.data, made.len, &back) == NGX_OK) {
                json(other, back.data, back.len);
            }

            ngx_destroy_pool(c.temp);
            ngx_destroy_pool(other);
        }
    }

    free(copy);

    ngx_destroy_pool(b.temp);
    ngx_destroy_pool(pool);
}


static void
answer(const way_t *way, const uint8_t *data, size_t size)
{
    u_char                   *copy;
    ngx_int_t                 rc;
    ngx_str_t                 made, body, got;
    ngx_pool_t               *pool;
    ngx_http_model_bridge_t   b;

    pool = begin(&b, way);

    must(ask(&b, (u_char *) way->request, strlen(way->request), &made)
         == NGX_OK);

    copy = malloc(size);
    ngx_memcpy(copy, data, size);

    body.data = copy;
    body.len = size;

    rc = ngx_http_model_bridge_answer(&b, &body, &got);

    must(rc == NGX_OK || (rc == NGX_DECLINED && b.text.len));

    if (rc == NGX_OK) {
        json(pool, got.data, got.len);
    }

    free(copy);

    ngx_destroy_pool(b.temp);
    ngx_destroy_pool(pool);
}


static void
stream(const way_t *way, const uint8_t *data, size_t size, size_t piece)
{
    size_t       len, n;
    u_char      *p, *end;
    ngx_pool_t  *pool;

    static u_char     whole[SIZE], pieces[SIZE];
    static ngx_log_t  log;

    len = run(way, data, size, size, whole);
    n = run(way, data, size, piece + 1, pieces);

    must(n == len && ngx_memcmp(whole, pieces, n) == 0);

    if (way->client->dialect == OLLAMA) {
        pool = ngx_create_pool(4096, &log);

        for (p = whole; p < whole + len; p = end + 1) {
            end = ngx_strlchr(p, whole + len, '\n');

            must(end != NULL);
            json(pool, p, end - p);
        }

        ngx_destroy_pool(pool);
    }
}


static size_t
run(const way_t *way, const uint8_t *data, size_t size, size_t piece,
    u_char *to)
{
    size_t                    n;
    u_char                   *copy;
    ngx_str_t                 made;
    ngx_pool_t               *pool;
    ngx_http_model_bridge_t   b;

    static ngx_str_t  lost = ngx_string("lost");

    out = to;
    out_len = 0;

    pool = begin(&b, way);

    must(ask(&b, (u_char *) way->request, strlen(way->request), &made)
         == NGX_OK);

    while (size) {
        n = ngx_min(piece, size);

        copy = malloc(n);
        ngx_memcpy(copy, data, n);

        must(ngx_http_model_bridge_feed(&b, copy, n) == NGX_OK);

        free(copy);

        data += n;
        size -= n;
    }

    must(ngx_http_model_bridge_close(&b, 502, &lost) == NGX_OK);
    must(b.ended && out_len);

    ngx_destroy_pool(b.temp);
    ngx_destroy_pool(pool);

    return out_len;
}


static void
json(ngx_pool_t *pool, u_char *p, size_t len)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *root;

    root = ngx_http_model_json_parse(pool, p, len, &err);

    must(root != NULL && root->type == NGX_HTTP_MODEL_JSON_OBJECT);
}


static void
must(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
