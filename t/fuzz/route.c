/* unit: src/ngx_http_model_route.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Names against views.  The first byte says what the location has; then come
 * lines: the asked name, a pattern of a client key (empty: none), and models,
 * each with the number of its vendor in front.  What comes out must keep the
 * rules: a vendor of the location, an exposed name, an allowed one.  At last
 * the pattern is the name of an alias too.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"


#define SINGLE    0x01
#define FALLBACK  0x02
#define SUBSET    0x04

#define VENDORS   4
#define MODELS    64


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(ngx_uint_t good);
static void create_vendors(void);
static ngx_str_t line(const uint8_t **data, size_t *size);
static void check_route(ngx_http_model_scope_t *scope, ngx_str_t *asked);
static ngx_uint_t in_scope(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor);
static ngx_uint_t allowed(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name);
static ngx_uint_t allowed_form(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name, size_t cut,
    const char *tag);
static void check_models(ngx_http_model_scope_t *scope);
static void check_near(ngx_http_model_scope_t *scope, ngx_str_t *asked);
static void check_alias(ngx_http_model_scope_t *scope, ngx_str_t *asked,
    ngx_str_t *name);


static ngx_log_t                 test_log;
static ngx_cycle_t               test_cycle;
static ngx_conf_t                test_conf;
static ngx_pool_t               *pool;
static ngx_http_model_views_t    views;
static ngx_http_model_vendor_t   vendors[VENDORS];


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    ngx_str_t  name;

    (void) argc;
    (void) argv;

    ngx_pagesize = getpagesize();
    ngx_time_init();
    ngx_use_stderr = 0;

    pool = ngx_create_pool(16384, &test_log);
    check(pool != NULL);

    test_cycle.log = &test_log;
    test_cycle.pool = pool;
    ngx_cycle = &test_cycle;

    check(ngx_list_init(&test_cycle.shared_memory, pool, 1,
                        sizeof(ngx_shm_zone_t))
          == NGX_OK);

    test_conf.cycle = &test_cycle;
    test_conf.pool = pool;
    test_conf.log = &test_log;

    ngx_str_set(&name, "test");
    ngx_str_set(&views.separator, ":");

    views.catalogue = ngx_http_model_catalogue_add(&test_conf, &name, 65536,
                                                   &test_conf);
    check(views.catalogue != NULL);

    create_vendors();

    return 0;
}


static void
check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}


static void
create_vendors(void)
{
    ngx_str_t                 *s;
    ngx_uint_t                 i;
    ngx_http_model_vendor_t  **vendor;

    static const char  *ids[VENDORS] = { "a", "acme", "openai", "b-2" };

    views.vendors = ngx_array_create(pool, VENDORS,
                                     sizeof(ngx_http_model_vendor_t *));
    check(views.vendors != NULL);

    for (i = 0; i < VENDORS; i++) {
        vendor = ngx_array_push(views.vendors);
        check(vendor != NULL);

        *vendor = &vendors[i];

        vendors[i].id.len = ngx_strlen(ids[i]);
        vendors[i].id.data = (u_char *) ids[i];
        vendors[i].rank = i + 1;
        vendors[i].index = i;
        vendors[i].prefix = (i & 1);
        vendors[i].dialects = ngx_http_model_dialect_bit(i / 2);
    }

    vendors[3].expose = ngx_array_create(pool, 2, sizeof(ngx_str_t));
    check(vendors[3].expose != NULL);

    s = ngx_array_push(vendors[3].expose);
    ngx_str_set(s, "m*");

    vendors[1].expose = ngx_array_create(pool, 2, sizeof(ngx_str_t));
    check(vendors[1].expose != NULL);

    s = ngx_array_push(vendors[1].expose);
    ngx_str_set(s, "l*");

    s = ngx_array_push(vendors[1].expose);
    ngx_str_set(s, "*a:8b");
}


/* in memory of its own size, so that a read past its end is seen */

