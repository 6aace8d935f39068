
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_proxy_merge.h"


typedef struct {
    char        *args[NGX_HTTP_MODEL_PROXY_ARGS];
    ngx_uint_t   http;      /* a value of http level counts too */
} ngx_http_model_proxy_default_t;


typedef struct {
    char        *name;
    char        *value;
} ngx_http_model_proxy_header_t;


static ngx_int_t ngx_http_model_proxy_defaults(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);
static ngx_int_t ngx_http_model_proxy_tls(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);
static ngx_int_t ngx_http_model_proxy_hide(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);
static ngx_int_t ngx_http_model_proxy_show(ngx_conf_t *cf,
    ngx_http_upstream_conf_t *uc, ngx_http_upstream_conf_t *pc);
static ngx_int_t ngx_http_model_proxy_headers(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);
static ngx_int_t ngx_http_model_proxy_add_header(ngx_array_t *headers,
    ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_http_model_proxy_merge(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);


/* what stands where the block has not set it */

static ngx_http_model_proxy_default_t  ngx_http_model_proxy_values[] = {

    { { "proxy_http_version", "1.1", NULL }, 0 },
    { { "proxy_connect_timeout", "5s", NULL }, 1 },
    { { "proxy_send_timeout", "600s", NULL }, 1 },
    { { "proxy_read_timeout", "600s", NULL }, 1 },
    { { "proxy_request_buffering", "off", NULL }, 1 },
    { { "proxy_intercept_errors", "off", NULL }, 0 },
    { { "proxy_ignore_client_abort", "off", NULL }, 0 },
    { { "proxy_ignore_headers", "X-Accel-Redirect", "X-Accel-Expires",
        "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset" }, 0 },
    { { "proxy_headers_hash_max_size", "1024", NULL }, 1 },
    { { "proxy_headers_hash_bucket_size", "128", NULL }, 1 },

    /* refused in the block, and so not inherited either */

    { { "proxy_pass_request_headers", "on", NULL }, 0 },
    { { "proxy_pass_request_body", "on", NULL }, 0 },
    { { "proxy_redirect", "off", NULL }, 0 },
    { { "proxy_cookie_domain", "off", NULL }, 0 },
    { { "proxy_cookie_path", "off", NULL }, 0 },
    { { "proxy_cookie_flags", "off", NULL }, 0 },
    { { "proxy_store", "off", NULL }, 0 },
    { { "proxy_bind", "off", NULL }, 0 },
    { { "proxy_cache", "off", NULL }, 0 },
    { { NULL }, 0 }
};


static char  *ngx_http_model_proxy_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    NULL
};


static char  *ngx_http_model_proxy_hidden[] = {
    "Set-Cookie",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Private-Network",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "openai-organization",
    NULL
};


/* ours whatever stands at http level; an empty value: never forwarded */

static ngx_http_model_proxy_header_t  ngx_http_model_proxy_ours[] = {
    { "Connection", "" },
    { "Accept-Encoding", "identity" },
    { "Authorization", "$model_internal_authorization" },
    { "x-api-key", "$model_internal_api_key" },
    { "anthropic-version", "$model_internal_anthropic_version" },
    { "api-key", "" },
    { "x-goog-api-key", "" },
    { "Proxy-Authorization", "" },
    { "Cookie", "" },
    { "Origin", "" },
    { "Referer", "" },
    { "OpenAI-Organization", "" },
    { "OpenAI-Project", "" },
    { "X-OpenWebUI-", "" },
    { "X-OpenWebUI-User-Name", "" },
    { "X-OpenWebUI-User-Id", "" },
    { "X-OpenWebUI-User-Email", "" },
    { "X-OpenWebUI-User-Role", "" },
    { "X-OpenWebUI-Chat-Id", "" },
    { "X-OpenWebUI-Message-Id", "" },
    { "Content-MD5", "" },
    { "Digest", "" },
    { "Content-Digest", "" },
    { NULL, NULL }
};


