
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"


/* budgets of thinking, in tokens, as efforts */
#define NGX_HTTP_MODEL_OPENAI_LOW    1024    /* at most */
#define NGX_HTTP_MODEL_OPENAI_HIGH   4096    /* at least */

/*
 * Tokens of a text completion where nobody says how many: the API's own
 * default is 16, and OpenAI's last model for it has room for 4096 with the
 * prompt.
 */
#define NGX_HTTP_MODEL_OPENAI_TEXT   2048

#define NGX_HTTP_MODEL_OPENAI_NAME   64      /* longest name of a schema */


static void ngx_http_model_openai_write_sampling(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_openai_write_number(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, const char *name, ngx_uint_t number);
static void ngx_http_model_openai_write_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_openai_write_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_openai_write_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_openai_write_tool(ngx_http_model_tool_t *tool,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_openai_write_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_openai_write_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_openai_write_think(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_openai_write_extra(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static ngx_uint_t ngx_http_model_openai_said(ngx_http_model_talk_t *talk,
    ngx_str_t *name);
static ngx_uint_t ngx_http_model_openai_named(ngx_str_t *name,
    const char *word);
static ngx_int_t ngx_http_model_openai_text_refuse(ngx_http_model_bridge_t *b);


ngx_int_t
ngx_http_model_openai_write_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t               rc;
    ngx_http_model_talk_t  *talk;

    talk = &b->talk;

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, &b->name);

    ngx_http_model_json_key(w, "messages");

    rc = ngx_http_model_openai_write_messages(b, w);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_openai_write_number(b, w,
                                       b->proper ? "max_completion_tokens"
                                                 : "max_tokens",
                                       NGX_HTTP_MODEL_TALK_MAX);

    ngx_http_model_openai_write_sampling(b, w);

    if (talk->logprobs != NGX_HTTP_MODEL_UNSET) {
        ngx_http_model_json_key(w, "logprobs");
        ngx_http_model_json_bool(w, talk->logprobs == NGX_HTTP_MODEL_ON);
    }

    if (talk->logprobs == NGX_HTTP_MODEL_ON) {
        ngx_http_model_openai_write_number(b, w, "top_logprobs",
                                           NGX_HTTP_MODEL_TALK_TOP_LOGPROBS);
    }

    rc = ngx_http_model_openai_write_format(b, w);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_openai_write_tools(b, w);
    ngx_http_model_openai_write_think(b, w);
    ngx_http_model_openai_write_stream(b, w);

    rc = ngx_http_model_openai_write_extra(b, w);

    ngx_http_model_json_object_end(w);

    return rc;
}


ngx_int_t
ngx_http_model_openai_write_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t               rc;
    ngx_str_t              *top;
    ngx_http_model_talk_t  *talk;

    rc = ngx_http_model_openai_text_refuse(b);

    if (rc != NGX_OK) {
        return rc;
    }

    talk = &b->talk;

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, &b->name);

    ngx_http_model_json_key(w, "prompt");
    ngx_http_model_json_str(w, &talk->prompt);

    if (talk->suffix.len) {
        ngx_http_model_json_key(w, "suffix");
        ngx_http_model_json_str(w, &talk->suffix);
    }

    if (talk->numbers[NGX_HTTP_MODEL_TALK_MAX].len) {
        ngx_http_model_openai_write_number(b, w, "max_tokens",
                                           NGX_HTTP_MODEL_TALK_MAX);

    } else {
        ngx_http_model_json_key(w, "max_tokens");
        ngx_http_model_json_int(w, (b->output > 0)
                                   ? b->output : NGX_HTTP_MODEL_OPENAI_TEXT);
    }

    ngx_http_model_openai_write_sampling(b, w);

    if (talk->logprobs == NGX_HTTP_MODEL_ON) {

        /* how many others of each token are told, too */

        top = &talk->numbers[NGX_HTTP_MODEL_TALK_TOP_LOGPROBS];

        ngx_http_model_json_key(w, "logprobs");

        if (top->len) {
            ngx_http_model_json_raw(w, top);

        } else {
            ngx_http_model_json_int(w, 1);
        }
    }

    ngx_http_model_openai_write_stream(b, w);

    rc = ngx_http_model_openai_write_extra(b, w);

    ngx_http_model_json_object_end(w);

    return rc;
}


