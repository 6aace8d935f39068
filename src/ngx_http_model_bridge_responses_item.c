
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"


static ngx_int_t ngx_http_model_responses_item_new(ngx_http_model_bridge_t *b,
    ngx_uint_t type, ngx_http_model_responses_item_t **item);
static ngx_int_t ngx_http_model_responses_item_add(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_item_t *item);
static ngx_http_model_responses_tool_t *ngx_http_model_responses_item_tool(
    ngx_http_model_bridge_t *b, ngx_str_t *name);
static ngx_int_t ngx_http_model_responses_keep(ngx_http_model_bridge_t *b,
    ngx_http_model_bridge_text_t *text, const char *s);
static ngx_uint_t ngx_http_model_responses_is_logprob(
    ngx_http_model_json_t *json);
static void ngx_http_model_responses_write_logprob(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *json,
    ngx_uint_t top);


ngx_http_model_responses_writer_t *
ngx_http_model_responses_writer(ngx_http_model_bridge_t *b)
{
    ngx_http_model_responses_writer_t  *writer;

    if (b->writer) {
        return b->writer;
    }

    writer = ngx_pcalloc(b->pool, sizeof(ngx_http_model_responses_writer_t));

    if (writer == NULL
        || ngx_array_init(&writer->items, b->pool, 4,
                          sizeof(ngx_http_model_responses_item_t *))
           != NGX_OK)
    {
        return NULL;
    }

    /* of an answer to no request */

    if (b->input == NULL
        && (ngx_http_model_responses_input(b) == NULL
            || ngx_http_model_responses_read_echo(b, NULL, b->input)
               != NGX_OK))
    {
        return NULL;
    }

    writer->id = ngx_http_model_bridge_id(b, "resp_", -1);

    b->writer = writer;

    return writer;
}


ngx_int_t
ngx_http_model_responses_item(ngx_http_model_bridge_t *b, ngx_uint_t type,
    ngx_http_model_responses_item_t **item)
{
    ngx_int_t  rc;

    rc = ngx_http_model_responses_item_new(b, type, item);

    return (rc == NGX_OK) ? ngx_http_model_responses_item_add(b, *item) : rc;
}


ngx_int_t
ngx_http_model_responses_item_call(ngx_http_model_bridge_t *b,
    ngx_uint_t index, ngx_str_t *id, ngx_str_t *name,
    ngx_http_model_responses_item_t **item)
{
    ngx_int_t                         rc;
    ngx_str_t                         made;
    ngx_http_model_responses_tool_t  *tool;

    tool = ngx_http_model_responses_item_tool(b, name);

    rc = ngx_http_model_responses_item_new(b, (tool && tool->custom)
                                              ? NGX_HTTP_MODEL_RESPONSES_CUSTOM
                                              : NGX_HTTP_MODEL_RESPONSES_CALL,
                                           item);
    if (rc != NGX_OK) {
        return rc;
    }

    (*item)->index = index;

    if (tool) {
        (*item)->space = tool->space;
        name = &tool->name;
    }

    if (id->len == 0) {
        made = ngx_http_model_bridge_id(b, "call_", (*item)->output);
        id = &made;
    }

    rc = ngx_http_model_bridge_keep(b, &(*item)->call, id);

    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_keep(b, &(*item)->name, name);
    }

    return (rc == NGX_OK) ? ngx_http_model_responses_item_add(b, *item) : rc;
}


static ngx_int_t
ngx_http_model_responses_item_new(ngx_http_model_bridge_t *b, ngx_uint_t type,
    ngx_http_model_responses_item_t **item)
{
    ngx_str_t                           id;
    ngx_http_model_responses_writer_t  *writer;

    static const char  *prefixes[] = { "msg_", "rs_", "fc_", "ctc_" };

    writer = b->writer;

    *item = ngx_pcalloc(b->pool, sizeof(ngx_http_model_responses_item_t));

    if (*item == NULL
        || (type == NGX_HTTP_MODEL_RESPONSES_MESSAGE
            && ngx_array_init(&(*item)->parts, b->pool, 1,
                              sizeof(ngx_http_model_responses_part_t))
               != NGX_OK))
    {
        return NGX_ERROR;
    }

    (*item)->type = type;
    (*item)->output = writer->items.nelts;

    /* what is kept counts, so items without a text are bounded, too */

    id = ngx_http_model_bridge_id(b, prefixes[type], (*item)->output);

    return ngx_http_model_bridge_keep(b, &(*item)->id, &id);
}


static ngx_int_t
ngx_http_model_responses_item_add(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_item_t *item)
{
    ngx_http_model_responses_item_t    **slot;
    ngx_http_model_responses_writer_t   *writer;

    writer = b->writer;

    slot = ngx_array_push(&writer->items);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    *slot = item;

    return NGX_OK;
}


/* what the client knows a tool of the server's answer as, or NULL */

static ngx_http_model_responses_tool_t *
ngx_http_model_responses_item_tool(ngx_http_model_bridge_t *b,
    ngx_str_t *name)
{
    ngx_uint_t                         i;
    ngx_http_model_responses_tool_t   *tool;
    ngx_http_model_responses_input_t  *input;

    input = b->input;
    tool = input->tools.elts;

    for (i = 0; i < input->tools.nelts; i++) {

        if (tool[i].flat.len == name->len
            && ngx_memcmp(tool[i].flat.data, name->data, name->len) == 0)
        {
            return &tool[i];
        }
    }

    return NULL;
}


