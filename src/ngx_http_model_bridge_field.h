
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Which members a request has in an API, and what becomes of each towards a
 * server of another dialect.  Owns the walk over a document's members by such
 * a table; the tables are their readers'.  The same tables are printed into
 * docs/bridges.md.  Pure.
 */


#ifndef _NGX_HTTP_MODEL_BRIDGE_FIELD_H_INCLUDED_
#define _NGX_HTTP_MODEL_BRIDGE_FIELD_H_INCLUDED_


#include "ngx_http_model_bridge.h"


/* what becomes of a member */

#define NGX_HTTP_MODEL_FIELD_MAP     0   /* its reader takes it */
#define NGX_HTTP_MODEL_FIELD_DROP    1   /* it can do no harm that it is not
                                            there */
#define NGX_HTTP_MODEL_FIELD_REFUSE  2   /* 400, unless it asks for nothing:
                                            null, false, "", [], {}, or its
                                            reader says so by NGX_OK; a reader
                                            says NGX_DECLINED without a text of
                                            its own for the usual one */
#define NGX_HTTP_MODEL_FIELD_PASS    3   /* goes on as it is */
#define NGX_HTTP_MODEL_FIELD_SAME    4   /* servers of the dialect have it: no
                                            bridge */


/* data: what the table describes, of its reader */

typedef ngx_int_t (*ngx_http_model_field_pt)(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);


typedef struct {
    const char                       *name;
    ngx_http_model_field_pt           read;   /* or NULL */
    u_char                            to[NGX_HTTP_MODEL_NDIALECTS];
    const char                       *note;   /* for docs and refusals: "becomes
                                                 x", "nothing like it there" */
} ngx_http_model_field_t;


typedef struct {
    const char                       *title;    /* of docs: "options" */
    const char                       *prefix;   /* of texts: "options." */
    const ngx_http_model_field_t     *fields;   /* to the one without a name */
} ngx_http_model_field_table_t;


/*
 * Reads an object's members by a table.  null counts as absent.  A member that
 * is given twice is refused; one that is not in the table is kept in *extra,
 * to be passed on (extra NULL: it is refused).
 */
ngx_int_t ngx_http_model_bridge_fields(ngx_http_model_bridge_t *b,
    const ngx_http_model_field_table_t *table, ngx_http_model_json_t *object,
    void *data, ngx_array_t **extra);

/* members of extra as members of the object that is open */
void ngx_http_model_bridge_extra(ngx_http_model_json_writer_t *w,
    ngx_array_t *extra);

/* the usual readers' checks: NGX_DECLINED with a text when it is another */
ngx_int_t ngx_http_model_bridge_is(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_uint_t type, const char *what);


#endif /* _NGX_HTTP_MODEL_BRIDGE_FIELD_H_INCLUDED_ */
