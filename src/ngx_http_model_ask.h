
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * model_usage ask: usage of a stream is asked for where the client did not,
 * and the event that tells it is taken out of what the client gets.  Owns the
 * conditions, and the buffers of what waits.  Calls strip, stream, usage,
 * names, preset.
 */


#ifndef _NGX_HTTP_MODEL_ASK_H_INCLUDED_
#define _NGX_HTTP_MODEL_ASK_H_INCLUDED_


#include "ngx_http_model_request.h"
#include "ngx_http_model_strip.h"
#include "ngx_http_model_vendor.h"


struct ngx_http_model_ask_s {
    ngx_http_model_strip_t    strip;
    ngx_buf_t                *held;     /* bytes that wait, or NULL */
    ngx_chain_t              *free;     /* buffers of ours */
    ngx_chain_t              *busy;
    ngx_chain_t              *out;
    ngx_chain_t             **last;
    unsigned                  data:1;   /* bytes came with the last chain */
};


/* what is put into the body */
extern ngx_http_model_preset_t  ngx_http_model_ask_preset;

/* 1 when that is to be done for the hop; the body is scanned and accepted */
ngx_uint_t ngx_http_model_ask(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop);

/*
 * The head of a stream is to be sent whose body was asked for; ctx->usage is
 * set.  Sets ctx->ask.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_ask_start(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * Follows the next buffers of the body, ctx->ask is set, in place of usage.
 * *in becomes a chain of the bytes that pass, links of ours; the buffers that
 * came stand in it, too, shortened, and those that do not are consumed.
 * NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_ask_body(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t **in);

/* that chain was given to the next filter */
void ngx_http_model_ask_sent(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *out);


#endif /* _NGX_HTTP_MODEL_ASK_H_INCLUDED_ */
