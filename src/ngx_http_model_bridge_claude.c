
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_claude.h"


#define NGX_HTTP_MODEL_CLAUDE_UNKNOWN                                         \
    (NGX_HTTP_MODEL_CLAUDE_BUDGET                                             \
     |NGX_HTTP_MODEL_CLAUDE_ADAPTIVE                                          \
     |NGX_HTTP_MODEL_CLAUDE_DISABLED                                          \
     |NGX_HTTP_MODEL_CLAUDE_SAMPLING)


static ngx_uint_t ngx_http_model_claude_version(u_char *p, u_char *last);
static ngx_uint_t ngx_http_model_claude_always(ngx_str_t *name,
    ngx_uint_t version);
static ngx_uint_t ngx_http_model_claude_has(ngx_str_t *name,
    const char *word);


ngx_uint_t
ngx_http_model_claude(ngx_str_t *name)
{
    u_char      *p;
    ngx_uint_t   version, flags;

    p = NULL;

    if (name->len) {
        p = ngx_strlcasestrn(name->data, name->data + name->len,
                             (u_char *) "claude", 6 - 1);
    }

    if (p == NULL) {
        return NGX_HTTP_MODEL_CLAUDE_UNKNOWN;
    }

    version = ngx_http_model_claude_version(p + 6, name->data + name->len);

    if (version == 0) {

        if (!ngx_http_model_claude_has(name, "mythos")) {
            return NGX_HTTP_MODEL_CLAUDE_UNKNOWN;
        }

        /* mythos-preview */
        version = 407;
    }

    flags = NGX_HTTP_MODEL_CLAUDE_KNOWN;

    if (version >= 406) {
        flags |= NGX_HTTP_MODEL_CLAUDE_ADAPTIVE;
    }

    if (version >= 407) {
        flags |= NGX_HTTP_MODEL_CLAUDE_HIDES;

    } else {
        flags |= NGX_HTTP_MODEL_CLAUDE_BUDGET|NGX_HTTP_MODEL_CLAUDE_SAMPLING;
    }

    if (version >= 505 && ngx_http_model_claude_has(name, "sonnet")) {
        flags |= NGX_HTTP_MODEL_CLAUDE_BETWEEN;

    } else if (!ngx_http_model_claude_always(name, version)) {
        flags |= NGX_HTTP_MODEL_CLAUDE_DISABLED;
    }

    return flags;
}


/* models that cannot be told not to think */

static ngx_uint_t
ngx_http_model_claude_always(ngx_str_t *name, ngx_uint_t version)
{
    return ngx_http_model_claude_has(name, "mythos")
           || ngx_http_model_claude_has(name, "fable")
           || (version >= 505 && ngx_http_model_claude_has(name, "opus"));
}


/*
 * 406 of "-opus-4-6", "-3-7-sonnet-20250219" is 307, "-sonnet-5" 500; a date
 * is none: 0.
 */

static ngx_uint_t
ngx_http_model_claude_version(u_char *p, u_char *last)
{
    u_char      *start;
    ngx_int_t    n;
    ngx_uint_t   major;

    major = 0;

    while (p < last) {

        if (*p < '0' || *p > '9') {

            /* what follows the first number and is none ends it */

            if (major && *p != '-' && *p != '.') {
                break;
            }

            p++;
            continue;
        }

        start = p;

        while (p < last && *p >= '0' && *p <= '9') {
            p++;
        }

        if (p - start > 2) {

            if (major) {
                break;
            }

            continue;
        }

        n = ngx_atoi(start, p - start);

        if (major) {
            return major + n;
        }

        major = n * 100;
    }

    return major;
}


static ngx_uint_t
ngx_http_model_claude_has(ngx_str_t *name, const char *word)
{
    return ngx_strlcasestrn(name->data, name->data + name->len,
                            (u_char *) word, ngx_strlen(word) - 1)
           != NULL;
}
