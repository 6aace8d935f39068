
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Ollama's dialect of the bridge: /api/chat and /api/generate.  What the files
 * of the dialect share; others know the objects of bridge_api.h only.  Owns
 * the dialect's requests, answers and frames.  Pure.  Calls bridge, field,
 * talk, json, error, decimal.
 *
 * Sources: Ollama's api/types.go, server/routes.go, docs/api.md.
 */


#ifndef _NGX_HTTP_MODEL_BRIDGE_OLLAMA_H_INCLUDED_
#define _NGX_HTTP_MODEL_BRIDGE_OLLAMA_H_INCLUDED_


#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_bridge_field.h"


/* what becomes of a member towards servers of the two other dialects */

#define ngx_http_model_ollama_to(openai, anthropic)                           \
    { NGX_HTTP_MODEL_FIELD_SAME, NGX_HTTP_MODEL_FIELD_##openai,               \
      NGX_HTTP_MODEL_FIELD_##anthropic }


/*
 * Rows of what requests hold, and tables of them: initializers, since a table
 * stands both where it is read and in the list of its API.
 */

extern const ngx_http_model_field_t  ngx_http_model_ollama_option_fields[];
extern const ngx_http_model_field_t  ngx_http_model_ollama_message_fields[];
extern const ngx_http_model_field_t  ngx_http_model_ollama_call_fields[];
extern const ngx_http_model_field_t  ngx_http_model_ollama_called_fields[];
extern const ngx_http_model_field_t  ngx_http_model_ollama_tool_fields[];
extern const ngx_http_model_field_t  ngx_http_model_ollama_function_fields[];

#define ngx_http_model_ollama_options_table                                   \
    { "options", "options.", ngx_http_model_ollama_option_fields }
#define ngx_http_model_ollama_message_table                                   \
    { "messages", "messages[].", ngx_http_model_ollama_message_fields }
#define ngx_http_model_ollama_call_table                                      \
    { "messages, tool_calls", "tool_calls[].",                                \
      ngx_http_model_ollama_call_fields }
#define ngx_http_model_ollama_called_table                                    \
    { "messages, tool_calls, function", "tool_calls[].function.",             \
      ngx_http_model_ollama_called_fields }
#define ngx_http_model_ollama_tool_table                                      \
    { "tools", "tools[].", ngx_http_model_ollama_tool_fields }
#define ngx_http_model_ollama_function_table                                  \
    { "tools, function", "tools[].function.",                                 \
      ngx_http_model_ollama_function_fields }


/* the number of a row by its name in any case, or NGX_ERROR */
ngx_int_t ngx_http_model_ollama_row(const ngx_http_model_field_t *fields,
    ngx_str_t *name);


/* readers of members of both requests; data is not used */

ngx_int_t ngx_http_model_ollama_read_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_ollama_read_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_ollama_read_think(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_ollama_read_options(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_ollama_read_logprobs(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_ollama_read_number(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

ngx_int_t ngx_http_model_ollama_read_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_ollama_read_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

/*
 * Members are kept where they belong, for when all of them are known: strings
 * as such, others as they were parsed.
 */

typedef struct {
    const char                       *name;
    const char                       *what;      /* of texts */
    ngx_uint_t                        type;
    size_t                            offset;    /* in the object */
} ngx_http_model_ollama_slot_t;


typedef struct {
    const ngx_http_model_ollama_slot_t  *slots;
    void                                *object;
} ngx_http_model_ollama_into_t;


/* data is such a pair */
ngx_int_t ngx_http_model_ollama_read_member(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);


/*
 * Calls of the tools may have no ids: clients lose them, and old servers give
 * none.  Others need them, so they are made here, and the same ones are given
 * to the results.
 */

typedef struct ngx_http_model_ollama_pending_s
    ngx_http_model_ollama_pending_t;

/* what the calls and the results of one turn of the assistant share */

typedef struct {
    ngx_rbtree_t                      ids;
    ngx_rbtree_t                      names;
    ngx_rbtree_node_t                 sentinel;
    ngx_http_model_ollama_pending_t  *first;     /* not answered */
    ngx_http_model_ollama_pending_t **last;
    ngx_uint_t                        message;   /* its number */
    ngx_uint_t                        calls;     /* of this message so far */
    unsigned                          open:1;    /* calls may still come */
} ngx_http_model_ollama_turn_t;


/* before the first message, and before the calls of another turn */
void ngx_http_model_ollama_turn(ngx_http_model_ollama_turn_t *turn);

/* a message's tool_calls */
ngx_int_t ngx_http_model_ollama_read_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *calls, ngx_http_model_message_t *message,
    ngx_http_model_ollama_turn_t *turn);

/* a result, whose id and name are as told: they are made whole */
ngx_int_t ngx_http_model_ollama_answered(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_turn_t *turn, ngx_http_model_part_t *part);


/* an array of base64 as parts of images and audio */
ngx_int_t ngx_http_model_ollama_read_images(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *images, ngx_array_t *parts);

/* when all members are read: what only several of them tell together */
ngx_int_t ngx_http_model_ollama_read_done(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);


/* of the request that is written: "messages" */
ngx_int_t ngx_http_model_ollama_write_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);

/* members that are passed on; one that a row is of is refused */
ngx_int_t ngx_http_model_ollama_pass(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_array_t *extra,
    const ngx_http_model_field_t *fields);


/* of the API objects */

ngx_int_t ngx_http_model_ollama_write_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
ngx_int_t ngx_http_model_ollama_read_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
ngx_int_t ngx_http_model_ollama_read_event(ngx_http_model_bridge_t *b,
    ngx_str_t *event, ngx_str_t *data);
ngx_int_t ngx_http_model_ollama_write_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
ngx_int_t ngx_http_model_ollama_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);

/*
 * The answer to a request that has nothing to be answered, by which clients
 * have a model loaded or unloaded: reason is "load" or "unload".
 */
ngx_int_t ngx_http_model_ollama_write_load(ngx_http_model_bridge_t *b,
    const char *reason, ngx_str_t *document);

/*
 * Arguments of a call as text: NGX_OK and one JSON object ("{}" of none),
 * NGX_DECLINED when they are anything else.  pool is for the time of the call.
 */
ngx_int_t ngx_http_model_ollama_arguments(ngx_pool_t *pool, ngx_str_t *text,
    ngx_str_t *object);


#endif /* _NGX_HTTP_MODEL_BRIDGE_OLLAMA_H_INCLUDED_ */
