
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"


#define NGX_HTTP_MODEL_NEAR_MODELS   2000
#define NGX_HTTP_MODEL_NEAR_LIMIT    5
#define NGX_HTTP_MODEL_NEAR_FAR      NGX_MAX_UINT32_VALUE


typedef struct {
    ngx_uint_t                 score;
    ngx_str_t                 *listed;
} ngx_http_model_near_t;


static ngx_int_t ngx_http_model_route_near_aliases(
    ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_http_model_near_t *near, ngx_uint_t max, ngx_pool_t *pool);
static ngx_uint_t ngx_http_model_route_insert(ngx_http_model_near_t *near,
    ngx_uint_t n, ngx_uint_t max, ngx_uint_t score, ngx_str_t *listed);
static ngx_uint_t ngx_http_model_route_score(ngx_str_t *full,
    ngx_str_t *known, ngx_str_t *name, ngx_str_t *bare);
static ngx_uint_t ngx_http_model_route_part(ngx_str_t *name, ngx_str_t *bare);
static ngx_uint_t ngx_http_model_route_typo(ngx_str_t *asked,
    ngx_str_t *known);
static ngx_uint_t ngx_http_model_route_distance(ngx_str_t *a, ngx_str_t *b,
    ngx_uint_t limit);


ngx_array_t *
ngx_http_model_route_near(ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_uint_t max, ngx_pool_t *pool)
{
    ngx_int_t                m;
    ngx_str_t                bare, *s;
    ngx_uint_t               i, k, n, score;
    ngx_array_t             *names;
    ngx_http_model_near_t   *near;
    ngx_http_model_model_t  *model;

    names = ngx_array_create(pool, ngx_max(max, 1), sizeof(ngx_str_t));
    near = ngx_palloc(pool, (max + 1) * sizeof(ngx_http_model_near_t));

    if (names == NULL || near == NULL) {
        return NULL;
    }

    if (name->len == 0 || name->len > NGX_HTTP_MODEL_NAME_LEN) {
        return names;
    }

    if (ngx_http_model_route_prefix(scope->vendors, name, &bare) == NULL) {
        bare = *name;
    }

    model = scope->view->models.elts;
    n = ngx_min(scope->view->models.nelts, NGX_HTTP_MODEL_NEAR_MODELS);

    m = ngx_http_model_route_near_aliases(scope, name, near, max, pool);
    if (m == NGX_ERROR) {
        return NULL;
    }

    k = m;

    for (i = 0; i < n; i++) {
        score = ngx_http_model_route_score(&model[i].listed, &model[i].name,
                                           name, &bare);

        if (score == NGX_HTTP_MODEL_NEAR_FAR
            || (k == max && (max == 0 || score >= near[k - 1].score))
            || !ngx_http_model_route_visible(scope, &model[i])
            || ngx_http_model_alias_find(scope, &model[i].listed))
        {
            continue;
        }

        k = ngx_http_model_route_insert(near, k, max, score,
                                        &model[i].listed);
    }

    for (i = 0; i < k; i++) {
        s = ngx_array_push(names);
        if (s == NULL) {
            return NULL;
        }

        *s = *near[i].listed;
    }

    return names;
}


/* how many of the names of aliases are near, or NGX_ERROR */

static ngx_int_t
ngx_http_model_route_near_aliases(ngx_http_model_scope_t *scope,
    ngx_str_t *name, ngx_http_model_near_t *near, ngx_uint_t max,
    ngx_pool_t *pool)
{
    ngx_uint_t                i, k, n, score;
    ngx_array_t              *targets;
    ngx_http_model_alias_t  **alias;

    if (scope->aliases == NULL || max == 0) {
        return 0;
    }

    alias = scope->aliases->elts;
    n = ngx_min(scope->aliases->nelts, NGX_HTTP_MODEL_NEAR_MODELS);
    k = 0;

    for (i = 0; i < n; i++) {

        score = ngx_http_model_route_score(&alias[i]->name, &alias[i]->name,
                                           name, name);

        if (alias[i]->pattern
            || score == NGX_HTTP_MODEL_NEAR_FAR
            || (k == max && score >= near[k - 1].score))
        {
            continue;
        }

        targets = ngx_http_model_alias_targets(scope, alias[i], NULL, 0, pool);
        if (targets == NULL) {
            return NGX_ERROR;
        }

        if (targets->nelts) {
            k = ngx_http_model_route_insert(near, k, max, score,
                                            &alias[i]->name);
        }
    }

    return k;
}


