
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Edits of a request body that was read.  Owns the ways of writing them;
 * calls body.
 *
 * An edit that does not grow is written in place, padded with spaces after
 * the value, in memory or in the temporary file, so that lengths, chains and
 * retries stay valid.  All others take the splice: memory is cut into fresh
 * buffers, each with start == pos; in a file what follows is moved, 64 KB at
 * a time, so that it stays one range from 0.
 */


#ifndef _NGX_HTTP_MODEL_EDIT_H_INCLUDED_
#define _NGX_HTTP_MODEL_EDIT_H_INCLUDED_


#include "ngx_http_model_body.h"


/* one edit: the bytes [start, end) become text; start == end inserts */

typedef struct {
    off_t                        start;
    off_t                        end;
    ngx_str_t                    text;
    unsigned                     pad:1;   /* spaces after it change nothing */
} ngx_http_model_edit_t;


/*
 * Applies edits (ascending, not overlapping) to the body that was read whole.
 * In place where every edit is padded and none grows, else by splice; sets
 * r->headers_in.content_length_n.  Texts are copied; they must not lie in the
 * body.  undo, where not NULL, has room for n: the edits that bring the bytes
 * back, their texts in memory of r.  NGX_OK or NGX_ERROR; after an error the
 * body may be half edited and must not be sent.
 */
ngx_int_t ngx_http_model_edit_apply(ngx_http_request_t *r,
    ngx_http_model_edit_t *edits, ngx_uint_t n, ngx_http_model_edit_t *undo);

/* 1 when all edits of the chain's bytes can be written in place */
ngx_uint_t ngx_http_model_edit_fits(ngx_chain_t *cl,
    ngx_http_model_edit_t *edits, ngx_uint_t n);

/*
 * Merges two ascending lists of edits.  Of two insertions at one place that
 * of a comes first.  NGX_OK; NGX_ERROR: memory, or they overlap.
 */
ngx_int_t ngx_http_model_edit_merge(ngx_pool_t *pool,
    ngx_http_model_edit_t *a, ngx_uint_t na, ngx_http_model_edit_t *b,
    ngx_uint_t nb, ngx_http_model_edit_t **edits, ngx_uint_t *n);


#endif /* _NGX_HTTP_MODEL_EDIT_H_INCLUDED_ */
