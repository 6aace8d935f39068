
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The request body: scanned while it arrives, read where it lies.  Owns the
 * scan of a request; calls scan, multipart.
 */


#ifndef _NGX_HTTP_MODEL_BODY_H_INCLUDED_
#define _NGX_HTTP_MODEL_BODY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_multipart.h"
#include "ngx_http_model_scan.h"


typedef struct {
    ngx_http_model_scan_t       *scan;        /* of a JSON body, or NULL */
    ngx_http_model_multipart_t  *multipart;   /* of a form, or NULL */
    off_t                        fed;         /* bytes seen */
    unsigned                     failed:1;    /* bytes that could not be
                                                 looked at: ours, not 400 */
} ngx_http_model_body_t;


/* feeds a chain that the body filter sees; errors stay inside body */
void ngx_http_model_body_feed(ngx_http_model_body_t *body, ngx_chain_t *in);

/*
 * Feeds the whole body that was read already, by another module or for another
 * location.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_body_feed_read(ngx_http_request_t *r,
    ngx_http_model_body_t *body);

/*
 * The whole body as one piece of memory: of its buffer, a copy, or a private
 * mapping that a pool cleanup removes.  Good until the body is edited.  Empty
 * when there is none.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_body_whole(ngx_http_request_t *r, ngx_str_t *body);

/* bytes in a chain, of memory and of files */
off_t ngx_http_model_body_size(ngx_chain_t *cl);

/* copies len bytes of a chain, from offset on, to p.  NGX_OK or NGX_ERROR */
ngx_int_t ngx_http_model_body_copy(ngx_chain_t *cl, off_t offset, size_t len,
    u_char *p);


#endif /* _NGX_HTTP_MODEL_BODY_H_INCLUDED_ */
