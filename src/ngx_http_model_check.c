
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"
#include "ngx_http_model_check.h"
#include "ngx_http_model_compat.h"
#include "ngx_http_model_listen.h"
#include "ngx_http_model_proxy.h"


#define NGX_HTTP_MODEL_CHECK_BODY     (1024 * 1024)
#define NGX_HTTP_MODEL_CHECK_IDLE     4000


/* modules that guard a location, and how many words of theirs tell it */

typedef struct {
    char                         *name;
    ngx_uint_t                    words;
    ngx_uint_t                    value;   /* the word is a complex value */
} ngx_http_model_guard_t;


static void ngx_http_model_check_pass(ngx_conf_t *cf,
    ngx_http_model_main_conf_t *mmcf, ngx_http_model_pass_t *pass);
static ngx_http_model_vendor_t *ngx_http_model_check_keyed(
    ngx_http_model_pass_t *pass);
static void ngx_http_model_check_status(ngx_conf_t *cf,
    ngx_http_model_status_t *status);
static ngx_uint_t ngx_http_model_check_guarded(ngx_conf_t *cf,
    ngx_http_conf_ctx_t *ctx);
static ngx_uint_t ngx_http_model_check_public(ngx_conf_t *cf,
    ngx_http_conf_ctx_t *ctx);
static ngx_uint_t ngx_http_model_check_loopback(struct sockaddr *sa);
static void ngx_http_model_check_keepalive(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_check_aliases(ngx_conf_t *cf,
    ngx_http_model_main_conf_t *mmcf);
static ngx_uint_t ngx_http_model_check_versions(ngx_http_model_alias_t *alias);
static ngx_int_t ngx_http_model_check_balancers(ngx_conf_t *cf);
static ngx_uint_t ngx_http_model_check_slots(
    ngx_http_upstream_srv_conf_t *us);
static ngx_int_t ngx_http_model_check_limits(ngx_conf_t *cf,
    ngx_http_model_main_conf_t *mmcf);
static ngx_uint_t ngx_http_model_check_variable(ngx_str_t *text);
static ngx_module_t *ngx_http_model_check_module(ngx_conf_t *cf, char *name);


static ngx_http_model_guard_t  ngx_http_model_guards[] = {
    { "ngx_http_auth_basic_module", 1, 1 },      /* the realm */
    { "ngx_http_auth_request_module", 1, 0 },    /* the length of the URI */
    { "ngx_http_access_module", 3, 0 },          /* rules of each family */
    { NULL, 0, 0 }
};


ngx_int_t
ngx_http_model_check(ngx_conf_t *cf, ngx_http_model_main_conf_t *mmcf)
{
    ngx_uint_t                 i;
    ngx_http_model_pass_t    **pass;
    ngx_http_model_status_t  **status;
    ngx_http_model_vendor_t  **vendor;

    pass = mmcf->passes.elts;

    for (i = 0; i < mmcf->passes.nelts; i++) {
        ngx_http_model_check_pass(cf, mmcf, pass[i]);
    }

    status = mmcf->statuses.elts;

    for (i = 0; i < mmcf->statuses.nelts; i++) {
        ngx_http_model_check_status(cf, status[i]);
    }

    vendor = mmcf->vendors.elts;

    for (i = 0; i < mmcf->vendors.nelts; i++) {
        ngx_http_model_check_keepalive(cf, vendor[i]);
    }

    if (ngx_http_model_check_balancers(cf) != NGX_OK
        || ngx_http_model_check_aliases(cf, mmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_check_limits(cf, mmcf);
}


/* an upstream run has one version of HTTP, as far as its functions go */

static ngx_int_t
ngx_http_model_check_aliases(ngx_conf_t *cf, ngx_http_model_main_conf_t *mmcf)
{
    ngx_uint_t                i;
    ngx_http_model_alias_t  **alias;

    alias = mmcf->aliases.elts;

    for (i = 0; i < mmcf->aliases.nelts; i++) {

        if (ngx_http_model_check_versions(alias[i]) == 3) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "targets of \"model_alias\" \"%V\" differ in "
                          "\"proxy_http_version\": HTTP/2 cannot take over "
                          "from HTTP/1, nor the other way, in %s:%ui",
                          &alias[i]->name, alias[i]->file_name,
                          alias[i]->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* bits: 1 for a target of HTTP/1, 2 for one of HTTP/2; loops are refused */

static ngx_uint_t
ngx_http_model_check_versions(ngx_http_model_alias_t *alias)
{
    ngx_uint_t                      i, versions;
    ngx_http_model_alias_target_t  *target;

    versions = 0;
    target = alias->targets.elts;

    for (i = 0; i < alias->targets.nelts; i++) {

        versions |= target[i].alias
                    ? ngx_http_model_check_versions(target[i].alias)
                    : (target[i].vendor->version > NGX_HTTP_VERSION_11)
                    ? 2 : 1;
    }

    return versions;
}


/* a method that stands behind ours has taken its place */

static ngx_int_t
ngx_http_model_check_balancers(ngx_conf_t *cf)
{
    ngx_uint_t                        i;
    ngx_http_upstream_srv_conf_t    **uscf;
    ngx_http_upstream_main_conf_t    *umcf;
    ngx_http_model_balancer_conf_t   *bcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
    uscf = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {

        bcf = ngx_http_model_balancer_conf(uscf[i]);

        if (bcf == NULL) {
            continue;
        }

        if (!bcf->in_effect) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%s\" of upstream \"%V\" is not in effect: place "
                          "it after the balancing method and before keepalive "
                          "in %s:%ui", bcf->directive, &uscf[i]->host,
                          bcf->file_name, bcf->line);
            return NGX_ERROR;
        }

        if (bcf->queue && !ngx_http_model_check_slots(uscf[i])) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"model_queue\" of upstream \"%V\" has no effect: "
                          "no server has \"max_conns\" in %s:%ui",
                          &uscf[i]->host, bcf->file_name, bcf->line);
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_check_slots(ngx_http_upstream_srv_conf_t *us)
{
    ngx_uint_t                   i;
    ngx_http_upstream_server_t  *server;

    server = us->servers->elts;

    for (i = 0; i < us->servers->nelts; i++) {
        if (server[i].max_conns) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_model_check_pass(ngx_conf_t *cf, ngx_http_model_main_conf_t *mmcf,
    ngx_http_model_pass_t *pass)
{
    ngx_str_t                  *name;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_core_srv_conf_t   *cscf;
    ngx_http_model_vendor_t    *vendor;
    ngx_http_model_loc_conf_t  *mlcf;

    (void) mmcf;

    mlcf = pass->ctx->loc_conf[ngx_http_model_module.ctx_index];
    clcf = pass->ctx->loc_conf[ngx_http_core_module.ctx_index];
    cscf = pass->ctx->srv_conf[ngx_http_core_module.ctx_index];

    vendor = ngx_http_model_check_keyed(pass);

    if (vendor && mlcf->clients == NULL
        && ngx_http_model_check_public(cf, pass->ctx)
        && !ngx_http_model_check_guarded(cf, pass->ctx))
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "the key of vendor \"%V\" can be used by everyone who "
                      "reaches this server: \"model_keys\", \"auth_basic\", "
                      "\"auth_request\" or \"allow\" and \"deny\" would guard "
                      "\"model_pass\" in %s:%ui", &vendor->id,
                      pass->file_name, pass->line);
    }

    if (clcf->client_max_body_size == NGX_HTTP_MODEL_CHECK_BODY) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"client_max_body_size\" is 1m, images and long "
                      "conversations are larger: 100m would do for "
                      "\"model_pass\" in %s:%ui", pass->file_name,
                      pass->line);
    }

    if (ngx_http_model_proxy_differs(pass->ctx->loc_conf,
                                     cscf->ctx->loc_conf, &name))
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%V\" in the location of \"model_pass\" does not "
                      "reach its vendors, it belongs into \"model_vendor\" "
                      "or at http level, in %s:%ui", name, pass->file_name,
                      pass->line);
    }
}


