/* unit: src/ngx_http_model_bridge*.c src/ngx_http_model_talk.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The first byte chooses the client's API, the second what is known of the
 * server, the rest is a request.  Towards each dialect it is refused with
 * words, or becomes one document that the dialect's own reader can read, in
 * memory that is bounded by the size of the request.
 */


#include "bridge.h"


#define FIXED     (512 * 1024)
#define PER_BYTE  1024


static void request(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    u_char known, ngx_str_t *body);
static void again(ngx_http_model_bridge_t *first, ngx_str_t *sent);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                              *copy;
    size_t                               before, after;
    ngx_str_t                            body;
    ngx_uint_t                           n, to;
    const ngx_http_model_bridge_api_t   *client;
    const ngx_http_model_bridge_api_t  **apis;

    if (size < 3) {
        return 0;
    }

    apis = ngx_http_model_bridge_apis(&n);
    client = apis[data[0] % n];

    if (client->read_request == NULL) {
        return 0;
    }

    copy = malloc(size - 2);
    demand(copy != NULL);
    memcpy(copy, data + 2, size - 2);

    body.data = copy;
    body.len = size - 2;

    before = __sanitizer_get_current_allocated_bytes();

    for (to = 0; to < NGX_HTTP_MODEL_NDIALECTS; to++) {
        if (ngx_http_model_bridge_can(client, to)) {
            request(client, to, data[1], &body);
        }
    }

    after = __sanitizer_get_current_allocated_bytes();

    demand(after <= before + FIXED);

    free(copy);

    return 0;
}


static void
request(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    u_char known, ngx_str_t *body)
{
    u_char                   *p;
    size_t                    before, after;
    ngx_int_t                 rc;
    ngx_str_t                 err, sent, *piece;
    ngx_uint_t                i;
    ngx_array_t              *pieces;
    ngx_http_model_bridge_t   b;

    init(&b, client, to, NULL);

    b.proper = known & 1;
    b.output = (known & 2) ? 8192 : -1;

    if (known & 4) {
        ngx_str_set(&b.name, "claude-opus-4-1");
    }

    before = __sanitizer_get_current_allocated_bytes();

    rc = ngx_http_model_bridge_request(&b, body, &pieces);

    after = __sanitizer_get_current_allocated_bytes();

    demand(after <= before + FIXED + PER_BYTE * body->len);

    if (rc == NGX_DONE) {

        /* what loads a model is answered at once */

        (void) document(b.pool, b.text.data, b.text.len, NULL);
        done(&b);
        return;
    }

    if (rc != NGX_OK) {
        demand(rc == NGX_DECLINED && b.status >= 400 && b.text.len);
        done(&b);
        return;
    }

    demand(b.server && b.server->dialect == to);

    piece = pieces->elts;
    sent.len = 0;

    for (i = 0; i < pieces->nelts; i++) {
        sent.len += piece[i].len;
    }

    p = malloc(sent.len);
    demand(p != NULL);

    sent.data = p;

    for (i = 0; i < pieces->nelts; i++) {
        p = ngx_cpymem(p, piece[i].data, piece[i].len);
    }

    (void) document(b.pool, sent.data, sent.len,
                    ngx_http_model_json_parse(b.pool, body->data, body->len,
                                              &err));

    again(&b, &sent);

    free(sent.data);
    done(&b);
}


/* what was written is read: what is refused of it is not how it is written */

static void
again(ngx_http_model_bridge_t *first, ngx_str_t *sent)
{
    ngx_int_t                 rc;
    ngx_str_t                 err;
    ngx_http_model_json_t    *root;
    ngx_http_model_bridge_t   b;

    if (first->server->read_request == NULL) {
        return;
    }

    init(&b, first->server, first->client->dialect, NULL);

    root = ngx_http_model_json_parse(b.pool, sent->data, sent->len, &err);
    demand(root != NULL);

    rc = b.client->read_request(&b, root);

    demand(rc == NGX_OK || (rc == NGX_DECLINED && b.text.len));

    if (rc == NGX_DECLINED && getenv("FUZZ_SHOW")) {
        fprintf(stderr, "%.*s\n", (int) b.text.len, (char *) b.text.data);
    }

    done(&b);
}
