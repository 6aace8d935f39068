/* unit: + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Requests there and back: trip API FILE ...  Of each line of a file, a
 * request of the API, and each dialect that it can go to, tells as a line of
 * JSON what the server is sent, and what becomes of that, read as a client's,
 * in the first dialect again; at the end which rows of the tables of members
 * were met.  t/bridge_trip.t compares.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#define ngx_http_model_bridge_fields  trip_fields
#include "ngx_http_model_bridge_field.c"
#undef ngx_http_model_bridge_fields

#include "exchange.h"


#define NROWS  8192


typedef struct {
    const ngx_http_model_field_table_t  *table;
    const ngx_http_model_field_t        *field;
    ngx_uint_t                           to;
} met_t;


static met_t        met[NROWS];
static ngx_uint_t   nmet;


ngx_int_t ngx_http_model_bridge_fields(ngx_http_model_bridge_t *b,
    const ngx_http_model_field_table_t *table, ngx_http_model_json_t *object,
    void *data, ngx_array_t **extra);

static void note(const ngx_http_model_field_table_t *table,
    const ngx_http_model_field_t *field, ngx_uint_t to);
static ngx_uint_t noted(const ngx_http_model_field_t *field, ngx_uint_t to);
static void trip(const ngx_http_model_bridge_api_t *api, ngx_uint_t to,
    ngx_str_t *body, ngx_uint_t line);
static const ngx_http_model_bridge_api_t *home(
    const ngx_http_model_bridge_api_t *api);
static ngx_str_t write_again(exchange_t *x,
    const ngx_http_model_bridge_api_t *api);
static void back(exchange_t *x, const ngx_http_model_bridge_api_t *client,
    ngx_str_t *sent, ngx_http_model_json_writer_t *w);
static ngx_str_t load(const char *name);
static void rows(const ngx_http_model_bridge_api_t *api);


int
main(int argc, char **argv)
{
    int                                 i;
    u_char                             *p, *end;
    ngx_str_t                           path, text, body;
    ngx_uint_t                          to, line;
    const ngx_http_model_bridge_api_t  *api;

    tap_init();

    if (argc < 2) {
        return 1;
    }

    path = exchange_str(argv[1]);
    api = ngx_http_model_bridge_api(&path);

    if (api == NULL) {
        return 1;
    }

    for (i = 2; i < argc; i++) {
        text = load(argv[i]);

        line = 1;

        for (p = text.data; p < text.data + text.len; p = end + 1, line++) {

            end = ngx_strlchr(p, text.data + text.len, '\n');
            if (end == NULL) {
                return 1;
            }

            body.data = p;
            body.len = end - p;

            for (to = 0; to < NGX_HTTP_MODEL_NDIALECTS; to++) {
                if (ngx_http_model_bridge_can(api, to)) {
                    trip(api, to, &body, line);
                }
            }
        }

        free(text.data);
    }

    rows(api);

    return tap_failures != 0;
}


/* as the bridge's own, which it stands in front of */

ngx_int_t
ngx_http_model_bridge_fields(ngx_http_model_bridge_t *b,
    const ngx_http_model_field_table_t *table, ngx_http_model_json_t *object,
    void *data, ngx_array_t **extra)
{
    ngx_http_model_json_t         *member;
    const ngx_http_model_field_t  *f;

    for (member = object->child; member; member = member->next) {

        for (f = table->fields; f->name; f++) {
            if (member->type != NGX_HTTP_MODEL_JSON_NULL
                && ngx_strlen(f->name) == member->key.len
                && ngx_memcmp(f->name, member->key.data, member->key.len) == 0)
            {
                note(table, f, b->to);
            }
        }
    }

    return trip_fields(b, table, object, data, extra);
}


static void
note(const ngx_http_model_field_table_t *table,
    const ngx_http_model_field_t *field, ngx_uint_t to)
{
    if (noted(field, to) || nmet == NROWS) {
        return;
    }

    met[nmet].table = table;
    met[nmet].field = field;
    met[nmet].to = to;
    nmet++;
}


static ngx_uint_t
noted(const ngx_http_model_field_t *field, ngx_uint_t to)
{
    ngx_uint_t  i;

    for (i = 0; i < nmet; i++) {
        if (met[i].field == field && met[i].to == to) {
            return 1;
        }
    }

    return 0;
}