static void
ngx_http_model_check_status(ngx_conf_t *cf, ngx_http_model_status_t *status)
{
    if (status->open
        || !ngx_http_model_check_public(cf, status->ctx)
        || ngx_http_model_check_guarded(cf, status->ctx))
    {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "everyone who reaches this server can see its models, "
                  "servers and their use: \"allow\" and \"deny\", "
                  "\"auth_basic\" or \"auth_request\" would guard "
                  "\"model_status\" in %s:%ui", status->file_name,
                  status->line);
}


static ngx_http_model_vendor_t *
ngx_http_model_check_keyed(ngx_http_model_pass_t *pass)
{
    ngx_uint_t                 i;
    ngx_http_model_vendor_t  **vendor;

    vendor = pass->vendors->elts;

    for (i = 0; i < pass->vendors->nelts; i++) {
        if (vendor[i]->key.type == NGX_HTTP_MODEL_KEY_VALUE) {
            return vendor[i];
        }
    }

    return NULL;
}


static ngx_module_t *
ngx_http_model_check_module(ngx_conf_t *cf, char *name)
{
    ngx_uint_t  i;

    for (i = 0; cf->cycle->modules[i]; i++) {
        if (ngx_strcmp(cf->cycle->modules[i]->name, name) == 0) {
            return cf->cycle->modules[i];
        }
    }

    return NULL;
}


/*
 * Their configurations are private, but each begins with what switches it
 * on: a pointer or length that is zero or unset where it is off.
 */

