
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"


#define NGX_HTTP_MODEL_OPENAI_CALLS  256   /* most of an answer */


/* a call as far as its fragments have come */

typedef struct {
    int64_t                        index;   /* the server's, or -1 */
    ngx_str_t                      id;
    ngx_str_t                      name;    /* "": it has not begun */
    ngx_http_model_bridge_text_t   kept;    /* arguments before the name */
    ngx_uint_t                     number;  /* in the answer */
    ngx_uint_t                     depth;   /* brackets open in them */
    unsigned                       object:1;
    unsigned                       string:1;
    unsigned                       escape:1;
    unsigned                       ended:1;
} ngx_http_model_openai_slot_t;


static ngx_int_t ngx_http_model_openai_fragment(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *call, ngx_http_model_json_t *function,
    int64_t index);
static ngx_http_model_openai_slot_t *ngx_http_model_openai_slot(
    ngx_array_t *slots, int64_t index, ngx_str_t *id, ngx_str_t *name,
    ngx_uint_t arguments);
static ngx_uint_t ngx_http_model_openai_differ(ngx_str_t *a, ngx_str_t *b);
static ngx_int_t ngx_http_model_openai_begin(ngx_http_model_bridge_t *b,
    ngx_http_model_openai_slot_t *slot, ngx_str_t *name);
static ngx_int_t ngx_http_model_openai_arguments(ngx_http_model_bridge_t *b,
    ngx_http_model_openai_slot_t *slot, ngx_str_t *text);
static size_t ngx_http_model_openai_follow(ngx_http_model_openai_slot_t *slot,
    ngx_str_t *text);
static ngx_int_t ngx_http_model_openai_end(ngx_http_model_bridge_t *b,
    ngx_http_model_openai_slot_t *slot);
static ngx_int_t ngx_http_model_openai_copy(ngx_http_model_bridge_t *b,
    ngx_str_t *to, ngx_str_t *from);


