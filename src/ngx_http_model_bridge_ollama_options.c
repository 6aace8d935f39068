
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_ollama.h"
#include "ngx_http_model_error.h"


typedef struct {
    const char  *name;
    ngx_uint_t   number;     /* of talk */
    unsigned     whole:1;    /* Ollama cuts fractions off */
} ngx_http_model_ollama_number_t;


static ngx_int_t ngx_http_model_ollama_read_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static const ngx_http_model_ollama_number_t *ngx_http_model_ollama_number(
    ngx_str_t *name);
static ngx_uint_t ngx_http_model_ollama_is_member(ngx_http_model_bridge_t *b,
    ngx_str_t *name);
static ngx_int_t ngx_http_model_ollama_whole(ngx_http_model_bridge_t *b,
    ngx_str_t *number);


static const ngx_http_model_ollama_number_t
    ngx_http_model_ollama_numbers[] =
{
    { "temperature", NGX_HTTP_MODEL_TALK_TEMPERATURE, 0 },
    { "top_p", NGX_HTTP_MODEL_TALK_TOP_P, 0 },
    { "top_k", NGX_HTTP_MODEL_TALK_TOP_K, 1 },
    { "min_p", NGX_HTTP_MODEL_TALK_MIN_P, 0 },
    { "seed", NGX_HTTP_MODEL_TALK_SEED, 1 },
    { "presence_penalty", NGX_HTTP_MODEL_TALK_PRESENCE, 0 },
    { "frequency_penalty", NGX_HTTP_MODEL_TALK_FREQUENCY, 0 },
    { "repeat_penalty", NGX_HTTP_MODEL_TALK_REPEAT, 0 },
    { "num_predict", NGX_HTTP_MODEL_TALK_MAX, 1 },
    { "top_logprobs", NGX_HTTP_MODEL_TALK_TOP_LOGPROBS, 1 },
    { NULL, 0, 0 }
};


const ngx_http_model_field_t  ngx_http_model_ollama_option_fields[] = {

    { "temperature", ngx_http_model_ollama_read_number,
      ngx_http_model_ollama_to(MAP, MAP),
      "0.8 is Ollama's own where it is absent, and the vendor's is another" },

    { "top_p", ngx_http_model_ollama_read_number,
      ngx_http_model_ollama_to(MAP, MAP),
      "left out for Anthropic next to a temperature" },

    { "top_k", ngx_http_model_ollama_read_number,
      ngx_http_model_ollama_to(MAP, MAP),
      "not known to OpenAI itself" },

    { "min_p", ngx_http_model_ollama_read_number,
      ngx_http_model_ollama_to(MAP, DROP),
      "Anthropic samples without" },

    { "typical_p", NULL,
      ngx_http_model_ollama_to(PASS, DROP),
      "some servers of OpenAI's API know it" },

    { "tfs_z", NULL,
      ngx_http_model_ollama_to(PASS, DROP),
      "some servers of OpenAI's API know it" },

    { "seed", ngx_http_model_ollama_read_number,
      ngx_http_model_ollama_to(MAP, DROP),
      "a negative one is none; Anthropic samples without" },

    { "num_predict", ngx_http_model_ollama_read_number,
      ngx_http_model_ollama_to(MAP, MAP),
      "the most tokens of the answer; 0 and less set no limit" },

    { "stop", ngx_http_model_ollama_read_stop,
      ngx_http_model_ollama_to(MAP, MAP), "a list" },

    { "presence_penalty", ngx_http_model_ollama_read_number,
      ngx_http_model_ollama_to(MAP, DROP),
      "Anthropic samples without" },

    { "frequency_penalty", ngx_http_model_ollama_read_number,
      ngx_http_model_ollama_to(MAP, DROP),
      "Anthropic samples without" },

    { "repeat_penalty", ngx_http_model_ollama_read_number,
      ngx_http_model_ollama_to(MAP, DROP),
      "never taken for one of the penalties above, whose scale is another; "
      "Anthropic samples without" },

    { "repeat_last_n", NULL,
      ngx_http_model_ollama_to(PASS, DROP),
      "some servers of OpenAI's API know it" },

    { "penalize_newline", NULL,
      ngx_http_model_ollama_to(PASS, DROP),
      "some servers of OpenAI's API know it" },

    { "mirostat", NULL,
      ngx_http_model_ollama_to(PASS, DROP),
      "some servers of OpenAI's API know it" },

    { "mirostat_tau", NULL,
      ngx_http_model_ollama_to(PASS, DROP),
      "some servers of OpenAI's API know it" },

    { "mirostat_eta", NULL,
      ngx_http_model_ollama_to(PASS, DROP),
      "some servers of OpenAI's API know it" },

    { "num_ctx", NULL,
      ngx_http_model_ollama_to(DROP, DROP),
      "how a model is loaded is the vendor's own matter" },

    { "num_keep", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "num_batch", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "num_gpu", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "main_gpu", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "num_gqa", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "num_thread", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "numa", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "use_mmap", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "use_mlock", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "low_vram", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "f16_kv", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "logits_all", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "vocab_only", NULL, ngx_http_model_ollama_to(DROP, DROP), "likewise" },
    { "embedding_only", NULL, ngx_http_model_ollama_to(DROP, DROP),
      "likewise" },
    { "rope_frequency_base", NULL, ngx_http_model_ollama_to(DROP, DROP),
      "likewise" },
    { "rope_frequency_scale", NULL, ngx_http_model_ollama_to(DROP, DROP),
      "likewise" },
    { "draft_num_predict", NULL, ngx_http_model_ollama_to(DROP, DROP),
      "likewise" },

    { NULL, NULL, { 0 }, NULL }
};


