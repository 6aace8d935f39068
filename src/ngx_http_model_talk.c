
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_talk.h"


static ngx_uint_t ngx_http_model_talk_is(u_char *p, u_char *last,
    const char *word, size_t len);


ngx_int_t
ngx_http_model_talk_init(ngx_http_model_talk_t *talk, ngx_pool_t *pool)
{
    ngx_memzero(talk, sizeof(ngx_http_model_talk_t));

    talk->pool = pool;
    talk->budget = -1;

    if (ngx_array_init(&talk->messages, pool, 8,
                       sizeof(ngx_http_model_message_t))
        != NGX_OK
        || ngx_array_init(&talk->tools, pool, 4,
                          sizeof(ngx_http_model_tool_t))
           != NGX_OK
        || ngx_array_init(&talk->stop, pool, 4, sizeof(ngx_str_t)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_http_model_message_t *
ngx_http_model_talk_message(ngx_http_model_talk_t *talk, ngx_uint_t role)
{
    ngx_http_model_message_t  *message;

    message = ngx_array_push(&talk->messages);
    if (message == NULL) {
        return NULL;
    }

    ngx_memzero(message, sizeof(ngx_http_model_message_t));

    message->role = role;

    if (ngx_array_init(&message->parts, talk->pool, 1,
                       sizeof(ngx_http_model_part_t))
        != NGX_OK)
    {
        return NULL;
    }

    return message;
}


ngx_http_model_part_t *
ngx_http_model_talk_part(ngx_array_t *parts, ngx_uint_t type)
{
    ngx_http_model_part_t  *part;

    part = ngx_array_push(parts);
    if (part == NULL) {
        return NULL;
    }

    ngx_memzero(part, sizeof(ngx_http_model_part_t));

    part->type = type;

    return part;
}


ngx_http_model_tool_t *
ngx_http_model_talk_tool(ngx_http_model_talk_t *talk)
{
    ngx_http_model_tool_t  *tool;

    tool = ngx_array_push(&talk->tools);

    if (tool) {
        ngx_memzero(tool, sizeof(ngx_http_model_tool_t));
    }

    return tool;
}


ngx_int_t
ngx_http_model_talk_extra(ngx_pool_t *pool, ngx_array_t **extra,
    ngx_http_model_json_t *member)
{
    ngx_http_model_json_t  **slot;

    if (*extra == NULL) {
        *extra = ngx_array_create(pool, 4, sizeof(ngx_http_model_json_t *));
        if (*extra == NULL) {
            return NGX_ERROR;
        }
    }

    slot = ngx_array_push(*extra);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    *slot = member;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_talk_join(ngx_pool_t *pool, ngx_array_t *parts, ngx_uint_t type,
    const char *separator, ngx_str_t *text)
{
    size_t                  len, gap;
    u_char                 *p;
    ngx_uint_t              i, n;
    ngx_http_model_part_t  *part;

    ngx_str_null(text);

    part = parts->elts;
    gap = ngx_strlen(separator);
    len = 0;
    n = 0;

    for (i = 0; i < parts->nelts; i++) {
        if (part[i].type == type) {
            len += part[i].text.len + (n++ ? gap : 0);
            *text = part[i].text;
        }
    }

    if (n < 2) {
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    text->len = len;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].type != type) {
            continue;
        }

        if (p != text->data || n == 0) {
            p = ngx_cpymem(p, separator, gap);
        }

        n = 0;

        p = ngx_cpymem(p, part[i].text.data, part[i].text.len);
    }

    return NGX_OK;
}


/* what the first bytes of a file are in base64, as far as they are sure */

ngx_str_t
ngx_http_model_talk_image(ngx_str_t *base64)
{
    u_char     *p;
    ngx_uint_t  i;

    static const struct {
        const char  *head;
        size_t       len;
        ngx_str_t    media;
    } heads[] = {
        { "iVBORw", 6, ngx_string("image/png") },    /* \x89PNG */
        { "/9j/", 4, ngx_string("image/jpeg") },     /* \xff\xd8\xff */
        { "R0lGOD", 6, ngx_string("image/gif") },    /* GIF8 */
        { NULL, 0, ngx_null_string }
    };

    p = base64->data;

    for (i = 0; heads[i].head; i++) {
        if (base64->len >= heads[i].len
            && ngx_memcmp(p, heads[i].head, heads[i].len) == 0)
        {
            return heads[i].media;
        }
    }

    /* RIFF, four bytes of size, WEBP: 12 bytes are 16 characters */

    if (base64->len >= 16
        && ngx_memcmp(p, "UklGR", 5) == 0
        && ngx_memcmp(p + 11, "XRUJQ", 5) == 0)
    {
        return (ngx_str_t) ngx_string("image/webp");
    }

    return (ngx_str_t) ngx_null_string;
}


ngx_int_t
ngx_http_model_talk_data_url(ngx_pool_t *pool, ngx_str_t *url,
    ngx_str_t *media, ngx_str_t *base64)
{
    u_char     *p, *last, *comma, *end, *semicolon;
    ngx_uint_t  encoded;

    ngx_str_null(media);
    ngx_str_null(base64);

    if (url->len == 0) {
        return NGX_DECLINED;
    }

    p = url->data;
    last = p + url->len;

    if (!ngx_http_model_talk_is(p, last, "data:", 5)) {
        return NGX_DECLINED;
    }

    p += 5;

    /* a head is short: what has none is not searched for it */

    end = (last - p > 1024) ? p + 1024 : last;
    comma = ngx_strlchr(p, end, ',');

    if (comma == NULL) {
        return NGX_DECLINED;
    }

    semicolon = ngx_strlchr(p, comma, ';');
    end = semicolon ? semicolon : comma;

    if (end > p) {
        media->data = ngx_pnalloc(pool, end - p);
        if (media->data == NULL) {
            return NGX_ERROR;
        }

        media->len = end - p;
        ngx_strlow(media->data, p, media->len);
    }

    encoded = 0;

    while (semicolon) {
        p = semicolon + 1;
        semicolon = ngx_strlchr(p, comma, ';');
        end = semicolon ? semicolon : comma;

        encoded = (end - p == 6
                   && ngx_http_model_talk_is(p, end, "base64", 6));
    }

    if (!encoded) {
        return NGX_DECLINED;
    }

    base64->data = comma + 1;
    base64->len = last - (comma + 1);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_talk_is(u_char *p, u_char *last, const char *word, size_t len)
{
    return (size_t) (last - p) >= len
           && ngx_strncasecmp(p, (u_char *) word, len) == 0;
}


ngx_int_t
ngx_http_model_talk_json(ngx_pool_t *pool, ngx_http_model_json_t *json,
    ngx_str_t *text)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(pool);

    ngx_http_model_json_tree(w, json);

    return ngx_http_model_json_finish(w, text);
}


double
ngx_http_model_talk_value(ngx_str_t *number)
{
    char  text[64];

    /* longer ones are cut: the magnitude of what is written so does not
       matter to anybody */

    ngx_cpystrn((u_char *) text, number->data,
                ngx_min(number->len + 1, sizeof(text)));

    return strtod(text, NULL);
}
