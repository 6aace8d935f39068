
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_api.h"


/* what a client's API becomes towards each dialect; NULL: nothing */

typedef struct {
    const ngx_http_model_bridge_api_t  *client;
    const ngx_http_model_bridge_api_t  *server[NGX_HTTP_MODEL_NDIALECTS];
} ngx_http_model_bridge_way_t;


static const ngx_http_model_bridge_api_t  *ngx_http_model_bridge_all[] = {
    &ngx_http_model_bridge_chat,
    &ngx_http_model_bridge_generate,
    &ngx_http_model_bridge_completions,
    &ngx_http_model_bridge_responses,
    &ngx_http_model_bridge_messages,
    &ngx_http_model_bridge_count_tokens,
    &ngx_http_model_bridge_embed,
    &ngx_http_model_bridge_embeddings,
    &ngx_http_model_bridge_vectors,
    NULL
};


/* in the order Ollama, OpenAI, Anthropic */

static const ngx_http_model_bridge_way_t  ngx_http_model_bridge_ways[] = {

    { &ngx_http_model_bridge_chat,
      { NULL,
        &ngx_http_model_bridge_completions,
        &ngx_http_model_bridge_messages } },

    { &ngx_http_model_bridge_generate,
      { NULL,
        &ngx_http_model_bridge_completions,
        &ngx_http_model_bridge_messages } },

    { &ngx_http_model_bridge_completions,
      { &ngx_http_model_bridge_chat,
        NULL,
        &ngx_http_model_bridge_messages } },

    { &ngx_http_model_bridge_responses,
      { &ngx_http_model_bridge_chat,
        &ngx_http_model_bridge_completions,
        &ngx_http_model_bridge_messages } },

    { &ngx_http_model_bridge_messages,
      { &ngx_http_model_bridge_chat,
        &ngx_http_model_bridge_completions,
        NULL } },

    { &ngx_http_model_bridge_embed,
      { NULL, &ngx_http_model_bridge_vectors, NULL } },

    { &ngx_http_model_bridge_embeddings,
      { NULL, &ngx_http_model_bridge_vectors, NULL } },

    { &ngx_http_model_bridge_vectors,
      { &ngx_http_model_bridge_embed, NULL, NULL } },

    { NULL, { NULL, NULL, NULL } }
};


const ngx_http_model_bridge_api_t *
ngx_http_model_bridge_api(ngx_str_t *path)
{
    const ngx_http_model_bridge_api_t  **api;

    for (api = ngx_http_model_bridge_all; *api; api++) {

        if ((*api)->path.len == path->len
            && ngx_memcmp((*api)->path.data, path->data, path->len) == 0)
        {
            return *api;
        }
    }

    return NULL;
}


const ngx_http_model_bridge_api_t **
ngx_http_model_bridge_apis(ngx_uint_t *n)
{
    *n = sizeof(ngx_http_model_bridge_all)
         / sizeof(ngx_http_model_bridge_all[0]) - 1;

    return ngx_http_model_bridge_all;
}


ngx_uint_t
ngx_http_model_bridge_can(const ngx_http_model_bridge_api_t *client,
    ngx_uint_t dialect)
{
    const ngx_http_model_bridge_way_t  *way;

    for (way = ngx_http_model_bridge_ways; way->client; way++) {
        if (way->client == client) {
            return way->server[dialect] != NULL;
        }
    }

    return 0;
}


const ngx_http_model_bridge_api_t *
ngx_http_model_bridge_server(ngx_http_model_bridge_t *b)
{
    const ngx_http_model_bridge_way_t  *way;

    if (b->talk.completion) {
        return (b->to == NGX_HTTP_MODEL_OPENAI) ? &ngx_http_model_bridge_text
                                                : NULL;
    }

    for (way = ngx_http_model_bridge_ways; way->client; way++) {
        if (way->client == b->client) {
            return way->server[b->to];
        }
    }

    return NULL;
}