static ngx_uint_t
ngx_http_model_check_guarded(ngx_conf_t *cf, ngx_http_conf_ctx_t *ctx)
{
    ngx_str_t                *text;
    uintptr_t                *word;
    ngx_uint_t                i;
    ngx_module_t             *module;
    ngx_http_model_guard_t   *guard;

#if (NGX_HTTP_SSL)
    ngx_http_ssl_srv_conf_t  *sscf;

    sscf = ctx->srv_conf[ngx_http_ssl_module.ctx_index];

    if (sscf && sscf->verify == 1) {
        return 1;
    }
#endif

    for (guard = ngx_http_model_guards; guard->name; guard++) {

        module = ngx_http_model_check_module(cf, guard->name);
        if (module == NULL) {
            continue;
        }

        word = ctx->loc_conf[module->ctx_index];

        for (i = 0; word && i < guard->words; i++) {

            if (word[i] == 0 || word[i] == (uintptr_t) -1) {
                continue;
            }

            text = guard->value
                   ? &((ngx_http_complex_value_t *) word[i])->value : NULL;

            if (text == NULL || text->len != 3
                || ngx_strncmp(text->data, "off", 3) != 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* 1 when the server of the location listens on more than loopback */

static ngx_uint_t
ngx_http_model_check_public(ngx_conf_t *cf, ngx_http_conf_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_array_t             *listen;
    ngx_http_listen_opt_t  **opt;

    listen = ngx_http_model_listen(cf, ctx);
    if (listen == NULL) {
        return 1;
    }

    opt = listen->elts;

    for (i = 0; i < listen->nelts; i++) {
        if (!ngx_http_model_check_loopback(opt[i]->sockaddr)) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_model_check_loopback(struct sockaddr *sa)
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        return (ntohl(sin->sin_addr.s_addr) >> 24) == 127;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        return IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr) ? 1 : 0;
#endif

    default:

        /* a socket in the file system has its own permissions */

        return 1;
    }
}


/* local servers close idle connections after 5 s: ours must go before */

static void
ngx_http_model_check_keepalive(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    u_char         *conf;
    ngx_uint_t      max;
    ngx_msec_t      timeout;
    ngx_module_t   *module;
    ngx_command_t  *cmd;

    if (vendor->hosting != NGX_HTTP_MODEL_HOSTING_LOCAL
        || vendor->upstream == NULL || vendor->upstream->srv_conf == NULL)
    {
        return;
    }

    module = ngx_http_model_check_module(cf,
                                         "ngx_http_upstream_keepalive_module");
    if (module == NULL) {
        return;
    }

    conf = vendor->upstream->srv_conf[module->ctx_index];

    for (cmd = module->commands; conf && cmd->name.len; cmd++) {

        if (ngx_strcmp(cmd->name.data, "keepalive_timeout") != 0
            || cmd->set != ngx_conf_set_msec_slot)
        {
            continue;
        }

        /* the first word is how many connections are kept */

        max = *(ngx_uint_t *) conf;
        timeout = *(ngx_msec_t *) (conf + cmd->offset);

        if (max == 0 || max == NGX_CONF_UNSET_UINT) {
            return;
        }

        if (timeout == NGX_CONF_UNSET_MSEC
            || timeout > NGX_HTTP_MODEL_CHECK_IDLE)
        {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"keepalive_timeout\" of upstream \"%V\" is above "
                          "4s, most local model servers close idle "
                          "connections after 5s: requests of vendor \"%V\" "
                          "would fail now and then, in %s:%ui",
                          &vendor->upstream->host, &vendor->id,
                          vendor->file_name, vendor->line);
        }

        return;
    }
}


/* a limit's key is evaluated before a body is read, unless that is early */

static ngx_int_t
ngx_http_model_check_limits(ngx_conf_t *cf, ngx_http_model_main_conf_t *mmcf)
{
    ngx_str_t               *key;
    ngx_uint_t               i;
    ngx_module_t            *req, *conn;
    ngx_shm_zone_t          *zone;
    ngx_list_part_t         *part;
    ngx_http_model_pass_t  **pass;

    if (mmcf->preaccess || mmcf->passes.nelts == 0) {
        return NGX_OK;
    }

    req = ngx_http_model_check_module(cf, "ngx_http_limit_req_module");
    conn = ngx_http_model_check_module(cf, "ngx_http_limit_conn_module");

    part = &cf->cycle->shared_memory.part;
    zone = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NGX_OK;
            }

            part = part->next;
            zone = part->elts;
            i = 0;
        }

        key = ngx_http_model_limit_key(&zone[i], req, conn);

        if (key && ngx_http_model_check_variable(key)) {
            pass = mmcf->passes.elts;

            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "limit zone \"%V\" has the key \"%V\", which is "
                          "not known yet when limits are checked: the "
                          "location of \"model_pass\" needs \"model_read "
                          "preaccess\" in %s:%ui", &zone[i].shm.name, key,
                          pass[0]->file_name, pass[0]->line);
            return NGX_ERROR;
        }
    }
}


/* 1 when the text has a variable of ours: $model_client, ${model} */

static ngx_uint_t
ngx_http_model_check_variable(ngx_str_t *text)
{
    u_char  *p, *last;

    last = text->data + text->len;

    for (p = text->data; p < last; p++) {

        if (*p != '$') {
            continue;
        }

        if (p + 1 < last && p[1] == '{') {
            p++;
        }

        if (last - p > 5
            && ngx_strncasecmp(p + 1, (u_char *) "model", 5) == 0)
        {
            return 1;
        }
    }

    return 0;
}
