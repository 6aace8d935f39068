
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_proxy.h"


extern ngx_module_t  ngx_http_proxy_module;


#define NGX_HTTP_MODEL_PROXY_ARGS  6

#define ngx_http_model_proxy_conf(vendor)                                     \
    (vendor)->ctx->loc_conf[ngx_http_proxy_module.ctx_index]


typedef struct {
    char        *name;
    char        *reason;
} ngx_http_model_proxy_refused_t;


typedef struct {
    char        *args[NGX_HTTP_MODEL_PROXY_ARGS];
    ngx_uint_t   http;      /* a value of http level counts too */
} ngx_http_model_proxy_default_t;


typedef struct {
    char        *name;
    char        *value;
} ngx_http_model_proxy_header_t;


static ngx_command_t *ngx_http_model_proxy_command(ngx_str_t *name);
static char *ngx_http_model_proxy_arguments(ngx_conf_t *cf,
    ngx_command_t *cmd);
static char *ngx_http_model_proxy_refused(ngx_conf_t *cf);
static char *ngx_http_model_proxy_pass(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_proxy_split(ngx_http_model_vendor_t *vendor,
    size_t add);
static ngx_int_t ngx_http_model_proxy_init_vendor(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_proxy_upstream(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_proxy_names(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_proxy_instances(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_proxy_defaults(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);
static ngx_int_t ngx_http_model_proxy_tls(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);
static ngx_int_t ngx_http_model_proxy_hide(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);
static ngx_int_t ngx_http_model_proxy_headers(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);
static ngx_int_t ngx_http_model_proxy_add_header(ngx_conf_t *cf,
    ngx_array_t *headers, ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_http_model_proxy_merge(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);
static ngx_int_t ngx_http_model_proxy_set(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, char **args);
static ngx_uint_t ngx_http_model_proxy_is_set(ngx_command_t *cmd, void *conf,
    void *pristine);
static size_t ngx_http_model_proxy_field(ngx_command_t *cmd);
static ngx_uint_t ngx_http_model_proxy_equal(ngx_command_t *cmd, void *one,
    void *two);
static ngx_int_t ngx_http_model_proxy_shared(ngx_conf_t *cf,
    ngx_array_t *vendors);
static void ngx_http_model_proxy_log(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, ngx_conf_file_t *file, ngx_uint_t line);


static ngx_http_model_proxy_refused_t  ngx_http_model_proxy_refusals[] = {

    { "proxy_set_body", "the gateway edits the client's body itself" },
    { "proxy_method", "the client's method is part of the API" },
    { "proxy_pass_request_body", "the request is nothing without its body" },
    { "proxy_store", "answers of models are not files" },
    { "proxy_store_access", "answers of models are not files" },
    { "proxy_redirect", "a vendor's redirect is an error, not rewritten" },
    { "proxy_cookie_domain", "cookies of vendors are not passed on" },
    { "proxy_cookie_path", "cookies of vendors are not passed on" },
    { "proxy_cookie_flags", "cookies of vendors are not passed on" },
    { "proxy_bind", "it cannot follow a request from vendor to vendor" },
    { "proxy_no_cache", "answers are not cached" },
    { "proxy_cache", "answers are not cached" },
    { NULL, NULL }
};


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
ngx_http_model_proxy_create(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    void                 *conf;
    ngx_module_t         *module;
    ngx_http_module_t    *proxy, *core;
    ngx_http_conf_ctx_t  *ctx;

    module = &ngx_http_proxy_module;
    proxy = module->ctx;
    core = ngx_http_core_module.ctx;

    ctx = ngx_pcalloc(cf->pool, sizeof(ngx_http_conf_ctx_t));
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    *ctx = *(ngx_http_conf_ctx_t *) cf->ctx;

    ctx->loc_conf = ngx_pcalloc(cf->pool, sizeof(void *) * ngx_http_max_module);
    if (ctx->loc_conf == NULL) {
        return NGX_ERROR;
    }

    conf = core->create_loc_conf(cf);
    if (conf == NULL) {
        return NGX_ERROR;
    }

    ctx->loc_conf[ngx_http_core_module.ctx_index] = conf;

    conf = proxy->create_loc_conf(cf);
    if (conf == NULL) {
        return NGX_ERROR;
    }

    ctx->loc_conf[module->ctx_index] = conf;

    vendor->pristine = proxy->create_loc_conf(cf);
    if (vendor->pristine == NULL) {
        return NGX_ERROR;
    }

    vendor->ctx = ctx;
    vendor->loc_conf = ctx->loc_conf;

    return NGX_OK;
}


char *
ngx_http_model_proxy_directive(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, ngx_int_t last)
{
    char           *rv;
    void           *ctx;
    ngx_str_t      *value;
    ngx_command_t  *cmd;

    value = cf->args->elts;

    rv = ngx_http_model_proxy_refused(cf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    cmd = ngx_http_model_proxy_command(&value[0]);

    if (cmd == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown directive \"%V\" in \"model_vendor\"",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    if (!(cmd->type & NGX_HTTP_LOC_CONF)) {
        return "is not allowed in \"model_vendor\"";
    }

    if (last != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "directive \"%V\" is not terminated by \";\"",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_model_proxy_arguments(cf, cmd);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_strcmp(value[0].data, "proxy_pass") == 0) {
        return ngx_http_model_proxy_pass(cf, vendor);
    }

    if (ngx_strncmp(value[0].data, "proxy_next_upstream", 19) == 0
        && value[0].len == 19)
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"proxy_next_upstream\" of a \"model_vendor\" "
                           "moves on within its own servers only, and may "
                           "repeat what was already answered and billed");
    }

    ctx = cf->ctx;
    cf->ctx = vendor->ctx;

    rv = cmd->set(cf, cmd, ngx_http_model_proxy_conf(vendor));

    cf->ctx = ctx;

    return rv;
}


static ngx_command_t *
ngx_http_model_proxy_command(ngx_str_t *name)
{
    ngx_command_t  *cmd;

    for (cmd = ngx_http_proxy_module.commands; cmd->name.len; cmd++) {

        if (cmd->name.len == name->len
            && ngx_strncmp(cmd->name.data, name->data, name->len) == 0)
        {
            return cmd;
        }
    }

    return NULL;
}


/* the argument count as ngx_conf_handler() checks it */

static char *
ngx_http_model_proxy_arguments(ngx_conf_t *cf, ngx_command_t *cmd)
{
    ngx_uint_t  n, good;

    static ngx_uint_t  number[] = {
        NGX_CONF_NOARGS,
        NGX_CONF_TAKE1,
        NGX_CONF_TAKE2,
        NGX_CONF_TAKE3,
        NGX_CONF_TAKE4,
        NGX_CONF_TAKE5,
        NGX_CONF_TAKE6,
        NGX_CONF_TAKE7
    };

    n = cf->args->nelts;

    if (cmd->type & NGX_CONF_ANY) {
        good = 1;

    } else if (cmd->type & NGX_CONF_FLAG) {
        good = (n == 2);

    } else if (cmd->type & NGX_CONF_1MORE) {
        good = (n >= 2);

    } else if (cmd->type & NGX_CONF_2MORE) {
        good = (n >= 3);

    } else {
        good = (n <= NGX_CONF_MAX_ARGS && (cmd->type & number[n - 1]));
    }

    if (!good) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" directive",
                           &cmd->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_proxy_refused(ngx_conf_t *cf)
{
    char                            *reason;
    ngx_str_t                       *value;
    ngx_http_model_proxy_refused_t  *refused;

    value = cf->args->elts;
    reason = NULL;

    for (refused = ngx_http_model_proxy_refusals; refused->name; refused++) {
        if (ngx_strcmp(value[0].data, refused->name) == 0) {
            reason = refused->reason;
        }
    }

    if (ngx_strncmp(value[0].data, "proxy_cache_", 12) == 0) {
        reason = "answers are not cached";
    }

    if (ngx_strcmp(value[0].data, "proxy_pass_request_headers") == 0
        && cf->args->nelts == 2
        && ngx_strcasecmp(value[1].data, (u_char *) "off") == 0)
    {
        reason = "the API needs its headers";
    }

    if (reason) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is refused in \"model_vendor\": %s",
                           &value[0], reason);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_proxy_pass(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    size_t      add;
    ngx_str_t  *value, *url;

    value = cf->args->elts;
    url = &value[1];

    if (vendor->url.data) {
        return "is duplicate";
    }

    if (ngx_http_script_variables_count(url)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"proxy_pass\" of a \"model_vendor\" takes no "
                           "variables: \"%V\"", url);
        return NGX_CONF_ERROR;
    }

    if (ngx_strncasecmp(url->data, (u_char *) "http://", 7) == 0) {
        add = 7;

    } else if (ngx_strncasecmp(url->data, (u_char *) "https://", 8) == 0) {
        add = 8;
        vendor->ssl = 1;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid URL prefix in \"%V\", it must be "
                           "\"http://\" or \"https://\"", url);
        return NGX_CONF_ERROR;
    }

    vendor->url = *url;
    vendor->pass_file = cf->conf_file->file.name.data;
    vendor->pass_line = cf->conf_file->line;

    if (ngx_http_model_proxy_split(vendor, add) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid URL in \"proxy_pass\": \"%V\", it must be "
                           "the vendor's host and at most a base path, such "
                           "as \"https://openrouter.ai/api/v1\"", url);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_model_proxy_split(ngx_http_model_vendor_t *vendor, size_t add)
{
    u_char  *p, *last, *host;

    host = vendor->url.data + add;
    last = vendor->url.data + vendor->url.len;

    if (last - host > 5 && ngx_strncasecmp(host, (u_char *) "unix:", 5) == 0) {

        for (p = host + 5; p < last && *p != ':'; p++) { /* void */ }

        vendor->authority.data = host;
        vendor->authority.len = p - host;

        if (p < last) {
            p++;
        }

    } else {

        for (p = host; p < last && *p != '/' && *p != '?'; p++) { /* void */ }

        vendor->authority.data = host;
        vendor->authority.len = p - host;
    }

    if (vendor->authority.len == 0) {
        return NGX_ERROR;
    }

    vendor->base.data = p;

    for ( /* void */ ; p < last; p++) {
        if (*p <= 0x20 || *p >= 0x7f || *p == '?' || *p == '#') {
            return NGX_ERROR;
        }
    }

    while (p > vendor->base.data && p[-1] == '/') {
        p--;
    }

    vendor->base.len = p - vendor->base.data;

    if (vendor->base.len && vendor->base.data[0] != '/') {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_proxy_init(ngx_conf_t *cf, ngx_array_t *vendors,
    ngx_http_upstream_init_peer_pt init_peer)
{
    ngx_uint_t                 i;
    ngx_http_model_vendor_t  **vendor;

    vendor = vendors->elts;

    for (i = 0; i < vendors->nelts; i++) {

        vendor[i]->mux.peer.init = init_peer;

        if (ngx_http_model_proxy_init_vendor(cf, vendor[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_model_proxy_shared(cf, vendors);
}


static ngx_int_t
ngx_http_model_proxy_init_vendor(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor)
{
    void             *parent, *ctx;
    ngx_int_t         rc;
    ngx_conf_file_t   file, *conf_file;

    parent = ((ngx_http_conf_ctx_t *) cf->ctx)->loc_conf[
                                              ngx_http_proxy_module.ctx_index];

    /* messages name the place in the vendor's block, not the end of http */

    ngx_memzero(&file, sizeof(ngx_conf_file_t));

    conf_file = cf->conf_file;
    ctx = cf->ctx;

    cf->conf_file = &file;
    cf->ctx = vendor->ctx;

    file.file.name.data = vendor->pass_file;
    file.file.name.len = ngx_strlen(vendor->pass_file);
    file.line = vendor->pass_line;

    rc = ngx_http_model_proxy_upstream(cf, vendor);

    if (rc == NGX_OK) {
        rc = ngx_http_model_proxy_instances(cf, vendor);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_proxy_names(cf, vendor);
    }

    ngx_http_model_proxy_log(cf, vendor, &file, vendor->line);

    if (rc == NGX_OK) {
        rc = ngx_http_model_proxy_defaults(cf, vendor, parent);
    }

    if (rc == NGX_OK && vendor->ssl) {
        rc = ngx_http_model_proxy_tls(cf, vendor, parent);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_proxy_hide(cf, vendor, parent);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_proxy_headers(cf, vendor, parent);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_proxy_merge(cf, vendor, parent);
    }

    cf->conf_file = conf_file;
    cf->ctx = ctx;

    return rc;
}


static void
ngx_http_model_proxy_log(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    ngx_conf_file_t *file, ngx_uint_t line)
{
    file->file.name.data = vendor->file_name;
    file->file.name.len = ngx_strlen(vendor->file_name);
    file->line = line;

    cf->conf_file = file;
}


/* the stock setter, for the host alone: errors are its own */

static ngx_int_t
ngx_http_model_proxy_upstream(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    char                           *args[NGX_HTTP_MODEL_PROXY_ARGS];
    u_char                         *url;
    ngx_uint_t                      n;
    ngx_http_core_loc_conf_t       *clcf, *hlcf;
    ngx_http_upstream_conf_t       *uc;
    ngx_http_upstream_srv_conf_t   *uscf;
    ngx_http_upstream_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
    hlcf = ((ngx_http_conf_ctx_t *) cf->cycle->conf_ctx[
                ngx_http_module.index])->loc_conf[
                                               ngx_http_core_module.ctx_index];
    n = umcf->upstreams.nelts;

    url = ngx_pnalloc(cf->pool, sizeof("https://") + vendor->authority.len);
    if (url == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(url, "%s%V%Z", vendor->ssl ? "https://" : "http://",
                &vendor->authority);

    args[0] = "proxy_pass";
    args[1] = (char *) url;
    args[2] = NULL;

    if (ngx_http_model_proxy_set(cf, vendor, args) != NGX_OK) {
        return NGX_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    vendor->handler = clcf->handler;

    uc = ngx_http_model_upstream_conf(&ngx_http_proxy_module,
                                      ngx_http_model_proxy_conf(vendor));
    if (uc == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "this nginx's proxy module has an unknown layout");
        return NGX_ERROR;
    }

    uscf = uc->upstream;

    if (!(uscf->flags & NGX_HTTP_UPSTREAM_CREATE) && uscf->servers == NULL) {

        if (hlcf->resolver && hlcf->resolver->connections.nelts) {

            vendor->resolve = 1;
            vendor->port = uscf->port;

            /* an upstream of ours that nobody initialized must not stay */

            if (umcf->upstreams.nelts > n) {
                umcf->upstreams.nelts = n;
            }

            uscf = NULL;

        } else {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "the addresses of \"%V\" are looked up once, "
                               "now; a \"resolver\" at http level makes "
                               "vendor \"%V\" follow them", &vendor->authority,
                               &vendor->id);
        }
    }

    if (uscf && uscf->peer.init == NULL
        && ngx_http_upstream_init_round_robin(cf, uscf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    vendor->upstream = uscf;
    uc->upstream = &vendor->mux;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_proxy_instances(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor)
{
    ngx_int_t  n;

    n = 1;

    if (vendor->upstream && (vendor->upstream->flags & NGX_HTTP_UPSTREAM_CREATE)
        && vendor->upstream->servers)
    {
        n = vendor->upstream->servers->nelts;
    }

    if (vendor->instances != -1 && n > vendor->instances) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "vendor \"%V\" has %i servers in upstream \"%V\", "
                           "\"instances\" allows %i", &vendor->id, n,
                           &vendor->authority, vendor->instances);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* Host and TLS name: of proxy_pass, or of the first server as written */

static ngx_int_t
ngx_http_model_proxy_names(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    u_char                      *p;
    ngx_str_t                    host;
    ngx_http_upstream_server_t  *server;

    host = vendor->authority;

    if (vendor->upstream && (vendor->upstream->flags & NGX_HTTP_UPSTREAM_CREATE)
        && vendor->upstream->servers && vendor->upstream->servers->nelts)
    {
        server = vendor->upstream->servers->elts;
        host = server[0].name;
    }

    if (host.len > 5
        && ngx_strncasecmp(host.data, (u_char *) "unix:", 5) == 0)
    {
        ngx_str_set(&host, "localhost");
    }

    vendor->host.data = ngx_pstrdup(cf->pool, &host);
    if (vendor->host.data == NULL) {
        return NGX_ERROR;
    }

    vendor->host.len = host.len;
    vendor->tls_name = vendor->host;

    /* without its port, but an IPv6 address keeps its colons */

    p = vendor->host.data + vendor->host.len;

    while (p > vendor->host.data && p[-1] >= '0' && p[-1] <= '9') {
        p--;
    }

    if (p > vendor->host.data + 1 && p[-1] == ':'
        && p < vendor->host.data + vendor->host.len
        && (p[-2] == ']' || vendor->host.data[0] != '['))
    {
        vendor->tls_name.len = p - 1 - vendor->host.data;
    }

    vendor->mux.host = vendor->tls_name;

    return NGX_OK;
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
        ngx_str_t  name;

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
        && ngx_http_model_proxy_add_header(cf, headers, &vendor->key.header,
                                           &credential)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_model_proxy_add_header(cf, headers, &host, &vendor->host)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (ours = ngx_http_model_proxy_ours; ours->name; ours++) {
        name.data = (u_char *) ours->name;
        name.len = ngx_strlen(ours->name);
        value.data = (u_char *) ours->value;
        value.len = ngx_strlen(ours->value);

        if (ngx_http_model_proxy_add_header(cf, headers, &name, &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (*http && *http != NGX_CONF_UNSET_PTR) {
        kv = (*http)->elts;

        for (i = 0; i < (*http)->nelts; i++) {
            if (ngx_http_model_proxy_add_header(cf, headers, &kv[i].key,
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
ngx_http_model_proxy_add_header(ngx_conf_t *cf, ngx_array_t *headers,
    ngx_str_t *name, ngx_str_t *value)
{
    ngx_uint_t     i;
    ngx_keyval_t  *kv;

    (void) cf;

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


/* calls the stock setter for a directive that the configuration lacks */

static ngx_int_t
ngx_http_model_proxy_set(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    char **args)
{
    char           *rv;
    ngx_str_t      *value;
    ngx_uint_t      i;
    ngx_array_t    *saved;
    ngx_command_t  *cmd;

    saved = cf->args;

    cf->args = ngx_array_create(cf->pool, NGX_HTTP_MODEL_PROXY_ARGS,
                                sizeof(ngx_str_t));
    if (cf->args == NULL) {
        cf->args = saved;
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_HTTP_MODEL_PROXY_ARGS && args[i]; i++) {
        value = ngx_array_push(cf->args);

        /* a copy: setters may lower the case of what they get */

        value->len = ngx_strlen(args[i]);
        value->data = ngx_pnalloc(cf->pool, value->len + 1);

        if (value->data == NULL) {
            cf->args = saved;
            return NGX_ERROR;
        }

        ngx_memcpy(value->data, args[i], value->len + 1);
    }

    value = cf->args->elts;
    cmd = ngx_http_model_proxy_command(&value[0]);

    rv = cmd ? cmd->set(cf, cmd, ngx_http_model_proxy_conf(vendor))
             : NGX_CONF_OK;

    if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" directive %s",
                           &value[0], rv);
    }

    cf->args = saved;

    return (rv == NGX_CONF_OK) ? NGX_OK : NGX_ERROR;
}


static ngx_uint_t
ngx_http_model_proxy_is_set(ngx_command_t *cmd, void *conf, void *pristine)
{
    size_t  size;

    size = ngx_http_model_proxy_field(cmd);

    return size && ngx_memcmp((char *) conf + cmd->offset,
                              (char *) pristine + cmd->offset, size)
                   != 0;
}


/* the size of what a generic setter sets; 0: not known */

static size_t
ngx_http_model_proxy_field(ngx_command_t *cmd)
{
    if (cmd->set == ngx_conf_set_flag_slot
        || cmd->set == ngx_conf_set_num_slot
        || cmd->set == ngx_conf_set_msec_slot
        || cmd->set == ngx_conf_set_size_slot
        || cmd->set == ngx_conf_set_enum_slot
        || cmd->set == ngx_conf_set_bitmask_slot)
    {
        return sizeof(ngx_int_t);
    }

    if (cmd->set == ngx_conf_set_str_slot) {
        return sizeof(ngx_str_t);
    }

    if (cmd->set == ngx_conf_set_bufs_slot) {
        return sizeof(ngx_bufs_t);
    }

    if (cmd->set == ngx_conf_set_str_array_slot
        || cmd->set == ngx_conf_set_keyval_slot
        || cmd->set == ngx_http_set_complex_value_slot)
    {
        return sizeof(void *);
    }

    return 0;
}


static ngx_uint_t
ngx_http_model_proxy_equal(ngx_command_t *cmd, void *one, void *two)
{
    void                      **p, **q;
    ngx_str_t                  *s, *t;
    ngx_http_complex_value_t   *v, *w;

    p = (void **) ((char *) one + cmd->offset);
    q = (void **) ((char *) two + cmd->offset);

    if (cmd->set == ngx_conf_set_str_slot) {
        s = (ngx_str_t *) p;
        t = (ngx_str_t *) q;

        return s->len == t->len && ngx_memcmp(s->data, t->data, s->len) == 0;
    }

    if (cmd->set == ngx_http_set_complex_value_slot) {
        v = *p;
        w = *q;

        if (v == NULL || w == NULL || v == w) {
            return v == w;
        }

        return v->value.len == w->value.len
               && ngx_memcmp(v->value.data, w->value.data, v->value.len) == 0;
    }

    return ngx_memcmp(p, q, ngx_http_model_proxy_field(cmd)) == 0;
}


/*
 * Connections and TLS sessions of an upstream {} are shared by all who use
 * it: vendors that would verify it differently must not.
 */

static ngx_int_t
ngx_http_model_proxy_shared(ngx_conf_t *cf, ngx_array_t *vendors)
{
    ngx_uint_t                 i, j;
    ngx_command_t             *cmd;
    ngx_http_model_vendor_t  **vendor;

    static ngx_str_t  scheme = ngx_string("the scheme of proxy_pass");

    vendor = vendors->elts;

    for (i = 0; i < vendors->nelts; i++) {
        for (j = 0; j < i; j++) {

            if (vendor[i]->upstream == NULL
                || vendor[i]->upstream != vendor[j]->upstream)
            {
                continue;
            }

            cmd = NULL;

            if (vendor[i]->ssl == vendor[j]->ssl) {

                if (!vendor[i]->ssl) {
                    continue;
                }

                cmd = ngx_http_proxy_module.commands;

                for ( /* void */ ; cmd->name.len; cmd++) {
                    if (ngx_strncmp(cmd->name.data, "proxy_ssl_", 10) == 0
                        && !ngx_http_model_proxy_equal(cmd,
                                       ngx_http_model_proxy_conf(vendor[i]),
                                       ngx_http_model_proxy_conf(vendor[j])))
                    {
                        break;
                    }
                }

                if (cmd->name.len == 0) {
                    continue;
                }
            }

            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "vendors \"%V\" and \"%V\" use one upstream \"%V\" "
                          "with different TLS settings (%V) in %s:%ui",
                          &vendor[j]->id, &vendor[i]->id,
                          &vendor[i]->authority, cmd ? &cmd->name : &scheme,
                          vendor[i]->file_name, vendor[i]->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_model_proxy_differs(void **loc_conf, void **srv_loc_conf,
    ngx_str_t **name)
{
    void           *one, *two;
    ngx_command_t  *cmd;

    one = loc_conf[ngx_http_proxy_module.ctx_index];
    two = srv_loc_conf[ngx_http_proxy_module.ctx_index];

    for (cmd = ngx_http_proxy_module.commands; cmd->name.len; cmd++) {

        if ((cmd->type & NGX_HTTP_LOC_CONF)
            && ngx_http_model_proxy_field(cmd)
            && !ngx_http_model_proxy_equal(cmd, one, two))
        {
            *name = &cmd->name;
            return 1;
        }
    }

    return 0;
}