static ngx_str_t
line(const uint8_t **data, size_t *size)
{
    size_t      len;
    u_char     *p;
    ngx_str_t   s;

    p = memchr(*data, '\n', *size);
    len = p ? (size_t) (p - *data) : *size;

    s.len = len;
    s.data = malloc(len ? len : 1);
    check(s.data != NULL);

    ngx_memcpy(s.data, *data, len);

    if (p) {
        len++;
    }

    *data += len;
    *size -= len;

    return s;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t                   asked, pattern, text[MODELS], *s;
    ngx_uint_t                  flags, i, n;
    ngx_pool_t                 *temp;
    ngx_http_model_scope_t      scope;
    ngx_http_model_declared_t  *declared;

    if (size < 2) {
        return 0;
    }

    flags = *data++;
    size--;

    temp = ngx_create_pool(4096, &test_log);
    check(temp != NULL);

    asked = line(&data, &size);
    pattern = line(&data, &size);

    for (i = 0; i < VENDORS; i++) {
        check(ngx_array_init(&vendors[i].declared, temp, 4,
                             sizeof(ngx_http_model_declared_t))
              == NGX_OK);
    }

    for (n = 0; n < MODELS && size; n++) {
        text[n] = line(&data, &size);

        if (text[n].len < 2) {
            continue;
        }

        i = text[n].data[0] % VENDORS;

        declared = ngx_array_push(&vendors[i].declared);
        check(declared != NULL);

        ngx_memzero(declared, sizeof(ngx_http_model_declared_t));
        declared->name.len = text[n].len - 1;
        declared->name.data = text[n].data + 1;
    }

    ngx_memzero(&scope, sizeof(scope));

    views.current = NULL;
    scope.view = ngx_http_model_view(&views, &test_log);
    check(scope.view != NULL);

    scope.vendors = ngx_array_create(temp, VENDORS,
                                     sizeof(ngx_http_model_vendor_t *));
    check(scope.vendors != NULL);

    for (i = (flags & SUBSET) ? 2 : 0; i < VENDORS; i++) {
        *(ngx_http_model_vendor_t **) ngx_array_push(scope.vendors)
            = &vendors[i];
    }

    if (flags & SINGLE) {
        scope.vendors->nelts = 1;
        scope.single = *(ngx_http_model_vendor_t **) scope.vendors->elts;
    }

    if (flags & FALLBACK) {
        scope.fallback = &vendors[(flags >> 4) % VENDORS];

        if (flags & 0x40) {
            ngx_str_set(&scope.fallback_model, "llama");
        }
    }

    if (pattern.len) {
        scope.patterns = ngx_array_create(temp, 1, sizeof(ngx_str_t));
        check(scope.patterns != NULL);

        s = ngx_array_push(scope.patterns);
        *s = pattern;
    }

    check_route(&scope, &asked);
    check_models(&scope);
    check_near(&scope, &asked);
    check_alias(&scope, &asked, &pattern);

    ngx_destroy_pool(scope.view->pool);
    ngx_destroy_pool(temp);

    while (n) {
        free(text[--n].data);
    }

    free(asked.data);
    free(pattern.data);

    return 0;
}


