
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"


typedef void (*ngx_http_model_responses_echo_pt)(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *value);


static void ngx_http_model_responses_echo_count(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *value);
static void ngx_http_model_responses_echo_text(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *value);
static void ngx_http_model_responses_echo_reasoning(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *value);
static void ngx_http_model_responses_echo_tools(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *value);
static void ngx_http_model_responses_echo_filled(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *value,
    const char **names, const char *with);


/* absent: what stands there when the request has none, NULL: no member then */

static const struct {
    const char                        *name;
    const char                        *absent;
    ngx_http_model_responses_echo_pt   write;
} ngx_http_model_responses_echoes[] = {
    { "instructions", "null", ngx_http_model_json_tree },
    { "max_output_tokens", "null", ngx_http_model_responses_echo_count },
    { "max_tool_calls", "null", ngx_http_model_responses_echo_count },
    { "metadata", "{}", ngx_http_model_json_tree },
    { "parallel_tool_calls", "true", ngx_http_model_json_tree },
    { "prompt_cache_key", NULL, ngx_http_model_json_tree },
    { "reasoning", "{\"effort\":null,\"summary\":null}",
      ngx_http_model_responses_echo_reasoning },
    { "safety_identifier", NULL, ngx_http_model_json_tree },
    { "temperature", "null", ngx_http_model_json_tree },
    { "text", "{\"format\":{\"type\":\"text\"}}",
      ngx_http_model_responses_echo_text },
    { "tool_choice", "\"auto\"", ngx_http_model_json_tree },
    { "tools", "[]", ngx_http_model_responses_echo_tools },
    { "top_logprobs", NULL, ngx_http_model_responses_echo_count },
    { "top_p", "null", ngx_http_model_json_tree },
    { "truncation", "\"disabled\"", ngx_http_model_json_tree },
    { "user", NULL, ngx_http_model_json_tree },
    { NULL, NULL, NULL }
};


ngx_http_model_responses_input_t *
ngx_http_model_responses_input(ngx_http_model_bridge_t *b)
{
    ngx_http_model_responses_input_t  *input;

    input = ngx_pcalloc(b->pool, sizeof(ngx_http_model_responses_input_t));

    if (input == NULL
        || ngx_array_init(&input->tools, b->pool, 4,
                          sizeof(ngx_http_model_responses_tool_t))
           != NGX_OK
        || ngx_array_init(&input->echo, b->pool, 16,
                          sizeof(ngx_http_model_responses_echo_t))
           != NGX_OK)
    {
        return NULL;
    }

    b->input = input;

    return input;
}


/* as text: three or more events of a stream have it */

ngx_int_t
ngx_http_model_responses_read_echo(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root, ngx_http_model_responses_input_t *input)
{
    ngx_uint_t                        i;
    const char                       *absent;
    ngx_http_model_json_t            *value;
    ngx_http_model_json_writer_t     *w;
    ngx_http_model_responses_echo_t  *echo;

    for (i = 0; ngx_http_model_responses_echoes[i].name; i++) {

        absent = ngx_http_model_responses_echoes[i].absent;
        value = ngx_http_model_json_get(root,
                                       ngx_http_model_responses_echoes[i].name);

        if (value && value->type == NGX_HTTP_MODEL_JSON_NULL) {
            value = NULL;
        }

        if (value == NULL && absent == NULL) {
            continue;
        }

        echo = ngx_array_push(&input->echo);
        if (echo == NULL) {
            return NGX_ERROR;
        }

        echo->name = ngx_http_model_responses_echoes[i].name;

        if (value == NULL) {
            echo->value.data = (u_char *) absent;
            echo->value.len = ngx_strlen(absent);

            continue;
        }

        w = ngx_http_model_json_writer(b->pool);

        ngx_http_model_responses_echoes[i].write(w, value);

        if (ngx_http_model_json_finish(w, &echo->value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a number of something, which clients take for an integer */

static void
ngx_http_model_responses_echo_count(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *value)
{
    double  n;

    if (value->type != NGX_HTTP_MODEL_JSON_NUMBER) {
        ngx_http_model_json_null(w);
        return;
    }

    n = ngx_http_model_talk_value(&value->value);

    ngx_http_model_json_int(w, (n >= 0 && n < 1e15) ? (int64_t) n : 0);
}


static void
ngx_http_model_responses_echo_text(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *value)
{
    static const char  *names[] = { "format", NULL };

    ngx_http_model_responses_echo_filled(w, value, names,
                                         "{\"type\":\"text\"}");
}


static void
ngx_http_model_responses_echo_reasoning(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *value)
{
    static const char  *names[] = { "effort", "summary", NULL };

    ngx_http_model_responses_echo_filled(w, value, names, "null");
}


static void
ngx_http_model_responses_echo_tools(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *value)
{
    ngx_str_t               type;
    ngx_http_model_json_t  *tool;

    static const char  *names[] = { "parameters", "strict", NULL };

    ngx_http_model_json_array(w);

    for (tool = value->child; tool; tool = tool->next) {

        (void) ngx_http_model_json_get_str(tool, "type", &type);

        if (ngx_http_model_responses_is(&type, "function")) {
            ngx_http_model_responses_echo_filled(w, tool, names, "null");

        } else {
            ngx_http_model_json_tree(w, tool);
        }
    }

    ngx_http_model_json_array_end(w);
}


/* an object, and what it lacks of the names */

static void
ngx_http_model_responses_echo_filled(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *value, const char **names, const char *with)
{
    ngx_str_t               text;
    ngx_http_model_json_t  *member;

    text.data = (u_char *) with;
    text.len = ngx_strlen(with);

    ngx_http_model_json_object(w);

    for (member = value->child; member; member = member->next) {
        ngx_http_model_json_key_str(w, &member->key);
        ngx_http_model_json_tree(w, member);
    }

    for ( /* void */ ; *names; names++) {
        if (ngx_http_model_json_get(value, *names) == NULL) {
            ngx_http_model_json_key(w, *names);
            ngx_http_model_json_raw(w, &text);
        }
    }

    ngx_http_model_json_object_end(w);
}