ngx_int_t
ngx_http_model_ollama_read_options(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t  rc;

    static const ngx_http_model_field_table_t  table =
                                           ngx_http_model_ollama_options_table;

    (void) data;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                  "options");
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_model_bridge_fields(b, &table, value, NULL,
                                        &b->talk.extra);
}


ngx_int_t
ngx_http_model_ollama_row(const ngx_http_model_field_t *fields,
    ngx_str_t *name)
{
    ngx_int_t  i;

    for (i = 0; fields[i].name; i++) {
        if (ngx_strlen(fields[i].name) == name->len
            && ngx_strncasecmp((u_char *) fields[i].name, name->data,
                               name->len)
               == 0)
        {
            return i;
        }
    }

    return NGX_ERROR;
}


static const ngx_http_model_ollama_number_t *
ngx_http_model_ollama_number(ngx_str_t *name)
{
    const ngx_http_model_ollama_number_t  *n;

    for (n = ngx_http_model_ollama_numbers; n->name; n++) {
        if (ngx_strlen(n->name) == name->len
            && ngx_memcmp(n->name, name->data, name->len) == 0)
        {
            return n;
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_model_ollama_read_number(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    double                                 d;
    ngx_int_t                              rc;
    ngx_str_t                              number;
    const ngx_http_model_ollama_number_t  *n;

    (void) data;

    n = ngx_http_model_ollama_number(&value->key);

    if (n == NULL) {
        return NGX_DECLINED;
    }

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_NUMBER,
                                  n->name);
    if (rc != NGX_OK) {
        return rc;
    }

    number = value->value;

    if (n->whole) {
        rc = ngx_http_model_ollama_whole(b, &number);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    d = ngx_http_model_talk_value(&number);

    /* no limit, any seed */

    if ((n->number == NGX_HTTP_MODEL_TALK_MAX && d <= 0)
        || (n->number == NGX_HTTP_MODEL_TALK_SEED && d < 0))
    {
        return NGX_OK;
    }

    if (n->number == NGX_HTTP_MODEL_TALK_TOP_LOGPROBS && (d < 0 || d > 20)) {
        return ngx_http_model_bridge_refuse(b, "top_logprobs", "top_logprobs "
                                            "must be between 0 and 20");
    }

    /* nothing is asked for by none */

    if (n->number == NGX_HTTP_MODEL_TALK_TOP_LOGPROBS
        && b->to == NGX_HTTP_MODEL_ANTHROPIC)
    {
        return (d == 0) ? NGX_OK : NGX_DECLINED;
    }

    b->talk.numbers[n->number] = number;

    return NGX_OK;
}


/* 40.0 and 4e1 are 40; what is written as a whole number keeps its digits */

static ngx_int_t
ngx_http_model_ollama_whole(ngx_http_model_bridge_t *b, ngx_str_t *number)
{
    double   d;
    u_char  *p, *last;

    p = number->data;
    last = p + number->len;

    if (p < last && *p == '-') {
        p++;
    }

    while (p < last && *p >= '0' && *p <= '9') {
        p++;
    }

    if (p == last) {
        return NGX_OK;
    }

    d = ngx_http_model_talk_value(number);

    if (d > 9e15 || d < -9e15) {
        return NGX_OK;
    }

    p = ngx_pnalloc(b->pool, NGX_INT64_LEN + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    number->len = ngx_sprintf(p, "%L", (int64_t) d) - p;
    number->data = p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_read_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_str_t              *stop;
    ngx_http_model_json_t  *element;

    (void) data;

    if (value->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return ngx_http_model_bridge_refuse(b, "options", "option \"stop\" "
                                            "must be of type array");
    }

    for (element = value->child; element; element = element->next) {

        if (element->type != NGX_HTTP_MODEL_JSON_STRING) {
            return ngx_http_model_bridge_refuse(b, "options", "option "
                                                "\"stop\" must be of an array "
                                                "of strings");
        }

        stop = ngx_array_push(&b->talk.stop);
        if (stop == NULL) {
            return NGX_ERROR;
        }

        *stop = element->value;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_ollama_read_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    b->talk.stream = (value->value.len != 0);

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_BOOL,
                                    "stream");
}


ngx_int_t
ngx_http_model_ollama_read_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    if (value->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        b->talk.format = NGX_HTTP_MODEL_FORMAT_SCHEMA;
        b->talk.schema = value;

        return NGX_OK;
    }

    if (value->type == NGX_HTTP_MODEL_JSON_STRING) {

        if (value->value.len == 0) {
            return NGX_OK;
        }

        if (value->value.len == 4
            && ngx_memcmp(value->value.data, "json", 4) == 0)
        {
            b->talk.format = NGX_HTTP_MODEL_FORMAT_JSON;
            return NGX_OK;
        }
    }

    return ngx_http_model_bridge_refuse(b, "format", "invalid format; "
                                        "expected \"json\" or a valid JSON "
                                        "Schema object");
}


ngx_int_t
ngx_http_model_ollama_read_think(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_uint_t  i;

    static const char  *efforts[] = { "low", "medium", "high", "max" };

    (void) data;

    if (value->type == NGX_HTTP_MODEL_JSON_BOOL) {
        b->talk.think = value->value.len ? NGX_HTTP_MODEL_ON
                                         : NGX_HTTP_MODEL_OFF;
        return NGX_OK;
    }

    for (i = 0; i < sizeof(efforts) / sizeof(efforts[0]); i++) {

        if (value->type == NGX_HTTP_MODEL_JSON_STRING
            && value->value.len == ngx_strlen(efforts[i])
            && ngx_memcmp(value->value.data, efforts[i], value->value.len)
               == 0)
        {
            b->talk.think = NGX_HTTP_MODEL_ON;
            b->talk.effort = value->value;

            return NGX_OK;
        }
    }

    return ngx_http_model_bridge_refuse(b, "think", "think must be a boolean "
                                        "or string (\"high\", \"medium\", "
                                        "\"low\", \"max\", true, or false)");
}


ngx_int_t
ngx_http_model_ollama_read_logprobs(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    if (b->to != NGX_HTTP_MODEL_OPENAI) {
        return NGX_DECLINED;
    }

    b->talk.logprobs = value->value.len ? NGX_HTTP_MODEL_ON
                                        : NGX_HTTP_MODEL_OFF;

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_BOOL,
                                    "logprobs");
}


/*
 * Options that are not known lie beside the model and the messages there: one
 * must not be taken for what the APIs have in such a place.
 */

ngx_int_t
ngx_http_model_ollama_read_done(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_str_t               name;
    ngx_http_model_json_t  *options, *option;

    /* it means nothing to Ollama without logprobs, others refuse it then */

    if (b->talk.logprobs != NGX_HTTP_MODEL_ON) {
        ngx_str_null(&b->talk.numbers[NGX_HTTP_MODEL_TALK_TOP_LOGPROBS]);
    }

    options = ngx_http_model_json_get(root, "options");

    for (option = options ? options->child : NULL; option;
         option = option->next)
    {
        if (ngx_http_model_ollama_row(ngx_http_model_ollama_option_fields,
                                      &option->key)
            != NGX_ERROR
            || !ngx_http_model_ollama_is_member(b, &option->key))
        {
            continue;
        }

        name = ngx_http_model_error_quote(b->pool, &option->key);

        return ngx_http_model_bridge_refuse(b, "options", "\"options.%V\" is "
                                            "none of Ollama's options", &name);
    }

    return NGX_OK;
}


/* of the API that the server is asked in, or of one like it */

static ngx_uint_t
ngx_http_model_ollama_is_member(ngx_http_model_bridge_t *b, ngx_str_t *name)
{
    ngx_uint_t                           i;
    const ngx_http_model_bridge_api_t   *apis[3];
    const ngx_http_model_field_table_t  *table;

    apis[0] = ngx_http_model_bridge_server(b);
    apis[1] = &ngx_http_model_bridge_completions;
    apis[2] = &ngx_http_model_bridge_generate;

    for (i = 0; i < 3; i++) {
        table = apis[i] ? apis[i]->fields : NULL;

        if (table && ngx_http_model_ollama_row(table->fields, name)
                     != NGX_ERROR)
        {
            return 1;
        }
    }

    return 0;
}
