
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The bridge between dialects: a request that came in one API is written in
 * another, the answer comes back as neutral events that the writer of the
 * client's API makes frames or a document of.  Owns the exchange, the order of
 * its events and the table of APIs.  Pure: bytes in, bytes out, memory of
 * pools.  Calls the readers and writers of the APIs, talk, field, json, error.
 *
 * Each API has one reader and one writer for each of request, answer and
 * event: n of them, not n * n.  "client" is the API in which the request came,
 * "server" the one that the vendor speaks.
 */


#ifndef _NGX_HTTP_MODEL_BRIDGE_H_INCLUDED_
#define _NGX_HTTP_MODEL_BRIDGE_H_INCLUDED_


#include "ngx_http_model_talk.h"


/* most of an answer that is kept to be written at once */

#define NGX_HTTP_MODEL_BRIDGE_WHOLE  (64 * 1024 * 1024)


typedef struct ngx_http_model_bridge_s      ngx_http_model_bridge_t;
typedef struct ngx_http_model_bridge_api_s  ngx_http_model_bridge_api_t;


/* events of an answer */

typedef enum {
    NGX_HTTP_MODEL_EVENT_START = 0,  /* id, model: as reported, or "" */
    NGX_HTTP_MODEL_EVENT_TEXT,       /* text: what is new */
    NGX_HTTP_MODEL_EVENT_THINKING,   /* text: what is new */
    NGX_HTTP_MODEL_EVENT_SIGNATURE,  /* text: of the thinking before it */
    NGX_HTTP_MODEL_EVENT_REDACTED,   /* text: data, whole */
    NGX_HTTP_MODEL_EVENT_REFUSAL,    /* text: what is new */
    NGX_HTTP_MODEL_EVENT_CALL,       /* index, id (or ""), name */
    NGX_HTTP_MODEL_EVENT_ARGUMENTS,  /* index, text: what is new of the JSON */
    NGX_HTTP_MODEL_EVENT_CALL_END,   /* index: its arguments are whole */
    NGX_HTTP_MODEL_EVENT_LOGPROBS,   /* json: an array of OpenAI's content
                                        logprobs, also Ollama's */
    NGX_HTTP_MODEL_EVENT_PING,       /* the server is alive */
    NGX_HTTP_MODEL_EVENT_FINISH,     /* reason; text: the stop string, or "" */
    NGX_HTTP_MODEL_EVENT_ERROR,      /* status, text; nothing follows */
    NGX_HTTP_MODEL_EVENT_END         /* nothing follows */
} ngx_http_model_event_e;


/* why an answer ended */

#define NGX_HTTP_MODEL_FINISH_NONE      0
#define NGX_HTTP_MODEL_FINISH_STOP      1
#define NGX_HTTP_MODEL_FINISH_STRING    2   /* a stop string, where known */
#define NGX_HTTP_MODEL_FINISH_LENGTH    3
#define NGX_HTTP_MODEL_FINISH_CALLS     4   /* tools are to be called */
#define NGX_HTTP_MODEL_FINISH_FILTER    5   /* refused, filtered */
#define NGX_HTTP_MODEL_FINISH_PAUSE     6   /* Anthropic's pause_turn */


/* strings are good for the call only */

typedef struct {
    ngx_http_model_event_e        type;
    ngx_uint_t                    index;    /* of a call in the answer, 0.. */
    ngx_uint_t                    reason;   /* NGX_HTTP_MODEL_FINISH_* */
    ngx_uint_t                    status;   /* of an error: 502, 504, 429 .. */
    ngx_str_t                     id;
    ngx_str_t                     name;     /* of a tool */
    ngx_str_t                     model;
    ngx_str_t                     text;
    ngx_http_model_json_t        *json;
} ngx_http_model_event_t;


/* -1: unknown.  prompt has the cached and the written, completion the
   reasoning, as OpenAI counts */

