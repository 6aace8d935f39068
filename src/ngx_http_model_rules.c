
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_rules.h"


#define NGX_HTTP_MODEL_RULES_TRIES     3
#define NGX_HTTP_MODEL_RULES_COOLDOWN  60000    /* ms */
#define NGX_HTTP_MODEL_RULES_COLD      600000   /* ms */


typedef struct {
    ngx_str_t    name;
    ngx_uint_t   condition;
    ngx_uint_t   status;
} ngx_http_model_rules_word_t;


static ngx_int_t ngx_http_model_rules_word(ngx_str_t *value,
    ngx_uint_t *conditions);
static char *ngx_http_model_rules_time(ngx_str_t *value, size_t skip,
    ngx_msec_t *msec);


const ngx_http_model_rules_t  ngx_http_model_rules_own = {
    NGX_HTTP_MODEL_ON_CONNECT, NGX_HTTP_MODEL_RULES_TRIES, 0, 0, 0, 0,
    NGX_HTTP_MODEL_USAGE_OBSERVE
};


/* where a request fails after it was sent, it may fail before, too */

static ngx_http_model_rules_word_t  ngx_http_model_rules_words[] = {
    { ngx_string("connect"), NGX_HTTP_MODEL_ON_CONNECT, 0 },
    { ngx_string("error"),
      NGX_HTTP_MODEL_ON_ERROR|NGX_HTTP_MODEL_ON_CONNECT, 0 },
    { ngx_string("timeout"),
      NGX_HTTP_MODEL_ON_TIMEOUT|NGX_HTTP_MODEL_ON_CONNECT, 0 },
    { ngx_string("invalid_header"), NGX_HTTP_MODEL_ON_INVALID, 0 },
    { ngx_string("no_model"), NGX_HTTP_MODEL_ON_NO_MODEL, 0 },
    { ngx_string("http_401"), NGX_HTTP_MODEL_ON_401, 401 },
    { ngx_string("http_403"), NGX_HTTP_MODEL_ON_403, 403 },
    { ngx_string("http_404"), NGX_HTTP_MODEL_ON_404, 404 },
    { ngx_string("http_408"), NGX_HTTP_MODEL_ON_408, 408 },
    { ngx_string("http_429"), NGX_HTTP_MODEL_ON_429, 429 },
    { ngx_string("http_500"), NGX_HTTP_MODEL_ON_500, 500 },
    { ngx_string("http_502"), NGX_HTTP_MODEL_ON_502, 502 },
    { ngx_string("http_503"), NGX_HTTP_MODEL_ON_503, 503 },
    { ngx_string("http_504"), NGX_HTTP_MODEL_ON_504, 504 },
    { ngx_string("http_529"), NGX_HTTP_MODEL_ON_529, 529 },
    { ngx_null_string, 0, 0 }
};


void
ngx_http_model_rules_init(ngx_http_model_rules_t *rules)
{
    rules->conditions = NGX_CONF_UNSET_UINT;
    rules->tries = NGX_CONF_UNSET_UINT;
    rules->timeout = NGX_CONF_UNSET_MSEC;
    rules->cooldown = NGX_CONF_UNSET_MSEC;
    rules->stall = NGX_CONF_UNSET_MSEC;
    rules->cold = NGX_CONF_UNSET_MSEC;
    rules->usage = NGX_CONF_UNSET_UINT;
}


void
ngx_http_model_rules_merge(ngx_http_model_rules_t *conf,
    ngx_http_model_rules_t *prev)
{
    /* one directive: what it does not say is the default */

    if (conf->conditions == NGX_CONF_UNSET_UINT) {
        conf->conditions = prev->conditions;
        conf->tries = prev->tries;
        conf->timeout = prev->timeout;
        conf->cooldown = prev->cooldown;
    }

    ngx_conf_init_uint_value(conf->conditions,
                             NGX_HTTP_MODEL_ON_CONNECT
                             |NGX_HTTP_MODEL_ON_429
                             |NGX_HTTP_MODEL_ON_503
                             |NGX_HTTP_MODEL_ON_529);
    ngx_conf_init_uint_value(conf->tries, NGX_HTTP_MODEL_RULES_TRIES);
    ngx_conf_init_msec_value(conf->timeout, 0);
    ngx_conf_init_msec_value(conf->cooldown, NGX_HTTP_MODEL_RULES_COOLDOWN);

    ngx_conf_merge_msec_value(conf->stall, prev->stall, 0);
    ngx_conf_merge_msec_value(conf->cold, prev->cold,
                              NGX_HTTP_MODEL_RULES_COLD);
    ngx_conf_merge_uint_value(conf->usage, prev->usage,
                              NGX_HTTP_MODEL_USAGE_OBSERVE);
}