ngx_int_t
ngx_http_model_openai_read_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *delta)
{
    ngx_http_model_json_t  *calls, *call, *function;

    calls = ngx_http_model_json_get(delta, "tool_calls");

    if (calls && calls->type == NGX_HTTP_MODEL_JSON_ARRAY) {

        for (call = calls->child; call; call = call->next) {

            function = ngx_http_model_json_get(call, "function");

            if (ngx_http_model_openai_fragment(b, call, function,
                                   ngx_http_model_json_get_int(call, "index"))
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    /* of before tools */

    function = ngx_http_model_json_get(delta, "function_call");

    if (function && function->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_openai_fragment(b, NULL, function, 0);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_fragment(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *call, ngx_http_model_json_t *function,
    int64_t index)
{
    ngx_str_t                      id, name, text;
    ngx_array_t                   *slots;
    ngx_http_model_json_t         *value;
    ngx_http_model_openai_slot_t  *slot;

    static ngx_str_t  many = ngx_string("the answer calls too many tools");

    if (b->reader == NULL) {
        b->reader = ngx_array_create(b->pool, 2,
                                     sizeof(ngx_http_model_openai_slot_t));
        if (b->reader == NULL) {
            return NGX_ERROR;
        }
    }

    slots = b->reader;

    (void) ngx_http_model_json_get_str(call, "id", &id);
    (void) ngx_http_model_json_get_str(function, "name", &name);
    (void) ngx_http_model_json_get_str(function, "arguments", &text);

    value = ngx_http_model_json_get(function, "arguments");

    if (value && value->type == NGX_HTTP_MODEL_JSON_OBJECT
        && ngx_http_model_talk_json(b->temp, value, &text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    slot = ngx_http_model_openai_slot(slots, index, &id, &name, text.len != 0);

    if (slot == NULL) {

        if (slots->nelts == NGX_HTTP_MODEL_OPENAI_CALLS) {
            return ngx_http_model_bridge_fail(b, 502, &many);
        }

        slot = ngx_array_push(slots);
        if (slot == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(slot, sizeof(ngx_http_model_openai_slot_t));

        slot->index = index;
    }

    if (slot->id.len == 0
        && ngx_http_model_openai_copy(b, &slot->id, &id) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (slot->name.len == 0 && name.len
        && ngx_http_model_openai_begin(b, slot, &name) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return text.len ? ngx_http_model_openai_arguments(b, slot, &text)
                    : NGX_OK;
}


/*
 * The call that a fragment is of, NULL: a new one.  Servers number calls, give
 * id and name once, and cut the arguments; some number none, or all with 0,
 * some repeat id and name, or make a new id for each fragment.
 */

static ngx_http_model_openai_slot_t *
ngx_http_model_openai_slot(ngx_array_t *slots, int64_t index, ngx_str_t *id,
    ngx_str_t *name, ngx_uint_t arguments)
{
    ngx_uint_t                     i;
    ngx_http_model_openai_slot_t  *slot, *found;

    slot = slots->elts;
    found = NULL;

    for (i = slots->nelts; i-- > 0; /* void */) {

        if (index >= 0 && slot[i].index >= 0 && slot[i].index != index) {
            continue;
        }

        if (found == NULL) {
            found = &slot[i];
        }

        if (id->len == 0) {
            break;
        }

        if (id->len == slot[i].id.len
            && !ngx_http_model_openai_differ(id, &slot[i].id))
        {
            return ngx_http_model_openai_differ(name, &slot[i].name)
                   ? NULL : &slot[i];
        }
    }

    if (found == NULL) {
        return NULL;
    }

    if (ngx_http_model_openai_differ(name, &found->name)) {
        return NULL;
    }

    if (ngx_http_model_openai_differ(id, &found->id)
        && (name->len || index < 0))
    {
        return NULL;
    }

    /* one more of the same tool, at once and whole */

    if (found->ended && name->len && arguments) {
        return NULL;
    }

    return found;
}


/* both are there and are not the same */

static ngx_uint_t
ngx_http_model_openai_differ(ngx_str_t *a, ngx_str_t *b)
{
    if (a->len == 0 || b->len == 0) {
        return 0;
    }

    return a->len != b->len || ngx_memcmp(a->data, b->data, a->len) != 0;
}


static ngx_int_t
ngx_http_model_openai_begin(ngx_http_model_bridge_t *b,
    ngx_http_model_openai_slot_t *slot, ngx_str_t *name)
{
    ngx_http_model_event_t  e;

    if (ngx_http_model_openai_copy(b, &slot->name, name) != NGX_OK) {
        return NGX_ERROR;
    }

    slot->number = b->calls;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_CALL;
    e.index = slot->number;
    e.id = slot->id;
    e.name = slot->name;

    if (ngx_http_model_bridge_emit(b, &e) != NGX_OK) {
        return NGX_ERROR;
    }

    return slot->kept.s.len
           ? ngx_http_model_openai_arguments(b, slot, &slot->kept.s)
           : NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_arguments(ngx_http_model_bridge_t *b,
    ngx_http_model_openai_slot_t *slot, ngx_str_t *text)
{
    ngx_http_model_event_t  e;

    if (slot->ended) {
        return NGX_OK;
    }

    if (slot->name.len == 0) {

        /* too much ends the exchange, which is no error of ours */

        return (ngx_http_model_bridge_keep(b, &slot->kept, text) == NGX_ERROR)
               ? NGX_ERROR : NGX_OK;
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_ARGUMENTS;
    e.index = slot->number;
    e.text.data = text->data;
    e.text.len = ngx_http_model_openai_follow(slot, text);

    if (ngx_http_model_bridge_emit(b, &e) != NGX_OK) {
        return NGX_ERROR;
    }

    return (slot->object && slot->depth == 0)
           ? ngx_http_model_openai_end(b, slot) : NGX_OK;
}


/* how many bytes there are up to the end of the object that they are of */

static size_t
ngx_http_model_openai_follow(ngx_http_model_openai_slot_t *slot,
    ngx_str_t *text)
{
    u_char  *p, *last;

    last = text->data + text->len;

    for (p = text->data; p < last; p++) {

        if (slot->string) {

            if (slot->escape) {
                slot->escape = 0;

            } else if (*p == '\\') {
                slot->escape = 1;

            } else if (*p == '"') {
                slot->string = 0;
            }

            continue;
        }

        switch (*p) {

        case '"':
            slot->string = 1;
            break;

        case '{':
        case '[':
            slot->depth++;
            slot->object = 1;
            break;

        case '}':
        case ']':
            if (slot->depth && --slot->depth == 0) {
                return p + 1 - text->data;
            }

            break;
        }
    }

    return text->len;
}


static ngx_int_t
ngx_http_model_openai_end(ngx_http_model_bridge_t *b,
    ngx_http_model_openai_slot_t *slot)
{
    ngx_http_model_event_t  e;

    slot->ended = 1;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_CALL_END;
    e.index = slot->number;

    return ngx_http_model_bridge_emit(b, &e);
}


ngx_int_t
ngx_http_model_openai_calls_end(ngx_http_model_bridge_t *b)
{
    ngx_uint_t                     i;
    ngx_array_t                   *slots;
    ngx_http_model_openai_slot_t  *slot;

    slots = b->reader;

    if (slots == NULL) {
        return NGX_OK;
    }

    slot = slots->elts;

    for (i = 0; i < slots->nelts; i++) {

        if (slot[i].name.len && !slot[i].ended
            && ngx_http_model_openai_end(b, &slot[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* counted among what is kept of the answer */

static ngx_int_t
ngx_http_model_openai_copy(ngx_http_model_bridge_t *b, ngx_str_t *to,
    ngx_str_t *from)
{
    ngx_http_model_bridge_text_t  text;

    ngx_memzero(&text, sizeof(ngx_http_model_bridge_text_t));

    if (from->len
        && ngx_http_model_bridge_keep(b, &text, from) == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    *to = text.s;

    return NGX_OK;
}
