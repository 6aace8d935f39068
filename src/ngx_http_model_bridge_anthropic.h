
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Anthropic's Messages API for the bridge: what its files share.  Owns
 * nothing; each function is of the file that is named before it.
 *
 * Sources: the types of Anthropic's SDKs, which are made of its specification;
 * its documentation of thinking, of tool use and of streaming.
 */


#ifndef _NGX_HTTP_MODEL_BRIDGE_ANTHROPIC_H_INCLUDED_
#define _NGX_HTTP_MODEL_BRIDGE_ANTHROPIC_H_INCLUDED_


#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_bridge_field.h"


/* anthropic_fields: the tables, by these indexes */

#define NGX_HTTP_MODEL_ANTHROPIC_REQUEST        0
#define NGX_HTTP_MODEL_ANTHROPIC_MESSAGE        1
#define NGX_HTTP_MODEL_ANTHROPIC_BLOCKS         2   /* rows are types, not
                                                       members */
#define NGX_HTTP_MODEL_ANTHROPIC_TEXT           3
#define NGX_HTTP_MODEL_ANTHROPIC_IMAGE          4
#define NGX_HTTP_MODEL_ANTHROPIC_DOCUMENT       5
#define NGX_HTTP_MODEL_ANTHROPIC_SOURCE         6
#define NGX_HTTP_MODEL_ANTHROPIC_SEARCH_RESULT  7
#define NGX_HTTP_MODEL_ANTHROPIC_TOOL_USE       8
#define NGX_HTTP_MODEL_ANTHROPIC_TOOL_RESULT    9
#define NGX_HTTP_MODEL_ANTHROPIC_THOUGHT        10
#define NGX_HTTP_MODEL_ANTHROPIC_REDACTED       11
#define NGX_HTTP_MODEL_ANTHROPIC_TOOL           12
#define NGX_HTTP_MODEL_ANTHROPIC_CHOICE         13
#define NGX_HTTP_MODEL_ANTHROPIC_THINKING       14
#define NGX_HTTP_MODEL_ANTHROPIC_OUTPUT         15
#define NGX_HTTP_MODEL_ANTHROPIC_FORMAT         16
#define NGX_HTTP_MODEL_ANTHROPIC_METADATA       17
#define NGX_HTTP_MODEL_ANTHROPIC_NTABLES        18

extern const ngx_http_model_field_table_t
    ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_NTABLES + 1];


/*
 * anthropic_request: the readers that the tables name, of members that are
 * refused but for some values
 */
