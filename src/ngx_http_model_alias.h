
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * model_alias: a public name for one or several targets, and which of them a
 * request gets, in which order.  Owns the block and the weights; calls route,
 * vendor.  All but the weights is written while the configuration is read and
 * lives as long as the cycle.
 */


#ifndef _NGX_HTTP_MODEL_ALIAS_H_INCLUDED_
#define _NGX_HTTP_MODEL_ALIAS_H_INCLUDED_


#include "ngx_http_model_route.h"


/* most targets that a request is given, those of nested aliases included */

#define NGX_HTTP_MODEL_ALIAS_TARGETS  16


/* which aliases a name is compared with, in the order of route */

#define NGX_HTTP_MODEL_ALIAS_EXACT    0
#define NGX_HTTP_MODEL_ALIAS_LATEST   1   /* ":latest" apart */
#define NGX_HTTP_MODEL_ALIAS_PATTERN  2


typedef struct {
    ngx_str_t                  text;      /* as written */
    ngx_http_model_vendor_t   *vendor;    /* either this, */
    ngx_http_model_alias_t    *alias;     /* or this */
    ngx_str_t                  model;     /* the vendor's own name, with "*"
                                             of a pattern's target */
    ngx_int_t                  weight;
    ngx_int_t                  current_weight;   /* of this worker */
    u_char                    *file_name;
    ngx_uint_t                 line;
    unsigned                   backup:1;
} ngx_http_model_alias_target_t;


struct ngx_http_model_alias_s {
    ngx_str_t                  name;
    ngx_array_t                targets;   /* ngx_http_model_alias_target_t, in
                                             order of the file */
    ngx_uint_t                 depth;     /* aliases on the longest way */
    u_char                    *file_name;
    ngx_uint_t                 line;
    unsigned                   pattern:1; /* one "*" in the name */
    unsigned                   binding:1; /* while targets are bound */
};


/*
 * Reads a "model_alias name { }" block and appends it to aliases (array of
 * ngx_http_model_alias_t *).  The setter of the directive calls it with its
 * own cf.  Errors are logged with file and line: NGX_CONF_ERROR.
 */
char *ngx_http_model_alias_block(ngx_conf_t *cf, ngx_array_t *aliases);

/*
 * Finds what the targets are, of the vendors and aliases, when all are known;
 * refuses loops and what a vendor's expose does not offer.  NGX_ERROR with
 * the reason logged.
 */
ngx_int_t ngx_http_model_alias_bind(ngx_conf_t *cf, ngx_array_t *aliases,
    ngx_array_t *vendors);

/* the alias of exactly this name, patterns apart; NULL: none */
ngx_http_model_alias_t *ngx_http_model_alias_find(
    ngx_http_model_scope_t *scope, ngx_str_t *name);

/*
 * Resolves a name that is an alias in the given way (NGX_HTTP_MODEL_ALIAS_*):
 * NGX_OK with the first target; NGX_DECLINED: no such alias; NGX_ABORT: the
 * scope permits none of its targets; NGX_ERROR: memory ran out.
 */
ngx_int_t ngx_http_model_alias_route(ngx_http_model_scope_t *scope,
    ngx_str_t *name, ngx_uint_t how, ngx_http_model_route_t *route,
    ngx_pool_t *pool);

/*
 * The targets that the scope permits, in the order in which they are to be
 * tried, as an array of ngx_http_model_route_t in pool: one of the primary
 * ones by weight, the other primary ones from there on, the backups.  A
 * nested alias stands there with its own sequence; each vendor and name once,
 * at most NGX_HTTP_MODEL_ALIAS_TARGETS.  turn is 1 when the choice is used,
 * so that the weights move on.  star is what "*" of a pattern stands for, or
 * NULL.  Empty when nothing is permitted, NULL when memory ran out.  The names
 * may lie in the view.
 */
ngx_array_t *ngx_http_model_alias_targets(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_str_t *star, ngx_uint_t turn,
    ngx_pool_t *pool);

/*
 * For each target of the alias, in order of the file, an array of its own
 * routes, as above: empty when the scope does not permit it.  NULL when
 * memory ran out.
 */
ngx_array_t **ngx_http_model_alias_each(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_str_t *star, ngx_pool_t *pool);

/* the alias's name with star in place of its "*", in pool where it has one */
ngx_int_t ngx_http_model_alias_name(ngx_http_model_alias_t *alias,
    ngx_str_t *star, ngx_pool_t *pool, ngx_str_t *name);


#endif /* _NGX_HTTP_MODEL_ALIAS_H_INCLUDED_ */