static ngx_int_t
ngx_http_model_openai_text_refuse(ngx_http_model_bridge_t *b)
{
    ngx_uint_t                 i;
    ngx_http_model_message_t  *message;

    if (b->talk.format != NGX_HTTP_MODEL_FORMAT_TEXT) {
        return ngx_http_model_bridge_refuse(b, "format", "\"format\" cannot be "
                                            "had for a text completion from "
                                            "vendor \"%V\"", &b->vendor);
    }

    message = b->talk.messages.elts;

    for (i = 0; i < b->talk.messages.nelts; i++) {
        if (ngx_http_model_openai_has(&message[i].parts,
                                      NGX_HTTP_MODEL_PART_IMAGE))
        {
            return ngx_http_model_bridge_refuse(b, "images", "images cannot "
                                                "be put to a text completion "
                                                "of vendor \"%V\"",
                                                &b->vendor);
        }
    }

    return NGX_OK;
}


/* OpenAI answers 400 to what it does not know, other servers leave it out */

static void
ngx_http_model_openai_write_sampling(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        ngx_uint_t   number;
        ngx_uint_t   proper;
    } names[] = {
        { "temperature", NGX_HTTP_MODEL_TALK_TEMPERATURE, 1 },
        { "top_p", NGX_HTTP_MODEL_TALK_TOP_P, 1 },
        { "seed", NGX_HTTP_MODEL_TALK_SEED, 1 },
        { "presence_penalty", NGX_HTTP_MODEL_TALK_PRESENCE, 1 },
        { "frequency_penalty", NGX_HTTP_MODEL_TALK_FREQUENCY, 1 },
        { "top_k", NGX_HTTP_MODEL_TALK_TOP_K, 0 },
        { "min_p", NGX_HTTP_MODEL_TALK_MIN_P, 0 },

        /* llama-server's name and vLLM's */

        { "repeat_penalty", NGX_HTTP_MODEL_TALK_REPEAT, 0 },
        { "repetition_penalty", NGX_HTTP_MODEL_TALK_REPEAT, 0 },
        { NULL, 0, 0 }
    };

    for (i = 0; names[i].name; i++) {
        if (names[i].proper || !b->proper) {
            ngx_http_model_openai_write_number(b, w, names[i].name,
                                               names[i].number);
        }
    }

    ngx_http_model_openai_write_stop(b, w);

    if (b->talk.user.len) {
        ngx_http_model_json_key(w, "user");
        ngx_http_model_json_str(w, &b->talk.user);
    }
}


static void
ngx_http_model_openai_write_number(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, const char *name, ngx_uint_t number)
{
    if (b->talk.numbers[number].len) {
        ngx_http_model_json_key(w, name);
        ngx_http_model_json_raw(w, &b->talk.numbers[number]);
    }
}


static void
ngx_http_model_openai_write_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_str_t   *stop;
    ngx_uint_t   i;

    if (b->talk.stop.nelts == 0) {
        return;
    }

    stop = b->talk.stop.elts;

    ngx_http_model_json_key(w, "stop");
    ngx_http_model_json_array(w);

    for (i = 0; i < b->talk.stop.nelts; i++) {
        ngx_http_model_json_str(w, &stop[i]);
    }

    ngx_http_model_json_array_end(w);
}


/* the counts of a stream come only when they are asked for */

static void
ngx_http_model_openai_write_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_http_model_json_key(w, "stream");
    ngx_http_model_json_bool(w, b->talk.stream);

    if (b->talk.stream) {
        ngx_http_model_json_key(w, "stream_options");
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "include_usage");
        ngx_http_model_json_bool(w, 1);
        ngx_http_model_json_object_end(w);
    }
}


static void
ngx_http_model_openai_write_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t              i;
    ngx_http_model_tool_t  *tool;

    if (b->talk.tools.nelts == 0) {
        return;
    }

    tool = b->talk.tools.elts;

    ngx_http_model_json_key(w, "tools");
    ngx_http_model_json_array(w);

    for (i = 0; i < b->talk.tools.nelts; i++) {
        ngx_http_model_openai_write_tool(&tool[i], w);
    }

    ngx_http_model_json_array_end(w);

    ngx_http_model_openai_write_choice(b, w);

    if (b->talk.parallel != NGX_HTTP_MODEL_UNSET) {
        ngx_http_model_json_key(w, "parallel_tool_calls");
        ngx_http_model_json_bool(w, b->talk.parallel == NGX_HTTP_MODEL_ON);
    }
}


