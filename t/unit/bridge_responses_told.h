
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * An answer of the responses API in words: a word for each of its events.
 */


#ifndef _BRIDGE_RESPONSES_TOLD_H_INCLUDED_
#define _BRIDGE_RESPONSES_TOLD_H_INCLUDED_


#include "ngx_http_model_json.h"
#include "bridge_responses_words.h"


/* a string, or "" */

static const char *
str(ngx_http_model_json_t *json, const char *name)
{
    char       *s;
    ngx_str_t   value;

    if (ngx_http_model_json_get_str(json, name, &value) != NGX_OK) {
        return "";
    }

    s = ngx_pcalloc(told_pool, value.len + 1);
    ngx_memcpy(s, value.data, value.len);

    return s;
}


static void
tell_item(ngx_http_model_json_t *json)
{
    ngx_uint_t              i;
    ngx_http_model_json_t  *value;

    static const char  *texts[] = {
        "call_id", "namespace", "name", "arguments", "input",
        "encrypted_content"
    };

    put("%s:%s", str(json, "type"), str(json, "status"));

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (*str(json, texts[i])) {
            put(",%s", str(json, texts[i]));
        }
    }

    value = ngx_http_model_json_get(json, "content");

    if (value == NULL) {
        value = ngx_http_model_json_get(json, "summary");
    }

    for (value = value ? value->child : NULL; value; value = value->next) {
        put("[%s%s]", str(value, "text"), str(value, "refusal"));
    }
}


static void
tell_response(ngx_http_model_json_t *json)
{
    ngx_http_model_json_t  *value;

    put("%s", str(json, "status"));

    value = ngx_http_model_json_get(json, "incomplete_details");
    put("%s%s", *str(value, "reason") ? " " : "", str(value, "reason"));

    value = ngx_http_model_json_get(json, "error");
    put("%s%s", *str(value, "code") ? " " : "", str(value, "code"));

    value = ngx_http_model_json_get(json, "output");

    for (value = value->child; value; value = value->next) {
        put(" ");
        tell_item(value);
    }

    value = ngx_http_model_json_get(json, "usage");

    if (value) {
        put(" %d", (int) ngx_http_model_json_get_int(value, "total_tokens"));
    }
}


static ngx_uint_t
tell_frame(const char *type, ngx_http_model_json_t *json, ngx_uint_t n)
{
    ngx_uint_t              i;
    ngx_http_model_json_t  *value;

    static const char  *texts[] = {
        "delta", "text", "refusal", "arguments", "input", "message"
    };

    if (ngx_strcmp(str(json, "type"), type) != 0
        || ngx_http_model_json_get_int(json, "sequence_number") != (int64_t) n)
    {
        return 0;
    }

    put("%s", ngx_strncmp(type, "response.", 9) == 0 ? type + 9 : type);

    if (ngx_http_model_json_get(json, "output_index")) {
        put("@%d", (int) ngx_http_model_json_get_int(json, "output_index"));
    }

    if (ngx_http_model_json_get(json, "content_index")) {
        put(".%d", (int) ngx_http_model_json_get_int(json, "content_index"));
    }

    put("(");

    value = ngx_http_model_json_get(json, "response");

    if (value) {
        tell_response(value);
    }

    value = ngx_http_model_json_get(json, "item");

    if (value) {
        tell_item(value);
    }

    value = ngx_http_model_json_get(json, "part");

    if (value) {
        put("%s %s%s", str(value, "type"), str(value, "text"),
            str(value, "refusal"));
    }

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        put("%s", str(json, texts[i]));
    }

    value = ngx_http_model_json_get(json, "logprobs");

    for (value = value ? value->child : NULL; value; value = value->next) {
        put("|%s", str(value, "token"));
    }

    put(") ");

    return 1;
}


/* a word for each frame; 1: all are sound */

static ngx_uint_t
tell_stream(char *p)
{
    char                   *line, *data, *last;
    ngx_str_t               err;
    ngx_uint_t              n;
    ngx_http_model_json_t  *json;

    for (n = 0; *p; /* void */) {

        if (ngx_strncmp(p, ": ping\n\n", 8) == 0) {
            put("ping ");
            p += 8;
            continue;
        }

        line = p;
        data = strstr(p, "\ndata: ");
        last = strstr(p, "\n\n");

        if (ngx_strncmp(line, "event: ", 7) != 0
            || data == NULL || last == NULL || data > last)
        {
            printf("# no frame: %.80s\n", p);
            return 0;
        }

        *data = '\0';
        data += 7;
        *last = '\0';
        p = last + 2;

        json = ngx_http_model_json_parse(told_pool, (u_char *) data,
                                         last - data, &err);

        if (json == NULL || !tell_frame(line + 7, json, n++)) {
            printf("# bad frame: %s\n", data);
            return 0;
        }
    }

    return 1;
}


#endif /* _BRIDGE_RESPONSES_TOLD_H_INCLUDED_ */
