
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"


/* the sequence of a nested alias, which several targets may lead to */

typedef struct {
    ngx_http_model_alias_t     *alias;
    ngx_uint_t                  granted;
    ngx_array_t                *routes;
} ngx_http_model_alias_nested_t;


typedef struct {
    ngx_http_model_scope_t     *scope;
    ngx_http_model_alias_t     *alias;     /* the outermost one */
    ngx_str_t                  *star;
    ngx_pool_t                 *pool;
    ngx_array_t                 nested;    /* ngx_http_model_alias_nested_t */
} ngx_http_model_alias_walk_t;


static ngx_int_t ngx_http_model_alias_walk(ngx_http_model_alias_walk_t *w,
    ngx_http_model_scope_t *scope, ngx_http_model_alias_t *alias,
    ngx_str_t *star, ngx_pool_t *pool);
static ngx_array_t *ngx_http_model_alias_order(ngx_http_model_alias_walk_t *w,
    ngx_http_model_alias_t *alias, ngx_uint_t granted, ngx_uint_t turn);
static ngx_array_t **ngx_http_model_alias_parts(
    ngx_http_model_alias_walk_t *w, ngx_http_model_alias_t *alias,
    ngx_uint_t granted);
static ngx_int_t ngx_http_model_alias_granted(ngx_http_model_alias_walk_t *w,
    ngx_http_model_alias_t *alias);
static ngx_array_t *ngx_http_model_alias_nested(
    ngx_http_model_alias_walk_t *w, ngx_http_model_alias_t *alias,
    ngx_uint_t granted);
static ngx_array_t *ngx_http_model_alias_leaf(ngx_http_model_alias_walk_t *w,
    ngx_http_model_alias_target_t *target, ngx_uint_t granted);
static ngx_uint_t ngx_http_model_alias_choose(ngx_http_model_alias_t *alias,
    ngx_array_t **parts, ngx_uint_t turn);
static ngx_int_t ngx_http_model_alias_add(ngx_array_t *routes,
    ngx_array_t *part);
static ngx_int_t ngx_http_model_alias_fill(ngx_str_t *text, ngx_str_t *star,
    ngx_pool_t *pool, ngx_str_t *out);


ngx_array_t *
ngx_http_model_alias_targets(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_str_t *star, ngx_uint_t turn,
    ngx_pool_t *pool)
{
    ngx_http_model_alias_walk_t  w;

    if (ngx_http_model_alias_walk(&w, scope, alias, star, pool) != NGX_OK) {
        return NULL;
    }

    return ngx_http_model_alias_order(&w, alias, 0, turn);
}


ngx_array_t **
ngx_http_model_alias_each(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_str_t *star, ngx_pool_t *pool)
{
    ngx_int_t                    granted;
    ngx_http_model_alias_walk_t  w;

    if (ngx_http_model_alias_walk(&w, scope, alias, star, pool) != NGX_OK) {
        return NULL;
    }

    granted = ngx_http_model_alias_granted(&w, alias);

    return (granted == NGX_ERROR) ? NULL
                        : ngx_http_model_alias_parts(&w, alias, granted);
}


static ngx_int_t
ngx_http_model_alias_walk(ngx_http_model_alias_walk_t *w,
    ngx_http_model_scope_t *scope, ngx_http_model_alias_t *alias,
    ngx_str_t *star, ngx_pool_t *pool)
{
    w->scope = scope;
    w->alias = alias;
    w->star = star;
    w->pool = pool;

    return ngx_array_init(&w->nested, pool, 1,
                          sizeof(ngx_http_model_alias_nested_t));
}


static ngx_array_t *
ngx_http_model_alias_order(ngx_http_model_alias_walk_t *w,
    ngx_http_model_alias_t *alias, ngx_uint_t granted, ngx_uint_t turn)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i, k, n, first, backup;
    ngx_array_t                     *routes, **parts;
    ngx_http_model_alias_target_t   *target;

    rc = granted ? 1 : ngx_http_model_alias_granted(w, alias);

    parts = (rc == NGX_ERROR) ? NULL
                              : ngx_http_model_alias_parts(w, alias, rc);
    routes = ngx_array_create(w->pool, alias->targets.nelts,
                              sizeof(ngx_http_model_route_t));

    if (parts == NULL || routes == NULL) {
        return NULL;
    }

    n = alias->targets.nelts;
    target = alias->targets.elts;
    first = ngx_http_model_alias_choose(alias, parts, turn);

    /* of what is not tried first the weights stay where they are */

    if (turn && first < n && target[first].alias) {
        parts[first] = ngx_http_model_alias_order(w, target[first].alias, rc,
                                                  1);
        if (parts[first] == NULL) {
            return NULL;
        }
    }

    for (backup = 0; backup < 2; backup++) {
        for (i = 0; i < n; i++) {

            k = (backup || first == n) ? i : (first + i) % n;

            if (target[k].backup == backup
                && ngx_http_model_alias_add(routes, parts[k]) != NGX_OK)
            {
                return NULL;
            }
        }
    }

    return routes;
}


