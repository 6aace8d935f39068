
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A server's silence, and the end of a stream: model_stall,
 * model_cold_timeout, and an error frame where a stream was cut.  Owns the
 * timer of a run.  Calls ending, request; reads ask.
 */


#ifndef _NGX_HTTP_MODEL_STREAM_H_INCLUDED_
#define _NGX_HTTP_MODEL_STREAM_H_INCLUDED_


#include "ngx_http_model_failover.h"


/* a server is asked: it may need time to load the model */
void ngx_http_model_stream_asked(ngx_http_model_run_t *run);

/*
 * Its head is there.  Returns 1 when the head is to wait for the first byte of
 * the body, so that silence can still be answered by another server.
 */
ngx_uint_t ngx_http_model_stream_head(ngx_http_model_run_t *run);

/* the run is over, or goes on with another server */
void ngx_http_model_stream_stop(ngx_http_model_run_t *run);

/* framing of a stream by its content type, as of frame.h; 0: it is none */
ngx_uint_t ngx_http_model_stream_framing(ngx_str_t *type);

/*
 * For the filters: the answer is a stream and its head goes to the client.
 * NGX_OK or NGX_ERROR; ctx->ending is set when its body is to be followed.
 */
ngx_int_t ngx_http_model_stream_start(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * Of an answer that is not buffered, before its first byte: one whose chunks
 * are malformed is cut, and nginx ends the client's connection no more.
 */
void ngx_http_model_stream_guard(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * Each chain of its body, which is not changed but for the last buffer of a
 * stream that is not complete: an error frame takes its place.
 */
ngx_int_t ngx_http_model_stream_body(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in);

/* a stream has sent something: its silence is measured anew */
void ngx_http_model_stream_watch(ngx_http_model_ctx_t *ctx);

/* ctx->message: how the stream broke off; logged */
ngx_int_t ngx_http_model_stream_message(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/* 1 when nothing of the stream comes after this buffer of it */
ngx_uint_t ngx_http_model_stream_last(ngx_http_request_t *r, ngx_buf_t *b);


#endif /* _NGX_HTTP_MODEL_STREAM_H_INCLUDED_ */
