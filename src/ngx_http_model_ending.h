
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * How a stream of a model server ends: whether it has said so itself, and the
 * bytes that end it as an error when it has not.  Pure.  Calls frame, json and
 * error.
 *
 * Sources: Ollama's API (lines of JSON: "done":true; pull, push and create
 * end with "status":"success"; an error is {"error":text} and the end);
 * OpenAI's specification (data: [DONE], finish_reason, the events of
 * /v1/responses, of transcriptions, speech and images); Anthropic's streaming
 * (message_stop, error); the SDKs of the latter two, which take any event
 * with a true "error" for one.
 */


#ifndef _NGX_HTTP_MODEL_ENDING_H_INCLUDED_
#define _NGX_HTTP_MODEL_ENDING_H_INCLUDED_


#include "ngx_http_model.h"
#include "ngx_http_model_frame.h"


typedef struct {
    ngx_http_model_frame_t  frame;

    int64_t                 sequence;    /* last "sequence_number", or -1 */
    unsigned                finished:1;
} ngx_http_model_ending_t;


/* framing: NGX_HTTP_MODEL_FRAME_SSE, _NDJSON or _JSON */
void ngx_http_model_ending_init(ngx_http_model_ending_t *e,
    ngx_uint_t framing);

/* the next bytes that were sent to the client; they need not outlive it */
void ngx_http_model_ending_feed(ngx_http_model_ending_t *e, u_char *p,
    size_t len);

/* for who follows the bytes himself: what the handler of a frame is told */
void ngx_http_model_ending_handler(ngx_http_model_frame_t *f, ngx_uint_t what,
    uint64_t path, ngx_str_t *text);

/* the mark of a document that it leaves to others */
#define NGX_HTTP_MODEL_ENDING_MARK  0x01

/*
 * 1 once the stream has said that it is at its end, with success or error:
 *   SSE     data: [DONE]; an event line, or "type" of the data, that is the
 *           last of its kind; "finish_reason" that is a string, anywhere
 *           inside; "error"
 *   NDJSON  "done":true; "status":"success"; "error"
 *   JSON    the document is whole
 * "error" counts unless null, false or "".  A member counts when the document
 * that it stands in is whole, a line when its newline is there.
 */
ngx_uint_t ngx_http_model_ending_finished(ngx_http_model_ending_t *e);

/*
 * How many "\n" are lacking before a new frame may start: 0 or 1, and 2 in
 * the middle of a line of SSE.  A CR last is taken for half a CRLF.
 */
ngx_uint_t ngx_http_model_ending_open(ngx_http_model_ending_t *e);

/*
 * The bytes that end the stream as an error, in memory of pool: the newlines
 * that are lacking, then
 *   NDJSON     {"error":"text"}
 *   OpenAI     data: {"error":{...}}
 *   responses  event: error
 *              data: {"type":"error","sequence_number":,"error":{...}}
 *   Anthropic  event: error
 *              data: {"type":"error","error":{...}}
 * and the end of the frame.  For SSE, Ollama's dialect is OpenAI's.  The
 * objects are those of ngx_http_model_error_body(), to which status (502,
 * 504) and message go; sequence_number is one more than the last that was
 * seen.  e is not changed.  NGX_ERROR without memory.
 */
ngx_int_t ngx_http_model_ending_frame(ngx_pool_t *pool,
    ngx_http_model_ending_t *e, ngx_uint_t dialect, ngx_uint_t responses,
    ngx_uint_t status, ngx_str_t *message, ngx_str_t *out);


#endif /* _NGX_HTTP_MODEL_ENDING_H_INCLUDED_ */