ngx_int_t ngx_http_model_anthropic_billing(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_anthropic_thread(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_anthropic_clear(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_anthropic_citations(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

/* a member that is there and not null, or NULL */
ngx_http_model_json_t *ngx_http_model_anthropic_get(
    ngx_http_model_json_t *object, const char *key);

/*
 * A member that is a string, "" when it is not there.  NGX_DECLINED: it is
 * not one, or is missing while required; where is what stands before its name
 * in the text.
 */
ngx_int_t ngx_http_model_anthropic_str(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *where, const char *key,
    ngx_uint_t required, ngx_str_t *value);

/* the same, NGX_HTTP_MODEL_UNSET, _OFF or _ON */
ngx_int_t ngx_http_model_anthropic_bool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *where, const char *key,
    ngx_uint_t *value);

/* always NGX_DECLINED: as Anthropic says it */
ngx_int_t ngx_http_model_anthropic_missing(ngx_http_model_bridge_t *b,
    const char *where, const char *key);


/* where a block stands: the role of its message, or in another block */

#define NGX_HTTP_MODEL_ANTHROPIC_INSIDE  NGX_HTTP_MODEL_ROLE_TOOL


/* calls that were made, by their ids: a result does not name its tool */

typedef struct {
    ngx_str_node_t                   sn;
    ngx_str_t                        name;
} ngx_http_model_anthropic_made_t;

typedef struct {
    ngx_rbtree_t                     calls;
    ngx_rbtree_node_t                sentinel;
    ngx_uint_t                       place;
} ngx_http_model_anthropic_reading_t;

typedef ngx_int_t (*ngx_http_model_anthropic_block_pt)(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reading_t *rd,
    ngx_array_t *parts, ngx_http_model_json_t *block);


/*
 * anthropic_blocks: text, or blocks that stand where rd says; 1 if a block has
 * the type
 */
ngx_int_t ngx_http_model_anthropic_content(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *content);
ngx_uint_t ngx_http_model_anthropic_is_type(ngx_http_model_json_t *block,
    const char *type);


/* anthropic_parts: each type of block, to parts; text alone */
ngx_int_t ngx_http_model_anthropic_text(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block);
ngx_int_t ngx_http_model_anthropic_image(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block);
ngx_int_t ngx_http_model_anthropic_document(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block);
ngx_int_t ngx_http_model_anthropic_search(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block);
ngx_int_t ngx_http_model_anthropic_use(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block);
ngx_int_t ngx_http_model_anthropic_result(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block);
ngx_int_t ngx_http_model_anthropic_thought(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block);
ngx_int_t ngx_http_model_anthropic_redacted(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block);
ngx_int_t ngx_http_model_anthropic_add_text(ngx_array_t *parts,
    ngx_str_t *text);


/* anthropic_blocks: the conversation of "system" and "messages" */
ngx_int_t ngx_http_model_anthropic_read_system(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
ngx_int_t ngx_http_model_anthropic_read_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);


/* anthropic_write: a request */
ngx_int_t ngx_http_model_anthropic_write_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);


/*
 * anthropic_content: the members "system" and "messages" of a request.  json:
 * an answer in JSON is asked for in words.  *any: 1 when something was
 * written, 0 when there is nothing to say; the key is written by it.
 */
ngx_int_t ngx_http_model_anthropic_write_system(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t json, ngx_uint_t *any);
ngx_int_t ngx_http_model_anthropic_write_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);

/* 1 if the text has nothing but blanks: such blocks are refused there */
ngx_uint_t ngx_http_model_anthropic_blank(ngx_str_t *text);

/*
 * A call's id as one of Anthropic's, ^[a-zA-Z0-9_-]+$: what fits stays as it
 * is, two that differ stay different.  In memory of pool, "" without it.
 */
ngx_str_t ngx_http_model_anthropic_id(ngx_pool_t *pool, ngx_str_t *id);

/*
 * The arguments of a call as the value of "input": text as it is when it is
 * an object, {"_raw": text} otherwise, so that nothing is lost.
 */
void ngx_http_model_anthropic_input(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *text);


/* anthropic_answer: what its servers say */
ngx_int_t ngx_http_model_anthropic_read_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
ngx_int_t ngx_http_model_anthropic_read_event(ngx_http_model_bridge_t *b,
    ngx_str_t *event, ngx_str_t *data);


/* anthropic_frames, anthropic_message: what its clients are told */
ngx_int_t ngx_http_model_anthropic_write_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
ngx_int_t ngx_http_model_anthropic_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);

/*
 * anthropic_message: parts of it.  The members of a message that stand before
 * "content" or have nothing to say.
 */
void ngx_http_model_anthropic_head(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *id);

/*
 * The value of "usage", of a whole message or of message_delta; prompt: tokens
 * of it as OpenAI counts, -1 unknown.
 */
void ngx_http_model_anthropic_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t whole, int64_t prompt);

/* the members "stop_reason" and "stop_sequence"; refused: text said so */
void ngx_http_model_anthropic_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t refused);

/* an object of a type, opened */
void ngx_http_model_anthropic_open(ngx_http_model_json_writer_t *w,
    const char *type);

/* a block of type tool_use, opened, but for "input"; n: of the call */
ngx_int_t ngx_http_model_anthropic_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t n, ngx_str_t *id,
    ngx_str_t *name);

/* a member that is a string */
void ngx_http_model_anthropic_put(ngx_http_model_json_writer_t *w,
    const char *key, ngx_str_t *value);


#endif /* _NGX_HTTP_MODEL_BRIDGE_ANTHROPIC_H_INCLUDED_ */
