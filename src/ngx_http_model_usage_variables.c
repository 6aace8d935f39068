
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_usage.h"
#include "ngx_http_model_usage_variables.h"


#define NGX_HTTP_MODEL_USAGE_SPEED  100   /* parts of a token a second */


static ngx_int_t ngx_http_model_usage_variable_tokens(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_usage_variable_first(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_usage_variable_speed(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_usage_variable_finish(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_usage_variable_cost(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_usage_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, int64_t n, ngx_uint_t places);


static ngx_http_variable_t  ngx_http_model_usage_variables[] = {

    { ngx_string("model_prompt_tokens"), NULL,
      ngx_http_model_usage_variable_tokens,
      offsetof(ngx_http_model_observe_t, prompt),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_completion_tokens"), NULL,
      ngx_http_model_usage_variable_tokens,
      offsetof(ngx_http_model_observe_t, completion),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_cached_tokens"), NULL,
      ngx_http_model_usage_variable_tokens,
      offsetof(ngx_http_model_observe_t, cached),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_reasoning_tokens"), NULL,
      ngx_http_model_usage_variable_tokens,
      offsetof(ngx_http_model_observe_t, reasoning),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_first_token_time"), NULL,
      ngx_http_model_usage_variable_first, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_tokens_per_second"), NULL,
      ngx_http_model_usage_variable_speed, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_finish_reason"), NULL,
      ngx_http_model_usage_variable_finish, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_cost"), NULL,
      ngx_http_model_usage_variable_cost, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_model_usage_variables_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_model_usage_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_usage_variable_tokens(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    int64_t                n;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    n = (ctx && ctx->usage)
        ? *(int64_t *) ((u_char *) &ctx->usage->observe + data) : -1;

    return ngx_http_model_usage_variable_number(r, v, n, 0);
}


/* seconds with milliseconds */

static ngx_int_t
ngx_http_model_usage_variable_first(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_model_ctx_t  *ctx;

    (void) data;

    ctx = ngx_http_model_ctx(r);

    return ngx_http_model_usage_variable_number(r, v, (ctx && ctx->usage)
                                                      ? ctx->usage->first : -1,
                                                3);
}


static ngx_int_t
ngx_http_model_usage_variable_speed(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    int64_t                n, ms;
    ngx_http_model_ctx_t  *ctx;

    (void) data;

    ctx = ngx_http_model_ctx(r);

    ms = -1;
    n = -1;

    if (ctx && ctx->usage) {
        n = ctx->usage->observe.completion;
        ms = ngx_http_model_usage_output_time(ctx->usage);
    }

    n = (n > 1 && ms > 0 && n < NGX_MAX_INT32_VALUE)
        ? (n - 1) * 1000 * NGX_HTTP_MODEL_USAGE_SPEED / ms : -1;

    return ngx_http_model_usage_variable_number(r, v, n, 2);
}


static ngx_int_t
ngx_http_model_usage_variable_finish(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t                     i;
    ngx_http_model_ctx_t      *ctx;
    ngx_http_model_observe_t  *o;

    (void) data;

    ctx = ngx_http_model_ctx(r);

    v->not_found = 1;

    if (ctx == NULL || ctx->usage == NULL
        || ctx->usage->observe.finish_len == 0)
    {
        return NGX_OK;
    }

    o = &ctx->usage->observe;

    /* a server may write anything: reasons are words */

    for (i = 0; i < o->finish_len; i++) {
        if (o->finish[i] <= ' ' || o->finish[i] >= 0x7f
            || o->finish[i] == '\\')
        {
            return NGX_OK;
        }
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = o->finish_len;
    v->data = o->finish;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_usage_variable_cost(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_model_ctx_t  *ctx;

    (void) data;

    ctx = ngx_http_model_ctx(r);

    return ngx_http_model_usage_variable_number(r, v, ctx
                                          ? ngx_http_model_usage_cost(r, ctx)
                                          : -1, 9);
}


/* n / 10^places, empty where it is -1 */

static ngx_int_t
ngx_http_model_usage_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, int64_t n, ngx_uint_t places)
{
    u_char      *p, *last;
    int64_t      unit;
    ngx_uint_t   i;

    if (n < 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN + 1 + places);
    if (p == NULL) {
        return NGX_ERROR;
    }

    unit = 1;

    for (i = 0; i < places; i++) {
        unit *= 10;
    }

    last = ngx_sprintf(p, "%L", n / unit);

    if (places) {
        *last++ = '.';

        for (n %= unit; places; places--) {
            unit /= 10;
            *last++ = (u_char) ('0' + n / unit % 10);
        }
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = last - p;
    v->data = p;

    return NGX_OK;
}
