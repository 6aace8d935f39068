/* unit: src/ngx_http_model_client.c -lcrypto + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Client keys: the file, what is wrong in one and what the message may tell,
 * and where a request shows its key.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/evp.h>

#include "ngx_http_model_client.h"


#define SUM                                                                   \
    "0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789abcdef"
#define SUM2                                                                  \
    "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


typedef struct {
    const char   *name;
    const char   *text;
    const char   *message;      /* that the log holds */
    const char   *secret;       /* that it must not */
} test_error_t;


typedef struct {
    const char   *name;
    const char   *headers[6];   /* name, value, ... */
    const char   *path;
    const char   *client;
    const char   *rest;
} test_request_t;


static void ok(ngx_uint_t good, const char *name);
static void *must(void *p);
static void log_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len);
static void sum_of(const char *key, char *hex);
static ngx_array_t *read_text(const char *text, size_t len);
static ngx_uint_t eq(ngx_str_t *s, const char *text);
static void test_file(void);
static void test_errors(void);
static void test_unreadable(void);
static ngx_array_t *create_clients(void);
static void test_find(void);
static void push_header(ngx_http_request_t *r, const char *name,
    const char *value);
static ngx_http_request_t *create_request(ngx_uint_t part);
static void test_identify(void);
static void test_headers_in_parts(void);


static char         test_text[8192], test_name[256];
static ngx_log_t    test_log;
static ngx_conf_t   test_conf;
static ngx_cycle_t  test_cycle;
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

    test_cycle.log = &test_log;
    test_cycle.pool = pool;
    ngx_cycle = &test_cycle;

    test_conf.cycle = &test_cycle;
    test_conf.pool = pool;
    test_conf.temp_pool = pool;
    test_conf.log = &test_log;

    test_file();
    test_errors();
    test_unreadable();
    test_find();
    test_identify();
    test_headers_in_parts();

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
        printf("# log: %s\n", test_text);
    }

    printf("%sok %u - %s\n", good ? "" : "not ", (unsigned) tests, name);
}


static void *
must(void *p)
{
    if (p == NULL) {
        printf("Bail out! no memory, no file or a list of keys refused\n");
        exit(1);
    }

    return p;
}


static void
log_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf, size_t len)
{
    size_t  used;

    (void) log;
    (void) level;

    used = ngx_strlen(test_text);
    len = ngx_min(len, sizeof(test_text) - 1 - used);

    ngx_memcpy(test_text + used, buf, len);
    test_text[used + len] = '\0';
}


static void
sum_of(const char *key, char *hex)
{
    u_char        sum[EVP_MAX_MD_SIZE];
    unsigned int  len;

    if (EVP_Digest(key, ngx_strlen(key), sum, &len, EVP_sha256(), NULL) != 1) {
        must(NULL);
    }

    *ngx_hex_dump((u_char *) hex, sum, len) = '\0';
}