/* keeps the order of the view among equals; near has max + 1 slots */

static ngx_uint_t
ngx_http_model_route_insert(ngx_http_model_near_t *near, ngx_uint_t n,
    ngx_uint_t max, ngx_uint_t score, ngx_str_t *listed)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {

        if (near[i].listed->len == listed->len
            && ngx_memcmp(near[i].listed->data, listed->data, listed->len)
               == 0)
        {
            near[i].score = ngx_min(near[i].score, score);
            return n;
        }
    }

    for (i = n; i > 0 && near[i - 1].score > score; i--) {
        near[i] = near[i - 1];
    }

    near[i].score = score;
    near[i].listed = listed;

    return ngx_min(n + 1, max);
}


/* how far the known name is from what was asked, FAR: too far */

static ngx_uint_t
ngx_http_model_route_score(ngx_str_t *full, ngx_str_t *known, ngx_str_t *name,
    ngx_str_t *bare)
{
    ngx_str_t   listed, own, asked;
    ngx_uint_t  score, typo;

    listed = ngx_http_model_route_untagged(full);
    own = ngx_http_model_route_untagged(known);
    asked = ngx_http_model_route_untagged(bare);

    score = ngx_http_model_route_typo(name, full);

    typo = ngx_http_model_route_typo(name, &listed);
    score = ngx_min(score, typo);

    typo = ngx_http_model_route_typo(bare, known);
    score = ngx_min(score, typo);

    typo = ngx_http_model_route_typo(&asked, &own);

    if (typo != NGX_HTTP_MODEL_NEAR_FAR) {
        typo++;
        score = ngx_min(score, typo);
    }

    typo = ngx_http_model_route_part(known, &asked);
    score = ngx_min(score, typo);

    typo = ngx_http_model_route_part(bare, &own);

    return ngx_min(score, typo);
}


/* the one name contains the other */

static ngx_uint_t
ngx_http_model_route_part(ngx_str_t *name, ngx_str_t *part)
{
    size_t  i, rest;

    if (part->len < 3 || part->len > name->len) {
        return NGX_HTTP_MODEL_NEAR_FAR;
    }

    rest = name->len - part->len;

    for (i = 0; i <= rest; i++) {

        if (ngx_strncasecmp(name->data + i, part->data, part->len) == 0) {
            return 3 + ngx_min(rest, 64) / 8;
        }
    }

    return NGX_HTTP_MODEL_NEAR_FAR;
}


static ngx_uint_t
ngx_http_model_route_typo(ngx_str_t *asked, ngx_str_t *known)
{
    ngx_uint_t  limit, distance;

    limit = ngx_min((asked->len + 3) / 4, NGX_HTTP_MODEL_NEAR_LIMIT);
    distance = ngx_http_model_route_distance(asked, known, limit);

    return distance > limit ? NGX_HTTP_MODEL_NEAR_FAR : 2 * distance;
}


/*
 * Levenshtein's distance, ASCII case apart, of the cells within limit of the
 * diagonal; limit + 1 when it is larger.
 */

static ngx_uint_t
ngx_http_model_route_distance(ngx_str_t *a, ngx_str_t *b, ngx_uint_t limit)
{
    u_char      row[NGX_HTTP_MODEL_NAME_LEN + 1];
    ngx_uint_t  i, j, to, far, best, left, diagonal, cell;

    far = limit + 1;

    if (a->len > NGX_HTTP_MODEL_NAME_LEN
        || b->len > NGX_HTTP_MODEL_NAME_LEN
        || a->len > b->len + limit
        || b->len > a->len + limit)
    {
        return far;
    }

    for (j = 0; j <= b->len; j++) {
        row[j] = (u_char) ngx_min(j, far);
    }

    for (i = 1; i <= a->len; i++) {

        j = i > limit ? i - limit : 1;
        to = ngx_min(i + limit, b->len);

        left = (j == 1) ? ngx_min(i, far) : far;
        diagonal = row[j - 1];
        row[j - 1] = (u_char) left;
        best = left;

        for ( /* void */ ; j <= to; j++) {

            cell = diagonal;

            if (ngx_tolower(a->data[i - 1]) != ngx_tolower(b->data[j - 1])) {
                cell = ngx_min(cell, left);
                cell = ngx_min(cell, row[j]) + 1;
                cell = ngx_min(cell, far);
            }

            diagonal = row[j];
            row[j] = (u_char) cell;
            left = cell;
            best = ngx_min(best, cell);
        }

        if (best > limit) {
            return far;
        }
    }

    return row[b->len];
}
