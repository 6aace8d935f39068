
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A conversation as no dialect has it and every dialect can be read into and
 * written from: messages of parts, tools, what is asked of the sampling and of
 * the form of the answer.  Owns these structures and the facts about values
 * that several dialects share.  Pure.  Calls json.
 *
 * Sources: the request bodies of Ollama's API (docs/api.md), of OpenAI's and
 * of Anthropic's specifications.
 */


#ifndef _NGX_HTTP_MODEL_TALK_H_INCLUDED_
#define _NGX_HTTP_MODEL_TALK_H_INCLUDED_


#include "ngx_http_model.h"
#include "ngx_http_model_json.h"


/* who speaks */

#define NGX_HTTP_MODEL_ROLE_SYSTEM     0   /* OpenAI's developer, too */
#define NGX_HTTP_MODEL_ROLE_USER       1
#define NGX_HTTP_MODEL_ROLE_ASSISTANT  2
#define NGX_HTTP_MODEL_ROLE_TOOL       3   /* has parts RESULT only */


/* kinds of parts */

#define NGX_HTTP_MODEL_PART_TEXT       0
#define NGX_HTTP_MODEL_PART_IMAGE      1
#define NGX_HTTP_MODEL_PART_AUDIO      2
#define NGX_HTTP_MODEL_PART_FILE       3   /* a document */
#define NGX_HTTP_MODEL_PART_THINKING   4
#define NGX_HTTP_MODEL_PART_REDACTED   5   /* thinking that only its maker can
                                              read */
#define NGX_HTTP_MODEL_PART_REFUSAL    6
#define NGX_HTTP_MODEL_PART_CALL       7   /* of a tool, by the assistant */
#define NGX_HTTP_MODEL_PART_RESULT     8   /* of such a call */


/* a value that may be unset */

#define NGX_HTTP_MODEL_UNSET  0
#define NGX_HTTP_MODEL_OFF    1
#define NGX_HTTP_MODEL_ON     2


/* numbers of the sampling, as written by the client */

#define NGX_HTTP_MODEL_TALK_TEMPERATURE  0
#define NGX_HTTP_MODEL_TALK_TOP_P        1
#define NGX_HTTP_MODEL_TALK_TOP_K        2
#define NGX_HTTP_MODEL_TALK_MIN_P        3
#define NGX_HTTP_MODEL_TALK_SEED         4
#define NGX_HTTP_MODEL_TALK_PRESENCE     5   /* presence_penalty */
#define NGX_HTTP_MODEL_TALK_FREQUENCY    6   /* frequency_penalty */
#define NGX_HTTP_MODEL_TALK_REPEAT       7   /* repeat_penalty, Ollama's */
#define NGX_HTTP_MODEL_TALK_MAX          8   /* tokens of the answer, > 0 */
#define NGX_HTTP_MODEL_TALK_TOP_LOGPROBS 9
#define NGX_HTTP_MODEL_TALK_NNUMBERS     10


/* which tool is to be called */

#define NGX_HTTP_MODEL_CHOICE_UNSET   0
#define NGX_HTTP_MODEL_CHOICE_AUTO    1
#define NGX_HTTP_MODEL_CHOICE_NONE    2
#define NGX_HTTP_MODEL_CHOICE_ANY     3   /* OpenAI's "required" */
#define NGX_HTTP_MODEL_CHOICE_NAMED   4


/* the form of the answer */

#define NGX_HTTP_MODEL_FORMAT_TEXT    0
#define NGX_HTTP_MODEL_FORMAT_JSON    1   /* any object */
#define NGX_HTTP_MODEL_FORMAT_SCHEMA  2


/*
 * Strings are slices of the body that was read or memory of the pool, "" when
 * there is none.
 */
typedef struct {
    ngx_uint_t               type;
    ngx_str_t                text;   /* TEXT, THINKING, REFUSAL: itself;
                                        IMAGE, AUDIO, FILE: base64, or for a
                                        FILE of media text/plain the text;
                                        REDACTED: its data;
                                        CALL: the arguments, one JSON object,
                                        "" for none */
    ngx_str_t                url;    /* IMAGE, FILE: instead of text */
    ngx_str_t                media;  /* IMAGE, AUDIO, FILE: such as image/png,
                                        lower case; "" unknown */
    ngx_str_t                id;     /* CALL, RESULT: of the call */
    ngx_str_t                name;   /* CALL, RESULT: of the tool;
                                        FILE: of the file */
    ngx_str_t                signature;  /* THINKING, of its maker */
    ngx_str_t                detail;     /* IMAGE, OpenAI's */
    ngx_array_t             *parts;      /* RESULT: ngx_http_model_part_t, TEXT
                                            and IMAGE */
    ngx_array_t             *extra;      /* ngx_http_model_json_t *: members
                                            that are passed on, or NULL */
    unsigned                 error:1;    /* RESULT: the tool failed */
} ngx_http_model_part_t;


