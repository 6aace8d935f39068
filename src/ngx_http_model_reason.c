
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_failover.h"
#include "ngx_http_model_reason.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_rules.h"


#define NGX_HTTP_MODEL_REASON_NOTES  16


typedef struct {
    const char   *word;
    ngx_str_t     at;
} ngx_http_model_reason_note_t;


static ngx_int_t ngx_http_model_reason_header(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);
static ngx_int_t ngx_http_model_reason_text(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_str_t *text);
static u_char *ngx_http_model_reason_escape(u_char *p, ngx_str_t *value);


/* one of each is in the answer, and it is ours */

static char  *ngx_http_model_reason_names[] = {
    "X-Model-Vendor",
    "X-Model-Name",
    "X-Model-Server",
    "X-Model-Tries",
    "X-Model-Reason",
    NULL
};


void
ngx_http_model_reason_note(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    const char *word, ngx_str_t *at)
{
    u_char                        *p;
    ngx_http_model_reason_note_t  *note;

    if (ctx->notes == NULL) {
        ctx->notes = ngx_array_create(r->pool, 2,
                                      sizeof(ngx_http_model_reason_note_t));
        if (ctx->notes == NULL) {
            return;
        }
    }

    if (ctx->notes->nelts == NGX_HTTP_MODEL_REASON_NOTES) {
        return;
    }

    /* a peer may go away before the request does */

    p = ngx_pstrdup(r->pool, at);
    if (p == NULL) {
        return;
    }

    note = ngx_array_push(ctx->notes);
    if (note == NULL) {
        return;
    }

    note->word = word;
    note->at.len = at->len;
    note->at.data = p;
}


void
ngx_http_model_reason_failed(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_uint_t condition, ngx_str_t *at)
{
    const char  *word;

    word = ngx_http_model_rules_name(condition);

    if (word) {
        ngx_http_model_reason_note(r, ctx, word, at);
    }
}


ngx_int_t
ngx_http_model_reason_headers(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    char       **name;
    u_char       buf[NGX_INT_T_LEN];
    ngx_str_t    text;

    for (name = ngx_http_model_reason_names; *name; name++) {
        ngx_http_model_respond_remove(r, *name);
    }

    name = ngx_http_model_reason_names;

    if (ctx->vendor) {

        if (ngx_http_model_reason_header(r, name[0], &ctx->vendor->id)
            != NGX_OK
            || ngx_http_model_reason_header(r, name[1], &ctx->name) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ctx->hops) {

        if (ctx->run
            && ngx_http_model_reason_header(r, name[2], &ctx->run->server)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        text.data = buf;
        text.len = ngx_sprintf(buf, "%ui", ctx->tries) - buf;

        if (ngx_http_model_reason_header(r, name[3], &text) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ctx->reason == NULL) {
        return NGX_OK;
    }

    if (ngx_http_model_reason_text(r, ctx, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_respond_header(r, name[4], (char *) text.data);
}


static ngx_int_t
ngx_http_model_reason_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    u_char  *p, *last;

    if (value->len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, 3 * value->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_http_model_reason_escape(p, value);
    *last = '\0';

    return ngx_http_model_respond_header(r, name, (char *) p);
}


/* "alias, http_503 at 10.0.0.1:80, connect at 10.0.0.2:80" */

static ngx_int_t
ngx_http_model_reason_text(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_str_t *text)
{
    size_t                         len;
    u_char                        *p;
    ngx_uint_t                     i, n;
    ngx_http_model_reason_note_t  *note;

    n = 0;
    note = NULL;

    len = ngx_strlen(ctx->reason) + sizeof(", path key, queued");

    if (ctx->notes) {
        n = ctx->notes->nelts;
        note = ctx->notes->elts;
    }

    for (i = 0; i < n; i++) {
        len += sizeof(",  at ") + ngx_strlen(note[i].word)
               + 3 * note[i].at.len;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    p = ngx_sprintf(p, "%s%s%s", ctx->reason,
                    ctx->keyed_path ? ", path key" : "",
                    ctx->queued ? ", queued" : "");

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, ", %s at ", note[i].word);
        p = ngx_http_model_reason_escape(p, &note[i].at);
    }

    text->len = p - text->data;
    *p = '\0';

    return NGX_OK;
}


static u_char *
ngx_http_model_reason_escape(u_char *p, ngx_str_t *value)
{
    u_char   c;
    size_t   i;

    for (i = 0; i < value->len; i++) {
        c = value->data[i];

        if (c > 0x20 && c < 0x7f && c != '%') {
            *p++ = c;

        } else {
            p = ngx_sprintf(p, "%%%02Xd", (int) c);
        }
    }

    return p;
}
