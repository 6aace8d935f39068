
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The APIs that the bridge knows, one declaration each; they are defined
 * where their requests are read.
 */


#ifndef _NGX_HTTP_MODEL_BRIDGE_API_H_INCLUDED_
#define _NGX_HTTP_MODEL_BRIDGE_API_H_INCLUDED_


#include "ngx_http_model_bridge.h"


/* Ollama's */
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_chat;
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_generate;
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_embed;
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_embeddings;

/* OpenAI's */
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_completions;
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_text;
                                                      /* /v1/completions */
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_responses;
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_vectors;
                                                      /* /v1/embeddings */

/* Anthropic's */
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_messages;
extern const ngx_http_model_bridge_api_t  ngx_http_model_bridge_count_tokens;


#endif /* _NGX_HTTP_MODEL_BRIDGE_API_H_INCLUDED_ */
