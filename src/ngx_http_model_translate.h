
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Bridges in a request: the body that goes to a vendor of another dialect, and
 * the answer that comes back.  Owns what is kept of that in a request.  Calls
 * bridge, body, preset, stream and error.
 */


#ifndef _NGX_HTTP_MODEL_TRANSLATE_H_INCLUDED_
#define _NGX_HTTP_MODEL_TRANSLATE_H_INCLUDED_


#include "ngx_http_model_bridge.h"
#include "ngx_http_model_request.h"


/* of one hop */

struct ngx_http_model_translation_s {
    ngx_http_model_bridge_t    b;
    ngx_array_t               *pieces;    /* ngx_str_t: the body to be sent */

    /* of the answer */

    ngx_http_request_t        *request;
    ngx_uint_t                 status;    /* of the answer that is made, */
    ngx_str_t                  document;  /* and its body */
    ngx_str_t                  type;      /* of frames */
    ngx_str_t                  whole;     /* what came so far, */
    size_t                     size;      /* and how much fits in */
    ssize_t                    left;      /* most that may still come of
                                             frames for a document */
    ngx_chain_t               *in;        /* not read yet: the client is slow */
    ngx_chain_t               *out;
    ngx_chain_t              **last;      /* where the next of out goes */
    ngx_buf_t                 *tail;      /* the last of out */
    ngx_chain_t               *free;
    ngx_chain_t               *busy;
    unsigned                   streaming:1;  /* frames go to the client */
    unsigned                   events:1;     /* frames come from the server */
    unsigned                   refused:1;    /* its status is an error's */
    unsigned                   large:1;      /* it does not fit */
    unsigned                   framed:1;     /* the document is frames */
    unsigned                   done:1;
};


/*
 * For each hop that needs a bridge the body that it would get; hops that have
 * nothing like what is asked are taken out of the context.  Before the body is
 * edited, which has to stay as long as the request.  NGX_OK; NGX_DECLINED: no
 * hop is left, *why is what the first one said; NGX_DONE: there is nothing to
 * ask a server for (Ollama's load and unload), *why is the bridge that tells;
 * NGX_ERROR.
 */
ngx_int_t ngx_http_model_translate_plan(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_bridge_t **why);

/*
 * Puts the hop's body, content type and path in the place of the client's;
 * ngx_http_model_translate_restore() is the way back, which does nothing where
 * nothing was done.
 */
ngx_int_t ngx_http_model_translate_body(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop);
void ngx_http_model_translate_restore(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * The head of the answer of a hop with a bridge.  NGX_OK: it is changed, and
 * goes to the client now; NGX_DONE: it waits for its body; NGX_DECLINED: it
 * cannot be read, why says why; NGX_ERROR.
 */
ngx_int_t ngx_http_model_translate_head(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, const char **why);

/*
 * The body of the answer, which is consumed.  NGX_OK: *out, which may be
 * NULL, goes to the client; NGX_AGAIN: nothing does yet; NGX_DONE: the answer
 * is made, status and document of the translation; NGX_ERROR.
 */
ngx_int_t ngx_http_model_translate_answer(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in, ngx_chain_t **out);

/* after *out was sent: its buffers are used again */
void ngx_http_model_translate_sent(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/* headers of limits and ids as the client's dialect names them */
ngx_int_t ngx_http_model_translate_headers(ngx_http_request_t *r,
    ngx_uint_t from, ngx_uint_t to);


#endif /* _NGX_HTTP_MODEL_TRANSLATE_H_INCLUDED_ */