static ngx_array_t **
ngx_http_model_alias_parts(ngx_http_model_alias_walk_t *w,
    ngx_http_model_alias_t *alias, ngx_uint_t granted)
{
    ngx_uint_t                       i, n;
    ngx_array_t                    **parts;
    ngx_http_model_alias_target_t   *target;

    n = alias->targets.nelts;
    target = alias->targets.elts;

    parts = ngx_palloc(w->pool, n * sizeof(ngx_array_t *));
    if (parts == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {

        parts[i] = target[i].alias
                   ? ngx_http_model_alias_nested(w, target[i].alias, granted)
                   : ngx_http_model_alias_leaf(w, &target[i], granted);

        if (parts[i] == NULL) {
            return NULL;
        }
    }

    return parts;
}


/* a client key that names the alias may use all that is behind it */

static ngx_int_t
ngx_http_model_alias_granted(ngx_http_model_alias_walk_t *w,
    ngx_http_model_alias_t *alias)
{
    ngx_str_t  name;

    if (w->scope->patterns == NULL) {
        return 1;
    }

    if (ngx_http_model_alias_name(alias, w->star, w->pool, &name) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_route_pattern(w->scope->patterns, &name) ? 1 : 0;
}


static ngx_array_t *
ngx_http_model_alias_nested(ngx_http_model_alias_walk_t *w,
    ngx_http_model_alias_t *alias, ngx_uint_t granted)
{
    ngx_uint_t                      i;
    ngx_array_t                    *routes;
    ngx_http_model_alias_nested_t  *nested;

    nested = w->nested.elts;

    for (i = 0; i < w->nested.nelts; i++) {
        if (nested[i].alias == alias && nested[i].granted == granted) {
            return nested[i].routes;
        }
    }

    routes = ngx_http_model_alias_order(w, alias, granted, 0);
    nested = ngx_array_push(&w->nested);

    if (routes == NULL || nested == NULL) {
        return NULL;
    }

    nested->alias = alias;
    nested->granted = granted;
    nested->routes = routes;

    return routes;
}


static ngx_array_t *
ngx_http_model_alias_leaf(ngx_http_model_alias_walk_t *w,
    ngx_http_model_alias_target_t *target, ngx_uint_t granted)
{
    ngx_str_t                name;
    ngx_array_t             *routes;
    ngx_http_model_route_t   route, *r;
    ngx_http_model_scope_t  *scope;

    scope = w->scope;

    routes = ngx_array_create(w->pool, 1, sizeof(ngx_http_model_route_t));

    if (routes == NULL
        || ngx_http_model_alias_fill(&target->model, w->star, w->pool, &name)
           != NGX_OK)
    {
        return NULL;
    }

    if (name.len == 0 || name.len > NGX_HTTP_MODEL_NAME_LEN
        || !ngx_http_model_route_has(scope, target->vendor))
    {
        return routes;
    }

    ngx_memzero(&route, sizeof(ngx_http_model_route_t));

    ngx_http_model_route_vendor(scope, target->vendor, &name, &route);

    if ((route.model == NULL
         && !ngx_http_model_route_exposed(route.vendor, &route.name))
        || (!granted
            && !ngx_http_model_route_allowed(scope, route.vendor, route.model,
                                             &route.name)))
    {
        return routes;
    }

    route.reason = "alias";
    route.alias = w->alias;

    if (w->star) {
        route.star = *w->star;
    }

    r = ngx_array_push(routes);
    if (r == NULL) {
        return NULL;
    }

    *r = route;

    return routes;
}


/*
 * Smooth weighted round robin over the primary targets that are permitted;
 * the number of targets when there is none.
 */

static ngx_uint_t
ngx_http_model_alias_choose(ngx_http_model_alias_t *alias,
    ngx_array_t **parts, ngx_uint_t turn)
{
    ngx_int_t                       total, weight, most;
    ngx_uint_t                      i, n, best;
    ngx_http_model_alias_target_t  *target;

    n = alias->targets.nelts;
    target = alias->targets.elts;

    total = 0;
    most = 0;
    best = n;

    for (i = 0; i < n; i++) {

        if (target[i].backup || parts[i]->nelts == 0) {
            continue;
        }

        weight = target[i].current_weight + target[i].weight;
        total += target[i].weight;

        if (best == n || weight > most) {
            best = i;
            most = weight;
        }

        if (turn) {
            target[i].current_weight = weight;
        }
    }

    if (turn && best < n) {
        target[best].current_weight -= total;
    }

    if (best < n) {
        return best;
    }

    for (i = 0; i < n; i++) {
        if (parts[i]->nelts) {
            return i;
        }
    }

    return n;
}


static ngx_int_t
ngx_http_model_alias_add(ngx_array_t *routes, ngx_array_t *part)
{
    ngx_uint_t               i, j;
    ngx_http_model_route_t  *from, *to;

    from = part->elts;

    for (i = 0; i < part->nelts; i++) {

        to = routes->elts;

        for (j = 0; j < routes->nelts; j++) {
            if (to[j].vendor == from[i].vendor
                && to[j].name.len == from[i].name.len
                && ngx_memcmp(to[j].name.data, from[i].name.data,
                              to[j].name.len)
                   == 0)
            {
                break;
            }
        }

        if (j < routes->nelts || j == NGX_HTTP_MODEL_ALIAS_TARGETS) {
            continue;
        }

        to = ngx_array_push(routes);
        if (to == NULL) {
            return NGX_ERROR;
        }

        *to = from[i];
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_alias_name(ngx_http_model_alias_t *alias, ngx_str_t *star,
    ngx_pool_t *pool, ngx_str_t *name)
{
    if (!alias->pattern) {
        *name = alias->name;
        return NGX_OK;
    }

    return ngx_http_model_alias_fill(&alias->name, star, pool, name);
}


static ngx_int_t
ngx_http_model_alias_fill(ngx_str_t *text, ngx_str_t *star, ngx_pool_t *pool,
    ngx_str_t *out)
{
    u_char  *p, *last, *mark;

    *out = *text;

    last = text->data + text->len;
    mark = ngx_strlchr(text->data, last, '*');

    if (mark == NULL || star == NULL) {
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, text->len + star->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    out->data = p;

    p = ngx_cpymem(p, text->data, mark - text->data);
    p = ngx_cpymem(p, star->data, star->len);
    p = ngx_cpymem(p, mark + 1, last - (mark + 1));

    out->len = p - out->data;

    return NGX_OK;
}
