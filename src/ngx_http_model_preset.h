
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * "default" and "force" of a vendor: which edits put their values into a
 * request body.  Pure: bytes in, edits out, memory from a pool; calls json.
 *
 * default puts its value where no member has the name: an explicit null
 * stays, and so does a parent that is not an object.  force also replaces
 * what is there, each member that some server may take for the named one:
 * repeated keys, and keys that differ in case only, as encoding/json of Go
 * folds it (U+017F is "s", U+212A is "k").
 */


#ifndef _NGX_HTTP_MODEL_PRESET_H_INCLUDED_
#define _NGX_HTTP_MODEL_PRESET_H_INCLUDED_


#include "ngx_http_model_edit.h"
#include "ngx_http_model_vendor.h"


#define NGX_HTTP_MODEL_PRESET_DEPTH  8    /* parts of a path at most */


/*
 * Checks path and value of one preset; pool is for the moment.  Returns what
 * is wrong, in static memory, or NULL.
 */
const char *ngx_http_model_preset_check(ngx_pool_t *pool, ngx_str_t *path,
    ngx_str_t *value);

/*
 * Checks a path against the presets (ngx_http_model_preset_t) that are there:
 * none may have the same path, in whatever case, or lead through the other.
 * Returns as above.
 */
const char *ngx_http_model_preset_conflict(ngx_array_t *presets,
    ngx_str_t *path);

/*
 * Adds the edits of presets, both checked, to the *n edits of the same body
 * (ascending; NULL for none) and puts the ascending whole into *edits and *n.
 * A member that one of those inserts right after the "{" of an object is
 * taken into account.  body is a document that the scanner accepted; texts
 * do not point into it.
 * NGX_OK; NGX_DECLINED: the body is not an object; NGX_ERROR: memory, or
 * edits overlap.
 */
ngx_int_t ngx_http_model_preset_plan(ngx_pool_t *pool, ngx_array_t *presets,
    u_char *body, size_t len, ngx_http_model_edit_t **edits, ngx_uint_t *n);


#endif /* _NGX_HTTP_MODEL_PRESET_H_INCLUDED_ */
