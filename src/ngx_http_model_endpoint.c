
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_endpoint.h"


#define NGX_HTTP_MODEL_READ                                                   \
    (NGX_HTTP_GET|NGX_HTTP_HEAD)

#define NGX_HTTP_MODEL_ANY                                                    \
    (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST|NGX_HTTP_PUT|NGX_HTTP_DELETE    \
     |NGX_HTTP_OPTIONS|NGX_HTTP_PATCH)


/* the columns of the table that most rows share */

#define ngx_http_model_local(path, methods, type, dialect, names)             \
    { ngx_string(path), methods, NGX_HTTP_MODEL_EP_##type,                    \
      NGX_HTTP_MODEL_INFERENCE, NGX_HTTP_MODEL_##dialect,                     \
      NGX_HTTP_MODEL_NAMES_##names, 0, 0, 0, 0 }

#define ngx_http_model_ollama(path, stream)                                   \
    { ngx_string(path), NGX_HTTP_POST, NGX_HTTP_MODEL_EP_ROUTED,              \
      NGX_HTTP_MODEL_INFERENCE, NGX_HTTP_MODEL_OLLAMA,                        \
      NGX_HTTP_MODEL_NAMES_MODEL, 0, 0, stream, 0 }

#define ngx_http_model_manage(path, method, names, stream)                    \
    { ngx_string(path), method, NGX_HTTP_MODEL_EP_ROUTED,                     \
      NGX_HTTP_MODEL_MANAGE, NGX_HTTP_MODEL_OLLAMA,                           \
      NGX_HTTP_MODEL_NAMES_##names, 0, 0, stream, 0 }

#define ngx_http_model_v1(path, dialect, optional, multipart)                 \
    { ngx_string(path), NGX_HTTP_POST, NGX_HTTP_MODEL_EP_ROUTED,              \
      NGX_HTTP_MODEL_INFERENCE, NGX_HTTP_MODEL_##dialect,                     \
      NGX_HTTP_MODEL_NAMES_MODEL, optional, multipart, 0, 0 }

#define ngx_http_model_chat(path)                                             \
    { ngx_string(path), NGX_HTTP_POST, NGX_HTTP_MODEL_EP_ROUTED,              \
      NGX_HTTP_MODEL_INFERENCE, NGX_HTTP_MODEL_OPENAI,                        \
      NGX_HTTP_MODEL_NAMES_MODEL, 0, 0, 0, 1 }

#define ngx_http_model_unread(path, methods, type, kind, dialect)             \
    { ngx_string(path), methods, NGX_HTTP_MODEL_EP_##type,                    \
      NGX_HTTP_MODEL_##kind, NGX_HTTP_MODEL_##dialect,                        \
      NGX_HTTP_MODEL_NAMES_NONE, 0, 0, 0, 0 }


static const ngx_http_model_endpoint_t *ngx_http_model_endpoint_search(
    ngx_str_t *path, size_t cut);
static ngx_uint_t ngx_http_model_endpoint_below(ngx_str_t *path,
    const char *prefix, size_t len, ngx_str_t *rest);
static ngx_uint_t ngx_http_model_endpoint_digest(ngx_str_t *digest);
static ngx_uint_t ngx_http_model_endpoint_manages(ngx_str_t *path);


/* sorted by path up to the rows that stand for many paths */

static const ngx_http_model_endpoint_t  ngx_http_model_endpoint_rows[] = {

    ngx_http_model_local("/", NGX_HTTP_MODEL_READ, ROOT, OLLAMA, NONE),
    ngx_http_model_ollama("/api/chat", 1),
    ngx_http_model_manage("/api/copy", NGX_HTTP_POST, COPY, 0),
    ngx_http_model_manage("/api/create", NGX_HTTP_POST, CREATE, 1),
    ngx_http_model_manage("/api/delete", NGX_HTTP_DELETE, EITHER, 0),
    ngx_http_model_ollama("/api/embed", 0),
    ngx_http_model_ollama("/api/embeddings", 0),
    ngx_http_model_ollama("/api/generate", 1),
    ngx_http_model_local("/api/ps", NGX_HTTP_MODEL_READ, PS, OLLAMA, NONE),
    ngx_http_model_manage("/api/pull", NGX_HTTP_POST, EITHER, 1),
    ngx_http_model_manage("/api/push", NGX_HTTP_POST, EITHER, 1),
    ngx_http_model_local("/api/show", NGX_HTTP_POST, SHOW, OLLAMA, EITHER),
    ngx_http_model_local("/api/tags", NGX_HTTP_MODEL_READ, TAGS, OLLAMA,
                         NONE),
    ngx_http_model_local("/api/v1/models", NGX_HTTP_MODEL_READ, LMSTUDIO,
                         OPENAI, NONE),
    ngx_http_model_local("/api/version", NGX_HTTP_MODEL_READ, VERSION, OLLAMA,
                         NONE),
    ngx_http_model_v1("/v1/audio/speech", OPENAI, 0, 0),
    ngx_http_model_v1("/v1/audio/transcriptions", OPENAI, 0, 1),
    ngx_http_model_v1("/v1/audio/translations", OPENAI, 0, 1),
    ngx_http_model_chat("/v1/chat/completions"),
    ngx_http_model_chat("/v1/completions"),
    ngx_http_model_v1("/v1/embeddings", OPENAI, 0, 0),
    ngx_http_model_v1("/v1/images/edits", OPENAI, 1, 1),
    ngx_http_model_v1("/v1/images/generations", OPENAI, 1, 0),
    ngx_http_model_v1("/v1/images/variations", OPENAI, 1, 1),
    ngx_http_model_v1("/v1/messages", ANTHROPIC, 0, 0),
    ngx_http_model_v1("/v1/messages/count_tokens", ANTHROPIC, 0, 0),
    ngx_http_model_local("/v1/models", NGX_HTTP_MODEL_READ, MODELS, OPENAI,
                         NONE),
    ngx_http_model_v1("/v1/moderations", OPENAI, 1, 0),
    ngx_http_model_v1("/v1/rerank", OPENAI, 0, 0),
    ngx_http_model_v1("/v1/responses", OPENAI, 1, 0),

#define NGX_HTTP_MODEL_ROW_MODEL      30
#define NGX_HTTP_MODEL_ROW_BLOB       31
#define NGX_HTTP_MODEL_ROW_MANAGE     32
#define NGX_HTTP_MODEL_ROW_OLLAMA     33
#define NGX_HTTP_MODEL_ROW_OPENAI     34
#define NGX_HTTP_MODEL_ROW_ANTHROPIC  35
#define NGX_HTTP_MODEL_NROWS          36

    ngx_http_model_local("/v1/models/", NGX_HTTP_MODEL_READ, MODEL, OPENAI,
                         NONE),
    ngx_http_model_unread("/api/blobs/", NGX_HTTP_HEAD|NGX_HTTP_POST, BLOB,
                          MANAGE, OLLAMA),
    ngx_http_model_unread("", NGX_HTTP_MODEL_ANY, OTHER, MANAGE, OLLAMA),
    ngx_http_model_unread("", NGX_HTTP_MODEL_ANY, OTHER, OTHER, OLLAMA),
    ngx_http_model_unread("", NGX_HTTP_MODEL_ANY, OTHER, OTHER, OPENAI),
    ngx_http_model_unread("", NGX_HTTP_MODEL_ANY, OTHER, OTHER, ANTHROPIC)
};


static ngx_str_t  ngx_http_model_endpoint_manage[] = {
    ngx_string("/api/blobs"),
    ngx_string("/api/copy"),
    ngx_string("/api/create"),
    ngx_string("/api/delete"),
    ngx_string("/api/pull"),
    ngx_string("/api/push"),
    ngx_null_string
};


const ngx_http_model_endpoint_t *
ngx_http_model_endpoint_find(ngx_str_t *path, ngx_str_t *rest)
{
    ngx_str_t                         p;
    ngx_uint_t                        row;
    const ngx_http_model_endpoint_t  *endpoint;

    ngx_str_null(rest);

    p = *path;

    if (p.len > 1 && p.data[p.len - 1] == '/') {
        p.len--;
    }

    endpoint = ngx_http_model_endpoint_search(&p, 0);

    if (endpoint == NULL) {
        endpoint = ngx_http_model_endpoint_search(&p, sizeof("/v1") - 1);
    }

    if (endpoint) {
        return endpoint;
    }

    if (ngx_http_model_endpoint_below(&p, "/v1/models/", 11, rest)
        || ngx_http_model_endpoint_below(&p, "/models/", 8, rest))
    {
        row = NGX_HTTP_MODEL_ROW_MODEL;

    } else if (ngx_http_model_endpoint_below(&p, "/api/blobs/", 11, rest)
               && ngx_http_model_endpoint_digest(rest))
    {
        row = NGX_HTTP_MODEL_ROW_BLOB;

    } else {
        ngx_str_null(rest);

        if (ngx_http_model_endpoint_manages(&p)) {
            row = NGX_HTTP_MODEL_ROW_MANAGE;

        } else if (ngx_http_model_endpoint_below(&p, "/api/", 5, NULL)) {
            row = NGX_HTTP_MODEL_ROW_OLLAMA;

        } else if (ngx_http_model_endpoint_below(&p, "/v1/messages/", 13, NULL)
                   || ngx_http_model_endpoint_below(&p, "/messages/", 10,
                                                    NULL))
        {
            row = NGX_HTTP_MODEL_ROW_ANTHROPIC;

        } else {
            row = NGX_HTTP_MODEL_ROW_OPENAI;
        }
    }

    return &ngx_http_model_endpoint_rows[row];
}


const ngx_http_model_endpoint_t *
ngx_http_model_endpoints(ngx_uint_t *n)
{
    *n = NGX_HTTP_MODEL_NROWS;

    return ngx_http_model_endpoint_rows;
}


/*
 * With cut, "/v1" of length cut is taken off the rows that have it, and those
 * without it do not count; they sort before all of "/v1".
 */

static const ngx_http_model_endpoint_t *
ngx_http_model_endpoint_search(ngx_str_t *path, size_t cut)
{
    size_t                            len;
    u_char                           *data;
    ngx_int_t                         rc;
    ngx_uint_t                        first, last, i;
    const ngx_http_model_endpoint_t  *row;

    first = 0;
    last = NGX_HTTP_MODEL_ROW_MODEL;

    while (first < last) {
        i = (first + last) / 2;
        row = &ngx_http_model_endpoint_rows[i];

        if (cut && (row->path.len <= cut || row->path.data[1] != 'v')) {
            first = i + 1;
            continue;
        }

        len = row->path.len - cut;
        data = row->path.data + cut;

        rc = ngx_memcmp(path->data, data, ngx_min(path->len, len));

        if (rc == 0 && path->len == len) {
            return row;
        }

        if (rc > 0 || (rc == 0 && path->len > len)) {
            first = i + 1;

        } else {
            last = i;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_model_endpoint_below(ngx_str_t *path, const char *prefix, size_t len,
    ngx_str_t *rest)
{
    if (path->len <= len || ngx_memcmp(path->data, prefix, len) != 0) {
        return 0;
    }

    if (rest) {
        rest->len = path->len - len;
        rest->data = path->data + len;
    }

    return 1;
}


/* "sha256:" or "sha256-" and 64 hex digits, as Ollama's servers check it */

static ngx_uint_t
ngx_http_model_endpoint_digest(ngx_str_t *digest)
{
    u_char      c;
    ngx_uint_t  i;

    if (digest->len != sizeof("sha256:") - 1 + 64
        || ngx_memcmp(digest->data, "sha256", 6) != 0
        || (digest->data[6] != ':' && digest->data[6] != '-'))
    {
        return 0;
    }

    for (i = 7; i < digest->len; i++) {
        c = ngx_tolower(digest->data[i]);

        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return 0;
        }
    }

    return 1;
}


/*
 * What a lenient server could take for a managing path, as "/api/Pull",
 * "/api/pull/x" or "/api/pull;x", is under model_allow's "manage" too.
 */

static ngx_uint_t
ngx_http_model_endpoint_manages(ngx_str_t *path)
{
    u_char      c;
    ngx_str_t  *s;

    for (s = ngx_http_model_endpoint_manage; s->len; s++) {

        if (path->len < s->len
            || ngx_strncasecmp(path->data, s->data, s->len) != 0)
        {
            continue;
        }

        if (path->len == s->len) {
            return 1;
        }

        c = ngx_tolower(path->data[s->len]);

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-') {
            return 1;
        }
    }

    return 0;
}