static ngx_array_t *
read_text(const char *text, size_t len)
{
    int           fd;
    ssize_t       n;
    ngx_str_t     path;
    ngx_array_t  *clients;

    (void) snprintf(test_name, sizeof(test_name), "%s/model-client-XXXXXX",
                    getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");

    fd = mkstemp(test_name);
    n = (fd == -1) ? -1 : write(fd, text, len);

    if (n != (ssize_t) len) {
        must(NULL);
    }

    (void) close(fd);

    test_text[0] = '\0';

    path.len = ngx_strlen(test_name);
    path.data = (u_char *) test_name;

    clients = ngx_http_model_client_read(&test_conf, &path);

    (void) unlink(test_name);

    return clients;
}


static ngx_uint_t
eq(ngx_str_t *s, const char *text)
{
    return s->len == ngx_strlen(text)
           && ngx_memcmp(s->data, text, s->len) == 0;
}


static void
test_file(void)
{
    ngx_str_t                *pattern;
    ngx_array_t              *clients;
    ngx_http_model_client_t  *client;

    static char  text[] =
        "# names and sums\r\n"
        "\n"
        "alice:" SUM "\r\n"
        "  \t# indented\n"
        "Bob.B_1@x-y:" SUM2 " acme:*\t openai/gpt-5* \n"
        "# last:" SUM;

    static char  last[] = "a:" SUM;

    clients = must(read_text(text, sizeof(text) - 1));
    client = clients->elts;

    ok(clients->nelts == 2, "two clients");
    ok(eq(&client[0].name, "alice") && client[0].patterns == NULL,
       "a client with every model");
    ok(client[0].sum[0] == 0x01 && client[0].sum[23] == 0xef
       && client[0].sum[31] == 0xef, "its sum, digits of both cases");
    ok(eq(&client[1].name, "Bob.B_1@x-y"), "name of all letters allowed");

    pattern = client[1].patterns ? client[1].patterns->elts : NULL;

    ok(pattern && client[1].patterns->nelts == 2
       && eq(&pattern[0], "acme:*") && eq(&pattern[1], "openai/gpt-5*"),
       "patterns");
    ok(test_text[0] == '\0', "nothing is logged");

    clients = read_text(last, sizeof(last) - 1);
    ok(clients && clients->nelts == 1, "last line without its end");
}


static void
test_errors(void)
{
    char           name[128];
    ngx_uint_t     i;
    ngx_array_t   *clients;

    static test_error_t  errors[] = {
        { "empty file", "", "no client key in \"", NULL },
        { "comments alone", "# x\n\n", "no client key in \"", NULL },
        { "a bare key", "# x\nsk-top-secret\n",
          "no \"name:sha256-of-key\" in line 2 of \"", "top-secret" },
        { "a key for a sum", "joe:sk-top-secret\n",
          "invalid SHA-256 sum, 64 hex digits are expected, as "
          "\"printf %s KEY | sha256sum\" prints, for \"joe\" in line 1 of",
          "top-secret" },
        { "a short sum", "joe:0123456789abcdef\n", "invalid SHA-256 sum",
          "0123456789abcdef" },
        { "a long sum", "joe:" SUM "0\n", "invalid SHA-256 sum", SUM },
        { "no hex", "joe:x123456789abcdef0123456789abcdef"
          "0123456789abcdef0123456789abcdef\n", "invalid SHA-256 sum",
          "456789abc" },
        { "no name", ":" SUM "\n", "invalid client name", SUM },
        { "a bad letter", "top$secret:" SUM "\n", "invalid client name",
          "secret" },
        { "a long name",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:"
          SUM "\n", "invalid client name", "aaaa" },
        { "a name twice", "joe:" SUM "\n\njoe:" SUM2 "\n",
          "duplicate client name for \"joe\" in line 3 of", SUM2 },
        { "a key twice", "joe:" SUM "\nann:" SUM " x\n",
          "another client has the key for \"ann\" in line 2 of", SUM },
        { "a control character", "joe:" SUM " ac\001me\n",
          "control character in a pattern for \"joe\"", "me\n" },
        { "a sum apart", "joe: " SUM "\n", "invalid SHA-256 sum", SUM }
    };

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        clients = read_text(errors[i].text, ngx_strlen(errors[i].text));

        (void) snprintf(name, sizeof(name), "%s: refused", errors[i].name);
        ok(clients == NULL && ngx_strstr(test_text, errors[i].message), name);

        (void) snprintf(name, sizeof(name), "%s: not told", errors[i].name);
        ok(errors[i].secret == NULL
           || ngx_strstr(test_text, errors[i].secret) == NULL, name);
    }
}


static void
test_unreadable(void)
{
    ngx_str_t  path;

    ngx_str_set(&test_cycle.conf_prefix, "/nonexistent/");

    test_text[0] = '\0';
    ngx_str_set(&path, "keys");

    ok(ngx_http_model_client_read(&test_conf, &path) == NULL
       && ngx_strstr(test_text, "open() \"/nonexistent/keys\" failed"),
       "no such file below the prefix of the configuration");
    ok(eq(&path, "keys"), "the path given is not changed");

    test_text[0] = '\0';
    ngx_str_set(&path, "/");

    ok(ngx_http_model_client_read(&test_conf, &path) == NULL
       && ngx_strstr(test_text, "\"/\" is not a regular file"),
       "a directory");

    test_text[0] = '\0';
    ngx_str_null(&path);

    ok(ngx_http_model_client_read(&test_conf, &path) == NULL
       && ngx_strstr(test_text, "no file is named"), "no path");
}


static ngx_array_t *
create_clients(void)
{
    char  text[1024], a[65], b[65], c[65];

    sum_of("alice-secret", a);
    sum_of("bob-secret-2", b);
    sum_of("short", c);

    (void) snprintf(text, sizeof(text), "alice:%s\nbob:%s x\nshort:%s\n",
                    a, b, c);

    return must(read_text(text, ngx_strlen(text)));
}


static void
test_find(void)
{
    ngx_str_t                 key;
    ngx_array_t              *clients;
    ngx_http_model_client_t  *client;

    clients = create_clients();
    client = clients->elts;

    ngx_str_set(&key, "alice-secret");
    ok(ngx_http_model_client_find(clients, &key) == &client[0], "first key");

    ngx_str_set(&key, "short");
    ok(ngx_http_model_client_find(clients, &key) == &client[2], "last key");

    ngx_str_set(&key, "Alice-secret");
    ok(ngx_http_model_client_find(clients, &key) == NULL, "another key");

    ngx_str_set(&key, "");
    ok(ngx_http_model_client_find(clients, &key) == NULL, "an empty key");

    key = client[0].name;
    ok(ngx_http_model_client_find(clients, &key) == NULL, "a name is no key");
}