static void
ngx_http_model_openai_write_tool(ngx_http_model_tool_t *tool,
    ngx_http_model_json_writer_t *w)
{
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, "function");

    ngx_http_model_json_key(w, "function");
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "name");
    ngx_http_model_json_str(w, &tool->name);

    if (tool->description.len) {
        ngx_http_model_json_key(w, "description");
        ngx_http_model_json_str(w, &tool->description);
    }

    ngx_http_model_json_key(w, "parameters");

    if (tool->parameters) {
        ngx_http_model_json_tree(w, tool->parameters);

    } else {
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "type");
        ngx_http_model_json_cstr(w, "object");
        ngx_http_model_json_key(w, "properties");
        ngx_http_model_json_object(w);
        ngx_http_model_json_object_end(w);
        ngx_http_model_json_object_end(w);
    }

    if (tool->strict != NGX_HTTP_MODEL_UNSET) {
        ngx_http_model_json_key(w, "strict");
        ngx_http_model_json_bool(w, tool->strict == NGX_HTTP_MODEL_ON);
    }

    ngx_http_model_bridge_extra(w, tool->extra);

    ngx_http_model_json_object_end(w);
    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_openai_write_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    static const char  *words[] = { NULL, "auto", "none", "required" };

    if (b->talk.choice == NGX_HTTP_MODEL_CHOICE_UNSET) {
        return;
    }

    ngx_http_model_json_key(w, "tool_choice");

    if (b->talk.choice != NGX_HTTP_MODEL_CHOICE_NAMED) {
        ngx_http_model_json_cstr(w, words[b->talk.choice]);
        return;
    }

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, "function");

    ngx_http_model_json_key(w, "function");
    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "name");
    ngx_http_model_json_str(w, &b->talk.chosen);
    ngx_http_model_json_object_end(w);

    ngx_http_model_json_object_end(w);
}


/* OpenAI wants a name of a schema, in letters, digits, _ and - */

static ngx_int_t
ngx_http_model_openai_write_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    u_char                 *p;
    size_t                  i;
    ngx_str_t               name;
    ngx_http_model_talk_t  *talk;

    talk = &b->talk;

    if (talk->format == NGX_HTTP_MODEL_FORMAT_TEXT) {
        return NGX_OK;
    }

    ngx_http_model_json_key(w, "response_format");
    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "type");

    if (talk->format == NGX_HTTP_MODEL_FORMAT_JSON) {
        ngx_http_model_json_cstr(w, "json_object");
        ngx_http_model_json_object_end(w);

        return NGX_OK;
    }

    ngx_str_set(&name, "schema");

    if (talk->schema_name.len) {
        name.len = ngx_min(talk->schema_name.len, NGX_HTTP_MODEL_OPENAI_NAME);

        name.data = ngx_pnalloc(b->pool, name.len);
        if (name.data == NULL) {
            return NGX_ERROR;
        }

        for (i = 0; i < name.len; i++) {
            p = &talk->schema_name.data[i];

            name.data[i] = ((*p >= 'a' && *p <= 'z')
                            || (*p >= 'A' && *p <= 'Z')
                            || (*p >= '0' && *p <= '9')
                            || *p == '-')
                           ? *p : '_';
        }
    }

    ngx_http_model_json_cstr(w, "json_schema");
    ngx_http_model_json_key(w, "json_schema");
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "name");
    ngx_http_model_json_str(w, &name);

    if (talk->schema_description.len) {
        ngx_http_model_json_key(w, "description");
        ngx_http_model_json_str(w, &talk->schema_description);
    }

    ngx_http_model_json_key(w, "schema");
    ngx_http_model_json_tree(w, talk->schema);

    if (talk->schema_strict != NGX_HTTP_MODEL_UNSET) {
        ngx_http_model_json_key(w, "strict");
        ngx_http_model_json_bool(w, talk->schema_strict == NGX_HTTP_MODEL_ON);
    }

    ngx_http_model_json_object_end(w);
    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


/*
 * An effort is a member of its own everywhere; on and off are so at OpenAI
 * only, for others it is up to the model's template.
 */