ngx_int_t
ngx_http_model_proxy_complete(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    void *parent)
{
    if (ngx_http_model_proxy_defaults(cf, vendor, parent) != NGX_OK) {
        return NGX_ERROR;
    }

    if (vendor->ssl
        && ngx_http_model_proxy_tls(cf, vendor, parent) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_model_proxy_hide(cf, vendor, parent) != NGX_OK
        || ngx_http_model_proxy_headers(cf, vendor, parent) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_proxy_merge(cf, vendor, parent);
}


static ngx_int_t
ngx_http_model_proxy_defaults(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    void *parent)
{
    void                            *conf;
    ngx_str_t                        name;
    ngx_command_t                   *cmd;
    ngx_http_model_proxy_default_t  *value;

    conf = ngx_http_model_proxy_conf(vendor);

    for (value = ngx_http_model_proxy_values; value->args[0]; value++) {

        name.data = (u_char *) value->args[0];
        name.len = ngx_strlen(value->args[0]);

        cmd = ngx_http_model_proxy_command(&name);

        if (cmd == NULL) {
            continue;
        }

        if (ngx_http_model_proxy_is_set(cmd, conf, vendor->pristine)) {
            continue;
        }

        if (value->http
            && ngx_http_model_proxy_is_set(cmd, parent, vendor->pristine))
        {
            continue;
        }

        if (ngx_http_model_proxy_set(cf, vendor, value->args) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_proxy_tls(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    void *parent)
{
    char                      *args[NGX_HTTP_MODEL_PROXY_ARGS], **path;
    void                      *conf, *pristine;
    ngx_fd_t                   fd;
    ngx_str_t                  name;
    ngx_flag_t                 verify;
    ngx_uint_t                 i;
    ngx_command_t             *cmd;
    ngx_http_upstream_conf_t  *uc, *pc;

    static ngx_str_t  trusted = ngx_string("proxy_ssl_trusted_certificate");

    static char  *values[][3] = {
        { "proxy_ssl_server_name", "on", NULL },
        { "proxy_ssl_verify", "on", NULL },
        { "proxy_ssl_verify_depth", "4", NULL }
    };

    conf = ngx_http_model_proxy_conf(vendor);
    pristine = vendor->pristine;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        name.data = (u_char *) values[i][0];
        name.len = ngx_strlen(values[i][0]);

        cmd = ngx_http_model_proxy_command(&name);

        if (cmd == NULL || ngx_http_model_proxy_is_set(cmd, conf, pristine)
            || ngx_http_model_proxy_is_set(cmd, parent, pristine))
        {
            continue;
        }

        if (ngx_http_model_proxy_set(cf, vendor, values[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    uc = ngx_http_model_upstream_conf(&ngx_http_proxy_module, conf);
    pc = ngx_http_model_upstream_conf(&ngx_http_proxy_module, parent);
    cmd = ngx_http_model_proxy_command(&trusted);

    if (uc == NULL || pc == NULL || cmd == NULL) {
        return NGX_ERROR;
    }

    verify = ngx_http_model_ssl_verify(uc, pc);

    if (!verify || ngx_http_model_proxy_is_set(cmd, conf, pristine)
        || ngx_http_model_proxy_is_set(cmd, parent, pristine))
    {
        return NGX_OK;
    }

    for (path = ngx_http_model_proxy_bundles; *path; path++) {

        fd = ngx_open_file(*path, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
        if (fd == NGX_INVALID_FILE) {
            continue;
        }

        (void) ngx_close_file(fd);

        args[0] = "proxy_ssl_trusted_certificate";
        args[1] = *path;
        args[2] = NULL;

        return ngx_http_model_proxy_set(cf, vendor, args);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "vendor \"%V\" is https, and no bundle of trusted "
                       "certificates was found to verify it with: set "
                       "\"proxy_ssl_trusted_certificate\"", &vendor->id);
    return NGX_ERROR;
}


static ngx_int_t
ngx_http_model_proxy_hide(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    void *parent)
{
    char                     **p, *args[NGX_HTTP_MODEL_PROXY_ARGS];
    ngx_str_t                 *from, *to;
    ngx_uint_t                 i;
    ngx_http_upstream_conf_t  *uc, *pc;

    uc = ngx_http_model_upstream_conf(&ngx_http_proxy_module,
                                      ngx_http_model_proxy_conf(vendor));
    pc = ngx_http_model_upstream_conf(&ngx_http_proxy_module, parent);

    if (uc == NULL || pc == NULL) {
        return NGX_ERROR;
    }

    /* a list of the block would replace that of http: ours must not */

    if (uc->hide_headers == NGX_CONF_UNSET_PTR
        && pc->hide_headers != NGX_CONF_UNSET_PTR && pc->hide_headers)
    {
        uc->hide_headers = ngx_array_create(cf->pool, 16, sizeof(ngx_str_t));
        if (uc->hide_headers == NULL) {
            return NGX_ERROR;
        }

        from = pc->hide_headers->elts;

        for (i = 0; i < pc->hide_headers->nelts; i++) {
            to = ngx_array_push(uc->hide_headers);
            if (to == NULL) {
                return NGX_ERROR;
            }

            *to = from[i];
        }
    }

    args[0] = "proxy_hide_header";
    args[2] = NULL;

    for (p = ngx_http_model_proxy_hidden; *p; p++) {
        args[1] = *p;

        if (ngx_http_model_proxy_set(cf, vendor, args) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_model_proxy_show(cf, uc, pc);
}


/* what http level passes on, without what only the block may */

static ngx_int_t
ngx_http_model_proxy_show(ngx_conf_t *cf, ngx_http_upstream_conf_t *uc,
    ngx_http_upstream_conf_t *pc)
{
    char        **p;
    ngx_str_t    *from, *to;
    ngx_uint_t    i;

    if (uc->pass_headers != NGX_CONF_UNSET_PTR
        || pc->pass_headers == NGX_CONF_UNSET_PTR || pc->pass_headers == NULL)
    {
        return NGX_OK;
    }

    uc->pass_headers = ngx_array_create(cf->pool, 4, sizeof(ngx_str_t));
    if (uc->pass_headers == NULL) {
        return NGX_ERROR;
    }

    from = pc->pass_headers->elts;

    for (i = 0; i < pc->pass_headers->nelts; i++) {

        for (p = ngx_http_model_proxy_hidden; *p; p++) {
            if (ngx_strcasecmp(from[i].data, (u_char *) *p) == 0) {
                break;
            }
        }

        if (*p) {
            continue;
        }

        to = ngx_array_push(uc->pass_headers);
        if (to == NULL) {
            return NGX_ERROR;
        }

        *to = from[i];
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_proxy_headers(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    void *parent)
{
    ngx_str_t                       name, value;
    ngx_uint_t                      i;
    ngx_array_t                   **block, **http, *headers;
    ngx_keyval_t                   *kv, *line;
    ngx_command_t                  *cmd;
    ngx_http_model_proxy_header_t  *ours;

    static ngx_str_t  set_header = ngx_string("proxy_set_header");
    static ngx_str_t  credential = ngx_string("$model_internal_key");
    static ngx_str_t  host = ngx_string("Host");

    cmd = ngx_http_model_proxy_command(&set_header);

    if (cmd == NULL || cmd->set != ngx_conf_set_keyval_slot) {
        return NGX_ERROR;
    }

    block = (ngx_array_t **) ((char *) ngx_http_model_proxy_conf(vendor)
                              + cmd->offset);
    http = (ngx_array_t **) ((char *) parent + cmd->offset);

    headers = ngx_array_create(cf->pool, 32, sizeof(ngx_keyval_t));
    if (headers == NULL) {
        return NGX_ERROR;
    }

    /* the block's own lines first: an added one of the same name is dropped */

    if (*block && *block != NGX_CONF_UNSET_PTR) {
        kv = (*block)->elts;

        for (i = 0; i < (*block)->nelts; i++) {
            line = ngx_array_push(headers);
            if (line == NULL) {
                return NGX_ERROR;
            }

            *line = kv[i];
        }
    }

    if (vendor->key.header.len
        && ngx_http_model_proxy_add_header(headers, &vendor->key.header,
                                           &credential)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_model_proxy_add_header(headers, &host, &vendor->host)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (ours = ngx_http_model_proxy_ours; ours->name; ours++) {
        name.data = (u_char *) ours->name;
        name.len = ngx_strlen(ours->name);
        value.data = (u_char *) ours->value;
        value.len = ngx_strlen(ours->value);

        if (ngx_http_model_proxy_add_header(headers, &name, &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (*http && *http != NGX_CONF_UNSET_PTR) {
        kv = (*http)->elts;

        for (i = 0; i < (*http)->nelts; i++) {
            if (ngx_http_model_proxy_add_header(headers, &kv[i].key,
                                                &kv[i].value)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    *block = headers;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_proxy_add_header(ngx_array_t *headers, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_uint_t     i;
    ngx_keyval_t  *kv;

    kv = headers->elts;

    for (i = 0; i < headers->nelts; i++) {
        if (kv[i].key.len == name->len
            && ngx_strncasecmp(kv[i].key.data, name->data, name->len) == 0)
        {
            return NGX_OK;
        }
    }

    kv = ngx_array_push(headers);
    if (kv == NULL) {
        return NGX_ERROR;
    }

    kv->key = *name;
    kv->value = *value;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_proxy_merge(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    void *parent)
{
    char               *rv;
    ngx_str_t          *body, saved;
    ngx_command_t      *cmd;
    ngx_http_module_t  *proxy;

    static ngx_str_t  set_body = ngx_string("proxy_set_body");
    static ngx_str_t  method = ngx_string("proxy_method");

    proxy = ngx_http_proxy_module.ctx;

    /* neither of the two has an "off" */

    cmd = ngx_http_model_proxy_command(&method);

    if (cmd && cmd->set == ngx_http_set_complex_value_slot) {
        *(void **) ((char *) ngx_http_model_proxy_conf(vendor)
                    + cmd->offset) = NULL;
    }

    body = NULL;
    ngx_str_null(&saved);

    cmd = ngx_http_model_proxy_command(&set_body);

    if (cmd && cmd->set == ngx_conf_set_str_slot) {
        body = (ngx_str_t *) ((char *) parent + cmd->offset);
        saved = *body;
        ngx_str_null(body);
    }

    rv = proxy->merge_loc_conf(cf, parent, ngx_http_model_proxy_conf(vendor));

    if (body) {
        *body = saved;
    }

    if (rv != NGX_CONF_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the proxy configuration of vendor \"%V\" is "
                           "refused", &vendor->id);
        return NGX_ERROR;
    }

    return NGX_OK;
}