static void
check_route(ngx_http_model_scope_t *scope, ngx_str_t *asked)
{
    ngx_int_t               rc;
    ngx_str_t              *name;
    ngx_http_model_route_t  route;

    rc = ngx_http_model_route(scope, asked, &route, scope->view->pool);

    if (asked->len > NGX_HTTP_MODEL_NAME_LEN) {
        check(rc == NGX_DECLINED);
        return;
    }

    if (rc == NGX_DECLINED) {
        check(scope->single == NULL && scope->fallback == NULL);
        return;
    }

    if (rc == NGX_ABORT) {
        check(scope->patterns != NULL || vendors[1].expose != NULL);
        return;
    }

    check(rc == NGX_OK && route.reason != NULL);
    check(in_scope(scope, route.vendor) || route.vendor == scope->fallback);
    check(route.name.len <= NGX_HTTP_MODEL_NAME_LEN
          || route.model != NULL);

    name = &route.name;

    if (route.model) {
        check(route.model->vendor == route.vendor);
        name = &route.model->name;

        /* what is sent is the model, but for its implied tag and case */

        check(route.name.len && route.name.len + 7 >= name->len
              && name->len + 7 >= route.name.len);
        check(ngx_strncasecmp(name->data, route.name.data,
                              ngx_min(name->len, route.name.len))
              == 0);

    } else if (!ngx_http_model_vendor_exposes(route.vendor, name)) {

        /* then its other spelling is exposed */

        check(route.vendor->dialects
              & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA));
    }

    check(scope->patterns == NULL || allowed(scope, route.vendor, name));
}


static ngx_uint_t
in_scope(ngx_http_model_scope_t *scope, ngx_http_model_vendor_t *vendor)
{
    return ngx_http_model_vendor_find(scope->vendors, &vendor->id) == vendor;
}


static ngx_uint_t
allowed(ngx_http_model_scope_t *scope, ngx_http_model_vendor_t *vendor,
    ngx_str_t *name)
{
    return allowed_form(scope, vendor, name, 0, "")
           || allowed_form(scope, vendor, name, 0, ":latest")
           || (name->len > 7
               && ngx_strncasecmp(name->data + name->len - 7,
                                  (u_char *) ":latest", 7)
                  == 0
               && allowed_form(scope, vendor, name, 7, ""));
}


static ngx_uint_t
allowed_form(ngx_http_model_scope_t *scope, ngx_http_model_vendor_t *vendor,
    ngx_str_t *name, size_t cut, const char *tag)
{
    u_char      buf[4096 + 64], *p;
    ngx_str_t   form, *pattern;
    ngx_uint_t  separator;

    check(name->len <= 4096);

    pattern = scope->patterns->elts;
    form.data = buf;

    for (separator = 0; separator < 3; separator++) {
        p = buf;

        if (separator) {

            /* a listing has ":" here, what is not listed the location's */

            p = ngx_cpymem(p, vendor->id.data, vendor->id.len);
            *p++ = (separator == 1) ? ':' : '/';

        } else if (vendor->prefix) {
            continue;
        }

        p = ngx_cpymem(p, name->data, name->len - cut);
        p = ngx_cpymem(p, tag, ngx_strlen(tag));

        form.len = p - buf;

        if (ngx_http_model_wildcard(pattern, &form)) {
            return 1;
        }
    }

    return 0;
}


/* each name of a listing, asked again, is a model of that name */

static void
check_models(ngx_http_model_scope_t *scope)
{
    ngx_int_t                rc;
    ngx_uint_t               i, seen;
    ngx_http_model_model_t  *model;
    ngx_http_model_route_t   route;

    model = scope->view->models.elts;

    for (i = 0; i < scope->view->models.nelts; i++) {

        seen = ngx_http_model_route_visible(scope, &model[i]);
        check(!seen || in_scope(scope, model[i].vendor));

        if (!in_scope(scope, model[i].vendor)
            || model[i].listed.len > NGX_HTTP_MODEL_NAME_LEN)
        {
            continue;
        }

        rc = ngx_http_model_route(scope, &model[i].listed, &route,
                                  scope->view->pool);

        check(rc == NGX_OK || rc == NGX_ABORT);
        check(rc == NGX_OK || scope->patterns != NULL);

        check(route.model != NULL
              && route.model <= &model[i]
              && route.model->listed.len == model[i].listed.len
              && ngx_memcmp(route.model->listed.data, model[i].listed.data,
                            model[i].listed.len)
                 == 0);

        check((rc == NGX_OK)
              == ngx_http_model_route_visible(scope, route.model));
    }
}


