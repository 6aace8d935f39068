
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ngx_http_model_client.h"


#define NGX_HTTP_MODEL_CLIENT_SUM_LEN    32
#define NGX_HTTP_MODEL_CLIENT_NAME_LEN   64
#define NGX_HTTP_MODEL_CLIENT_FILE_SIZE  (16 * 1024 * 1024)

/* shorter segments of a path are never taken for a key */
#define NGX_HTTP_MODEL_CLIENT_SEGMENT    8


static ngx_int_t ngx_http_model_client_load(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *text);
static ngx_int_t ngx_http_model_client_load_fd(ngx_conf_t *cf, ngx_fd_t fd,
    ngx_str_t *file, ngx_str_t *text);
static const char *ngx_http_model_client_line(ngx_pool_t *pool,
    ngx_array_t *clients, ngx_str_t *line, ngx_str_t *name);
static ngx_uint_t ngx_http_model_client_valid(ngx_str_t *name);
static ngx_uint_t ngx_http_model_client_sum(u_char *sum, ngx_str_t *text);
static const char *ngx_http_model_client_patterns(ngx_pool_t *pool,
    ngx_http_model_client_t *client, ngx_str_t *line);
static ngx_str_t ngx_http_model_client_word(ngx_str_t *line);
static ngx_http_model_client_t *ngx_http_model_client_headers(
    ngx_http_request_t *r, ngx_array_t *clients);
static ngx_http_model_client_t *ngx_http_model_client_path(
    ngx_array_t *clients, ngx_str_t *path, ngx_str_t *rest);


ngx_array_t *
ngx_http_model_client_read(ngx_conf_t *cf, ngx_str_t *path)
{
    u_char       *p, *last;
    ngx_str_t     file, text, line, name;
    ngx_uint_t    n;
    const char   *err;
    ngx_array_t  *clients;

    file = *path;

    if (file.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"model_keys\": no file is named, "
                           "\"file:PATH\" is expected");
        return NULL;
    }

    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK
        || ngx_http_model_client_load(cf, &file, &text) != NGX_OK)
    {
        return NULL;
    }

    clients = ngx_array_create(cf->pool, 4, sizeof(ngx_http_model_client_t));
    if (clients == NULL) {
        return NULL;
    }

    p = text.data;
    last = text.data + text.len;

    for (n = 1; p < last; n++) {
        line.data = p;

        p = ngx_strlchr(p, last, '\n');
        if (p == NULL) {
            p = last;
        }

        line.len = p++ - line.data;

        if (line.len && line.data[line.len - 1] == '\r') {
            line.len--;
        }

        err = ngx_http_model_client_line(cf->pool, clients, &line, &name);

        if (err) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"model_keys\": %s%s%V%s in line %ui of "
                               "\"%V\"", err,
                               name.len ? " for \"" : "", &name,
                               name.len ? "\"" : "", n, &file);
            return NULL;
        }
    }

    if (clients->nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"model_keys\": no client key in \"%V\", lines of "
                           "\"name:sha256-of-key [pattern ...]\" "
                           "are expected", &file);
        return NULL;
    }

    return clients;
}


static ngx_int_t
ngx_http_model_client_load(ngx_conf_t *cf, ngx_str_t *file, ngx_str_t *text)
{
    ngx_fd_t   fd;
    ngx_int_t  rc;

    /* a named pipe must not block the reading of the configuration */

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"model_keys\": "
                           ngx_open_file_n " \"%V\" failed", file);
        return NGX_ERROR;
    }

    rc = ngx_http_model_client_load_fd(cf, fd, file, text);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", file);
    }

    return rc;
}


static ngx_int_t
ngx_http_model_client_load_fd(ngx_conf_t *cf, ngx_fd_t fd, ngx_str_t *file,
    ngx_str_t *text)
{
    size_t           size;
    ssize_t          n;
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"model_keys\": "
                           ngx_fd_info_n " \"%V\" failed", file);
        return NGX_ERROR;
    }

    if (!ngx_is_file(&fi)
        || ngx_file_size(&fi) > NGX_HTTP_MODEL_CLIENT_FILE_SIZE)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"model_keys\": \"%V\" is not a regular file of "
                           "at most 16m",
                           file);
        return NGX_ERROR;
    }

    size = (size_t) ngx_file_size(&fi);

    text->len = 0;
    text->data = ngx_pnalloc(cf->temp_pool, size + 1);

    if (text->data == NULL) {
        return NGX_ERROR;
    }

    while (text->len < size) {
        n = ngx_read_fd(fd, text->data + text->len, size - text->len);

        if (n == -1) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                               "\"model_keys\": "
                               ngx_read_fd_n " \"%V\" failed", file);
            return NGX_ERROR;
        }

        if (n == 0) {
            break;
        }

        text->len += n;
    }

    return NGX_OK;
}


