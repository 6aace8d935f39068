/* unit: src/ngx_http_model_endpoint.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The table of API paths: each row by its path, by its path without "/v1",
 * and what must not be taken for something else.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_endpoint.h"


#define READ  (NGX_HTTP_GET|NGX_HTTP_HEAD)

#define DIGEST                                                                \
    "0123456789abcdefABCDEF6789abcdef0123456789abcdef0123456789abcdef"


typedef struct {
    const char                 *path;
    ngx_http_model_endpoint_e   type;
    ngx_uint_t                  kind;
    ngx_uint_t                  dialect;
    const char                 *upstream;
    const char                 *rest;
} test_path_t;


static void ok(ngx_uint_t good, const char *name);
static const ngx_http_model_endpoint_t *find(const char *path,
    ngx_str_t *rest);
static void test_rows(void);
static void test_paths(void);
static void test_facts(void);


static ngx_uint_t   tests, failed;


static test_path_t  paths[] = {

#define OLLAMA_ROUTED(p)                                                      \
    { p, NGX_HTTP_MODEL_EP_ROUTED, NGX_HTTP_MODEL_INFERENCE,                  \
      NGX_HTTP_MODEL_OLLAMA, p, "" }

#define OLLAMA_MANAGE(p)                                                      \
    { p, NGX_HTTP_MODEL_EP_ROUTED, NGX_HTTP_MODEL_MANAGE,                     \
      NGX_HTTP_MODEL_OLLAMA, p, "" }

#define OPENAI_ROUTED(p)                                                      \
    { "/v1" p, NGX_HTTP_MODEL_EP_ROUTED, NGX_HTTP_MODEL_INFERENCE,            \
      NGX_HTTP_MODEL_OPENAI, "/v1" p, "" },                                   \
    { p, NGX_HTTP_MODEL_EP_ROUTED, NGX_HTTP_MODEL_INFERENCE,                  \
      NGX_HTTP_MODEL_OPENAI, "/v1" p, "" }

#define ANTHROPIC_ROUTED(p)                                                   \
    { "/v1" p, NGX_HTTP_MODEL_EP_ROUTED, NGX_HTTP_MODEL_INFERENCE,            \
      NGX_HTTP_MODEL_ANTHROPIC, "/v1" p, "" },                                \
    { p, NGX_HTTP_MODEL_EP_ROUTED, NGX_HTTP_MODEL_INFERENCE,                  \
      NGX_HTTP_MODEL_ANTHROPIC, "/v1" p, "" }

#define LOCAL(p, type, dialect, upstream, rest)                               \
    { p, NGX_HTTP_MODEL_EP_##type, NGX_HTTP_MODEL_INFERENCE,                  \
      NGX_HTTP_MODEL_##dialect, upstream, rest }

#define BLOB(p, rest)                                                         \
    { p, NGX_HTTP_MODEL_EP_BLOB, NGX_HTTP_MODEL_MANAGE,                       \
      NGX_HTTP_MODEL_OLLAMA, "/api/blobs/", rest }

#define OTHER(p, kind, dialect)                                               \
    { p, NGX_HTTP_MODEL_EP_OTHER, NGX_HTTP_MODEL_##kind,                      \
      NGX_HTTP_MODEL_##dialect, "", "" }

    OLLAMA_ROUTED("/api/chat"),
    OLLAMA_ROUTED("/api/generate"),
    OLLAMA_ROUTED("/api/embed"),
    OLLAMA_ROUTED("/api/embeddings"),

    OLLAMA_MANAGE("/api/pull"),
    OLLAMA_MANAGE("/api/push"),
    OLLAMA_MANAGE("/api/create"),
    OLLAMA_MANAGE("/api/copy"),
    OLLAMA_MANAGE("/api/delete"),

    OPENAI_ROUTED("/chat/completions"),
    OPENAI_ROUTED("/completions"),
    OPENAI_ROUTED("/embeddings"),
    OPENAI_ROUTED("/responses"),
    OPENAI_ROUTED("/rerank"),
    OPENAI_ROUTED("/images/generations"),
    OPENAI_ROUTED("/images/edits"),
    OPENAI_ROUTED("/images/variations"),
    OPENAI_ROUTED("/audio/transcriptions"),
    OPENAI_ROUTED("/audio/translations"),
    OPENAI_ROUTED("/audio/speech"),
    OPENAI_ROUTED("/moderations"),
    ANTHROPIC_ROUTED("/messages"),
    ANTHROPIC_ROUTED("/messages/count_tokens"),

    LOCAL("/", ROOT, OLLAMA, "/", ""),
    LOCAL("/api/version", VERSION, OLLAMA, "/api/version", ""),
    LOCAL("/api/tags", TAGS, OLLAMA, "/api/tags", ""),
    LOCAL("/api/tags/", TAGS, OLLAMA, "/api/tags", ""),
    LOCAL("/api/ps", PS, OLLAMA, "/api/ps", ""),
    LOCAL("/api/show", SHOW, OLLAMA, "/api/show", ""),
    LOCAL("/api/v1/models", LMSTUDIO, OPENAI, "/api/v1/models", ""),
    LOCAL("/v1/models", MODELS, OPENAI, "/v1/models", ""),
    LOCAL("/v1/models/", MODELS, OPENAI, "/v1/models", ""),
    LOCAL("/models", MODELS, OPENAI, "/v1/models", ""),
    LOCAL("/v1/models/a", MODEL, OPENAI, "/v1/models/", "a"),
    LOCAL("/models/a", MODEL, OPENAI, "/v1/models/", "a"),
    LOCAL("/v1/models/or:meta/llama:free", MODEL, OPENAI, "/v1/models/",
          "or:meta/llama:free"),
    LOCAL("/v1/models/a/b/", MODEL, OPENAI, "/v1/models/", "a/b"),
    LOCAL("/v1/models/api/pull", MODEL, OPENAI, "/v1/models/", "api/pull"),

    BLOB("/api/blobs/sha256:" DIGEST, "sha256:" DIGEST),
    BLOB("/api/blobs/sha256-" DIGEST, "sha256-" DIGEST),
    BLOB("/api/blobs/sha256:" DIGEST "/", "sha256:" DIGEST),

    /* never under "other", where model_allow could let them through */

    OTHER("/api/blobs", MANAGE, OLLAMA),
    OTHER("/api/blobs/", MANAGE, OLLAMA),
    OTHER("/api/blobs/x", MANAGE, OLLAMA),
    OTHER("/api/blobs/sha256:0123", MANAGE, OLLAMA),
    OTHER("/api/blobs/sha256:" DIGEST "0", MANAGE, OLLAMA),
    OTHER("/api/blobs/sha256_" DIGEST, MANAGE, OLLAMA),
    OTHER("/api/blobs/SHA256:" DIGEST, MANAGE, OLLAMA),
    OTHER("/api/blobs/sha256:" DIGEST "/x", MANAGE, OLLAMA),
    OTHER("/api/blobs/sha256:\x10" "123456789abcdef0123456789abcdef"
          "0123456789abcdef0123456789abcdef", MANAGE, OLLAMA),
    OTHER("/api/pull/x", MANAGE, OLLAMA),
    OTHER("/api/pull;x", MANAGE, OLLAMA),
    OTHER("/api/pull\x11", MANAGE, OLLAMA),
    OTHER("/api/pull.json", MANAGE, OLLAMA),
    OTHER("/api/Pull", MANAGE, OLLAMA),
    OTHER("/API/DELETE", MANAGE, OLLAMA),
    OTHER("/api/push/a/b", MANAGE, OLLAMA),
    OTHER("/api/copy ", MANAGE, OLLAMA),
    OTHER("/api/create%", MANAGE, OLLAMA),

    OTHER("/api/pullman", OTHER, OLLAMA),
    OTHER("/api/copy-of", OTHER, OLLAMA),
    OTHER("/api/me", OTHER, OLLAMA),
    OTHER("/api/chat/x", OTHER, OLLAMA),
    OTHER("/api/cha", OTHER, OLLAMA),
    OTHER("/api/chatt", OTHER, OLLAMA),
    OTHER("/api/v1/models/x", OTHER, OLLAMA),
    OTHER("/api", OTHER, OPENAI),
    OTHER("/v1", OTHER, OPENAI),
    OTHER("/v1/", OTHER, OPENAI),
    OTHER("/v1/v1/models", OTHER, OPENAI),
    OTHER("/v1/api/tags", OTHER, OPENAI),
    OTHER("/v1/files", OTHER, OPENAI),
    OTHER("/files", OTHER, OPENAI),
    OTHER("/v1/chat/completions/abc", OTHER, OPENAI),
    OTHER("/v1/Chat/Completions", OTHER, OPENAI),
    OTHER("/v1/images", OTHER, OPENAI),
    OTHER("/tags", OTHER, OPENAI),
    OTHER("/v1/messages/batches", OTHER, ANTHROPIC),
    OTHER("/messages/batches", OTHER, ANTHROPIC),
    OTHER("/v1/messagesx", OTHER, OPENAI),
    OTHER("/zzz", OTHER, OPENAI),
    OTHER("", OTHER, OPENAI)
};


