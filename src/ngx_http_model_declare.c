
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_declare.h"


static char *ngx_http_model_declare_param(ngx_conf_t *cf,
    ngx_http_model_declared_t *declared, ngx_str_t *param);
static char *ngx_http_model_declare_tokens(ngx_conf_t *cf, ngx_int_t *field,
    ngx_str_t *param, ngx_str_t *text);
static char *ngx_http_model_declare_price(ngx_conf_t *cf, ngx_str_t *field,
    ngx_str_t *param, ngx_str_t *text);
static char *ngx_http_model_declare_capabilities(ngx_conf_t *cf,
    ngx_http_model_declared_t *declared, ngx_str_t *text);


static ngx_conf_enum_t  ngx_http_model_declare_known[] = {
    { ngx_string("completion"), NGX_HTTP_MODEL_CAP_COMPLETION },
    { ngx_string("tools"), NGX_HTTP_MODEL_CAP_TOOLS },
    { ngx_string("insert"), NGX_HTTP_MODEL_CAP_INSERT },
    { ngx_string("vision"), NGX_HTTP_MODEL_CAP_VISION },
    { ngx_string("embedding"), NGX_HTTP_MODEL_CAP_EMBEDDING },
    { ngx_string("thinking"), NGX_HTTP_MODEL_CAP_THINKING },
    { ngx_string("image"), NGX_HTTP_MODEL_CAP_IMAGE },
    { ngx_string("audio"), NGX_HTTP_MODEL_CAP_AUDIO },
    { ngx_null_string, 0 }
};


char *
ngx_http_model_declare(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    char                       *rv;
    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_http_model_declared_t  *declared;

    value = cf->args->elts;
    declared = vendor->declared.elts;

    if (value[1].len == 0 || value[1].len > NGX_HTTP_MODEL_NAME_LEN
        || !ngx_http_model_declare_text(&value[1]))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid model name, it must be 1 to %d bytes "
                           "without control characters",
                           NGX_HTTP_MODEL_NAME_LEN);
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < vendor->declared.nelts; i++) {
        if (declared[i].name.len == value[1].len
            && ngx_memcmp(declared[i].name.data, value[1].data, value[1].len)
               == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate \"model\" \"%V\"", &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    declared = ngx_array_push(&vendor->declared);
    if (declared == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(declared, sizeof(ngx_http_model_declared_t));

    declared->name = value[1];
    declared->context = -1;
    declared->output = -1;

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_model_declare_param(cf, declared, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_declare_param(ngx_conf_t *cf,
    ngx_http_model_declared_t *declared, ngx_str_t *param)
{
    ngx_str_t   text, *field;
    ngx_uint_t  i;

    static struct {
        ngx_str_t   name;
        size_t      offset;
    } texts[] = {
        { ngx_string("label="), offsetof(ngx_http_model_declared_t, label) },
        { ngx_string("family="), offsetof(ngx_http_model_declared_t, family) },
        { ngx_string("parameters="),
          offsetof(ngx_http_model_declared_t, parameters) },
        { ngx_string("quantization="),
          offsetof(ngx_http_model_declared_t, quantization) }
    };

    static ngx_str_t  prices[NGX_HTTP_MODEL_NPRICES] = {
        ngx_string("input_price="),
        ngx_string("output_price="),
        ngx_string("cached_price="),
        ngx_string("cache_write_price=")
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {

        if (ngx_strncmp(param->data, texts[i].name.data, texts[i].name.len)
            != 0)
        {
            continue;
        }

        field = (ngx_str_t *) ((char *) declared + texts[i].offset);
        field->data = param->data + texts[i].name.len;
        field->len = param->len - texts[i].name.len;

        if (field->len && field->data[0] == '"') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value in \"%V\", quotes stand around "
                               "all of it: \"%VTwo Words\"", param,
                               &texts[i].name);
            return NGX_CONF_ERROR;
        }

        if (field->len == 0 || !ngx_http_model_declare_text(field)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value in \"%V\", it must be a text "
                               "without control characters", param);
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    for (i = 0; i < NGX_HTTP_MODEL_NPRICES; i++) {

        if (ngx_strncmp(param->data, prices[i].data, prices[i].len) == 0) {
            text.data = param->data + prices[i].len;
            text.len = param->len - prices[i].len;

            return ngx_http_model_declare_price(cf, &declared->prices[i],
                                               param, &text);
        }
    }

    if (ngx_strncmp(param->data, "context=", 8) == 0) {
        text.data = param->data + 8;
        text.len = param->len - 8;

        return ngx_http_model_declare_tokens(cf, &declared->context, param,
                                            &text);
    }

    if (ngx_strncmp(param->data, "output=", 7) == 0) {
        text.data = param->data + 7;
        text.len = param->len - 7;

        return ngx_http_model_declare_tokens(cf, &declared->output, param,
                                            &text);
    }

    if (ngx_strncmp(param->data, "capabilities=", 13) == 0) {
        text.data = param->data + 13;
        text.len = param->len - 13;

        return ngx_http_model_declare_capabilities(cf, declared, &text);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" of \"model\", known are "
                       "\"label\", \"family\", \"context\", \"output\", "
                       "\"parameters\", \"quantization\", \"capabilities\", "
                       "\"input_price\", \"output_price\", \"cached_price\", "
                       "\"cache_write_price\"", param);
    return NGX_CONF_ERROR;
}


static char *
ngx_http_model_declare_tokens(ngx_conf_t *cf, ngx_int_t *field,
    ngx_str_t *param, ngx_str_t *text)
{
    *field = ngx_atoi(text->data, text->len);

    if (*field == NGX_ERROR || *field == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value in \"%V\", it must be a number of "
                           "tokens", param);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_declare_price(ngx_conf_t *cf, ngx_str_t *field,
    ngx_str_t *param, ngx_str_t *text)
{
    ngx_uint_t  i, whole, fraction, dot;

    whole = 0;
    fraction = 0;
    dot = 0;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] == '.' && !dot) {
            dot = 1;

        } else if (text->data[i] >= '0' && text->data[i] <= '9') {
            if (dot) {
                fraction++;

            } else {
                whole++;
            }

        } else {
            break;
        }
    }

    if (i != text->len || whole == 0 || whole > 9 || fraction > 6
        || (dot && fraction == 0))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid price in \"%V\", it must be a decimal "
                           "number per million tokens such as \"2.50\", with "
                           "at most 6 digits after the point", param);
        return NGX_CONF_ERROR;
    }

    *field = *text;

    return NGX_CONF_OK;
}


static char *
ngx_http_model_declare_capabilities(ngx_conf_t *cf,
    ngx_http_model_declared_t *declared, ngx_str_t *text)
{
    u_char           *p, *last, *comma;
    ngx_str_t         name;
    ngx_conf_enum_t  *e;

    p = text->data;
    last = text->data + text->len;

    declared->capabilities_set = 1;

    while (p < last) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        name.data = p;
        name.len = comma - p;

        for (e = ngx_http_model_declare_known; e->name.len; e++) {
            if (e->name.len == name.len
                && ngx_strncmp(e->name.data, name.data, name.len) == 0)
            {
                break;
            }
        }

        if (e->name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid capability \"%V\", known are "
                               "\"completion\", \"tools\", \"insert\", "
                               "\"vision\", \"embedding\", \"thinking\", "
                               "\"image\", \"audio\"", &name);
            return NGX_CONF_ERROR;
        }

        declared->capabilities |= e->value;
        p = comma + 1;
    }

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_model_declare_text(ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] < 0x20 || s->data[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}