static void
check_near(ngx_http_model_scope_t *scope, ngx_str_t *asked)
{
    ngx_str_t               *name;
    ngx_uint_t               i, j, n, found;
    ngx_array_t             *names;
    ngx_http_model_model_t  *model;

    names = ngx_http_model_route_near(scope, asked, 3, scope->view->pool);
    check(names != NULL && names->nelts <= 3);

    name = names->elts;
    n = scope->view->models.nelts;
    model = scope->view->models.elts;

    for (i = 0; i < names->nelts; i++) {
        found = 0;

        for (j = 0; j < n; j++) {
            if (model[j].listed.data == name[i].data
                && ngx_http_model_route_visible(scope, &model[j]))
            {
                found = 1;
            }
        }

        check(found);
    }
}


/* what is asked for under it */

static void
check_aliased(ngx_http_model_scope_t *scope, ngx_str_t *asked,
    ngx_http_model_alias_t *alias)
{
    ngx_int_t                rc;
    ngx_str_t                back;
    ngx_uint_t               i;
    ngx_array_t             *targets;
    ngx_http_model_route_t   route, *r;

    rc = ngx_http_model_route(scope, asked, &route, scope->view->pool);

    if (!alias->pattern && asked->len == alias->name.len
        && ngx_memcmp(asked->data, alias->name.data, asked->len) == 0)
    {
        check(rc == NGX_ABORT || (rc == NGX_OK && route.alias == alias));
    }

    if (rc != NGX_OK || route.alias == NULL) {
        return;
    }

    check(in_scope(scope, route.vendor) && route.name.len > 0);

    if (alias->pattern) {
        check(ngx_http_model_alias_name(alias, &route.star,
                                        scope->view->pool, &back)
              == NGX_OK);
        check(back.len == asked->len
              && ngx_memcmp(back.data, asked->data, back.len) == 0);
    }

    targets = ngx_http_model_alias_targets(scope, alias, &route.star, 1,
                                           scope->view->pool);
    check(targets != NULL && targets->nelts >= 1 && targets->nelts <= 2);

    r = targets->elts;

    for (i = 0; i < targets->nelts; i++) {
        check(in_scope(scope, r[i].vendor) && r[i].alias == alias);
    }

    check(r[0].vendor == route.vendor && r[0].name.len == route.name.len);
}


/* an alias of two targets, with "*" where the name has one */

static void
check_alias(ngx_http_model_scope_t *scope, ngx_str_t *asked, ngx_str_t *name)
{
    ngx_uint_t                      i, stars;
    ngx_array_t                     aliases;
    ngx_http_model_alias_t          alias, *p;
    ngx_http_model_alias_target_t  *target;

    stars = 0;

    for (i = 0; i < name->len; i++) {
        stars += (name->data[i] == '*');
    }

    if (name->len == 0 || name->len > NGX_HTTP_MODEL_NAME_LEN || stars > 1) {
        return;
    }

    ngx_memzero(&alias, sizeof(ngx_http_model_alias_t));

    alias.name = *name;
    alias.pattern = stars & 1;

    check(ngx_array_init(&alias.targets, scope->view->pool, 2,
                         sizeof(ngx_http_model_alias_target_t))
          == NGX_OK);

    for (i = 0; i < 2; i++) {
        target = ngx_array_push(&alias.targets);
        ngx_memzero(target, sizeof(ngx_http_model_alias_target_t));

        target->vendor = &vendors[i ? 3 : 1];
        target->weight = i + 1;

        if (stars) {
            ngx_str_set(&target->model, "m*a:8b");

        } else {
            ngx_str_set(&target->model, "m");
        }
    }

    p = &alias;

    aliases.elts = &p;
    aliases.nelts = 1;
    scope->aliases = &aliases;

    check_aliased(scope, asked, &alias);

    scope->aliases = NULL;
}