static void
push_header(ngx_http_request_t *r, const char *name, const char *value)
{
    ngx_table_elt_t  *h;

    h = must(ngx_list_push(&r->headers_in.headers));
    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.len = ngx_strlen(name);
    h->key.data = (u_char *) name;
    h->value.len = ngx_strlen(value);
    h->value.data = (u_char *) value;
}


static ngx_http_request_t *
create_request(ngx_uint_t part)
{
    ngx_http_request_t  *r;

    r = must(ngx_pcalloc(pool, sizeof(ngx_http_request_t)));
    r->pool = pool;

    if (ngx_list_init(&r->headers_in.headers, pool, part,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        must(NULL);
    }

    return r;
}


static void
test_identify(void)
{
    ngx_str_t                 path, rest;
    ngx_uint_t                i, j;
    ngx_array_t              *clients;
    test_request_t           *t;
    ngx_http_request_t       *r;
    ngx_http_model_client_t  *client;

    static test_request_t  requests[] = {
        { "nothing", { NULL }, "/api/tags", NULL, "/api/tags" },
        { "Bearer", { "Authorization", "Bearer alice-secret", NULL },
          "/api/tags", "alice", "/api/tags" },
        { "bearer", { "authorization", "bEARER bob-secret-2", NULL },
          "/api/tags", "bob", "/api/tags" },
        { "empty Bearer", { "Authorization", "Bearer", NULL },
          "/api/tags", NULL, "/api/tags" },
        { "blank Bearer", { "Authorization", "Bearer ", NULL },
          "/api/tags", NULL, "/api/tags" },
        { "two spaces", { "Authorization", "Bearer  alice-secret", NULL },
          "/api/tags", NULL, "/api/tags" },
        { "another scheme", { "Authorization", "Basic alice-secret", NULL },
          "/api/tags", NULL, "/api/tags" },
        { "no scheme", { "Authorization", "alice-secret", NULL },
          "/api/tags", NULL, "/api/tags" },
        { "x-api-key", { "X-Api-Key", "alice-secret", NULL },
          "/v1/messages", "alice", "/v1/messages" },
        { "empty x-api-key", { "x-api-key", "", NULL },
          "/v1/messages", NULL, "/v1/messages" },
        { "another header", { "api-key", "alice-secret", NULL },
          "/v1/messages", NULL, "/v1/messages" },
        { "Bearer before x-api-key",
          { "x-api-key", "alice-secret", "Authorization",
            "Bearer bob-secret-2", NULL },
          "/v1/messages", "bob", "/v1/messages" },
        { "x-api-key where Bearer does not fit",
          { "Authorization", "Bearer dummy", "x-api-key", "alice-secret",
            NULL },
          "/v1/messages", "alice", "/v1/messages" },
        { "path", { NULL }, "/alice-secret/api/tags", "alice", "/api/tags" },
        { "path alone", { NULL }, "/alice-secret", "alice", "/" },
        { "path and slash", { NULL }, "/alice-secret/", "alice", "/" },
        { "path where Bearer does not fit",
          { "Authorization", "Bearer ollama", NULL },
          "/bob-secret-2/v1/models/a/b", "bob", "/v1/models/a/b" },
        { "path is cut where Bearer tells who it is",
          { "Authorization", "Bearer alice-secret", NULL },
          "/bob-secret-2/api/tags", "alice", "/api/tags" },
        { "a short segment", { NULL }, "/short/api/tags", NULL,
          "/short/api/tags" },
        { "a short key by Bearer", { "Authorization", "Bearer short", NULL },
          "/api/tags", "short", "/api/tags" },
        { "second segment", { NULL }, "/api/alice-secret", NULL,
          "/api/alice-secret" },
        { "a name in the path", { NULL }, "/alice-secrets/api", NULL,
          "/alice-secrets/api" },
        { "empty path", { NULL }, "", NULL, "" }
    };

    clients = create_clients();

    for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        t = &requests[i];
        r = create_request(4);

        for (j = 0; t->headers[j]; j += 2) {
            push_header(r, t->headers[j], t->headers[j + 1]);
        }

        path.len = ngx_strlen(t->path);
        path.data = (u_char *) t->path;

        client = ngx_http_model_client_identify(r, clients, &path, &rest);

        ok((client == NULL) == (t->client == NULL)
           && (client == NULL || eq(&client->name, t->client))
           && eq(&rest, t->rest), t->name);
    }
}


static void
test_headers_in_parts(void)
{
    ngx_str_t                 path, rest;
    ngx_array_t              *clients;
    ngx_http_request_t       *r;
    ngx_http_model_client_t  *client;

    clients = create_clients();
    r = create_request(1);

    push_header(r, "Host", "a");
    push_header(r, "x-api-key", "wrong");
    push_header(r, "X-API-KEY", "bob-secret-2");
    push_header(r, "Accept", "*");

    ngx_str_set(&path, "/api/tags");

    client = ngx_http_model_client_identify(r, clients, &path, &rest);

    ok(client && eq(&client->name, "bob"), "headers in several parts");
}
