
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The dry run of a request: what its name means, where it would go and why,
 * as JSON.  Owns the document; what is told is found by the same functions
 * that decide for real.  Calls gateway, dispatch, chain, survey, rewrite,
 * handover, respond.
 */


#ifndef _NGX_HTTP_MODEL_EXPLAIN_H_INCLUDED_
#define _NGX_HTTP_MODEL_EXPLAIN_H_INCLUDED_


#include "ngx_http_model_chain.h"
#include "ngx_http_model_scope.h"


/*
 * GET <status>/explain?model=name[&path=/v1/chat/completions], or POST with
 * the body of a request.  No slot, no turn of an alias is taken, nothing is
 * learnt, nothing goes upstream.  Returns what a content handler returns.
 */
ngx_int_t ngx_http_model_explain_handler(ngx_http_request_t *r);


/* what follows is for the other file of this concern */

/*
 * Writes a hop as an object: its servers, what would be sent there.  mark says
 * what would become of it.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_explain_hop(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_view_t *view,
    ngx_http_model_hop_t *hop, ngx_http_model_chain_mark_t *mark,
    ngx_http_model_json_writer_t *w);

/* a member that is a string, and one that is null where the string is empty */
void ngx_http_model_explain_str(ngx_http_model_json_writer_t *w,
    const char *key, ngx_str_t *value);


#endif /* _NGX_HTTP_MODEL_EXPLAIN_H_INCLUDED_ */
