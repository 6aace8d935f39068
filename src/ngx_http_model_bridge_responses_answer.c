
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"


static ngx_int_t ngx_http_model_responses_whole(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_responses_item_t **last);


ngx_int_t
ngx_http_model_responses_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i;
    ngx_http_model_part_t            *part, empty;
    ngx_http_model_responses_item_t  *last;

    if (ngx_http_model_responses_writer(b) == NULL) {
        return NGX_ERROR;
    }

    last = NULL;
    part = b->answer.parts.elts;

    for (i = 0; i < b->answer.parts.nelts; i++) {
        rc = ngx_http_model_responses_whole(b, &part[i], &last);

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (last == NULL && !ngx_http_model_responses_is_cut(b)) {

        /* an answer of nothing is one, too */

        ngx_memzero(&empty, sizeof(ngx_http_model_part_t));
        empty.type = NGX_HTTP_MODEL_PART_TEXT;

        if (ngx_http_model_responses_whole(b, &empty, &last) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_http_model_responses_write_response(b, w,
                                  ngx_http_model_responses_is_cut(b)
                                  ? NGX_HTTP_MODEL_RESPONSES_INCOMPLETE
                                  : NGX_HTTP_MODEL_RESPONSES_COMPLETED,
                                  NULL);

    return NGX_OK;
}


/* a part of a whole answer; last is the item of the one before it */

static ngx_int_t
ngx_http_model_responses_whole(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_responses_item_t **last)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i, cut;
    ngx_http_model_json_t           **entry;
    ngx_http_model_responses_part_t  *p;

    /* what was being written when it ended so */

    cut = ngx_http_model_responses_is_cut(b)
          && part + 1 == (ngx_http_model_part_t *) b->answer.parts.elts
                         + b->answer.parts.nelts;

    switch (part->type) {

    case NGX_HTTP_MODEL_PART_THINKING:
    case NGX_HTTP_MODEL_PART_REDACTED:

        rc = ngx_http_model_responses_item(b,
                                   NGX_HTTP_MODEL_RESPONSES_REASONING, last);

        if (rc == NGX_OK && part->type == NGX_HTTP_MODEL_PART_REDACTED) {
            rc = ngx_http_model_responses_item_seal(b, *last,
                             NGX_HTTP_MODEL_RESPONSES_REDACTED, &part->text);

        } else if (rc == NGX_OK) {
            (*last)->text.s = part->text;

            if (part->signature.len) {
                rc = ngx_http_model_responses_item_seal(b, *last,
                          NGX_HTTP_MODEL_RESPONSES_SIGNED, &part->signature);
            }
        }

        break;

    case NGX_HTTP_MODEL_PART_CALL:

        rc = ngx_http_model_responses_item_call(b, 0, &part->id, &part->name,
                                                last);
        if (rc == NGX_OK) {
            (*last)->cut = cut;
            rc = ngx_http_model_bridge_keep(b, &(*last)->text, &part->text);
        }

        if (rc == NGX_OK) {
            (void) ngx_http_model_responses_item_whole(b, *last);
        }

        break;

    default: /* NGX_HTTP_MODEL_PART_TEXT, NGX_HTTP_MODEL_PART_REFUSAL */

        rc = NGX_OK;

        if (*last == NULL
            || (*last)->type != NGX_HTTP_MODEL_RESPONSES_MESSAGE)
        {
            rc = ngx_http_model_responses_item(b,
                                     NGX_HTTP_MODEL_RESPONSES_MESSAGE, last);
        }

        if (rc != NGX_OK) {
            break;
        }

        p = ngx_http_model_responses_item_part(*last, part->type);
        if (p == NULL) {
            return NGX_ERROR;
        }

        p->text.s = part->text;

        if (part->type != NGX_HTTP_MODEL_PART_TEXT
            || b->answer.logprobs == NULL)
        {
            break;
        }

        /* of all the texts, but there is one as a rule */

        entry = b->answer.logprobs->elts;

        for (i = 0; rc == NGX_OK && i < b->answer.logprobs->nelts; i++) {
            rc = ngx_http_model_responses_logprobs(b, entry[i], &p->logprobs);
        }

        b->answer.logprobs = NULL;

        break;
    }

    if (rc == NGX_OK) {
        (*last)->done = 1;
        (*last)->cut = cut;
    }

    return rc;
}
