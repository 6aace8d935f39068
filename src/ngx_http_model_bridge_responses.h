
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * OpenAI's responses API, as clients use it: what its files share.  Owns the
 * items of an answer and what the client calls its tools.  Pure.  Calls
 * bridge, field, talk, json, error.
 *
 * A server is never asked in it: towards all of them its requests become the
 * ones of a chat.
 *
 * Sources: the types of OpenAI's SDKs (responses), and what its Codex sends.
 */


#ifndef _NGX_HTTP_MODEL_BRIDGE_RESPONSES_H_INCLUDED_
#define _NGX_HTTP_MODEL_BRIDGE_RESPONSES_H_INCLUDED_


#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_bridge_field.h"


/* "to" of a row: the same towards all, or by where it is known */

#define NGX_HTTP_MODEL_RESPONSES_MAP                                          \
    { NGX_HTTP_MODEL_FIELD_MAP, NGX_HTTP_MODEL_FIELD_MAP,                     \
      NGX_HTTP_MODEL_FIELD_MAP }
#define NGX_HTTP_MODEL_RESPONSES_DROP                                         \
    { NGX_HTTP_MODEL_FIELD_DROP, NGX_HTTP_MODEL_FIELD_DROP,                   \
      NGX_HTTP_MODEL_FIELD_DROP }
#define NGX_HTTP_MODEL_RESPONSES_REFUSE                                       \
    { NGX_HTTP_MODEL_FIELD_REFUSE, NGX_HTTP_MODEL_FIELD_REFUSE,               \
      NGX_HTTP_MODEL_FIELD_REFUSE }
#define NGX_HTTP_MODEL_RESPONSES_PASS                                         \
    { NGX_HTTP_MODEL_FIELD_DROP, NGX_HTTP_MODEL_FIELD_PASS,                   \
      NGX_HTTP_MODEL_FIELD_DROP }
#define NGX_HTTP_MODEL_RESPONSES_TO_OPENAI                                    \
    { NGX_HTTP_MODEL_FIELD_DROP, NGX_HTTP_MODEL_FIELD_MAP,                    \
      NGX_HTTP_MODEL_FIELD_DROP }
#define NGX_HTTP_MODEL_RESPONSES_TO_ANTHROPIC                                 \
    { NGX_HTTP_MODEL_FIELD_DROP, NGX_HTTP_MODEL_FIELD_DROP,                   \
      NGX_HTTP_MODEL_FIELD_MAP }
#define NGX_HTTP_MODEL_RESPONSES_NOT_OLLAMA                                   \
    { NGX_HTTP_MODEL_FIELD_DROP, NGX_HTTP_MODEL_FIELD_MAP,                    \
      NGX_HTTP_MODEL_FIELD_MAP }
#define NGX_HTTP_MODEL_RESPONSES_NOT_ANTHROPIC                                \
    { NGX_HTTP_MODEL_FIELD_MAP, NGX_HTTP_MODEL_FIELD_MAP,                     \
      NGX_HTTP_MODEL_FIELD_DROP }


/* kinds of items */

#define NGX_HTTP_MODEL_RESPONSES_MESSAGE    0
#define NGX_HTTP_MODEL_RESPONSES_REASONING  1
#define NGX_HTTP_MODEL_RESPONSES_CALL       2   /* of a function */
#define NGX_HTTP_MODEL_RESPONSES_CUSTOM     3   /* of a custom tool */


/* what a client knows a tool as */

typedef struct {
    ngx_str_t                     flat;       /* its name at the server */
    ngx_str_t                     name;
    ngx_str_t                     space;      /* namespace, or "" */
    unsigned                      custom:1;
} ngx_http_model_responses_tool_t;


/* a member of the request that the answer repeats */

typedef struct {
    const char                   *name;
    ngx_str_t                     value;      /* JSON */
} ngx_http_model_responses_echo_t;


/* b->input; its memory is of b->pool and no slice of the body */

typedef struct {
    ngx_array_t                   tools;
    ngx_array_t                   echo;

    /* while the request is read */
    ngx_http_model_json_t        *choice;
    ngx_str_t                     top_logprobs;
} ngx_http_model_responses_input_t;


/* a part of a message */

typedef struct {
    ngx_uint_t                    type;       /* NGX_HTTP_MODEL_PART_TEXT or
                                                 _REFUSAL */
    ngx_http_model_bridge_text_t  text;
    ngx_http_model_bridge_text_t  logprobs;   /* entries with commas between,
                                                 without brackets */
} ngx_http_model_responses_part_t;


