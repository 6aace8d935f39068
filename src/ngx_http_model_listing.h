
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Documents that the gateway writes itself from the catalogue: tags, models,
 * show, ps, version.  Bytes out, no request in.  Calls route, alias,
 * alias_model, describe, capability, decimal, view, json.  Ollama's documents
 * are in listing_ollama, those of /v1/models in listing_openai.
 *
 * Nothing of a document changes with time alone, so that its ETag stays.
 */


#ifndef _NGX_HTTP_MODEL_LISTING_H_INCLUDED_
#define _NGX_HTTP_MODEL_LISTING_H_INCLUDED_


#include "ngx_http_model_alias_model.h"
#include "ngx_http_model_describe.h"
#include "ngx_http_model_route.h"


/*
 * What the scope shows, as an array of ngx_http_model_model_t * in pool: the
 * aliases in order of the file, then the models in order of rank; NULL when
 * memory ran out.  Of several with one listed name only the first, which is
 * the one that is routed to; none that is hidden (see view).
 */
ngx_array_t *ngx_http_model_listing_models(ngx_http_model_scope_t *scope,
    ngx_pool_t *pool);

/* a member that is a string; or_null writes null for an empty one */
void ngx_http_model_listing_member(ngx_http_model_json_writer_t *w,
    const char *key, ngx_str_t *value);
void ngx_http_model_listing_or_null(ngx_http_model_json_writer_t *w,
    const char *key, ngx_str_t *value);


/* an object of the known prices, per million tokens, decimal text */
void ngx_http_model_listing_prices(ngx_http_model_json_writer_t *w,
    ngx_http_model_descriptor_t *d);


/* each: NGX_OK with one JSON document in memory of pool, or NGX_ERROR */

/* GET /api/tags */
ngx_int_t ngx_http_model_listing_tags(ngx_http_model_scope_t *scope,
    ngx_pool_t *pool, ngx_str_t *out);

/* GET /v1/models in OpenAI's shape */
ngx_int_t ngx_http_model_listing_openai(ngx_http_model_scope_t *scope,
    ngx_pool_t *pool, ngx_str_t *out);

/*
 * GET /v1/models in Anthropic's shape; limit 1..1000 (0: the default, 20),
 * after_id and before_id may be empty.
 */
ngx_int_t ngx_http_model_listing_anthropic(ngx_http_model_scope_t *scope,
    ngx_uint_t limit, ngx_str_t *after_id, ngx_str_t *before_id,
    ngx_pool_t *pool, ngx_str_t *out);

/* GET /api/v1/models in LM Studio's shape */
ngx_int_t ngx_http_model_listing_lmstudio(ngx_http_model_scope_t *scope,
    ngx_pool_t *pool, ngx_str_t *out);

/* one model of GET /v1/models/{id}: the whole descriptor */
ngx_int_t ngx_http_model_listing_model(ngx_http_model_model_t *model,
    ngx_uint_t anthropic, ngx_pool_t *pool, ngx_str_t *out);

/*
 * The same of an alias, with its targets; star as in the route.  NGX_DECLINED
 * when there is nothing to show.
 */
ngx_int_t ngx_http_model_listing_alias(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_str_t *star, ngx_uint_t anthropic,
    ngx_pool_t *pool, ngx_str_t *out);

/*
 * POST /api/show without the server: from the reduced show document where
 * one is known, else synthesized.
 */
ngx_int_t ngx_http_model_listing_show(ngx_http_model_model_t *model,
    ngx_pool_t *pool, ngx_str_t *out);

/* GET /api/ps, merged over the servers */
ngx_int_t ngx_http_model_listing_ps(ngx_http_model_scope_t *scope,
    ngx_pool_t *pool, ngx_str_t *out);

/* GET /api/version: the smallest real one, else 0.6.4 */
ngx_int_t ngx_http_model_listing_version(ngx_http_model_scope_t *scope,
    ngx_pool_t *pool, ngx_str_t *out);

/* weak ETag of a document, with its quotes: W/"..." in memory of pool */
ngx_int_t ngx_http_model_listing_etag(ngx_str_t *document, ngx_pool_t *pool,
    ngx_str_t *etag);


#endif /* _NGX_HTTP_MODEL_LISTING_H_INCLUDED_ */