typedef struct {
    int64_t                       prompt;
    int64_t                       completion;
    int64_t                       cached;
    int64_t                       cache_write;
    int64_t                       reasoning;
    int64_t                       total_duration;         /* ns, Ollama's */
    int64_t                       load_duration;
    int64_t                       prompt_duration;
    int64_t                       eval_duration;
} ngx_http_model_bridge_usage_t;


/* a string that grows, of keep() */

typedef struct {
    ngx_str_t                     s;
    size_t                        size;
} ngx_http_model_bridge_text_t;


/* a whole answer, collected of its events; memory of the exchange's pool */

typedef struct {
    ngx_array_t                   parts;    /* ngx_http_model_part_t, in the
                                               order in which they began: TEXT,
                                               THINKING, REDACTED, REFUSAL,
                                               CALL */
    ngx_array_t                  *logprobs; /* ngx_http_model_json_t *, each
                                               one entry; or NULL */
    ngx_uint_t                    reason;
    ngx_str_t                     stop;     /* the stop string, or "" */
    size_t                        room;     /* what its memory is of */

    ngx_array_t                  *calls;    /* of collect: how they are told
                                               apart, and the last text */
    ngx_http_model_bridge_text_t  growing;
} ngx_http_model_bridge_answer_t;


struct ngx_http_model_bridge_s {

    /* set by the caller, before init */

    const ngx_http_model_bridge_api_t  *client;
    ngx_uint_t                    to;       /* dialect of the server */

    ngx_pool_t                   *pool;     /* lives as long as the exchange */
    ngx_pool_t                   *temp;     /* reset by feed() before each
                                               frame; what a reader or writer
                                               keeps goes to pool.  For a
                                               request it may be pool */
    size_t                        limit;    /* largest frame, and most that is
                                               kept of an answer's calls */

    ngx_str_t                     vendor;   /* its id, for texts */
    ngx_str_t                     model;    /* as the client named it */
    ngx_str_t                     name;     /* as the server knows it */
    ngx_str_t                     nonce;    /* random, [0-9a-f]{24} */
    int64_t                       output;   /* largest output of the model, -1
                                               unknown */
    int64_t                       started;  /* ns since the epoch: the request
                                               came */
    int64_t                       clock;    /* the same: now; set anew before
                                               each call */
    unsigned                      proper:1; /* the server is OpenAI's own:
                                               takes max_completion_tokens and
                                               no member that it does not
                                               know */

    /* takes what is written; NGX_OK or NGX_ERROR */
    ngx_int_t                   (*sink)(void *data, u_char *p, size_t len);
    void                         *data;

    /* of the request, set by its reader; server: by request() */

    const ngx_http_model_bridge_api_t  *server;
    ngx_http_model_talk_t         talk;
    void                         *input;    /* of the client's reader: what
                                               only its own writer needs */
    void                         *embed;    /* ngx_http_model_bridge_embed_t
                                               of embeddings */

    /* a refusal, of a reader or writer that returned NGX_DECLINED; or the
       error that the answer ended with */

    ngx_uint_t                    status;   /* 400, 502 and so on */
    ngx_str_t                     field;    /* or "" */
    const char                   *code;     /* that clients act by, or NULL */
    ngx_str_t                     text;

    /* of the answer */

    void                         *reader;   /* states of their own */
    void                         *writer;
    ngx_http_model_bridge_usage_t usage;    /* what was told last */
    ngx_http_model_bridge_answer_t answer;  /* where it is collected */
    ngx_uint_t                    reason;   /* of FINISH */
    ngx_uint_t                    calls;    /* calls begun so far */
    size_t                        kept;     /* bytes of answer, at most limit
                                               in a stream */
    int64_t                       first;    /* clock of the first content, or
                                               -1 */
    unsigned                      stream:1;     /* events are written as they
                                                   come, else collected */
    unsigned                      begun:1;      /* START was */
    unsigned                      content:1;    /* TEXT, THINKING, CALL.. was */
    unsigned                      finished:1;   /* FINISH was */
    unsigned                      ended:1;      /* END or ERROR was */
    unsigned                      failed:1;     /* by ERROR */
    unsigned                      overflow:1;