/*
 * Returns NULL, or what is wrong; then name is the line's when that is valid,
 * else empty: nothing else of a line may be told, it could be a key.
 */

static const char *
ngx_http_model_client_line(ngx_pool_t *pool, ngx_array_t *clients,
    ngx_str_t *line, ngx_str_t *name)
{
    u_char                   *p, sum[NGX_HTTP_MODEL_CLIENT_SUM_LEN];
    ngx_str_t                 word, rest, text;
    ngx_uint_t                i;
    ngx_http_model_client_t  *client;

    ngx_str_null(name);

    rest = *line;
    word = ngx_http_model_client_word(&rest);

    if (word.len == 0 || word.data[0] == '#') {
        return NULL;
    }

    p = ngx_strlchr(word.data, word.data + word.len, ':');

    if (p == NULL) {
        return "no \"name:sha256-of-key\"";
    }

    text.len = p - word.data;
    text.data = word.data;

    if (!ngx_http_model_client_valid(&text)) {
        return "invalid client name, 1 to 64 of A-Z a-z 0-9 _ . @ - "
               "are expected,";
    }

    *name = text;

    text.len = word.data + word.len - (p + 1);
    text.data = p + 1;

    if (!ngx_http_model_client_sum(sum, &text)) {
        return "invalid SHA-256 sum, 64 hex digits are expected, as "
               "\"printf %s KEY | sha256sum\" prints,";
    }

    client = clients->elts;

    for (i = 0; i < clients->nelts; i++) {

        if (client[i].name.len == name->len
            && ngx_memcmp(client[i].name.data, name->data, name->len) == 0)
        {
            return "duplicate client name";
        }

        if (ngx_memcmp(client[i].sum, sum, sizeof(sum)) == 0) {
            return "another client has the key";
        }
    }

    client = ngx_array_push(clients);
    if (client == NULL) {
        return "no memory for the key";
    }

    ngx_memcpy(client->sum, sum, sizeof(sum));
    client->patterns = NULL;

    client->name.len = name->len;
    client->name.data = ngx_pstrdup(pool, name);

    if (client->name.data == NULL) {
        return "no memory for the key";
    }

    return ngx_http_model_client_patterns(pool, client, &rest);
}


