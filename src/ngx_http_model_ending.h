
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * How a stream of a model server ends: whether it has said so itself, and the
 * bytes that end it as an error when it has not.  Pure: it follows bytes that
 * are cut anywhere, in constant space and linear time, and changes none.
 * Calls json and error.
 *
 * Sources: Ollama's API (lines of JSON: "done":true; pull, push and create
 * end with "status":"success"; an error is {"error":text} and the end);
 * OpenAI's specification (data: [DONE], finish_reason, the events of
 * /v1/responses, of transcriptions, speech and images); Anthropic's streaming
 * (message_stop, error); the SDKs of the latter two, which take any event
 * with a true "error" for one; WHATWG HTML, 9.2 (SSE: LF, CRLF and CR end a
 * line, a byte-order mark may come first, a blank after the colon is
 * optional, several lines of data are one).
 */


#ifndef _NGX_HTTP_MODEL_ENDING_H_INCLUDED_
#define _NGX_HTTP_MODEL_ENDING_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model.h"


#define NGX_HTTP_MODEL_ENDING_SSE     1
#define NGX_HTTP_MODEL_ENDING_NDJSON  2

#define NGX_HTTP_MODEL_ENDING_TEXT    32    /* more than any marker has */


typedef struct {
    uint64_t      depth;          /* open brackets of the document */
    int64_t       sequence;       /* last "sequence_number", or -1 */

    unsigned      framing:2;
    unsigned      finished:1;
    unsigned      first:1;        /* in the first line */
    unsigned      cr:1;           /* the last byte ended a line so */
    unsigned      broken:1;       /* the data of this event is no JSON */
    unsigned      string:1;       /* in a string */
    unsigned      escape:1;       /* its next byte is escaped */
    unsigned      hit:1;          /* the document has a marker */
    unsigned      open:2;         /* newlines that are lacking */

    u_char        line;           /* what the line is */
    u_char        key;            /* string that may be the name of a member */
    u_char        member;         /* whose value comes */
    u_char        len;            /* of text */
    u_char        text[NGX_HTTP_MODEL_ENDING_TEXT];
} ngx_http_model_ending_t;


void ngx_http_model_ending_init(ngx_http_model_ending_t *e,
    ngx_uint_t framing);

/* the next bytes that were sent to the client; they need not outlive it */
void ngx_http_model_ending_feed(ngx_http_model_ending_t *e, u_char *p,
    size_t len);

/*
 * 1 once the stream has said that it is at its end, with success or error:
 *   SSE     data: [DONE]; an event line, or "type" of the data, that is the
 *           last of its kind; "finish_reason" that is a string, anywhere
 *           inside; "error"
 *   NDJSON  "done":true; "status":"success"; "error"
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
