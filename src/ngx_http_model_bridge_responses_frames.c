
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"


static ngx_http_model_json_writer_t *ngx_http_model_responses_frame(
    ngx_http_model_bridge_t *b, const char *type);
static void ngx_http_model_responses_frame_place(
    ngx_http_model_json_writer_t *w, ngx_http_model_responses_item_t *item);
static ngx_int_t ngx_http_model_responses_frame_end(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_json_writer_t *w);


ngx_int_t
ngx_http_model_responses_frame_response(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_responses_status_e status,
    ngx_http_model_json_t *error)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_responses_frame(b, type);

    ngx_http_model_json_key(w, "response");
    ngx_http_model_responses_write_response(b, w, status, error);

    return ngx_http_model_responses_frame_end(b, type, w);
}


ngx_int_t
ngx_http_model_responses_frame_item(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_responses_item_t *item)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_responses_frame(b, type);

    ngx_http_model_json_key(w, "output_index");
    ngx_http_model_json_int(w, item->output);

    ngx_http_model_json_key(w, "item");
    ngx_http_model_responses_write_item(w, item);

    return ngx_http_model_responses_frame_end(b, type, w);
}


ngx_int_t
ngx_http_model_responses_frame_part(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_responses_item_t *item)
{
    ngx_http_model_json_writer_t     *w;
    ngx_http_model_responses_part_t  *part;

    w = ngx_http_model_responses_frame(b, type);

    ngx_http_model_responses_frame_place(w, item);

    ngx_http_model_json_key(w, "part");

    if (item->type == NGX_HTTP_MODEL_RESPONSES_REASONING) {
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "type");
        ngx_http_model_json_cstr(w, "summary_text");
        ngx_http_model_json_key(w, "text");
        ngx_http_model_json_str(w, &item->text.s);
        ngx_http_model_json_object_end(w);

    } else {
        part = item->parts.elts;
        ngx_http_model_responses_write_part(w, &part[item->parts.nelts - 1]);
    }

    return ngx_http_model_responses_frame_end(b, type, w);
}


ngx_int_t
ngx_http_model_responses_frame_text(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_responses_item_t *item,
    const char *member, ngx_str_t *text, ngx_str_t *logprobs)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_responses_frame(b, type);

    ngx_http_model_responses_frame_place(w, item);

    ngx_http_model_json_key(w, member);
    ngx_http_model_json_str(w, text);

    if (logprobs) {
        ngx_http_model_json_key(w, "logprobs");
        ngx_http_model_responses_write_logprobs(w, logprobs);
    }

    return ngx_http_model_responses_frame_end(b, type, w);
}


/*
 * The SDKs take an event that has an "error" for one to throw; their types
 * have its members beside the type.
 */

ngx_int_t
ngx_http_model_responses_frame_error(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *error)
{
    ngx_uint_t                     i;
    ngx_http_model_json_writer_t  *w;

    static const char  *names[] = { "code", "message", "param" };

    w = ngx_http_model_responses_frame(b, "error");

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ngx_http_model_json_key(w, names[i]);
        ngx_http_model_json_tree(w, ngx_http_model_json_get(error, names[i]));
    }

    ngx_http_model_json_key(w, "error");
    ngx_http_model_json_tree(w, error);

    return ngx_http_model_responses_frame_end(b, "error", w);
}


static ngx_http_model_json_writer_t *
ngx_http_model_responses_frame(ngx_http_model_bridge_t *b, const char *type)
{
    ngx_http_model_json_writer_t       *w;
    ngx_http_model_responses_writer_t  *writer;

    writer = b->writer;

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, type);
    ngx_http_model_json_key(w, "sequence_number");
    ngx_http_model_json_int(w, writer->sequence++);

    return w;
}


/* which item it is of, and which part of it: the last one is being written */

static void
ngx_http_model_responses_frame_place(ngx_http_model_json_writer_t *w,
    ngx_http_model_responses_item_t *item)
{
    ngx_http_model_json_key(w, "item_id");
    ngx_http_model_json_str(w, &item->id.s);
    ngx_http_model_json_key(w, "output_index");
    ngx_http_model_json_int(w, item->output);

    if (item->type == NGX_HTTP_MODEL_RESPONSES_MESSAGE) {
        ngx_http_model_json_key(w, "content_index");
        ngx_http_model_json_int(w, item->parts.nelts - 1);

    } else if (item->type == NGX_HTTP_MODEL_RESPONSES_REASONING) {
        ngx_http_model_json_key(w, "summary_index");
        ngx_http_model_json_int(w, 0);
    }
}


static ngx_int_t
ngx_http_model_responses_frame_end(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_json_writer_t *w)
{
    ngx_http_model_json_object_end(w);

    return ngx_http_model_bridge_frame(b, type, w);
}
