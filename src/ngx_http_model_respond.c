
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_respond.h"


#define NGX_HTTP_MODEL_MESSAGE_LEN  1024
#define NGX_HTTP_MODEL_RETRY        5000   /* ms, where nobody knows better */


typedef struct {
    ngx_uint_t    status;
    const char   *text;
} ngx_http_model_page_t;


static ngx_int_t ngx_http_model_respond_retry(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_respond_upstream(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t *status, ngx_str_t *message);
static ngx_int_t ngx_http_model_respond_words(ngx_http_request_t *r,
    ngx_http_model_vendor_t *vendor, const char *what, ngx_str_t *message);


static ngx_http_model_page_t  ngx_http_model_pages[] = {
    { NGX_HTTP_BAD_REQUEST, "the request is malformed" },
    { NGX_HTTP_UNAUTHORIZED, "authorization is required here" },
    { NGX_HTTP_FORBIDDEN, "access is forbidden by the rules of this server" },
    { NGX_HTTP_NOT_FOUND, "there is nothing at this path" },
    { NGX_HTTP_NOT_ALLOWED, "this method is not allowed here" },
    { NGX_HTTP_REQUEST_TIME_OUT, "the request did not arrive in time" },
    { NGX_HTTP_LENGTH_REQUIRED, "the request needs a Content-Length" },
    { NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
      "the request body is larger than client_max_body_size allows" },
    { NGX_HTTP_REQUEST_URI_TOO_LARGE, "the request line is too long" },
    { NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
      "the body's media type or encoding is not supported" },
    { NGX_HTTP_TOO_MANY_REQUESTS, "too many requests, try again later" },
    { NGX_HTTP_INTERNAL_SERVER_ERROR, "the gateway failed, see its log" },
    { NGX_HTTP_NOT_IMPLEMENTED, "the request asks for what nginx cannot do" },
    { NGX_HTTP_BAD_GATEWAY, "the model server could not be reached" },
    { NGX_HTTP_SERVICE_UNAVAILABLE, "too busy, try again later" },
    { NGX_HTTP_GATEWAY_TIME_OUT, "the model server did not answer in time" },
    { 0, NULL }
};


ngx_int_t
ngx_http_model_respond(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, ngx_str_t *body, ngx_str_t *etag)
{
    ngx_int_t              rc;
    ngx_buf_t             *b;
    ngx_chain_t            out;
    ngx_table_elt_t       *h;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);
    if (ctx) {
        ctx->local = 1;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = body->len;
    r->headers_out.content_type.data = (u_char *) type;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type_len = strcspn(type, ";");
    r->headers_out.content_type_lowcase = NULL;

    if (etag) {
        h = ngx_list_push(&r->headers_out.headers);
        if (h == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        h->hash = 1;
        ngx_http_model_header_end(h);
        ngx_str_set(&h->key, "ETag");
        h->value = *etag;

        r->headers_out.etag = h;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = (body->len != 0);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t ngx_cdecl
ngx_http_model_respond_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *code, const char *param, const char *fmt, ...)
{
    u_char                *p, *last;
    va_list                args;
    ngx_str_t              body;
    ngx_uint_t             dialect;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);
    dialect = ctx->dialect;

    p = ngx_pnalloc(r->pool, NGX_HTTP_MODEL_MESSAGE_LEN);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    va_start(args, fmt);
    last = ngx_vslprintf(p, p + NGX_HTTP_MODEL_MESSAGE_LEN, fmt, args);
    va_end(args);

    ctx->message.data = p;
    ctx->message.len = last - p;

    if (ctx->dry) {
        ctx->status = status;
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "model request refused with %ui: %V", status,
                  &ctx->message);

    if (ngx_http_model_error_body(r->pool, dialect, status, code, param,
                                  &ctx->message, &body)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE
        && ngx_http_model_respond_retry(r, ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (status == NGX_HTTP_UNAUTHORIZED
        && ngx_http_model_respond_header(r, "WWW-Authenticate", "Bearer")
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    status = ngx_http_model_error_status(dialect, status);

    return ngx_http_model_respond(r, status, "application/json", &body, NULL);
}


static ngx_int_t
ngx_http_model_respond_retry(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    u_char      *p;
    ngx_msec_t   ms;

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ms = ctx->retry ? ctx->retry : NGX_HTTP_MODEL_RETRY;

    (void) ngx_sprintf(p, "%M%Z", (ms + 999) / 1000);

    return ngx_http_model_respond_header(r, "Retry-After", (char *) p);
}


ngx_int_t
ngx_http_model_respond_header(ngx_http_request_t *r, const char *name,
    const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_http_model_header_end(h);
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    return NGX_OK;
}


void
ngx_http_model_respond_remove(ngx_http_request_t *r, const char *name)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    len = ngx_strlen(name);
    part = &r->headers_out.headers.part;
    header = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if (header[i].key.len == len
            && ngx_strncasecmp(header[i].key.data, (u_char *) name, len) == 0)
        {
            header[i].hash = 0;
        }
    }
}


ngx_int_t
ngx_http_model_respond_method(ngx_http_request_t *r, ngx_uint_t methods)
{
    u_char      *p;
    ngx_str_t    allow;
    ngx_uint_t   i;

    static struct {
        ngx_uint_t    method;
        const char   *name;
    } names[] = {
        { NGX_HTTP_GET, "GET" },
        { NGX_HTTP_HEAD, "HEAD" },
        { NGX_HTTP_POST, "POST" },
        { NGX_HTTP_PUT, "PUT" },
        { NGX_HTTP_PATCH, "PATCH" },
        { NGX_HTTP_DELETE, "DELETE" }
    };

    p = ngx_pnalloc(r->pool, 64);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    allow.data = p;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (methods & names[i].method) {
            p = ngx_sprintf(p, "%s%s", (p == allow.data) ? "" : ", ",
                            names[i].name);
        }
    }

    *p = '\0';
    allow.len = p - allow.data;

    if (ngx_http_model_respond_header(r, "Allow", (char *) allow.data)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond_error(r, NGX_HTTP_NOT_ALLOWED,
                                        "method_not_supported", NULL,
                                        "this path takes %V", &allow);
}


ngx_int_t
ngx_http_model_respond_page(ngx_http_request_t *r, ngx_uint_t *status,
    ngx_str_t *body)
{
    ngx_str_t               message;
    ngx_uint_t              dialect;
    ngx_http_model_ctx_t   *ctx;
    ngx_http_model_page_t  *page;

    ctx = ngx_http_model_ctx(r);
    dialect = ctx ? ctx->dialect : NGX_HTTP_MODEL_OPENAI;

    ngx_str_set(&message, "the request failed");

    for (page = ngx_http_model_pages; page->status; page++) {
        if (page->status == *status) {
            message.data = (u_char *) page->text;
            message.len = ngx_strlen(page->text);
            break;
        }
    }

    if (ctx && ctx->vendor
        && ngx_http_model_respond_upstream(r, ctx, status, &message)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx) {
        ctx->message = message;
    }

    if (ngx_http_model_error_body(r->pool, dialect, *status, NULL, NULL,
                                  &message, body)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    *status = ngx_http_model_error_status(dialect, *status);

    return NGX_OK;
}


/* what happened between us and the vendor, in words */

static ngx_int_t
ngx_http_model_respond_upstream(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t *status, ngx_str_t *message)
{
    const char  *what;

    if (*status == NGX_HTTP_GATEWAY_TIME_OUT) {
        what = "did not answer in time";

    } else if (*status != NGX_HTTP_BAD_GATEWAY) {
        return NGX_OK;

    } else if (ctx->unresolved) {
        what = "could not be found: its name does not resolve";

    } else if (!ctx->busy && r->upstream && r->upstream->state
               && r->upstream->state->bytes_received)
    {
        what = "sent an invalid answer";

    } else if (!ctx->busy && r->upstream && r->upstream->request_sent) {
        what = "closed the connection without an answer";

    } else {
        what = ctx->busy ? "has no server that can take this request"
                         : "could not be reached";

        /* nothing was sent, and that is no news: to come again is better */

        if (ctx->down || ctx->busy) {
            *status = NGX_HTTP_SERVICE_UNAVAILABLE;

            if (ngx_http_model_respond_retry(r, ctx) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return ngx_http_model_respond_words(r, ctx->vendor, what, message);
}


ngx_int_t
ngx_http_model_respond_vendor(ngx_http_request_t *r,
    ngx_http_model_vendor_t *vendor, const char *what, ngx_str_t *body)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    if (ngx_http_model_respond_words(r, vendor, what, &ctx->message)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_error_body(r->pool, ctx->dialect,
                                     NGX_HTTP_BAD_GATEWAY, NULL, NULL,
                                     &ctx->message, body);
}


static ngx_int_t
ngx_http_model_respond_words(ngx_http_request_t *r,
    ngx_http_model_vendor_t *vendor, const char *what, ngx_str_t *message)
{
    u_char  *p;

    p = ngx_pnalloc(r->pool, sizeof("vendor \"\" ") + vendor->id.len
                             + ngx_strlen(what));
    if (p == NULL) {
        return NGX_ERROR;
    }

    message->data = p;
    message->len = ngx_sprintf(p, "vendor \"%V\" %s", &vendor->id, what) - p;

    return NGX_OK;
}