typedef struct {
    ngx_uint_t               role;
    ngx_array_t              parts;      /* ngx_http_model_part_t */
    ngx_str_t                name;       /* of the speaker, OpenAI's */
    ngx_array_t             *extra;
} ngx_http_model_message_t;


typedef struct {
    ngx_str_t                name;
    ngx_str_t                description;
    ngx_http_model_json_t   *parameters;     /* a JSON schema, or NULL */
    ngx_uint_t               strict;         /* UNSET, OFF, ON */
    ngx_array_t             *extra;
} ngx_http_model_tool_t;


typedef struct {
    ngx_pool_t              *pool;

    ngx_array_t              messages;       /* ngx_http_model_message_t */
    ngx_array_t              tools;          /* ngx_http_model_tool_t */
    ngx_uint_t               choice;
    ngx_str_t                chosen;         /* NAMED: the tool */
    ngx_uint_t               parallel;       /* several calls in one answer:
                                                UNSET, OFF, ON */

    ngx_uint_t               format;
    ngx_http_model_json_t   *schema;
    ngx_str_t                schema_name;
    ngx_str_t                schema_description;
    ngx_uint_t               schema_strict;

    ngx_uint_t               think;          /* UNSET, OFF, ON */
    ngx_str_t                effort;         /* with ON: minimal, low, medium,
                                                high, xhigh, max; or "" */
    int64_t                  budget;         /* tokens of thinking, -1 unset */

    ngx_str_t                numbers[NGX_HTTP_MODEL_TALK_NNUMBERS];
    ngx_array_t              stop;           /* ngx_str_t */
    ngx_uint_t               logprobs;       /* UNSET, OFF, ON */
    ngx_str_t                user;           /* the end user's id */

    /* text completion, of /api/generate with raw or suffix */
    ngx_str_t                prompt;
    ngx_str_t                suffix;
    unsigned                 completion:1;

    unsigned                 effort_only:1;  /* said as an effort, not "on" */

    unsigned                 stream:1;
    unsigned                 usage:1;        /* the client wants the usage of a
                                                stream (OpenAI's option) */

    ngx_array_t             *extra;          /* ngx_http_model_json_t * */
} ngx_http_model_talk_t;


/* NGX_ERROR without memory */
ngx_int_t ngx_http_model_talk_init(ngx_http_model_talk_t *talk,
    ngx_pool_t *pool);

/* new ones at the end, zeroed; NULL without memory */
ngx_http_model_message_t *ngx_http_model_talk_message(
    ngx_http_model_talk_t *talk, ngx_uint_t role);
ngx_http_model_part_t *ngx_http_model_talk_part(ngx_array_t *parts,
    ngx_uint_t type);
ngx_http_model_tool_t *ngx_http_model_talk_tool(ngx_http_model_talk_t *talk);

/* keeps a member to be passed on; *extra is made at need */
ngx_int_t ngx_http_model_talk_extra(ngx_pool_t *pool, ngx_array_t **extra,
    ngx_http_model_json_t *member);

/*
 * The texts of parts of one type, joined by separator; a slice where there is
 * one alone.  NGX_ERROR without memory.
 */
ngx_int_t ngx_http_model_talk_join(ngx_pool_t *pool, ngx_array_t *parts,
    ngx_uint_t type, const char *separator, ngx_str_t *text);

/*
 * The media type of an image by the first bytes of its base64: png, jpeg,
 * gif, webp; "" when it is none of them.
 */
ngx_str_t ngx_http_model_talk_image(ngx_str_t *base64);

/*
 * A data URL: NGX_OK and its media type (lower case, without parameters, in
 * memory of pool) and its base64, a slice; NGX_DECLINED: it is none, or is not
 * base64; NGX_ERROR without memory.
 */
ngx_int_t ngx_http_model_talk_data_url(ngx_pool_t *pool, ngx_str_t *url,
    ngx_str_t *media, ngx_str_t *base64);

/* one JSON value as text, in memory of pool; NGX_ERROR without memory */
ngx_int_t ngx_http_model_talk_json(ngx_pool_t *pool,
    ngx_http_model_json_t *json, ngx_str_t *text);

/* the value of a JSON number as written, for comparisons only */
double ngx_http_model_talk_value(ngx_str_t *number);


#endif /* _NGX_HTTP_MODEL_TALK_H_INCLUDED_ */
