
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * One error in three dialects: the body, its types and codes, the status that
 * the dialect uses.  Owns the wording of the frame; calls json only.
 */


#ifndef _NGX_HTTP_MODEL_ERROR_H_INCLUDED_
#define _NGX_HTTP_MODEL_ERROR_H_INCLUDED_


#include "ngx_http_model.h"


/*
 * The status that a dialect uses: 503 is 529 "overloaded_error" for
 * Anthropic's clients, all others as given.
 */
ngx_uint_t ngx_http_model_error_status(ngx_uint_t dialect, ngx_uint_t status);

/*
 * The body, one line of JSON without newline, in memory of pool:
 *   Ollama     {"error":"text"}
 *   OpenAI     {"error":{"message":,"type":,"param":,"code":}}
 *   Anthropic  {"type":"error","error":{"type":,"message":}}, and with a code
 *              "details":{"error_code":} behind the message
 * code and param may be NULL.  In OpenAI's they are written as null then, a
 * code as the one that OpenAI uses for the status where there is one.
 * message is UTF-8 of any length up to 2 KB, cut beyond.
 * Source of types and codes: OpenAI's and Anthropic's error tables.
 */
ngx_int_t ngx_http_model_error_body(ngx_pool_t *pool, ngx_uint_t dialect,
    ngx_uint_t status, const char *code, const char *param,
    ngx_str_t *message, ngx_str_t *body);

/*
 * A client's bytes made fit for a message or a log line: control characters,
 * quotes, backslashes and bad UTF-8 become "?"; at most 128 bytes, cut with
 * "...".  In memory of pool; on failure an empty string.
 */
ngx_str_t ngx_http_model_error_quote(ngx_pool_t *pool, ngx_str_t *s);


#endif /* _NGX_HTTP_MODEL_ERROR_H_INCLUDED_ */
