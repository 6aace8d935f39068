
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_ollama.h"
#include "ngx_http_model_frame.h"


/* what /api/generate asks for, before it is known to be a chat or not */

typedef struct {
    ngx_str_t                prompt;
    ngx_str_t                suffix;
    ngx_str_t                system;
    ngx_http_model_json_t   *images;
    unsigned                 raw:1;
} ngx_http_model_ollama_generate_t;


static ngx_int_t ngx_http_model_ollama_read_chat(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_ollama_read_generate(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_ollama_completion(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_generate_t *g);
static ngx_int_t ngx_http_model_ollama_prompt(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_generate_t *g);
static ngx_int_t ngx_http_model_ollama_load(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_ollama_read_model(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_ollama_read_prompt(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_ollama_read_system(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_ollama_read_suffix(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_ollama_read_raw(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_ollama_keep_images(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);


#define NGX_HTTP_MODEL_OLLAMA_COMMON                                          \
                                                                              \
    { "model", ngx_http_model_ollama_read_model,                              \
      ngx_http_model_ollama_to(MAP, MAP),                                     \
      "becomes the name that the vendor knows the model by" },                \
                                                                              \
    { "stream", ngx_http_model_ollama_read_stream,                            \
      ngx_http_model_ollama_to(MAP, MAP),                                     \
      "true where it is absent, as Ollama has it" },                          \
                                                                              \
    { "format", ngx_http_model_ollama_read_format,                            \
      ngx_http_model_ollama_to(MAP, MAP),                                     \
      "\"json\" or a schema" },                                               \
                                                                              \
    { "options", ngx_http_model_ollama_read_options,                          \
      ngx_http_model_ollama_to(MAP, MAP),                                     \
      "each has its row" },                                                   \
                                                                              \
    { "think", ngx_http_model_ollama_read_think,                              \
      ngx_http_model_ollama_to(MAP, MAP),                                     \
      "becomes the thinking or the effort that the vendor knows" },           \
                                                                              \
    { "logprobs", ngx_http_model_ollama_read_logprobs,                        \
      ngx_http_model_ollama_to(MAP, REFUSE),                                  \
      "no probabilities are told there" },                                    \
                                                                              \
    { "top_logprobs", ngx_http_model_ollama_read_number,                      \
      ngx_http_model_ollama_to(MAP, REFUSE),                                  \
      "no probabilities are told there" },                                    \
                                                                              \
    { "keep_alive", NULL,                                                     \
      ngx_http_model_ollama_to(DROP, DROP),                                   \
      "how long a model stays loaded is the vendor's own matter" },           \
                                                                              \
    { "truncate", NULL,                                                       \
      ngx_http_model_ollama_to(DROP, DROP),                                   \
      "a conversation that is too long is refused there" },                   \
                                                                              \
    { "shift", NULL,                                                          \
      ngx_http_model_ollama_to(DROP, DROP),                                   \
      "an answer that gets too long ends there" },                            \
                                                                              \
    { "_debug_render_only", NULL,                                             \
      ngx_http_model_ollama_to(REFUSE, REFUSE),                               \
      "there is no template to be shown" }


static const ngx_http_model_field_t  ngx_http_model_ollama_chat_fields[] = {

    { "messages", ngx_http_model_ollama_read_messages,
      ngx_http_model_ollama_to(MAP, MAP),
      "each has its row" },

    { "tools", ngx_http_model_ollama_read_tools,
      ngx_http_model_ollama_to(MAP, MAP),
      "each has its row" },

    NGX_HTTP_MODEL_OLLAMA_COMMON,

    { NULL, NULL, { 0 }, NULL }
};


static const ngx_http_model_field_t  ngx_http_model_ollama_generate_fields[] =
{
    { "prompt", ngx_http_model_ollama_read_prompt,
      ngx_http_model_ollama_to(MAP, MAP),
      "becomes a message of the user; with \"raw\" or \"suffix\" the prompt "
      "of a text completion" },

    { "system", ngx_http_model_ollama_read_system,
      ngx_http_model_ollama_to(MAP, MAP),
      "becomes the system message" },

    { "images", ngx_http_model_ollama_keep_images,
      ngx_http_model_ollama_to(MAP, MAP),
      "become parts of the user's message" },

    { "suffix", ngx_http_model_ollama_read_suffix,
      ngx_http_model_ollama_to(MAP, REFUSE),
      "text cannot be inserted there" },

    { "raw", ngx_http_model_ollama_read_raw,
      ngx_http_model_ollama_to(MAP, REFUSE),
      "a prompt without messages cannot be given there" },

    { "template", NULL,
      ngx_http_model_ollama_to(REFUSE, REFUSE),
      "templates are the vendor's own matter; use \"raw\" with the whole "
      "prompt, or \"/api/chat\"" },

    { "context", NULL,
      ngx_http_model_ollama_to(REFUSE, REFUSE),
      "tokens of an earlier answer mean nothing there; send the "
      "conversation to \"/api/chat\"" },

    NGX_HTTP_MODEL_OLLAMA_COMMON,

    { NULL, NULL, { 0 }, NULL }
};


static const ngx_http_model_field_table_t  ngx_http_model_ollama_chat[] = {
    { "request", "", ngx_http_model_ollama_chat_fields },
    ngx_http_model_ollama_options_table,
    ngx_http_model_ollama_message_table,
    ngx_http_model_ollama_call_table,
    ngx_http_model_ollama_called_table,
    ngx_http_model_ollama_tool_table,
    ngx_http_model_ollama_function_table,
    { NULL, NULL, NULL }
};


static const ngx_http_model_field_table_t  ngx_http_model_ollama_generate[] =
{
    { "request", "", ngx_http_model_ollama_generate_fields },
    ngx_http_model_ollama_options_table,
    { NULL, NULL, NULL }
};


const ngx_http_model_bridge_api_t  ngx_http_model_bridge_chat = {
    ngx_string("/api/chat"),
    NGX_HTTP_MODEL_OLLAMA,
    NGX_HTTP_MODEL_FRAME_NDJSON,
    ngx_http_model_ollama_chat,
    ngx_http_model_ollama_read_chat,
    ngx_http_model_ollama_write_request,
    ngx_http_model_ollama_read_answer,
    ngx_http_model_ollama_read_event,
    ngx_http_model_ollama_write_event,
    ngx_http_model_ollama_write_answer
};


/* servers are always asked by /api/chat */

const ngx_http_model_bridge_api_t  ngx_http_model_bridge_generate = {
    ngx_string("/api/generate"),
    NGX_HTTP_MODEL_OLLAMA,
    NGX_HTTP_MODEL_FRAME_NDJSON,
    ngx_http_model_ollama_generate,
    ngx_http_model_ollama_read_generate,
    NULL,
    NULL,
    NULL,
    ngx_http_model_ollama_write_event,
    ngx_http_model_ollama_write_answer
};


static ngx_int_t
ngx_http_model_ollama_read_chat(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t  rc;

    b->talk.stream = 1;

    rc = ngx_http_model_bridge_fields(b, ngx_http_model_ollama_chat, root,
                                      NULL, &b->talk.extra);
    if (rc != NGX_OK) {
        return rc;
    }

    return b->talk.messages.nelts ? ngx_http_model_ollama_read_done(b, root)
                                  : ngx_http_model_ollama_load(b, root);
}


static ngx_int_t
ngx_http_model_ollama_read_generate(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t                          rc;
    ngx_http_model_ollama_generate_t   g;

    ngx_memzero(&g, sizeof(ngx_http_model_ollama_generate_t));

    b->talk.stream = 1;

    rc = ngx_http_model_bridge_fields(b, ngx_http_model_ollama_generate, root,
                                      &g, &b->talk.extra);
    if (rc != NGX_OK) {
        return rc;
    }

    if (g.prompt.len == 0) {
        return ngx_http_model_ollama_load(b, root);
    }

    rc = (g.raw || g.suffix.len) ? ngx_http_model_ollama_completion(b, &g)
                                 : ngx_http_model_ollama_prompt(b, &g);

    return (rc == NGX_OK) ? ngx_http_model_ollama_read_done(b, root) : rc;
}


/*
 * There is nothing to be answered, nor a model of the vendor's to be loaded.
 * Of a duration each digit is zero: 0, "0", "0s", "0h0m".
 */

static ngx_int_t
ngx_http_model_ollama_load(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    u_char                 *p, *last;
    ngx_int_t               rc;
    ngx_uint_t              zeros, others;
    ngx_http_model_json_t  *keep;

    zeros = 0;
    others = 0;

    keep = ngx_http_model_json_get(root, "keep_alive");

    if (keep && (keep->type == NGX_HTTP_MODEL_JSON_NUMBER
                 || keep->type == NGX_HTTP_MODEL_JSON_STRING))
    {
        last = keep->value.data + keep->value.len;

        for (p = keep->value.data; p < last && *p != 'e' && *p != 'E'; p++) {
            zeros += (*p == '0');
            others += (*p >= '1' && *p <= '9');
        }
    }

    rc = ngx_http_model_ollama_write_load(b, (zeros && !others) ? "unload"
                                                                : "load",
                                          &b->text);

    return (rc == NGX_OK) ? NGX_DONE : rc;
}


/*
 * Text that is to be gone on with.  Ollama leaves "system" out where a suffix
 * is given, and refuses it with raw prompts.
 */

static ngx_int_t
ngx_http_model_ollama_completion(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_generate_t *g)
{
    if (g->raw && g->system.len) {
        return ngx_http_model_bridge_refuse(b, "system", "raw mode does not "
                                            "support template, system, or "
                                            "context");
    }

    if (g->images && g->images->child) {
        return ngx_http_model_bridge_refuse(b, "images", "\"images\" cannot "
                                            "be had from vendor \"%V\" "
                                            "together with \"raw\" or "
                                            "\"suffix\"", &b->vendor);
    }

    if (b->talk.format != NGX_HTTP_MODEL_FORMAT_TEXT) {
        return ngx_http_model_bridge_refuse(b, "format", "\"format\" cannot "
                                            "be had from vendor \"%V\" "
                                            "together with \"raw\" or "
                                            "\"suffix\"", &b->vendor);
    }

    if (b->talk.think == NGX_HTTP_MODEL_ON) {
        return ngx_http_model_bridge_refuse(b, "think", "\"think\" cannot "
                                            "be had from vendor \"%V\" "
                                            "together with \"raw\" or "
                                            "\"suffix\"", &b->vendor);
    }

    b->talk.think = NGX_HTTP_MODEL_UNSET;

    b->talk.completion = 1;
    b->talk.prompt = g->prompt;
    b->talk.suffix = g->suffix;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_prompt(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_generate_t *g)
{
    ngx_int_t                  rc;
    ngx_http_model_part_t     *part;
    ngx_http_model_message_t  *message;

    if (g->system.len) {
        message = ngx_http_model_talk_message(&b->talk,
                                              NGX_HTTP_MODEL_ROLE_SYSTEM);
        if (message == NULL) {
            return NGX_ERROR;
        }

        part = ngx_http_model_talk_part(&message->parts,
                                        NGX_HTTP_MODEL_PART_TEXT);
        if (part == NULL) {
            return NGX_ERROR;
        }

        part->text = g->system;
    }

    message = ngx_http_model_talk_message(&b->talk,
                                          NGX_HTTP_MODEL_ROLE_USER);
    if (message == NULL) {
        return NGX_ERROR;
    }

    if (g->images) {
        rc = ngx_http_model_ollama_read_images(b, g->images, &message->parts);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (g->prompt.len) {
        part = ngx_http_model_talk_part(&message->parts,
                                        NGX_HTTP_MODEL_PART_TEXT);
        if (part == NULL) {
            return NGX_ERROR;
        }

        part->text = g->prompt;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_read_model(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                    "model");
}


static ngx_int_t
ngx_http_model_ollama_read_prompt(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_ollama_generate_t *g = data;

    g->prompt = value->value;

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                    "prompt");
}


static ngx_int_t
ngx_http_model_ollama_read_system(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_ollama_generate_t *g = data;

    g->system = value->value;

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                    "system");
}


static ngx_int_t
ngx_http_model_ollama_read_suffix(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_ollama_generate_t *g = data;

    if (b->to != NGX_HTTP_MODEL_OPENAI) {
        return NGX_DECLINED;
    }

    g->suffix = value->value;

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                    "suffix");
}


static ngx_int_t
ngx_http_model_ollama_read_raw(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_ollama_generate_t *g = data;

    if (b->to != NGX_HTTP_MODEL_OPENAI) {
        return NGX_DECLINED;
    }

    g->raw = (value->value.len != 0);

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_BOOL, "raw");
}


static ngx_int_t
ngx_http_model_ollama_keep_images(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_ollama_generate_t *g = data;

    ngx_int_t  rc;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_ARRAY,
                                  "images");
    if (rc == NGX_OK) {
        g->images = value;
    }

    return rc;
}
