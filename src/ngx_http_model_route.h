
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What a model name means: name -> vendor and the vendor's own name.  Pure:
 * reads a view and the location's vendors, takes memory from a pool.
 * Health never changes what a name means.
 */


#ifndef _NGX_HTTP_MODEL_ROUTE_H_INCLUDED_
#define _NGX_HTTP_MODEL_ROUTE_H_INCLUDED_


#include "ngx_http_model_view.h"


#define NGX_HTTP_MODEL_LATEST        ":latest"
#define NGX_HTTP_MODEL_LATEST_LEN    (sizeof(NGX_HTTP_MODEL_LATEST) - 1)


typedef struct ngx_http_model_alias_s  ngx_http_model_alias_t;


typedef struct {
    ngx_http_model_view_t     *view;
    ngx_array_t               *vendors;    /* of the location, by rank:
                                              ngx_http_model_vendor_t * */
    ngx_http_model_vendor_t   *single;     /* model_pass names exactly one */
    ngx_http_model_vendor_t   *fallback;   /* model_default, or NULL */
    ngx_str_t                  fallback_model;   /* of model_default, or "" */
    ngx_array_t               *aliases;    /* ngx_http_model_alias_t *, in
                                              order of the file, or NULL */
    ngx_array_t               *patterns;   /* of the client key: ngx_str_t on
                                              listed names; NULL: all */
    ngx_uint_t                 dialect;    /* of the request's path */
    ngx_msec_t                 timeout;    /* of the vendors' discoveries,
                                              the longest */
    ngx_uint_t                 settled;    /* the first discovery had its
                                              time: nobody waits for it */
} ngx_http_model_scope_t;


typedef struct {
    ngx_http_model_vendor_t   *vendor;
    ngx_str_t                  name;       /* to send upstream; points into
                                              the asked name, the view, the
                                              configuration or pool */
    ngx_http_model_model_t    *model;      /* NULL: routed, not listed */
    const char                *reason;     /* "listed", "prefix", ... */
    ngx_http_model_alias_t    *alias;      /* that was asked for, or NULL */
    ngx_str_t                  star;       /* what "*" of its name stands
                                              for; in the asked name */
} ngx_http_model_route_t;


/*
 * Resolves a name (1 to 256 bytes, no control characters) in this order: an
 * alias; a name exactly as listed; an alias, ":latest" apart; a declared
 * prefix vendor:model or vendor/model; an alias with a pattern, in order of
 * the file; a bare name by the catalogue, smallest rank first; the single
 * vendor; the default.  ":latest" is implied where a dialect implies it.  Of
 * an alias, the route is that of its first target, no weight moved.
 * NGX_OK; NGX_DECLINED: no such model here; NGX_ABORT: known, but the client
 * key's patterns or the vendor's expose forbid it, or the alias has no target
 * in this scope (told as unknown); NGX_ERROR: memory ran out.
 * For an empty name (the request names none): single, else default.
 */
ngx_int_t ngx_http_model_route(ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_http_model_route_t *route, ngx_pool_t *pool);

/*
 * 1 when the vendor's expose and the client key's patterns let a request name
 * this model of the vendor's, listed or not.
 */
ngx_uint_t ngx_http_model_route_permits(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name);

/* 1 when the scope lets the model be seen in listings */
ngx_uint_t ngx_http_model_route_visible(ngx_http_model_scope_t *scope,
    ngx_http_model_model_t *model);

/*
 * At most max listed names near to the asked one, nearest first, into an
 * array of ngx_str_t in pool (empty when none is near; NULL when memory ran
 * out), the bytes in the view.  Bounded work: at most 2,000 models are looked
 * at.
 */
ngx_array_t *ngx_http_model_route_near(ngx_http_model_scope_t *scope,
    ngx_str_t *name, ngx_uint_t max, ngx_pool_t *pool);


/* what follows is for other files of this floor */

/*
 * The vendor whose id stands before the first ":" or "/" of the name, with
 * *rest what follows, which is not empty; NULL when none does.
 */
ngx_http_model_vendor_t *ngx_http_model_route_prefix(ngx_array_t *vendors,
    ngx_str_t *name, ngx_str_t *rest);

/* the name without the tag after its last slash */
ngx_str_t ngx_http_model_route_untagged(ngx_str_t *name);

/* 1 when the name ends with ":latest", in any case, and is more than that */
ngx_uint_t ngx_http_model_route_is_latest(ngx_str_t *name);

/*
 * Sets vendor, model and name of the route, where name is the vendor's own,
 * known or not.
 */
void ngx_http_model_route_vendor(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name,
    ngx_http_model_route_t *route);

/* 1 when the vendor is one of the location's */
ngx_uint_t ngx_http_model_route_has(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor);

/* 1 when the vendor's expose lets the name be routed, ":latest" implied */
ngx_uint_t ngx_http_model_route_exposed(ngx_http_model_vendor_t *vendor,
    ngx_str_t *name);

/*
 * 1 when the client key's patterns have the model, or where it is NULL the
 * vendor's own name, in one of the forms of its listed name.
 */
ngx_uint_t ngx_http_model_route_allowed(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_http_model_model_t *model,
    ngx_str_t *name);

/* 1 when one of the patterns, an array of ngx_str_t, fits the name */
ngx_uint_t ngx_http_model_route_pattern(ngx_array_t *patterns,
    ngx_str_t *name);


#endif /* _NGX_HTTP_MODEL_ROUTE_H_INCLUDED_ */