    /* of feed */

    ngx_uint_t                    line;     /* state */
    ngx_uint_t                    lines;    /* of data in the event so far */
    ngx_http_model_bridge_text_t  partial;  /* a line without its end */
    ngx_http_model_bridge_text_t  frame;    /* SSE: data of the event so far */
    ngx_str_t                     event;    /* SSE: of the event line */
    u_char                        named[64];
};


/*
 * An API.  What returns ngx_int_t gives NGX_OK; NGX_DECLINED when the bridge
 * has a refusal (requests only); NGX_ERROR without memory.  What is not there
 * is NULL.
 */
struct ngx_http_model_bridge_api_s {
    ngx_str_t                     path;     /* "/v1/chat/completions" */
    ngx_uint_t                    dialect;
    ngx_uint_t                    framing;  /* of its streams:
                                               NGX_HTTP_MODEL_FRAME_SSE or
                                               _NDJSON */
    const void                   *fields;   /* ngx_http_model_field_table_t,
                                               all tables of its requests, to
                                               the one without a title */

    /* the request, read from a document or written as one */
    ngx_int_t                   (*read_request)(ngx_http_model_bridge_t *b,
                                    ngx_http_model_json_t *root);
    ngx_int_t                   (*write_request)(ngx_http_model_bridge_t *b,
                                    ngx_http_model_json_writer_t *w);

    /* the server's answer: a whole document, which ends with END or ERROR;
       one frame of a stream (event: its name, or ""; data: without framing);
       readers emit() */
    ngx_int_t                   (*read_answer)(ngx_http_model_bridge_t *b,
                                    ngx_http_model_json_t *root);
    ngx_int_t                   (*read_event)(ngx_http_model_bridge_t *b,
                                    ngx_str_t *event, ngx_str_t *data);

    /* the client's answer: an event at a time as frames, or b->answer */
    ngx_int_t                   (*write_event)(ngx_http_model_bridge_t *b,
                                    ngx_http_model_event_t *e);
    ngx_int_t                   (*write_answer)(ngx_http_model_bridge_t *b,
                                    ngx_http_model_json_writer_t *w);
};


/* the API of a path ("/api/chat", with "/v1" where it belongs), or NULL */
const ngx_http_model_bridge_api_t *ngx_http_model_bridge_api(ngx_str_t *path);

/* all of them, *n is how many; for docs and tests */
const ngx_http_model_bridge_api_t **ngx_http_model_bridge_apis(ngx_uint_t *n);

/* zeroes what is not the caller's; NGX_ERROR without memory */
ngx_int_t ngx_http_model_bridge_init(ngx_http_model_bridge_t *b);

/*
 * The API that the server is asked in, by b->client, b->to and b->talk; NULL
 * where there is none.
 */
const ngx_http_model_bridge_api_t *ngx_http_model_bridge_server(
    ngx_http_model_bridge_t *b);

/*
 * 1 when requests of a client's API can be put to servers of a dialect, by
 * what the API is for alone: a single request may still be refused.
 */
ngx_uint_t ngx_http_model_bridge_can(const ngx_http_model_bridge_api_t *client,
    ngx_uint_t dialect);

/*
 * The request, body to pieces: one document of the client's API in, an array
 * of ngx_str_t out, which together are one of the server's API.  Big strings
 * are slices of body, which must outlive them.  Sets b->server, b->stream.
 * NGX_DECLINED: refused, b->text says why.
 */
ngx_int_t ngx_http_model_bridge_request(ngx_http_model_bridge_t *b,
    ngx_str_t *body, ngx_array_t **pieces);

/*
 * The answer of a stream, bytes as they come; they need not outlive it.  Ends
 * by itself with an error when a frame is larger than b->limit.  NGX_ERROR
 * without memory.
 */
ngx_int_t ngx_http_model_bridge_feed(ngx_http_model_bridge_t *b, u_char *p,
    size_t len);