ngx_http_model_responses_part_t *
ngx_http_model_responses_item_part(ngx_http_model_responses_item_t *item,
    ngx_uint_t type)
{
    ngx_http_model_responses_part_t  *part;

    part = ngx_array_push(&item->parts);

    if (part) {
        ngx_memzero(part, sizeof(ngx_http_model_responses_part_t));
        part->type = type;
    }

    return part;
}


ngx_int_t
ngx_http_model_responses_item_seal(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_item_t *item, const char *kind, ngx_str_t *text)
{
    ngx_int_t  rc;

    rc = item->seal.s.len
         ? NGX_OK : ngx_http_model_responses_keep(b, &item->seal, kind);

    return (rc == NGX_OK) ? ngx_http_model_bridge_keep(b, &item->seal, text)
                          : rc;
}


static ngx_int_t
ngx_http_model_responses_keep(ngx_http_model_bridge_t *b,
    ngx_http_model_bridge_text_t *text, const char *s)
{
    ngx_str_t  add;

    add.data = (u_char *) s;
    add.len = ngx_strlen(s);

    return ngx_http_model_bridge_keep(b, text, &add);
}


ngx_uint_t
ngx_http_model_responses_item_whole(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_item_t *item)
{
    ngx_str_t               err, input;
    ngx_http_model_json_t  *json;

    if (item->type == NGX_HTTP_MODEL_RESPONSES_CALL) {

        if (item->text.s.len || item->cut) {
            return 0;
        }

        ngx_str_set(&item->text.s, "{}");
        item->text.size = 0;

        return 1;
    }

    json = ngx_http_model_json_parse(b->temp, item->text.s.data,
                                     item->text.s.len, &err);

    if (ngx_http_model_json_get_str(json, "input", &input) == NGX_OK) {

        /* decoded, it is not longer than it was */

        ngx_memcpy(item->text.s.data, input.data, input.len);
        item->text.s.len = input.len;

    } else if (item->cut) {

        /* a piece of it would be taken for all of it */

        item->text.s.len = 0;
    }

    /* what a model wrote without the member is the input as it is */

    return 1;
}


ngx_int_t
ngx_http_model_responses_logprobs(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *entry, ngx_http_model_bridge_text_t *text)
{
    ngx_str_t                      s, more;
    ngx_http_model_json_writer_t  *w;

    if (!ngx_http_model_responses_is_logprob(entry)) {
        return NGX_OK;
    }

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_responses_write_logprob(w, entry, 1);

    if (ngx_http_model_json_finish(w, &s) != NGX_OK) {
        return NGX_ERROR;
    }

    if (text->s.len == 0) {
        return ngx_http_model_bridge_keep(b, text, &s);
    }

    /* both or none: where it does not fit, what is there is written at once */

    more.len = s.len + 1;
    more.data = ngx_pnalloc(b->temp, more.len);
    if (more.data == NULL) {
        return NGX_ERROR;
    }

    more.data[0] = ',';
    ngx_memcpy(more.data + 1, s.data, s.len);

    return ngx_http_model_bridge_keep(b, text, &more);
}


static ngx_uint_t
ngx_http_model_responses_is_logprob(ngx_http_model_json_t *json)
{
    ngx_str_t               token;
    ngx_http_model_json_t  *value;

    value = ngx_http_model_json_get(json, "logprob");

    return value
           && value->type == NGX_HTTP_MODEL_JSON_NUMBER
           && ngx_http_model_json_get_str(json, "token", &token) == NGX_OK;
}


static void
ngx_http_model_responses_write_logprob(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json, ngx_uint_t top)
{
    u_char                 *p;
    ngx_str_t               token;
    ngx_http_model_json_t  *value;

    (void) ngx_http_model_json_get_str(json, "token", &token);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "token");
    ngx_http_model_json_str(w, &token);

    ngx_http_model_json_key(w, "logprob");
    ngx_http_model_json_tree(w, ngx_http_model_json_get(json, "logprob"));

    value = ngx_http_model_json_get(json, "bytes");

    ngx_http_model_json_key(w, "bytes");

    if (value && value->type == NGX_HTTP_MODEL_JSON_ARRAY) {
        ngx_http_model_json_tree(w, value);

    } else {
        ngx_http_model_json_array(w);

        for (p = token.data; p < token.data + token.len; p++) {
            ngx_http_model_json_int(w, *p);
        }

        ngx_http_model_json_array_end(w);
    }

    if (top) {
        value = ngx_http_model_json_get(json, "top_logprobs");

        ngx_http_model_json_key(w, "top_logprobs");
        ngx_http_model_json_array(w);

        if (value && value->type == NGX_HTTP_MODEL_JSON_ARRAY) {

            for (value = value->child; value; value = value->next) {
                if (ngx_http_model_responses_is_logprob(value)) {
                    ngx_http_model_responses_write_logprob(w, value, 0);
                }
            }
        }

        ngx_http_model_json_array_end(w);
    }

    ngx_http_model_json_object_end(w);
}


ngx_uint_t
ngx_http_model_responses_is_cut(ngx_http_model_bridge_t *b)
{
    return b->reason == NGX_HTTP_MODEL_FINISH_LENGTH
           || b->reason == NGX_HTTP_MODEL_FINISH_FILTER;
}
