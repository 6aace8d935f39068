
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge.h"


/* of a call: which index it has among the server's events */

typedef struct {
    ngx_uint_t                     index;
    ngx_uint_t                     part;
    ngx_http_model_bridge_text_t   text;
} ngx_http_model_collect_call_t;


static ngx_int_t ngx_http_model_collect_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_collect_text(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e, ngx_uint_t type);
static ngx_int_t ngx_http_model_collect_call(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_collect_arguments(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_collect_logprobs(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_collect_copy(ngx_http_model_bridge_t *b,
    ngx_str_t *to, ngx_str_t *from);


ngx_int_t
ngx_http_model_bridge_collect(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_uint_t  n;

    static ngx_str_t  large = ngx_string("the answer is too large to be "
                                         "collected");

    n = b->answer.parts.nelts;

    if (ngx_http_model_collect_event(b, e) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a stream that nobody sees has no other bound */

    b->kept += e->text.len + e->id.len + e->name.len
               + (b->answer.parts.nelts - n) * sizeof(ngx_http_model_part_t);

    if (b->kept > NGX_HTTP_MODEL_BRIDGE_WHOLE && !b->ended) {
        b->overflow = 1;

        return ngx_http_model_bridge_fail(b, 502, &large);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_collect_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_http_model_part_t  *part;

    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_TEXT:
        return ngx_http_model_collect_text(b, e, NGX_HTTP_MODEL_PART_TEXT);

    case NGX_HTTP_MODEL_EVENT_THINKING:
        return ngx_http_model_collect_text(b, e,
                                           NGX_HTTP_MODEL_PART_THINKING);

    case NGX_HTTP_MODEL_EVENT_REFUSAL:
        return ngx_http_model_collect_text(b, e, NGX_HTTP_MODEL_PART_REFUSAL);

    case NGX_HTTP_MODEL_EVENT_REDACTED:
        part = ngx_http_model_talk_part(&b->answer.parts,
                                        NGX_HTTP_MODEL_PART_REDACTED);

        return part ? ngx_http_model_collect_copy(b, &part->text, &e->text)
                    : NGX_ERROR;

    case NGX_HTTP_MODEL_EVENT_SIGNATURE:

        if (b->answer.parts.nelts == 0) {
            return NGX_OK;
        }

        part = b->answer.parts.elts;
        part += b->answer.parts.nelts - 1;

        return (part->type == NGX_HTTP_MODEL_PART_THINKING)
               ? ngx_http_model_collect_copy(b, &part->signature, &e->text)
               : NGX_OK;

    case NGX_HTTP_MODEL_EVENT_CALL:
        return ngx_http_model_collect_call(b, e);

    case NGX_HTTP_MODEL_EVENT_ARGUMENTS:
        return ngx_http_model_collect_arguments(b, e);

    case NGX_HTTP_MODEL_EVENT_LOGPROBS:
        return ngx_http_model_collect_logprobs(b, e);

    case NGX_HTTP_MODEL_EVENT_END:
        b->answer.reason = e->reason;
        return NGX_OK;

    default:
        return NGX_OK;
    }
}


/* appended to the last part, if that is of the type */

static ngx_int_t
ngx_http_model_collect_text(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e, ngx_uint_t type)
{
    ngx_http_model_part_t  *part;

    part = b->answer.parts.elts;

    if (b->answer.parts.nelts == 0
        || part[b->answer.parts.nelts - 1].type != type)
    {
        part = ngx_http_model_talk_part(&b->answer.parts, type);

        if (part == NULL) {
            return NGX_ERROR;
        }

        b->answer.growing.s.len = 0;
        b->answer.growing.s.data = NULL;
        b->answer.growing.size = 0;

    } else {
        part += b->answer.parts.nelts - 1;
    }

    if (ngx_http_model_bridge_keep(b, &b->answer.growing, &e->text)
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    part->text = b->answer.growing.s;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_collect_call(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_http_model_part_t          *part;
    ngx_http_model_collect_call_t  *call;

    if (b->answer.calls == NULL) {
        b->answer.calls = ngx_array_create(b->pool, 2,
                                       sizeof(ngx_http_model_collect_call_t));
        if (b->answer.calls == NULL) {
            return NGX_ERROR;
        }
    }

    call = ngx_array_push(b->answer.calls);
    if (call == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(call, sizeof(ngx_http_model_collect_call_t));

    call->index = e->index;
    call->part = b->answer.parts.nelts;

    part = ngx_http_model_talk_part(&b->answer.parts,
                                    NGX_HTTP_MODEL_PART_CALL);

    if (part == NULL
        || ngx_http_model_collect_copy(b, &part->id, &e->id) != NGX_OK
        || ngx_http_model_collect_copy(b, &part->name, &e->name) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_collect_arguments(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_uint_t                      i;
    ngx_http_model_part_t          *part;
    ngx_http_model_collect_call_t  *call;

    if (b->answer.calls == NULL) {
        return NGX_OK;
    }

    call = b->answer.calls->elts;

    for (i = b->answer.calls->nelts; i-- > 0; /* void */) {

        if (call[i].index != e->index) {
            continue;
        }

        if (ngx_http_model_bridge_keep(b, &call[i].text, &e->text)
            == NGX_ERROR)
        {
            return NGX_ERROR;
        }

        part = b->answer.parts.elts;
        part[call[i].part].text = call[i].text.s;

        break;
    }

    return NGX_OK;
}


/* those of a frame are gone with it */

static ngx_int_t
ngx_http_model_collect_logprobs(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_http_model_json_t  *entry, *copy;

    if (e->json == NULL || e->json->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return NGX_OK;
    }

    for (entry = e->json->child; entry; entry = entry->next) {
        copy = ngx_http_model_json_dup(b->pool, entry, &b->kept);

        if (copy == NULL
            || ngx_http_model_talk_extra(b->pool, &b->answer.logprobs, copy)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_collect_copy(ngx_http_model_bridge_t *b, ngx_str_t *to,
    ngx_str_t *from)
{
    ngx_str_null(to);

    if (from->len == 0) {
        return NGX_OK;
    }

    to->data = ngx_pstrdup(b->pool, from);
    if (to->data == NULL) {
        return NGX_ERROR;
    }

    to->len = from->len;

    return NGX_OK;
}