/* what a connection leaves behind without the end of its line */
ngx_int_t ngx_http_model_bridge_feed_end(ngx_http_model_bridge_t *b);

/*
 * The end of a stream's connection.  What has not said that it is at its end
 * gets an error of the status (502, 504) and text, in the client's dialect.
 */
ngx_int_t ngx_http_model_bridge_close(ngx_http_model_bridge_t *b,
    ngx_uint_t status, ngx_str_t *text);

/*
 * A whole answer: document in, document out, in memory of b->pool.  An error
 * that came with a success is NGX_DECLINED: b->status and b->text tell.
 */
ngx_int_t ngx_http_model_bridge_answer(ngx_http_model_bridge_t *b,
    ngx_str_t *body, ngx_str_t *out);

/* the same with the stream, if it was one, collected */
ngx_int_t ngx_http_model_bridge_document(ngx_http_model_bridge_t *b,
    ngx_str_t *out);

/* the same as events, to the sink; nothing of it counts when NGX_DECLINED */
ngx_int_t ngx_http_model_bridge_replay(ngx_http_model_bridge_t *b,
    ngx_str_t *body);

/*
 * What a vendor's error says, of any dialect: the message, cut to 1 KB, valid
 * UTF-8, without control characters; of a page of HTML or bytes that are no
 * document the first 200.  In memory of pool, "" when there is none.
 */
ngx_str_t ngx_http_model_bridge_message(ngx_pool_t *pool, u_char *p,
    size_t len);

/*
 * A text of somebody else's made fit for a message: valid UTF-8, no control
 * characters; a character that is cut at the end is left out.  In memory of
 * pool; data is NULL without.
 */
ngx_str_t ngx_http_model_bridge_clean(ngx_pool_t *pool, ngx_str_t *text);


/* for readers and writers */

/*
 * Hands an event on: START is put before the first, what comes after END or
 * ERROR is left out, of several FINISH the last before END counts; a FINISH
 * of STOP after calls is one of CALLS.  The writer gets START, contents, and
 * then END or ERROR; FINISH and usage are in b by then.
 */
ngx_int_t ngx_http_model_bridge_emit(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);

/* an event of the answer being collected, rather than written */
ngx_int_t ngx_http_model_bridge_collect(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);

/* ERROR: status 502, 504, 429 and so on */
ngx_int_t ngx_http_model_bridge_fail(ngx_http_model_bridge_t *b,
    ngx_uint_t status, ngx_str_t *text);

/* the same, of an event with nothing but a text */
ngx_int_t ngx_http_model_bridge_emit_text(ngx_http_model_bridge_t *b,
    ngx_http_model_event_e type, ngx_str_t *text);

ngx_int_t ngx_http_model_bridge_put(ngx_http_model_bridge_t *b, u_char *p,
    size_t len);

/*
 * A frame of the client's framing: SSE "event: name\n" (where name is not
 * NULL) and "data: ...\n\n", NDJSON a line.  w is finished by it; its memory
 * is of b->temp.
 */
ngx_int_t ngx_http_model_bridge_frame(ngx_http_model_bridge_t *b,
    const char *name, ngx_http_model_json_writer_t *w);

/* always NGX_DECLINED; field may be NULL; text as of ngx_snprintf */
ngx_int_t ngx_http_model_bridge_refuse(ngx_http_model_bridge_t *b,
    const char *field, const char *fmt, ...);

/* "prefix" and b->nonce and, unless it is -1, "_n", in memory of b->pool */
ngx_str_t ngx_http_model_bridge_id(ngx_http_model_bridge_t *b,
    const char *prefix, ngx_int_t n);

/*
 * Appends to a string that grows in b->pool, in an answer of at most b->limit
 * bytes in all: beyond, NGX_DECLINED, and the exchange has ended with an
 * error.
 */
ngx_int_t ngx_http_model_bridge_keep(ngx_http_model_bridge_t *b,
    ngx_http_model_bridge_text_t *text, ngx_str_t *add);


#endif /* _NGX_HTTP_MODEL_BRIDGE_H_INCLUDED_ */