typedef struct {
    ngx_uint_t                    type;
    ngx_uint_t                    output;     /* output_index */
    ngx_uint_t                    index;      /* CALL: among the server's */
    ngx_http_model_bridge_text_t  id;
    ngx_http_model_bridge_text_t  call;       /* CALL, CUSTOM: its id */
    ngx_http_model_bridge_text_t  name;
    ngx_str_t                     space;
    ngx_http_model_bridge_text_t  text;       /* REASONING: the summary;
                                                 CALL: arguments;
                                                 CUSTOM: arguments, and the
                                                 input when it is done */
    ngx_http_model_bridge_text_t  seal;       /* REASONING: encrypted_content */
    ngx_array_t                   parts;      /* MESSAGE:
                                              ngx_http_model_responses_part_t */
    unsigned                      done:1;
    unsigned                      cut:1;      /* incomplete */
} ngx_http_model_responses_item_t;


/* b->writer */

typedef struct {
    ngx_array_t                       items;  /* of pointers, by output */
    ngx_http_model_responses_item_t  *open;   /* message or reasoning that is
                                                 being written */
    ngx_http_model_bridge_text_t      logprobs;   /* of a text to come */
    ngx_str_t                         id;
    ngx_uint_t                        sequence;
} ngx_http_model_responses_writer_t;


/* response.status */

typedef enum {
    NGX_HTTP_MODEL_RESPONSES_IN_PROGRESS = 0,
    NGX_HTTP_MODEL_RESPONSES_COMPLETED,
    NGX_HTTP_MODEL_RESPONSES_INCOMPLETE,
    NGX_HTTP_MODEL_RESPONSES_FAILED
} ngx_http_model_responses_status_e;


/* what encrypted_content begins with when it is a vendor's signature of the
   summary, or thinking that only the vendor can read */

#define NGX_HTTP_MODEL_RESPONSES_SIGNED    "signature:"
#define NGX_HTTP_MODEL_RESPONSES_REDACTED  "redacted:"


/* request: members of items, of parts, of tools; and their readers */

extern const ngx_http_model_field_t  ngx_http_model_responses_texts[];
extern const ngx_http_model_field_t  ngx_http_model_responses_formats[];
extern const ngx_http_model_field_t  ngx_http_model_responses_reasonings[];
extern const ngx_http_model_field_t  ngx_http_model_responses_caches[];
extern const ngx_http_model_field_t  ngx_http_model_responses_pictures[];
extern const ngx_http_model_field_t  ngx_http_model_responses_message[];
extern const ngx_http_model_field_t  ngx_http_model_responses_call[];
extern const ngx_http_model_field_t  ngx_http_model_responses_output[];
extern const ngx_http_model_field_t  ngx_http_model_responses_reasoning[];
extern const ngx_http_model_field_t  ngx_http_model_responses_more_tools[];
extern const ngx_http_model_field_t  ngx_http_model_responses_text[];
extern const ngx_http_model_field_t  ngx_http_model_responses_image[];
extern const ngx_http_model_field_t  ngx_http_model_responses_file[];
extern const ngx_http_model_field_t  ngx_http_model_responses_audio[];
extern const ngx_http_model_field_t  ngx_http_model_responses_function[];
extern const ngx_http_model_field_t  ngx_http_model_responses_custom[];
extern const ngx_http_model_field_t  ngx_http_model_responses_namespace[];