int ngx_cdecl
main(void)
{
    test_rows();
    test_paths();
    test_facts();

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


static const ngx_http_model_endpoint_t *
find(const char *path, ngx_str_t *rest)
{
    ngx_str_t  s;

    s.len = ngx_strlen(path);
    s.data = (u_char *) path;

    return ngx_http_model_endpoint_find(&s, rest);
}


/* the search is right only while the rows are sorted */

static void
test_rows(void)
{
    ngx_str_t                         rest, *a, *b;
    ngx_uint_t                        i, n, fixed, sorted, found, sane;
    const ngx_http_model_endpoint_t  *row;

    row = ngx_http_model_endpoints(&n);

    fixed = 0;
    sorted = 1;
    found = 1;
    sane = 1;

    for (i = 0; i < n; i++) {

        if (row[i].methods == 0
            || row[i].dialect >= NGX_HTTP_MODEL_NDIALECTS
            || (row[i].kind != NGX_HTTP_MODEL_INFERENCE
                && row[i].kind != NGX_HTTP_MODEL_MANAGE
                && row[i].kind != NGX_HTTP_MODEL_OTHER)
            || (row[i].type == NGX_HTTP_MODEL_EP_ROUTED
                && row[i].names == NGX_HTTP_MODEL_NAMES_NONE))
        {
            sane = 0;
        }

        a = (ngx_str_t *) &row[i].path;

        if (row[i].type == NGX_HTTP_MODEL_EP_MODEL
            || row[i].type == NGX_HTTP_MODEL_EP_BLOB
            || row[i].type == NGX_HTTP_MODEL_EP_OTHER)
        {
            continue;
        }

        fixed++;

        if (ngx_http_model_endpoint_find(a, &rest) != &row[i]) {
            found = 0;
        }

        if (i == 0) {
            continue;
        }

        b = (ngx_str_t *) &row[i - 1].path;

        if (ngx_memn2cmp(b->data, a->data, b->len, a->len) >= 0) {
            sorted = 0;
        }
    }

    ok(fixed == 30 && n == 36, "number of rows");
    ok(sorted, "rows are sorted");
    ok(found, "rows are found by their paths");
    ok(sane, "rows have methods, kind and dialect");
}


static void
test_paths(void)
{
    ngx_str_t                         rest;
    ngx_uint_t                        i, good;
    test_path_t                      *p;
    const ngx_http_model_endpoint_t  *row;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        p = &paths[i];
        row = find(p->path, &rest);

        good = row->type == p->type
               && row->kind == p->kind
               && row->dialect == p->dialect
               && row->path.len == ngx_strlen(p->upstream)
               && ngx_memcmp(row->path.data, p->upstream, row->path.len) == 0
               && rest.len == ngx_strlen(p->rest)
               && ngx_memcmp(rest.data ? rest.data : (u_char *) "", p->rest,
                             rest.len)
                  == 0;

        ok(good, p->path[0] ? p->path : "empty path");
    }
}


