
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * OpenAI's chat completions, and text completions as a server has them: what
 * the files of the dialect share.  Owns what a client of it asked for that
 * only its own answers need.  Pure.  Calls bridge, field, talk, json, error.
 *
 * Sources: OpenAI's API reference and the types of its SDKs; vLLM's and
 * llama-server's documentation for what their servers know beyond it.
 */


#ifndef _NGX_HTTP_MODEL_BRIDGE_OPENAI_H_INCLUDED_
#define _NGX_HTTP_MODEL_BRIDGE_OPENAI_H_INCLUDED_


#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_bridge_field.h"


/* b->input of a client */

typedef struct {
    unsigned                      functions:1;  /* it knows "functions" only:
                                                   a call is answered so */
    unsigned                      silent:1;     /* it wants no reasoning */
} ngx_http_model_openai_input_t;


/* members of /v1/chat/completions and of what is in them, to the one without
   a title */

enum {
    NGX_HTTP_MODEL_OPENAI_TOP = 0,
    NGX_HTTP_MODEL_OPENAI_STREAM_OPTIONS,
    NGX_HTTP_MODEL_OPENAI_MESSAGE,
    NGX_HTTP_MODEL_OPENAI_PART,
    NGX_HTTP_MODEL_OPENAI_IMAGE,
    NGX_HTTP_MODEL_OPENAI_AUDIO,
    NGX_HTTP_MODEL_OPENAI_FILE,
    NGX_HTTP_MODEL_OPENAI_CALL,
    NGX_HTTP_MODEL_OPENAI_CALLED,
    NGX_HTTP_MODEL_OPENAI_TOOL,
    NGX_HTTP_MODEL_OPENAI_FUNCTION,
    NGX_HTTP_MODEL_OPENAI_CHOICE,
    NGX_HTTP_MODEL_OPENAI_FORMAT,
    NGX_HTTP_MODEL_OPENAI_SCHEMA,
    NGX_HTTP_MODEL_OPENAI_KWARGS,
    NGX_HTTP_MODEL_OPENAI_REASONING,
    NGX_HTTP_MODEL_OPENAI_THINKING
};

extern const ngx_http_model_field_table_t  ngx_http_model_openai_tables[];

/* rows of openai_message, openai_part, openai_tools, openai_think */
extern const ngx_http_model_field_t  ngx_http_model_openai_message_rows[];
extern const ngx_http_model_field_t  ngx_http_model_openai_call_rows[];
extern const ngx_http_model_field_t  ngx_http_model_openai_called_rows[];

extern const ngx_http_model_field_t  ngx_http_model_openai_part_rows[];
extern const ngx_http_model_field_t  ngx_http_model_openai_image_rows[];
extern const ngx_http_model_field_t  ngx_http_model_openai_audio_rows[];
extern const ngx_http_model_field_t  ngx_http_model_openai_file_rows[];

extern const ngx_http_model_field_t  ngx_http_model_openai_tool_rows[];
extern const ngx_http_model_field_t  ngx_http_model_openai_function_rows[];
extern const ngx_http_model_field_t  ngx_http_model_openai_choice_rows[];

extern const ngx_http_model_field_t  ngx_http_model_openai_kwargs_rows[];
extern const ngx_http_model_field_t  ngx_http_model_openai_reasoning_rows[];
extern const ngx_http_model_field_t  ngx_http_model_openai_thinking_rows[];


/*
 * Readers of rows whose member is looked up by name when all were walked, as
 * what it means depends on others; the last two of rows that one dialect takes
 * and the other one refuses.
 */
ngx_int_t ngx_http_model_openai_taken(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_openai_to_ollama(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_openai_to_anthropic(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

/*
 * A member of an object: NULL, "", UNSET when it has none, or null, or object
 * is NULL; NGX_DECLINED when it is of another type.  what: its full name, for
 * the text of a refusal.
 */
ngx_int_t ngx_http_model_openai_get(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, ngx_uint_t type,
    const char *what, ngx_http_model_json_t **value);
ngx_int_t ngx_http_model_openai_get_str(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what,
    ngx_str_t *value);
ngx_int_t ngx_http_model_openai_flag(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what,
    ngx_uint_t *flag);

/* 1 when the value, which may be NULL, is this string */
ngx_uint_t ngx_http_model_openai_word(ngx_http_model_json_t *value,
    const char *word);


ngx_int_t ngx_http_model_openai_read_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);

/* of the request's object: tools and functions, which of them are called; what
   is said about thinking */
ngx_int_t ngx_http_model_openai_read_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
ngx_int_t ngx_http_model_openai_read_think(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);

/* "messages": an array, appended to b->talk */
ngx_int_t ngx_http_model_openai_read_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);

/* "content" of a message: parts that suit its role */
ngx_int_t ngx_http_model_openai_read_content(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_array_t *parts, ngx_uint_t role);

ngx_int_t ngx_http_model_openai_write_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
ngx_int_t ngx_http_model_openai_write_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);

/* the array of them */
ngx_int_t ngx_http_model_openai_write_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);

/* 1 when one of the parts is of the type */
ngx_uint_t ngx_http_model_openai_has(ngx_array_t *parts, ngx_uint_t type);

ngx_int_t ngx_http_model_openai_read_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
ngx_int_t ngx_http_model_openai_read_event(ngx_http_model_bridge_t *b,
    ngx_str_t *event, ngx_str_t *data);

/* 1: an answer, a chunk or a choice that tells of a failure; ends with it */
ngx_uint_t ngx_http_model_openai_is_error(ngx_http_model_json_t *root);
ngx_int_t ngx_http_model_openai_error(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);

/* calls in a chunk's delta or an answer's message; that no more follows */
ngx_int_t ngx_http_model_openai_read_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *delta);
ngx_int_t ngx_http_model_openai_calls_end(ngx_http_model_bridge_t *b);

ngx_int_t ngx_http_model_openai_write_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
ngx_int_t ngx_http_model_openai_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);

/*
 * What chunks and whole answers share: id to model; usage; a function's name
 * and arguments; an entry of logprobs, top: with the other tokens.
 */
void ngx_http_model_openai_put_head(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *id, const char *object);
void ngx_http_model_openai_put_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
void ngx_http_model_openai_put_function(ngx_http_model_json_writer_t *w,
    ngx_http_model_part_t *part);
void ngx_http_model_openai_put_logprob(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *entry, ngx_uint_t top);

/* finish_reason; whether there is usage; what the client asked for */
const char *ngx_http_model_openai_reason(ngx_http_model_bridge_t *b);
ngx_uint_t ngx_http_model_openai_counted(ngx_http_model_bridge_t *b);
ngx_uint_t ngx_http_model_openai_legacy(ngx_http_model_bridge_t *b);
ngx_uint_t ngx_http_model_openai_silent(ngx_http_model_bridge_t *b);


#endif /* _NGX_HTTP_MODEL_BRIDGE_OPENAI_H_INCLUDED_ */