static void
ngx_http_model_openai_write_think(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    const char             *effort;
    ngx_http_model_talk_t  *talk;

    talk = &b->talk;

    if (talk->think == NGX_HTTP_MODEL_UNSET) {
        return;
    }

    if (talk->think == NGX_HTTP_MODEL_ON && talk->effort.len) {
        ngx_http_model_json_key(w, "reasoning_effort");
        ngx_http_model_json_str(w, &talk->effort);
        return;
    }

    if (!b->proper) {
        ngx_http_model_json_key(w, "chat_template_kwargs");
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "enable_thinking");
        ngx_http_model_json_bool(w, talk->think == NGX_HTTP_MODEL_ON);
        ngx_http_model_json_object_end(w);
        return;
    }

    if (talk->think == NGX_HTTP_MODEL_OFF) {
        effort = "none";

    } else if (talk->budget < 0) {
        effort = "medium";

    } else if (talk->budget <= NGX_HTTP_MODEL_OPENAI_LOW) {
        effort = "low";

    } else {
        effort = (talk->budget >= NGX_HTTP_MODEL_OPENAI_HIGH) ? "high"
                                                              : "medium";
    }

    ngx_http_model_json_key(w, "reasoning_effort");
    ngx_http_model_json_cstr(w, effort);
}


/* what the client's API does not know goes on, but not what is said already */

static ngx_int_t
ngx_http_model_openai_write_extra(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_str_t               *key;
    ngx_uint_t               i;
    ngx_http_model_json_t  **member;

    if (b->talk.extra == NULL) {
        return NGX_OK;
    }

    member = b->talk.extra->elts;

    for (i = 0; i < b->talk.extra->nelts; i++) {
        key = &member[i]->key;

        if (ngx_http_model_openai_said(&b->talk, key)) {
            return ngx_http_model_bridge_refuse(b, NULL, "\"%V\" is given "
                                                "twice towards vendor \"%V\": "
                                                "other members say it, too",
                                                key, &b->vendor);
        }
    }

    ngx_http_model_bridge_extra(w, b->talk.extra);

    return NGX_OK;
}


/* whether a member of the name is written, or left out on purpose */

static ngx_uint_t
ngx_http_model_openai_said(ngx_http_model_talk_t *talk, ngx_str_t *name)
{
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        ngx_uint_t   number;
    } numbers[] = {
        { "temperature", NGX_HTTP_MODEL_TALK_TEMPERATURE },
        { "top_p", NGX_HTTP_MODEL_TALK_TOP_P },
        { "top_k", NGX_HTTP_MODEL_TALK_TOP_K },
        { "min_p", NGX_HTTP_MODEL_TALK_MIN_P },
        { "seed", NGX_HTTP_MODEL_TALK_SEED },
        { "presence_penalty", NGX_HTTP_MODEL_TALK_PRESENCE },
        { "frequency_penalty", NGX_HTTP_MODEL_TALK_FREQUENCY },
        { "repeat_penalty", NGX_HTTP_MODEL_TALK_REPEAT },
        { "repetition_penalty", NGX_HTTP_MODEL_TALK_REPEAT },
        { "max_tokens", NGX_HTTP_MODEL_TALK_MAX },
        { "max_completion_tokens", NGX_HTTP_MODEL_TALK_MAX },
        { "top_logprobs", NGX_HTTP_MODEL_TALK_TOP_LOGPROBS },
        { NULL, 0 }
    };

    const struct {
        const char  *name;
        ngx_uint_t   said;
    } others[] = {
        { "model", 1 },
        { "messages", 1 },
        { "stream", 1 },
        { "stream_options", talk->stream },
        { "prompt", talk->completion },
        { "suffix", talk->completion },
        { "stop", talk->stop.nelts },
        { "user", talk->user.len },
        { "logprobs", talk->logprobs },
        { "response_format", talk->format },
        { "tools", talk->tools.nelts },
        { "tool_choice", talk->choice },
        { "parallel_tool_calls", talk->parallel },
        { "reasoning_effort", talk->think },
        { "chat_template_kwargs", talk->think },
        { NULL, 0 }
    };

    for (i = 0; numbers[i].name; i++) {
        if (ngx_http_model_openai_named(name, numbers[i].name)) {
            return talk->numbers[numbers[i].number].len != 0
                   || (talk->completion
                       && numbers[i].number == NGX_HTTP_MODEL_TALK_MAX);
        }
    }

    for (i = 0; others[i].name; i++) {
        if (ngx_http_model_openai_named(name, others[i].name)) {
            return others[i].said != 0;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_model_openai_named(ngx_str_t *name, const char *word)
{
    return name->len == ngx_strlen(word)
           && ngx_memcmp(name->data, word, name->len) == 0;
}
