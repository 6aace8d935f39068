
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_ollama.h"
#include "ngx_http_model_error.h"


/* tokens of thinking from which on an effort is the next one */

#define NGX_HTTP_MODEL_OLLAMA_MEDIUM  2048
#define NGX_HTTP_MODEL_OLLAMA_HIGH    4096

#define NGX_HTTP_MODEL_OLLAMA_ROWS    64


/* the object "options", which is there when it has a member only */

typedef struct {
    ngx_http_model_json_writer_t  *w;
    u_char                         seen[NGX_HTTP_MODEL_OLLAMA_ROWS];
    ngx_uint_t                     open;
} ngx_http_model_ollama_object_t;


static ngx_int_t ngx_http_model_ollama_check(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_ollama_check_choice(
    ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_ollama_write_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_ollama_write_tool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_tool_t *tool);
static ngx_http_model_tool_t *ngx_http_model_ollama_chosen(
    ngx_http_model_talk_t *talk);

static void ngx_http_model_ollama_write_format(ngx_http_model_talk_t *talk,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_ollama_write_think(ngx_http_model_talk_t *talk,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_ollama_write_logprobs(ngx_http_model_talk_t *talk,
    ngx_http_model_json_writer_t *w);

static ngx_int_t ngx_http_model_ollama_write_options(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_ollama_extra_options(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *options,
    ngx_http_model_ollama_object_t *object);
static ngx_int_t ngx_http_model_ollama_option(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_object_t *object, ngx_str_t *name);
static ngx_int_t ngx_http_model_ollama_write_extra(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static ngx_uint_t ngx_http_model_ollama_is_options(
    ngx_http_model_json_t *member);
static ngx_uint_t ngx_http_model_ollama_is(ngx_str_t *name, const char *word);


ngx_int_t
ngx_http_model_ollama_write_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t  rc;

    rc = ngx_http_model_ollama_check(b);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, &b->name);

    rc = ngx_http_model_ollama_write_messages(b, w);

    if (rc == NGX_OK) {
        rc = ngx_http_model_ollama_write_tools(b, w);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_ollama_write_format(&b->talk, w);
    ngx_http_model_ollama_write_think(&b->talk, w);
    ngx_http_model_ollama_write_logprobs(&b->talk, w);

    /* where it is absent Ollama streams */

    ngx_http_model_json_key(w, "stream");
    ngx_http_model_json_bool(w, b->talk.stream);

    rc = ngx_http_model_ollama_write_options(b, w);

    if (rc == NGX_OK) {
        rc = ngx_http_model_ollama_write_extra(b, w);
    }

    ngx_http_model_json_object_end(w);

    return rc;
}


static ngx_int_t
ngx_http_model_ollama_check(ngx_http_model_bridge_t *b)
{
    if (b->talk.completion) {
        return ngx_http_model_bridge_refuse(b, "prompt", "text completions "
                                            "cannot be had from vendor "
                                            "\"%V\" by way of Ollama's "
                                            "\"/api/chat\"; send messages",
                                            &b->vendor);
    }

    /* Ollama loads the model then, and says nothing */

    if (b->talk.messages.nelts == 0) {
        return ngx_http_model_bridge_refuse(b, "messages", "there is no "
                                            "message to be answered");
    }

    if (b->talk.tools.nelts == 0
        || b->talk.choice == NGX_HTTP_MODEL_CHOICE_NONE)
    {
        return NGX_OK;
    }

    return ngx_http_model_ollama_check_choice(b);
}


/*
 * A model cannot be made to call a tool.  Of one that is named all others can
 * be kept away, which is what such requests are for most of the time; of "any
 * one of these" nothing would be left.
 */

static ngx_int_t
ngx_http_model_ollama_check_choice(ngx_http_model_bridge_t *b)
{
    if (b->talk.choice == NGX_HTTP_MODEL_CHOICE_NAMED
        && ngx_http_model_ollama_chosen(&b->talk) == NULL)
    {
        return ngx_http_model_bridge_refuse(b, "tool_choice",
                                            "\"tool_choice\" names a tool "
                                            "that \"tools\" does not have");
    }

    if (b->talk.choice == NGX_HTTP_MODEL_CHOICE_ANY
        && b->talk.tools.nelts > 1)
    {
        return ngx_http_model_bridge_refuse(b, "tool_choice", "vendor \"%V\", "
                            "whose servers speak Ollama's API, cannot be told "
                            "to call one of several tools; name the tool in "
                            "\"tool_choice\", or use \"auto\"", &b->vendor);
    }

    return NGX_OK;
}


static ngx_http_model_tool_t *
ngx_http_model_ollama_chosen(ngx_http_model_talk_t *talk)
{
    ngx_uint_t              i;
    ngx_http_model_tool_t  *tool;

    tool = talk->tools.elts;

    for (i = 0; i < talk->tools.nelts; i++) {
        if (tool[i].name.len == talk->chosen.len
            && ngx_memcmp(tool[i].name.data, talk->chosen.data,
                          talk->chosen.len)
               == 0)
        {
            return &tool[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_model_ollama_write_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t               rc;
    ngx_uint_t              i, n;
    ngx_http_model_tool_t  *tool;

    tool = b->talk.tools.elts;
    n = b->talk.tools.nelts;

    if (n == 0 || b->talk.choice == NGX_HTTP_MODEL_CHOICE_NONE) {
        return NGX_OK;
    }

    if (b->talk.choice == NGX_HTTP_MODEL_CHOICE_NAMED) {
        tool = ngx_http_model_ollama_chosen(&b->talk);
        n = 1;
    }

    ngx_http_model_json_key(w, "tools");
    ngx_http_model_json_array(w);

    for (i = 0; i < n; i++) {
        rc = ngx_http_model_ollama_write_tool(b, w, &tool[i]);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_write_tool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_tool_t *tool)
{
    ngx_int_t  rc;

    static ngx_str_t  nothing =
                              ngx_string("{\"type\":\"object\",\"properties\""
                                         ":{}}");

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
        ngx_http_model_json_raw(w, &nothing);
    }

    ngx_http_model_json_object_end(w);

    rc = ngx_http_model_ollama_pass(b, w, tool->extra,
                                    ngx_http_model_ollama_tool_fields);

    ngx_http_model_json_object_end(w);

    return rc;
}


static void
ngx_http_model_ollama_write_format(ngx_http_model_talk_t *talk,
    ngx_http_model_json_writer_t *w)
{
    if (talk->format == NGX_HTTP_MODEL_FORMAT_TEXT) {
        return;
    }

    ngx_http_model_json_key(w, "format");

    if (talk->format == NGX_HTTP_MODEL_FORMAT_SCHEMA && talk->schema) {
        ngx_http_model_json_tree(w, talk->schema);

    } else {
        ngx_http_model_json_cstr(w, "json");
    }
}


/* models that do not know efforts take each of them as true */

static void
ngx_http_model_ollama_write_think(ngx_http_model_talk_t *talk,
    ngx_http_model_json_writer_t *w)
{
    if (talk->think == NGX_HTTP_MODEL_UNSET) {
        return;
    }

    ngx_http_model_json_key(w, "think");

    if (talk->think == NGX_HTTP_MODEL_OFF) {
        ngx_http_model_json_bool(w, 0);

    } else if (ngx_http_model_ollama_is(&talk->effort, "minimal")) {
        ngx_http_model_json_cstr(w, "low");

    } else if (ngx_http_model_ollama_is(&talk->effort, "xhigh")) {
        ngx_http_model_json_cstr(w, "max");

    } else if (talk->effort.len) {
        ngx_http_model_json_str(w, &talk->effort);

    } else if (talk->budget < 0) {
        ngx_http_model_json_bool(w, 1);

    } else if (talk->budget < NGX_HTTP_MODEL_OLLAMA_MEDIUM) {
        ngx_http_model_json_cstr(w, "low");

    } else if (talk->budget < NGX_HTTP_MODEL_OLLAMA_HIGH) {
        ngx_http_model_json_cstr(w, "medium");

    } else {
        ngx_http_model_json_cstr(w, "high");
    }
}


static void
ngx_http_model_ollama_write_logprobs(ngx_http_model_talk_t *talk,
    ngx_http_model_json_writer_t *w)
{
    ngx_str_t  *top;

    if (talk->logprobs != NGX_HTTP_MODEL_ON) {
        return;
    }

    ngx_http_model_json_key(w, "logprobs");
    ngx_http_model_json_bool(w, 1);

    top = &talk->numbers[NGX_HTTP_MODEL_TALK_TOP_LOGPROBS];

    if (top->len) {
        ngx_http_model_json_key(w, "top_logprobs");
        ngx_http_model_json_raw(w, top);
    }
}


static ngx_int_t
ngx_http_model_ollama_write_options(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t                        rc;
    ngx_str_t                       *stop;
    ngx_uint_t                       i;
    ngx_http_model_json_t          **extra;
    ngx_http_model_ollama_object_t   object;

    static ngx_str_t  names[] = {
        ngx_string("temperature"),         /* as NGX_HTTP_MODEL_TALK_* */
        ngx_string("top_p"),
        ngx_string("top_k"),
        ngx_string("min_p"),
        ngx_string("seed"),
        ngx_string("presence_penalty"),
        ngx_string("frequency_penalty"),
        ngx_string("repeat_penalty"),
        ngx_string("num_predict")
    };

    static ngx_str_t  stops = ngx_string("stop");

    ngx_memzero(&object, sizeof(ngx_http_model_ollama_object_t));
    object.w = w;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {

        if (b->talk.numbers[i].len == 0) {
            continue;
        }

        (void) ngx_http_model_ollama_option(b, &object, &names[i]);
        ngx_http_model_json_raw(w, &b->talk.numbers[i]);
    }

    if (b->talk.stop.nelts) {
        (void) ngx_http_model_ollama_option(b, &object, &stops);

        stop = b->talk.stop.elts;
        ngx_http_model_json_array(w);

        for (i = 0; i < b->talk.stop.nelts; i++) {
            ngx_http_model_json_str(w, &stop[i]);
        }

        ngx_http_model_json_array_end(w);
    }

    rc = NGX_OK;
    extra = b->talk.extra ? b->talk.extra->elts : NULL;

    for (i = 0; extra && i < b->talk.extra->nelts && rc == NGX_OK; i++) {
        rc = ngx_http_model_ollama_extra_options(b, extra[i], &object);
    }

    if (object.open) {
        ngx_http_model_json_object_end(w);
    }

    return rc;
}


/* members that others have beside the model and the messages, or do not have */

static ngx_int_t
ngx_http_model_ollama_extra_options(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *member, ngx_http_model_ollama_object_t *object)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *option;

    if (ngx_http_model_ollama_row(ngx_http_model_ollama_option_fields,
                                  &member->key)
        != NGX_ERROR)
    {
        rc = ngx_http_model_ollama_option(b, object, &member->key);
        ngx_http_model_json_tree(object->w, member);

        return rc;
    }

    if (!ngx_http_model_ollama_is_options(member)) {
        return NGX_OK;
    }

    for (option = member->child; option; option = option->next) {

        rc = ngx_http_model_ollama_option(b, object, &option->key);

        if (rc != NGX_OK) {
            return rc;
        }

        ngx_http_model_json_tree(object->w, option);
    }

    return NGX_OK;
}


/* the key of an option, its value is next */

static ngx_int_t
ngx_http_model_ollama_option(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_object_t *object, ngx_str_t *name)
{
    ngx_int_t  row;

    row = ngx_http_model_ollama_row(ngx_http_model_ollama_option_fields, name);

    if (row >= 0 && row < NGX_HTTP_MODEL_OLLAMA_ROWS) {

        if (object->seen[row]) {
            return ngx_http_model_bridge_refuse(b,
                                     ngx_http_model_ollama_option_fields[row]
                                     .name,
                                     "Ollama's option \"%s\" is asked for in "
                                     "two ways",
                                     ngx_http_model_ollama_option_fields[row]
                                     .name);
        }

        object->seen[row] = 1;
    }

    if (!object->open) {
        object->open = 1;

        ngx_http_model_json_key(object->w, "options");
        ngx_http_model_json_object(object->w);
    }

    ngx_http_model_json_key_str(object->w, name);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_write_extra(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_str_t                            *name;
    ngx_uint_t                            i, written;
    ngx_http_model_json_t               **member;
    const ngx_http_model_field_table_t   *table;

    if (b->talk.extra == NULL) {
        return NGX_OK;
    }

    table = ngx_http_model_bridge_chat.fields;
    member = b->talk.extra->elts;

    for (i = 0; i < b->talk.extra->nelts; i++) {

        name = &member[i]->key;

        if (ngx_http_model_ollama_is_options(member[i])
            || ngx_http_model_ollama_row(ngx_http_model_ollama_option_fields,
                                         name)
               != NGX_ERROR)
        {
            continue;
        }

        /* Ollama folds the case of names, and takes the last one */

        if (ngx_http_model_ollama_is(name, "format")) {
            written = (b->talk.format != NGX_HTTP_MODEL_FORMAT_TEXT);

        } else if (ngx_http_model_ollama_is(name, "think")) {
            written = (b->talk.think != NGX_HTTP_MODEL_UNSET);

        } else if (ngx_http_model_ollama_is(name, "keep_alive")
                   || ngx_http_model_ollama_is(name, "truncate")
                   || ngx_http_model_ollama_is(name, "shift"))
        {
            written = 0;

        } else {
            written = (ngx_http_model_ollama_row(table->fields, name)
                       != NGX_ERROR);
        }

        if (written) {
            return ngx_http_model_bridge_refuse(b, NULL, "Ollama's member "
                                  "\"%V\" is none of \"%V\", or asked for in "
                                  "two ways", name, &b->client->path);
        }

        ngx_http_model_json_key_str(w, name);
        ngx_http_model_json_tree(w, member[i]);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_ollama_is_options(ngx_http_model_json_t *member)
{
    return member->type == NGX_HTTP_MODEL_JSON_OBJECT
           && ngx_http_model_ollama_is(&member->key, "options");
}


static ngx_uint_t
ngx_http_model_ollama_is(ngx_str_t *name, const char *word)
{
    return name->len == ngx_strlen(word)
           && ngx_strncasecmp(name->data, (u_char *) word, name->len) == 0;
}