/* "text", "reasoning" and others that are objects */
ngx_int_t ngx_http_model_responses_read_object(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

ngx_int_t ngx_http_model_responses_read_include(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_responses_read_truncation(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_responses_read_metadata(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

/* of what is refused: that it asks for what is done anyway */
ngx_int_t ngx_http_model_responses_only_usual(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

/* "input": a string or items, appended to b->talk */
ngx_int_t ngx_http_model_responses_read_input(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

/*
 * Parts of a message or of a tool's output, appended to parts: a string, or an
 * array of parts.
 */
#define NGX_HTTP_MODEL_RESPONSES_TEXTS   0    /* kinds of them: texts, */
#define NGX_HTTP_MODEL_RESPONSES_IMAGES  1    /* images, too, */
#define NGX_HTTP_MODEL_RESPONSES_ALL     2    /* all that a message has */

ngx_int_t ngx_http_model_responses_read_parts(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts, ngx_uint_t kinds);

/* "tools": data is ngx_http_model_responses_input_t */
ngx_int_t ngx_http_model_responses_read_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

/* input->choice, when all tools are known */
ngx_int_t ngx_http_model_responses_read_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_input_t *input);

/* the name of a tool of a namespace at servers that have no namespaces */
ngx_int_t ngx_http_model_responses_flat(ngx_pool_t *pool, ngx_str_t *space,
    ngx_str_t *name, ngx_str_t *flat);

/* b->input, new and empty; NULL without memory */
ngx_http_model_responses_input_t *ngx_http_model_responses_input(
    ngx_http_model_bridge_t *b);

/* what the answer repeats of the request (NULL: none), to input->echo */
ngx_int_t ngx_http_model_responses_read_echo(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root, ngx_http_model_responses_input_t *input);

ngx_uint_t ngx_http_model_responses_is(ngx_str_t *s, const char *word);

/* readers of members that are looked up by name when their type is known */
ngx_int_t ngx_http_model_responses_any(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_responses_a_string(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_responses_a_flag(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_responses_an_array(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_responses_an_object(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

/*
 * Always NGX_DECLINED or NGX_ERROR: what is of a type that cannot be had; type
 * "" or NULL: it has none.
 */
ngx_int_t ngx_http_model_responses_refuse_type(ngx_http_model_bridge_t *b,
    const char *field, ngx_str_t *type, const char *why);


/* answer: JSON of its objects, as the value that is due in w */

void ngx_http_model_responses_write_response(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_responses_status_e status,
    ngx_http_model_json_t *error);
void ngx_http_model_responses_write_item(ngx_http_model_json_writer_t *w,
    ngx_http_model_responses_item_t *item);
void ngx_http_model_responses_write_part(ngx_http_model_json_writer_t *w,
    ngx_http_model_responses_part_t *part);

/* the array of entries that are kept */
void ngx_http_model_responses_write_logprobs(ngx_http_model_json_writer_t *w,
    ngx_str_t *entries);

/*
 * Items: new ones, at the end; texts are kept with them.  NGX_DECLINED: the
 * exchange has ended since it became too large.
 */
ngx_int_t ngx_http_model_responses_item(ngx_http_model_bridge_t *b,
    ngx_uint_t type, ngx_http_model_responses_item_t **item);
ngx_int_t ngx_http_model_responses_item_call(ngx_http_model_bridge_t *b,
    ngx_uint_t index, ngx_str_t *id, ngx_str_t *name,
    ngx_http_model_responses_item_t **item);

/* of a message; NULL without memory */
ngx_http_model_responses_part_t *ngx_http_model_responses_item_part(
    ngx_http_model_responses_item_t *item, ngx_uint_t type);

/* "encrypted_content" of a kind: begun, or more of it */
ngx_int_t ngx_http_model_responses_item_seal(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_item_t *item, const char *kind, ngx_str_t *text);

/*
 * The arguments of a call are whole: no arguments become "{}", those of CUSTOM
 * its input.  1: the text is another than what came.
 */
ngx_uint_t ngx_http_model_responses_item_whole(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_item_t *item);

/* an entry of logprobs, as the API has them, is added to the text of such */
ngx_int_t ngx_http_model_responses_logprobs(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *entry, ngx_http_model_bridge_text_t *text);

/* 1: the answer ended before it was complete */
ngx_uint_t ngx_http_model_responses_is_cut(ngx_http_model_bridge_t *b);

/* b->writer, made at need; NULL without memory */
ngx_http_model_responses_writer_t *ngx_http_model_responses_writer(
    ngx_http_model_bridge_t *b);


/* frames of a stream, one event of the type each */

ngx_int_t ngx_http_model_responses_frame_response(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_responses_status_e status,
    ngx_http_model_json_t *error);
ngx_int_t ngx_http_model_responses_frame_item(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_responses_item_t *item);

/* of its last part, or its summary */
ngx_int_t ngx_http_model_responses_frame_part(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_responses_item_t *item);

/* member: "delta", "text" and so on; logprobs: entries, or NULL where the type
   has none */
ngx_int_t ngx_http_model_responses_frame_text(ngx_http_model_bridge_t *b,
    const char *type, ngx_http_model_responses_item_t *item,
    const char *member, ngx_str_t *text, ngx_str_t *logprobs);

ngx_int_t ngx_http_model_responses_frame_error(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *error);


/* of the API */

ngx_int_t ngx_http_model_responses_write_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
ngx_int_t ngx_http_model_responses_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);


#endif /* _NGX_HTTP_MODEL_BRIDGE_RESPONSES_H_INCLUDED_ */
