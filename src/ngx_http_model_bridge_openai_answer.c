
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"


static ngx_int_t ngx_http_model_openai_chunk(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_openai_start(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_openai_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *choice);
static ngx_int_t ngx_http_model_openai_delta(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *delta);
static ngx_int_t ngx_http_model_openai_content(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *content, ngx_http_model_event_e type);
static ngx_int_t ngx_http_model_openai_finish(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *choice);
static ngx_int_t ngx_http_model_openai_logprobs(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_http_model_json_t *ngx_http_model_openai_text_logprobs(
    ngx_pool_t *pool, ngx_http_model_json_t *value);
static ngx_http_model_json_t *ngx_http_model_openai_logprob(ngx_pool_t *pool,
    ngx_str_t *token, ngx_str_t *number);
static ngx_http_model_json_t *ngx_http_model_openai_node(ngx_pool_t *pool,
    ngx_uint_t type, const char *key, ngx_str_t *value);
static void ngx_http_model_openai_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static void ngx_http_model_openai_count(ngx_http_model_json_t *object,
    const char *name, int64_t *n);
static void ngx_http_model_openai_timing(ngx_http_model_json_t *object,
    const char *name, int64_t *n);
static ngx_uint_t ngx_http_model_openai_error_status(
    ngx_http_model_json_t *error);


ngx_int_t
ngx_http_model_openai_read_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_http_model_event_t  e;

    static ngx_str_t  empty = ngx_string("the answer has no choices");

    if (ngx_http_model_openai_is_error(root)) {
        return ngx_http_model_openai_error(b, root);
    }

    if (ngx_http_model_openai_chunk(b, root) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!b->begun) {
        return ngx_http_model_bridge_fail(b, 502, &empty);
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_END;

    return ngx_http_model_bridge_emit(b, &e);
}


ngx_int_t
ngx_http_model_openai_read_event(ngx_http_model_bridge_t *b, ngx_str_t *event,
    ngx_str_t *data)
{
    ngx_str_t                err;
    ngx_http_model_event_t   e;
    ngx_http_model_json_t   *root;

    static ngx_str_t  broken = ngx_string("the vendor's stream has an event "
                                          "that is not a JSON object");

    if (data->len == 0) {
        return NGX_OK;
    }

    if (data->len == 6 && ngx_memcmp(data->data, "[DONE]", 6) == 0) {

        if (ngx_http_model_openai_calls_end(b) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_memzero(&e, sizeof(ngx_http_model_event_t));

        e.type = NGX_HTTP_MODEL_EVENT_END;

        return ngx_http_model_bridge_emit(b, &e);
    }

    root = ngx_http_model_json_slices(b->temp, data->data, data->len, 1, &err);

    if (root == NULL || root->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_fail(b, 502, &broken);
    }

    if (ngx_http_model_openai_is_error(root)
        || (event && event->len == 5
            && ngx_memcmp(event->data, "error", 5) == 0))
    {
        return ngx_http_model_openai_error(b, root);
    }

    return ngx_http_model_openai_chunk(b, root);
}


/* a chunk, or a whole answer: they differ in "delta" and "message" only */

static ngx_int_t
ngx_http_model_openai_chunk(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_http_model_json_t  *choices, *choice;

    ngx_http_model_openai_usage(b, root);

    choices = ngx_http_model_json_get(root, "choices");

    if (choices == NULL || choices->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return NGX_OK;
    }

    for (choice = choices->child; choice; choice = choice->next) {

        /* one answer was asked for */

        if (choice->type != NGX_HTTP_MODEL_JSON_OBJECT
            || ngx_http_model_json_get_int(choice, "index") > 0)
        {
            continue;
        }

        if (ngx_http_model_openai_start(b, root) != NGX_OK
            || ngx_http_model_openai_choice(b, choice) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_start(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_http_model_event_t  e;

    if (b->begun) {
        return NGX_OK;
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_START;

    (void) ngx_http_model_json_get_str(root, "id", &e.id);
    (void) ngx_http_model_json_get_str(root, "model", &e.model);

    return ngx_http_model_bridge_emit(b, &e);
}


static ngx_int_t
ngx_http_model_openai_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *choice)
{
    ngx_http_model_json_t  *value;

    if (ngx_http_model_openai_is_error(choice)) {
        return ngx_http_model_openai_error(b, choice);
    }

    value = ngx_http_model_json_get(choice, "delta");

    if (value == NULL || value->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        value = ngx_http_model_json_get(choice, "message");
    }

    if (value && value->type == NGX_HTTP_MODEL_JSON_OBJECT
        && ngx_http_model_openai_delta(b, value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* of a text completion */

    value = ngx_http_model_json_get(choice, "text");

    if (ngx_http_model_openai_content(b, value, NGX_HTTP_MODEL_EVENT_TEXT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    value = ngx_http_model_json_get(choice, "logprobs");

    if (ngx_http_model_openai_logprobs(b, value) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_openai_finish(b, choice);
}


static ngx_int_t
ngx_http_model_openai_delta(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *delta)
{
    ngx_http_model_json_t  *value;

    /* vLLM renamed the one to the other and had both for a while */

    value = ngx_http_model_json_get(delta, "reasoning_content");

    if (value == NULL || value->type != NGX_HTTP_MODEL_JSON_STRING
        || value->value.len == 0)
    {
        value = ngx_http_model_json_get(delta, "reasoning");
    }

    if (ngx_http_model_openai_content(b, value, NGX_HTTP_MODEL_EVENT_THINKING)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    value = ngx_http_model_json_get(delta, "content");

    if (ngx_http_model_openai_content(b, value, NGX_HTTP_MODEL_EVENT_TEXT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    value = ngx_http_model_json_get(delta, "refusal");

    if (ngx_http_model_openai_content(b, value, NGX_HTTP_MODEL_EVENT_REFUSAL)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_openai_read_calls(b, delta);
}


/* text, or parts as Mistral sends them, thinking among them */

static ngx_int_t
ngx_http_model_openai_content(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *content, ngx_http_model_event_e type)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *element, *value;

    if (content == NULL) {
        return NGX_OK;
    }

    if (content->type == NGX_HTTP_MODEL_JSON_STRING) {
        return content->value.len
               ? ngx_http_model_bridge_emit_text(b, type, &content->value)
               : NGX_OK;
    }

    if (content->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return NGX_OK;
    }

    for (element = content->child; element; element = element->next) {

        value = ngx_http_model_json_get(element, "text");

        if (value && value->type == NGX_HTTP_MODEL_JSON_STRING) {
            rc = ngx_http_model_openai_content(b, value, type);

        } else {
            value = ngx_http_model_json_get(element, "thinking");

            rc = ngx_http_model_openai_content(b, value,
                                               NGX_HTTP_MODEL_EVENT_THINKING);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_finish(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *choice)
{
    ngx_uint_t               i;
    ngx_http_model_json_t   *value;
    ngx_http_model_event_t   e;

    static const struct {
        const char  *name;
        ngx_uint_t   reason;
    } reasons[] = {
        { "stop", NGX_HTTP_MODEL_FINISH_STOP },
        { "length", NGX_HTTP_MODEL_FINISH_LENGTH },
        { "tool_calls", NGX_HTTP_MODEL_FINISH_CALLS },
        { "function_call", NGX_HTTP_MODEL_FINISH_CALLS },
        { "content_filter", NGX_HTTP_MODEL_FINISH_FILTER },
        { "model_length", NGX_HTTP_MODEL_FINISH_LENGTH },
        { NULL, NGX_HTTP_MODEL_FINISH_STOP }
    };

    static ngx_str_t  failed = ngx_string("the vendor ended the answer with "
                                          "an error");

    value = ngx_http_model_json_get(choice, "finish_reason");

    if (value == NULL || value->type != NGX_HTTP_MODEL_JSON_STRING
        || value->value.len == 0)
    {
        return NGX_OK;
    }

    if (ngx_http_model_openai_word(value, "error")) {
        return ngx_http_model_bridge_fail(b, 502, &failed);
    }

    if (ngx_http_model_openai_calls_end(b) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; reasons[i].name; i++) {
        if (ngx_http_model_openai_word(value, reasons[i].name)) {
            break;
        }
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_FINISH;
    e.reason = reasons[i].reason;

    /* vLLM's: which stop string it was, or the number of a token */

    if (e.reason == NGX_HTTP_MODEL_FINISH_STOP
        && ngx_http_model_json_get_str(choice, "stop_reason", &e.text)
           == NGX_OK
        && e.text.len)
    {
        e.reason = NGX_HTTP_MODEL_FINISH_STRING;
    }

    return ngx_http_model_bridge_emit(b, &e);
}


static ngx_int_t
ngx_http_model_openai_logprobs(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_http_model_event_t  e;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_LOGPROBS;
    e.json = ngx_http_model_json_get(value, "content");

    if (e.json == NULL && ngx_http_model_json_get(value, "tokens") != NULL) {

        e.json = ngx_http_model_openai_text_logprobs(b->stream ? b->temp
                                                               : b->pool,
                                                     value);
        if (e.json == NULL) {
            return NGX_ERROR;
        }
    }

    if (e.json == NULL
        || e.json->type != NGX_HTTP_MODEL_JSON_ARRAY
        || e.json->child == NULL)
    {
        return NGX_OK;
    }

    return ngx_http_model_bridge_emit(b, &e);
}


/* of text completions: lists side by side, brought into the form of chats */

static ngx_http_model_json_t *
ngx_http_model_openai_text_logprobs(ngx_pool_t *pool,
    ngx_http_model_json_t *value)
{
    ngx_http_model_json_t  *token, *number, *other, *member;
    ngx_http_model_json_t  *array, *entry, *list, **last, **last_other;

    array = ngx_http_model_openai_node(pool, NGX_HTTP_MODEL_JSON_ARRAY, NULL,
                                       NULL);
    if (array == NULL) {
        return NULL;
    }

    last = &array->child;

    token = ngx_http_model_json_get(value, "tokens");
    number = ngx_http_model_json_get(value, "token_logprobs");
    other = ngx_http_model_json_get(value, "top_logprobs");

    token = token->child;
    number = number ? number->child : NULL;
    other = other ? other->child : NULL;

    while (token && number) {

        if (token->type == NGX_HTTP_MODEL_JSON_STRING
            && number->type == NGX_HTTP_MODEL_JSON_NUMBER)
        {
            entry = ngx_http_model_openai_logprob(pool, &token->value,
                                                  &number->value);

            list = ngx_http_model_openai_node(pool, NGX_HTTP_MODEL_JSON_ARRAY,
                                              "top_logprobs", NULL);

            if (entry == NULL || list == NULL) {
                return NULL;
            }

            entry->child->next->next = list;
            last_other = &list->child;

            for (member = (other && other->type == NGX_HTTP_MODEL_JSON_OBJECT)
                          ? other->child : NULL;
                 member;
                 member = member->next)
            {
                if (member->type != NGX_HTTP_MODEL_JSON_NUMBER) {
                    continue;
                }

                *last_other = ngx_http_model_openai_logprob(pool, &member->key,
                                                            &member->value);
                if (*last_other == NULL) {
                    return NULL;
                }

                last_other = &(*last_other)->next;
            }

            *last = entry;
            last = &entry->next;
        }

        token = token->next;
        number = number->next;
        other = other ? other->next : NULL;
    }

    return array;
}


static ngx_http_model_json_t *
ngx_http_model_openai_logprob(ngx_pool_t *pool, ngx_str_t *token,
    ngx_str_t *number)
{
    ngx_http_model_json_t  *object, *first;

    object = ngx_http_model_openai_node(pool, NGX_HTTP_MODEL_JSON_OBJECT, NULL,
                                        NULL);
    first = ngx_http_model_openai_node(pool, NGX_HTTP_MODEL_JSON_STRING,
                                       "token", token);

    if (object == NULL || first == NULL) {
        return NULL;
    }

    first->next = ngx_http_model_openai_node(pool, NGX_HTTP_MODEL_JSON_NUMBER,
                                             "logprob", number);
    object->child = first;

    return first->next ? object : NULL;
}


static ngx_http_model_json_t *
ngx_http_model_openai_node(ngx_pool_t *pool, ngx_uint_t type, const char *key,
    ngx_str_t *value)
{
    ngx_http_model_json_t  *json;

    json = ngx_pcalloc(pool, sizeof(ngx_http_model_json_t));
    if (json == NULL) {
        return NULL;
    }

    json->type = type;

    if (key) {
        json->key.data = (u_char *) key;
        json->key.len = ngx_strlen(key);
    }

    if (value) {
        json->value = *value;
    }

    return json;
}


/* on any chunk; what was told last counts */

static void
ngx_http_model_openai_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_http_model_json_t          *usage, *details;
    ngx_http_model_bridge_usage_t  *u;

    u = &b->usage;
    usage = ngx_http_model_json_get(root, "usage");

    ngx_http_model_openai_count(usage, "prompt_tokens", &u->prompt);
    ngx_http_model_openai_count(usage, "completion_tokens", &u->completion);

    details = ngx_http_model_json_get(usage, "prompt_tokens_details");

    ngx_http_model_openai_count(details, "cached_tokens", &u->cached);
    ngx_http_model_openai_count(details, "cache_write_tokens",
                                &u->cache_write);

    details = ngx_http_model_json_get(usage, "completion_tokens_details");

    ngx_http_model_openai_count(details, "reasoning_tokens", &u->reasoning);

    /* llama-server's */

    usage = ngx_http_model_json_get(root, "timings");

    ngx_http_model_openai_timing(usage, "prompt_ms", &u->prompt_duration);
    ngx_http_model_openai_timing(usage, "predicted_ms", &u->eval_duration);
}


static void
ngx_http_model_openai_count(ngx_http_model_json_t *object, const char *name,
    int64_t *n)
{
    int64_t  value;

    value = ngx_http_model_json_get_int(object, name);

    if (value >= 0) {
        *n = value;
    }
}


static void
ngx_http_model_openai_timing(ngx_http_model_json_t *object, const char *name,
    int64_t *n)
{
    double                  ms;
    ngx_http_model_json_t  *value;

    value = ngx_http_model_json_get(object, name);

    if (value == NULL || value->type != NGX_HTTP_MODEL_JSON_NUMBER) {
        return;
    }

    ms = ngx_http_model_talk_value(&value->value);

    /* up to a year */

    if (ms >= 0 && ms < 366.0 * 24 * 3600 * 1000) {
        *n = (int64_t) (ms * 1000000);
    }
}


ngx_uint_t
ngx_http_model_openai_is_error(ngx_http_model_json_t *root)
{
    ngx_http_model_json_t  *error;

    error = ngx_http_model_json_get(root, "error");

    if (error == NULL) {
        return ngx_http_model_openai_word(ngx_http_model_json_get(root,
                                                                  "object"),
                                          "error");
    }

    switch (error->type) {

    case NGX_HTTP_MODEL_JSON_NULL:
        return 0;

    case NGX_HTTP_MODEL_JSON_BOOL:
    case NGX_HTTP_MODEL_JSON_STRING:
        return error->value.len != 0;

    case NGX_HTTP_MODEL_JSON_OBJECT:
    case NGX_HTTP_MODEL_JSON_ARRAY:
        return error->child != NULL;

    default:
        return 1;
    }
}


ngx_int_t
ngx_http_model_openai_error(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_str_t               text;
    ngx_uint_t              status;
    ngx_http_model_json_t  *error;

    static ngx_str_t  silent = ngx_string("the vendor failed and does not say "
                                          "why");

    error = ngx_http_model_json_get(root, "error");

    status = ngx_http_model_openai_error_status(
                 (error && error->type == NGX_HTTP_MODEL_JSON_OBJECT) ? error
                                                                      : root);

    if (ngx_http_model_talk_json(b->temp, root, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    text = ngx_http_model_bridge_message(b->temp, text.data, text.len);

    return ngx_http_model_bridge_fail(b, status, text.len ? &text : &silent);
}


/* a code that is a status, or a word of OpenAI's; else the vendor's failure */

static ngx_uint_t
ngx_http_model_openai_error_status(ngx_http_model_json_t *error)
{
    int64_t                 code;
    ngx_uint_t              i;
    ngx_http_model_json_t  *type, *word;

    static const struct {
        const char  *word;
        ngx_uint_t   status;
    } words[] = {
        { "rate_limit_exceeded", 429 },
        { "rate_limit_error", 429 },
        { "insufficient_quota", 429 },
        { "requests", 429 },
        { "tokens", 429 },
        { "overloaded_error", 503 },
        { "service_unavailable", 503 },
        { "unavailable_error", 503 },
        { "invalid_request_error", 400 },
        { NULL, 0 }
    };

    code = ngx_http_model_json_get_int(error, "code");

    /* the vendor's key is not the client's matter */

    if (code == 401 || code == 403) {
        return 502;
    }

    if (code >= 400 && code <= 599) {
        return code;
    }

    type = ngx_http_model_json_get(error, "type");
    word = ngx_http_model_json_get(error, "code");

    for (i = 0; words[i].word; i++) {
        if (ngx_http_model_openai_word(word, words[i].word)
            || ngx_http_model_openai_word(type, words[i].word))
        {
            return words[i].status;
        }
    }

    return 502;
}
