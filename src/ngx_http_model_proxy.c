
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_proxy.h"
#include "ngx_http_model_proxy_merge.h"


typedef struct {
    char        *name;
    char        *reason;
} ngx_http_model_proxy_refused_t;


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
static ngx_int_t ngx_http_model_proxy_implicit(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, ngx_http_upstream_srv_conf_t **upstream);
static ngx_int_t ngx_http_model_proxy_names(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_proxy_instances(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static void ngx_http_model_proxy_idle(ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_proxy_shared(ngx_conf_t *cf,
    ngx_array_t *vendors);
static void ngx_http_model_proxy_next(ngx_http_model_vendor_t *vendor);
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
    ngx_http_model_vendor_t *vendor)
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

    rv = ngx_http_model_proxy_arguments(cf, cmd);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_strcmp(value[0].data, "proxy_pass") == 0) {
        return ngx_http_model_proxy_pass(cf, vendor);
    }

    if (ngx_strncmp(value[0].data, "proxy_next_upstream", 19) == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" has no effect in \"model_vendor\": "
                           "\"model_failover\" says when another server is "
                           "tried", &value[0]);
    }

    ctx = cf->ctx;
    cf->ctx = vendor->ctx;

    rv = cmd->set(cf, cmd, ngx_http_model_proxy_conf(vendor));

    cf->ctx = ctx;

    return rv;
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
        ngx_http_model_proxy_idle(vendor);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_proxy_names(cf, vendor);
    }

    ngx_http_model_proxy_log(cf, vendor, &file, vendor->line);

    if (rc == NGX_OK) {
        rc = ngx_http_model_proxy_complete(cf, vendor, parent);
    }

    if (rc == NGX_OK) {
        ngx_http_model_proxy_next(vendor);
    }

    cf->conf_file = conf_file;
    cf->ctx = ctx;

    return rc;
}


/* whether there is another try is decided by model_failover */

static void
ngx_http_model_proxy_next(ngx_http_model_vendor_t *vendor)
{
    ngx_command_t  *cmd;

    static ngx_str_t  version = ngx_string("proxy_http_version");

    vendor->conf->next_upstream = NGX_CONF_BITMASK_SET
                                  |NGX_HTTP_UPSTREAM_FT_ERROR
                                  |NGX_HTTP_UPSTREAM_FT_TIMEOUT
                                  |NGX_HTTP_UPSTREAM_FT_INVALID_HEADER
                                  |NGX_HTTP_UPSTREAM_FT_NON_IDEMPOTENT;
    vendor->conf->next_upstream_tries = 0;
    vendor->conf->next_upstream_timeout = 0;

    cmd = ngx_http_model_proxy_command(&version);

    if (cmd && cmd->set == ngx_conf_set_enum_slot) {
        vendor->version = *(ngx_uint_t *)
                        ((char *) ngx_http_model_proxy_conf(vendor)
                         + cmd->offset);
    }
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
    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_upstream_conf_t       *uc;
    ngx_http_upstream_srv_conf_t   *uscf;
    ngx_http_upstream_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
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

    if (!(uscf->flags & NGX_HTTP_UPSTREAM_CREATE)) {

        /* an upstream of ours that nobody initialized must not stay */

        if (umcf->upstreams.nelts > n) {
            umcf->upstreams.nelts = n;
        }

        if (ngx_http_model_proxy_implicit(cf, vendor, &uscf) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    vendor->conf = uc;
    vendor->upstream = uscf;
    vendor->group = uscf && (uscf->flags & NGX_HTTP_UPSTREAM_CREATE)
                    && uscf->peer.data != NULL;

    uc->upstream = &vendor->mux;

    return NGX_OK;
}


/*
 * A host without upstream {}: its addresses are found at run time, or are
 * the vendor's own, for TLS sessions are kept beside them.
 */

static ngx_int_t
ngx_http_model_proxy_implicit(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    ngx_http_upstream_srv_conf_t **upstream)
{
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_upstream_srv_conf_t  *uscf;

    if ((*upstream)->servers == NULL) {

        clcf = ((ngx_http_conf_ctx_t *) cf->cycle->conf_ctx[
                    ngx_http_module.index])->loc_conf[
                                               ngx_http_core_module.ctx_index];

        if (clcf->resolver && clcf->resolver->connections.nelts) {
            vendor->resolve = 1;
            vendor->port = (*upstream)->port;
            *upstream = NULL;

            return NGX_OK;
        }

        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the addresses of \"%V\" are looked up once, now; "
                           "a \"resolver\" at http level makes vendor \"%V\" "
                           "follow them", &vendor->authority, &vendor->id);
    }

    uscf = ngx_palloc(cf->pool, sizeof(ngx_http_upstream_srv_conf_t));
    if (uscf == NULL) {
        return NGX_ERROR;
    }

    *uscf = **upstream;

    ngx_memzero(&uscf->peer, sizeof(ngx_http_upstream_peer_t));

    *upstream = uscf;

    return ngx_http_upstream_init_round_robin(cf, uscf);
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


/* with all servers marked "down" nobody is asked: no list is waited for */

static void
ngx_http_model_proxy_idle(ngx_http_model_vendor_t *vendor)
{
    ngx_uint_t                   i;
    ngx_http_upstream_server_t  *server;

    if (vendor->upstream == NULL
        || !(vendor->upstream->flags & NGX_HTTP_UPSTREAM_CREATE)
        || vendor->upstream->servers == NULL)
    {
        return;
    }

    server = vendor->upstream->servers->elts;

    for (i = 0; i < vendor->upstream->servers->nelts; i++) {
        if (!server[i].down) {
            return;
        }
    }

    vendor->discover = 0;
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
            && !ngx_http_model_proxy_equal(cmd, one, two))
        {
            *name = &cmd->name;
            return 1;
        }
    }

    return 0;
}