static void
trip(const ngx_http_model_bridge_api_t *api, ngx_uint_t to, ngx_str_t *body,
    ngx_uint_t line)
{
    ngx_int_t                      rc;
    ngx_str_t                      out, again, path;
    ngx_uint_t                     kept;
    exchange_t                     x;
    ngx_array_t                   *pieces;
    ngx_http_model_json_writer_t  *w;

    exchange_init(&x, api, NULL, to);

    rc = ngx_http_model_bridge_request(&x.b, body, &pieces);

    w = ngx_http_model_json_writer(x.b.pool);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "line");
    ngx_http_model_json_int(w, line);
    ngx_http_model_json_key(w, "to");
    ngx_http_model_json_int(w, to);

    if (rc == NGX_OK) {
        exchange_join(&x, pieces);

        ngx_http_model_json_key(w, "path");
        path = x.b.server->path;
        ngx_http_model_json_str(w, &path);
        ngx_http_model_json_key(w, "sent");
        ngx_http_model_json_raw(w, &x.out);

        kept = nmet;

        if (home(api)) {
            again = write_again(&x, home(api));

            ngx_http_model_json_key(w, "self");
            ngx_http_model_json_raw(w, &again);
        }

        back(&x, api, &x.out, w);

        nmet = kept;

    } else {
        ngx_http_model_json_key(w, rc == NGX_DONE ? "answered" : "refused");
        ngx_http_model_json_str(w, &x.b.text);
        ngx_http_model_json_key(w, "field");
        ngx_http_model_json_str(w, &x.b.field);
    }

    ngx_http_model_json_object_end(w);

    if (ngx_http_model_json_finish(w, &out) != NGX_OK) {
        abort();
    }

    printf("%.*s\n", (int) out.len, (char *) out.data);

    exchange_done(&x);
}


/* the API of the same dialect in which what was read can be written */

static const ngx_http_model_bridge_api_t *
home(const ngx_http_model_bridge_api_t *api)
{
    if (api->write_request) {
        return api;
    }

    return (api == &ngx_http_model_bridge_generate)
           ? &ngx_http_model_bridge_chat
           : (api == &ngx_http_model_bridge_embeddings)
           ? &ngx_http_model_bridge_embed
           : &ngx_http_model_bridge_completions;
}


static ngx_str_t
write_again(exchange_t *x, const ngx_http_model_bridge_api_t *api)
{
    ngx_str_t                           out;
    const ngx_http_model_bridge_api_t  *server;
    ngx_http_model_json_writer_t       *w;

    server = x->b.server;
    x->b.server = api;

    w = ngx_http_model_json_writer(x->b.pool);

    if (api->write_request(&x->b, w) != NGX_OK
        || ngx_http_model_json_finish(w, &out) != NGX_OK)
    {
        ngx_str_set(&out, "null");
    }

    x->b.server = server;

    return out;
}


static void
back(exchange_t *x, const ngx_http_model_bridge_api_t *client,
    ngx_str_t *sent, ngx_http_model_json_writer_t *w)
{
    ngx_int_t   rc;
    ngx_str_t   text;
    exchange_t  y;

    if (x->b.server->read_request == NULL || home(client) == NULL) {
        return;
    }

    exchange_init(&y, x->b.server, home(client), client->dialect);

    text.data = ngx_pnalloc(x->b.pool, sent->len);
    text.len = sent->len;
    ngx_memcpy(text.data, sent->data, sent->len);

    rc = exchange_request(&y, &text);

    ngx_http_model_json_key(w, rc > 0 ? "back" : "unread");

    text.data = ngx_pnalloc(x->b.pool, y.out.len);
    text.len = y.out.len;
    ngx_memcpy(text.data, y.out.data, text.len);

    if (rc > 0) {
        ngx_http_model_json_raw(w, &text);

    } else {
        ngx_http_model_json_str(w, &text);
    }

    exchange_done(&y);
}


static ngx_str_t
load(const char *name)
{
    FILE       *f;
    ngx_str_t   s;

    s.data = malloc(4 * 1024 * 1024);
    s.len = 0;

    f = fopen(name, "rb");

    if (f) {
        s.len = fread(s.data, 1, 4 * 1024 * 1024, f);
        fclose(f);
    }

    return s;
}


/* each row, and whether it was met towards each dialect */

static void
rows(const ngx_http_model_bridge_api_t *api)
{
    ngx_uint_t                           to;
    const ngx_http_model_field_t        *f;
    const ngx_http_model_field_table_t  *table;

    for (table = api->fields; table->title; table++) {
        for (f = table->fields; f->name; f++) {
            for (to = 0; to < NGX_HTTP_MODEL_NDIALECTS; to++) {

                if (ngx_http_model_bridge_can(api, to)) {
                    printf("{\"table\":\"%s\",\"row\":\"%s%s\",\"to\":%lu,"
                           "\"what\":%u,\"met\":%lu}\n", table->title,
                           table->prefix, f->name, (unsigned long) to,
                           (unsigned) f->to[to],
                           (unsigned long) noted(f, to));
                }
            }
        }
    }
}
