
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Presets as text, a line each: "d path value" is a default, "f path value"
 * is forced.  For the unit test and the fuzz target.
 */


#ifndef _TEST_PRESET_H_INCLUDED_
#define _TEST_PRESET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_json.h"
#include "ngx_http_model_preset.h"


/* the array of those that the checks let pass */

static ngx_array_t *
preset_read(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char                   *p, *last, *end, *space;
    ngx_array_t              *presets;
    ngx_http_model_preset_t   preset, *new;

    presets = ngx_array_create(pool, 4, sizeof(ngx_http_model_preset_t));
    if (presets == NULL) {
        abort();
    }

    last = text->data + text->len;

    for (p = text->data; p < last; p = end + 1) {
        end = ngx_strlchr(p, last, '\n');
        end = end ? end : last;

        if (end - p < 3 || (p[0] != 'd' && p[0] != 'f') || p[1] != ' ') {
            continue;
        }

        space = ngx_strlchr(p + 2, end, ' ');
        if (space == NULL) {
            continue;
        }

        preset.force = (p[0] == 'f');
        preset.path.data = p + 2;
        preset.path.len = space - preset.path.data;
        preset.value.data = space + 1;
        preset.value.len = end - preset.value.data;

        if (ngx_http_model_preset_check(pool, &preset.path, &preset.value)
            || ngx_http_model_preset_conflict(presets, &preset.path))
        {
            continue;
        }

        new = ngx_array_push(presets);
        if (new == NULL) {
            abort();
        }

        *new = preset;
    }

    return presets;
}


/* what the edits make of the body; len is -1 when they are out of order */

static void
preset_apply(ngx_pool_t *pool, ngx_str_t *body, ngx_http_model_edit_t *edits,
    ngx_uint_t n, ngx_str_t *result)
{
    u_char      *p;
    off_t        pos;
    size_t       size;
    ngx_uint_t   i;

    size = body->len;

    for (i = 0; i < n; i++) {
        size += edits[i].text.len;
    }

    p = ngx_pnalloc(pool, size + 1);
    if (p == NULL) {
        abort();
    }

    result->data = p;
    pos = 0;

    for (i = 0; i < n; i++) {

        if (edits[i].start < pos || edits[i].end < edits[i].start
            || edits[i].end > (off_t) body->len || edits[i].pad)
        {
            result->len = (size_t) -1;
            return;
        }

        p = ngx_cpymem(p, body->data + pos, edits[i].start - pos);
        p = ngx_cpymem(p, edits[i].text.data, edits[i].text.len);
        pos = edits[i].end;
    }

    p = ngx_cpymem(p, body->data + pos, body->len - pos);

    result->len = p - result->data;
}


#endif /* _TEST_PRESET_H_INCLUDED_ */