static ngx_uint_t
ngx_http_model_client_valid(ngx_str_t *name)
{
    u_char  c, *p;
    size_t  i;

    static u_char  others[] = "_.@-";

    if (name->len == 0 || name->len > NGX_HTTP_MODEL_CLIENT_NAME_LEN) {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        c = ngx_tolower(name->data[i]);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            continue;
        }

        p = ngx_strlchr(others, others + sizeof(others) - 1, c);
        if (p == NULL) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_http_model_client_sum(u_char *sum, ngx_str_t *text)
{
    ngx_int_t   n;
    ngx_uint_t  i;

    if (text->len != 2 * NGX_HTTP_MODEL_CLIENT_SUM_LEN) {
        return 0;
    }

    for (i = 0; i < NGX_HTTP_MODEL_CLIENT_SUM_LEN; i++) {
        n = ngx_hextoi(text->data + 2 * i, 2);

        if (n == NGX_ERROR) {
            return 0;
        }

        sum[i] = (u_char) n;
    }

    return 1;
}


static const char *
ngx_http_model_client_patterns(ngx_pool_t *pool,
    ngx_http_model_client_t *client, ngx_str_t *line)
{
    size_t      i;
    ngx_str_t   word, *pattern;

    for ( ;; ) {
        word = ngx_http_model_client_word(line);

        if (word.len == 0) {
            return NULL;
        }

        for (i = 0; i < word.len; i++) {
            if (word.data[i] < 0x20 || word.data[i] == 0x7f) {
                return "control character in a pattern";
            }
        }

        if (client->patterns == NULL) {
            client->patterns = ngx_array_create(pool, 2, sizeof(ngx_str_t));
            if (client->patterns == NULL) {
                return "no memory for the key";
            }
        }

        pattern = ngx_array_push(client->patterns);
        if (pattern == NULL) {
            return "no memory for the key";
        }

        pattern->len = word.len;
        pattern->data = ngx_pstrdup(pool, &word);

        if (pattern->data == NULL) {
            return "no memory for the key";
        }
    }
}


/* takes the next word off the line, empty at its end */

static ngx_str_t
ngx_http_model_client_word(ngx_str_t *line)
{
    ngx_str_t  word;

    while (line->len && (*line->data == ' ' || *line->data == '\t')) {
        line->data++;
        line->len--;
    }

    word.len = 0;
    word.data = line->data;

    while (line->len && *line->data != ' ' && *line->data != '\t') {
        line->data++;
        line->len--;
        word.len++;
    }

    return word;
}


ngx_http_model_client_t *
ngx_http_model_client_find(ngx_array_t *clients, ngx_str_t *key)
{
    u_char                    sum[EVP_MAX_MD_SIZE];
    ngx_uint_t                i;
    unsigned int              len;
    ngx_http_model_client_t  *client, *found;

    if (key->len == 0
        || EVP_Digest(key->data, key->len, sum, &len, EVP_sha256(), NULL) != 1
        || len != NGX_HTTP_MODEL_CLIENT_SUM_LEN)
    {
        return NULL;
    }

    found = NULL;
    client = clients->elts;

    for (i = 0; i < clients->nelts; i++) {
        if (CRYPTO_memcmp(client[i].sum, sum, NGX_HTTP_MODEL_CLIENT_SUM_LEN)
            == 0)
        {
            found = &client[i];
        }
    }

    return found;
}


ngx_http_model_client_t *
ngx_http_model_client_identify(ngx_http_request_t *r, ngx_array_t *clients,
    ngx_str_t *path, ngx_str_t *rest)
{
    ngx_http_model_client_t  *client, *segment;

    /* a key in the path is cut off also where a header tells who it is */

    client = ngx_http_model_client_headers(r, clients);
    segment = ngx_http_model_client_path(clients, path, rest);

    return client ? client : segment;
}


static ngx_http_model_client_t *
ngx_http_model_client_headers(ngx_http_request_t *r, ngx_array_t *clients)
{
    ngx_str_t                 key;
    ngx_uint_t                i;
    ngx_list_part_t          *part;
    ngx_table_elt_t          *h;
    ngx_http_model_client_t  *client, *found;

    static ngx_str_t  bearer = ngx_string("Bearer ");
    static ngx_str_t  authorization = ngx_string("Authorization");
    static ngx_str_t  x_api_key = ngx_string("x-api-key");

    found = NULL;
    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {

            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        key = h[i].value;

        if (h[i].key.len == authorization.len
            && ngx_strncasecmp(h[i].key.data, authorization.data,
                               authorization.len)
               == 0)
        {
            if (key.len <= bearer.len
                || ngx_strncasecmp(key.data, bearer.data, bearer.len) != 0)
            {
                continue;
            }

            key.len -= bearer.len;
            key.data += bearer.len;

            client = ngx_http_model_client_find(clients, &key);

            if (client) {
                return client;
            }

        } else if (found == NULL
                   && h[i].key.len == x_api_key.len
                   && ngx_strncasecmp(h[i].key.data, x_api_key.data,
                                      x_api_key.len)
                      == 0)
        {
            found = ngx_http_model_client_find(clients, &key);
        }
    }

    return found;
}


static ngx_http_model_client_t *
ngx_http_model_client_path(ngx_array_t *clients, ngx_str_t *path,
    ngx_str_t *rest)
{
    u_char                   *p, *last;
    ngx_str_t                 key;
    ngx_http_model_client_t  *client;

    *rest = *path;

    if (path->len < 1 + NGX_HTTP_MODEL_CLIENT_SEGMENT
        || path->data[0] != '/')
    {
        return NULL;
    }

    last = path->data + path->len;
    key.data = path->data + 1;

    p = ngx_strlchr(key.data, last, '/');
    if (p == NULL) {
        p = last;
    }

    key.len = p - key.data;

    if (key.len < NGX_HTTP_MODEL_CLIENT_SEGMENT) {
        return NULL;
    }

    client = ngx_http_model_client_find(clients, &key);

    if (client == NULL) {
        return NULL;
    }

    if (p == last) {
        ngx_str_set(rest, "/");

    } else {
        rest->len = last - p;
        rest->data = p;
    }

    return client;
}