char *
ngx_http_model_rules_failover(ngx_conf_t *cf, ngx_http_model_rules_t *rules)
{
    char        *rv;
    ngx_int_t    n;
    ngx_str_t   *value;
    ngx_uint_t   i, off, conditions;

    if (rules->conditions != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    conditions = 0;
    off = 0;

    for (i = 1; i < cf->args->nelts; i++) {
        rv = NGX_CONF_OK;

        if (ngx_strcmp(value[i].data, "off") == 0) {
            off = 1;
            continue;
        }

        if (ngx_strncmp(value[i].data, "tries=", 6) == 0) {
            n = ngx_atoi(value[i].data + 6, value[i].len - 6);

            if (n < 1 || n > 100) {
                rv = "must be a number of servers asked, from 1 to 100";
            }

            rules->tries = n;

        } else if (ngx_strncmp(value[i].data, "timeout=", 8) == 0) {
            rv = ngx_http_model_rules_time(&value[i], 8, &rules->timeout);

        } else if (ngx_strncmp(value[i].data, "cooldown=", 9) == 0) {
            rv = ngx_http_model_rules_time(&value[i], 9, &rules->cooldown);

        } else if (ngx_http_model_rules_word(&value[i], &conditions)
                   != NGX_OK)
        {
            rv = "is none of \"connect\", \"error\", \"timeout\", "
                 "\"invalid_header\", \"no_model\", \"http_401\", "
                 "\"http_403\", \"http_404\", \"http_408\", \"http_429\", "
                 "\"http_500\", \"http_502\", \"http_503\", \"http_504\", "
                 "\"http_529\", \"off\", \"tries=\", \"timeout=\", "
                 "\"cooldown=\"";
        }

        if (rv != NGX_CONF_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\" in \"model_failover\" "
                               "directive, it %s", &value[i], rv);
            return NGX_CONF_ERROR;
        }
    }

    if (off && conditions) {
        return "has conditions beside \"off\"";
    }

    if (!off && conditions == 0) {
        return "needs a condition, such as \"connect\", or \"off\"";
    }

    rules->conditions = conditions;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_model_rules_word(ngx_str_t *value, ngx_uint_t *conditions)
{
    ngx_http_model_rules_word_t  *word;

    for (word = ngx_http_model_rules_words; word->name.len; word++) {

        if (word->name.len == value->len
            && ngx_strncmp(word->name.data, value->data, value->len) == 0)
        {
            *conditions |= word->condition;
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static char *
ngx_http_model_rules_time(ngx_str_t *value, size_t skip, ngx_msec_t *msec)
{
    ngx_int_t  n;
    ngx_str_t  text;

    text.data = value->data + skip;
    text.len = value->len - skip;

    n = ngx_parse_time(&text, 0);

    if (n == NGX_ERROR) {
        return "must be a time, such as \"10s\"";
    }

    *msec = n;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_model_rules_status(ngx_uint_t status)
{
    ngx_http_model_rules_word_t  *word;

    for (word = ngx_http_model_rules_words; word->name.len; word++) {

        if (word->status && word->status == status) {
            return word->condition;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_model_rules_choice(ngx_http_model_ctx_t *ctx)
{
    return ctx->hops && ctx->hops->nelts > 1
           && (ctx->rules->conditions & NGX_HTTP_MODEL_ON_COOLDOWN) != 0;
}


const char *
ngx_http_model_rules_name(ngx_uint_t condition)
{
    ngx_http_model_rules_word_t  *word;

    if (condition == NGX_HTTP_MODEL_ON_STALL) {
        return "stall";
    }

    /* "connect" stands before the words that have it beside their own bit */

    for (word = ngx_http_model_rules_words; word->name.len; word++) {

        if (word->condition & condition) {
            return (const char *) word->name.data;
        }
    }

    return NULL;
}