static void
test_facts(void)
{
    ngx_str_t                         rest;
    const ngx_http_model_endpoint_t  *row;

    row = find("/api/chat", &rest);
    ok(row->methods == NGX_HTTP_POST && row->stream && !row->optional
       && row->names == NGX_HTTP_MODEL_NAMES_MODEL, "chat streams");

    row = find("/api/embed", &rest);
    ok(!row->stream, "embed does not stream");

    row = find("/v1/chat/completions", &rest);
    ok(!row->stream && !row->multipart && !row->optional,
       "OpenAI's chat does not stream unless asked");

    row = find("/api/delete", &rest);
    ok(row->methods == NGX_HTTP_DELETE
       && row->names == NGX_HTTP_MODEL_NAMES_EITHER && !row->stream,
       "delete is DELETE");

    row = find("/api/copy", &rest);
    ok(row->methods == NGX_HTTP_POST
       && row->names == NGX_HTTP_MODEL_NAMES_COPY, "copy names two");

    row = find("/api/create", &rest);
    ok(row->names == NGX_HTTP_MODEL_NAMES_CREATE && row->stream,
       "create names two and streams");

    row = find("/api/pull", &rest);
    ok(row->names == NGX_HTTP_MODEL_NAMES_EITHER && row->stream,
       "pull names by model or name and streams");

    row = find("/api/show", &rest);
    ok(row->methods == NGX_HTTP_POST
       && row->names == NGX_HTTP_MODEL_NAMES_EITHER, "show is POST");

    row = find("/api/ps", &rest);
    ok(row->methods == READ, "ps is read");

    row = find("/v1/models/x", &rest);
    ok(row->methods == READ, "a model is read");

    row = find("/", &rest);
    ok(row->methods == READ, "the root is read");

    row = find("/api/blobs/sha256:" DIGEST, &rest);
    ok(row->methods == (NGX_HTTP_HEAD|NGX_HTTP_POST)
       && row->names == NGX_HTTP_MODEL_NAMES_NONE, "blobs: HEAD and POST");

    row = find("/v1/audio/transcriptions", &rest);
    ok(row->multipart && !row->optional, "transcriptions are forms");

    row = find("/v1/images/edits", &rest);
    ok(row->multipart && row->optional, "edits: forms, model optional");

    row = find("/v1/responses", &rest);
    ok(row->optional && !row->multipart, "responses: model optional");

    row = find("/v1/files", &rest);
    ok((row->methods & (NGX_HTTP_PUT|NGX_HTTP_DELETE|NGX_HTTP_PATCH))
       == (NGX_HTTP_PUT|NGX_HTTP_DELETE|NGX_HTTP_PATCH),
       "unlisted paths by any method");
}
