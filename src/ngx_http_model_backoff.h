
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * How long a vendor asks to be left alone: Retry-After, and the headers that
 * tell when a rate limit is over.  Pure: a list of headers in, milliseconds
 * out, nothing is allocated.  Calls decimal and nginx's parser of dates.
 *
 * Sources: RFC 9110, 10.2.3 (Retry-After: seconds or a date); the SDKs of
 * OpenAI and Anthropic (retry-after-ms goes first, both may have a fraction);
 * OpenAI's guide to rate limits (x-ratelimit-reset-*: "1s", "6m0s", "17ms";
 * its lookalikes send plain seconds); Anthropic's rate limits
 * (anthropic-ratelimit-*-reset: RFC 3339); the IETF's drafts of RateLimit
 * header fields (ratelimit-reset: seconds); OpenRouter (x-ratelimit-reset:
 * unix time in milliseconds).
 */


#ifndef _NGX_HTTP_MODEL_BACKOFF_H_INCLUDED_
#define _NGX_HTTP_MODEL_BACKOFF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_MODEL_BACKOFF_MAX  86400000    /* ms, a day */


/*
 * Milliseconds from now, 1 to a day, that an answer with this status and
 * these headers (ngx_table_elt_t; hidden ones count too) asks for; 0 when it
 * does not say.  now is unix time, not negative.
 *
 * 429, 503 and 529: "retry-after-ms", else "retry-after".  429 alone, when
 * these say nothing: of the headers that tell when a limit is reset, the
 * longest of those whose "remaining" is 0; with none of them, the shortest.
 * What is zero, past, negative or no time at all says nothing.
 */
ngx_msec_t ngx_http_model_backoff(ngx_list_t *headers, ngx_uint_t status,
    time_t now);


#endif /* _NGX_HTTP_MODEL_BACKOFF_H_INCLUDED_ */
