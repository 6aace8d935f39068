
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Embeddings over a bridge: OpenAI's /v1/embeddings, Ollama's /api/embed and
 * the older /api/embeddings.  Owns what such an exchange is about, b->embed.
 * Pure.  Calls bridge, field, talk, json.
 *
 * Sources: OpenAI's API reference; Ollama's docs/api.md.
 */


#ifndef _NGX_HTTP_MODEL_BRIDGE_VECTORS_H_INCLUDED_
#define _NGX_HTTP_MODEL_BRIDGE_VECTORS_H_INCLUDED_


#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_bridge_field.h"


/* as it came, or as the client wants it */

typedef struct {
    ngx_http_model_json_t   *numbers;   /* an array, digits as written; or
                                           NULL: */
    ngx_str_t                base64;    /* of floats, 4 bytes each, the lowest
                                           first, */
    ngx_str_t                bytes;     /* which is of these */
    unsigned                 there:1;
} ngx_http_model_vector_t;


typedef struct {
    ngx_http_model_json_t   *input;     /* a string, or an array of strings */
    ngx_uint_t               n;         /* how many they are */
    ngx_str_t                dimensions;    /* as written, or "" */
    ngx_uint_t               truncate;      /* what is too long: UNSET, OFF,
                                               ON */
    ngx_http_model_vector_t *vectors;   /* n of them, in the order of input */
    unsigned                 base64:1;  /* the client wants it */
} ngx_http_model_bridge_embed_t;


/* b->embed, made at need; NULL without memory */
ngx_http_model_bridge_embed_t *ngx_http_model_vectors(
    ngx_http_model_bridge_t *b);

/*
 * Readers of rows: texts to be embedded; dimensions; truncate; what needs no
 * reading.  All refuse towards Anthropic, which has no embeddings.
 */
ngx_int_t ngx_http_model_vectors_input(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_vectors_dimensions(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_vectors_truncate(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
ngx_int_t ngx_http_model_vectors_taken(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

/*
 * A vector of a server's answer, an array of numbers or base64, for the i-th
 * text.  NGX_DECLINED: it makes no sense, and the exchange has ended so.
 */
ngx_int_t ngx_http_model_vectors_add(ngx_http_model_bridge_t *b, ngx_uint_t i,
    ngx_http_model_json_t *value);

/* all are there: the answer ends well, or else with an error */
ngx_int_t ngx_http_model_vectors_end(ngx_http_model_bridge_t *b);

/* an answer that is an error: it has ended so, NGX_DECLINED when it is none */
ngx_int_t ngx_http_model_vectors_error(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);

/* as a JSON value: base64 where the client wants it, else numbers */
void ngx_http_model_vectors_put(ngx_http_model_json_writer_t *w,
    ngx_http_model_vector_t *vector, ngx_uint_t base64);


#endif /* _NGX_HTTP_MODEL_BRIDGE_VECTORS_H_INCLUDED_ */
