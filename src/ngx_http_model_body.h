
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The request body: scanned while it arrives, edited where it lies.  Owns the
 * scan of a request and the edits; calls scan, multipart.
 *
 * An edit that does not grow is written in place, padded with spaces after
 * the value, in memory or in the temporary file, so that lengths, chains and
 * retries stay valid.  All others take the splice: memory is cut into fresh
 * buffers, each with start == pos; in a file what follows is moved, 64 KB at
 * a time, so that it stays one range from 0.
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


/* one edit: the bytes [start, end) become text; start == end inserts */

typedef struct {
    off_t                        start;
    off_t                        end;
    ngx_str_t                    text;
    unsigned                     pad:1;   /* spaces after it change nothing */
} ngx_http_model_edit_t;


/* feeds a chain that the body filter sees; errors stay inside body */
void ngx_http_model_body_feed(ngx_http_model_body_t *body, ngx_chain_t *in);

/*
 * Feeds the whole body that was read already, by another module or for another
 * location.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_body_feed_read(ngx_http_request_t *r,
    ngx_http_model_body_t *body);

/*
 * Applies edits (ascending, not overlapping) to the body that was read whole.
 * In place where every edit is padded and none grows, else by splice; sets
 * r->headers_in.content_length_n.  Texts are copied; they must not lie in the
 * body.  NGX_OK or NGX_ERROR; after an error the body may be half edited and
 * must not be sent.
 */
ngx_int_t ngx_http_model_body_edit(ngx_http_request_t *r,
    ngx_http_model_edit_t *edits, ngx_uint_t n);

/*
 * Merges two ascending lists of edits.  Of two insertions at one place that
 * of a comes first.  NGX_OK; NGX_ERROR: memory, or they overlap.
 */
ngx_int_t ngx_http_model_edit_merge(ngx_pool_t *pool,
    ngx_http_model_edit_t *a, ngx_uint_t na, ngx_http_model_edit_t *b,
    ngx_uint_t nb, ngx_http_model_edit_t **edits, ngx_uint_t *n);

/*
 * The whole body as one piece of memory: of its buffer, a copy, or a private
 * mapping that a pool cleanup removes.  Good until the body is edited.  Empty
 * when there is none.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_body_whole(ngx_http_request_t *r, ngx_str_t *body);


#endif /* _NGX_HTTP_MODEL_BODY_H_INCLUDED_ */
