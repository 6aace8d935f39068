
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * JSON documents other than request bodies on the hot path: yajl, wrapped for
 * nginx pools.  Owns the tree and the writer; calls yajl and ngx_palloc only.
 * Documents are given whole: yajl fed in pieces is quadratic on long strings.
 */


#ifndef _NGX_HTTP_MODEL_JSON_H_INCLUDED_
#define _NGX_HTTP_MODEL_JSON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_MODEL_JSON_NULL    0
#define NGX_HTTP_MODEL_JSON_BOOL    1
#define NGX_HTTP_MODEL_JSON_NUMBER  2
#define NGX_HTTP_MODEL_JSON_STRING  3
#define NGX_HTTP_MODEL_JSON_ARRAY   4
#define NGX_HTTP_MODEL_JSON_OBJECT  5


typedef struct ngx_http_model_json_s  ngx_http_model_json_t;

struct ngx_http_model_json_s {
    ngx_uint_t               type;
    ngx_str_t                key;     /* in objects; decoded UTF-8 */
    ngx_str_t                value;   /* string decoded; number as written;
                                         bool: len 1 is true, 0 is false */
    ngx_http_model_json_t   *child;   /* first member or element */
    ngx_http_model_json_t   *next;    /* next sibling, document order */
};


typedef struct ngx_http_model_json_writer_s  ngx_http_model_json_writer_t;


/*
 * Length of the UTF-8 character at p (p < last), 0 when it is not valid:
 * overlong forms, surrogates and what is above U+10FFFF are not.
 */
size_t ngx_http_model_json_utf8(u_char *p, u_char *last);

/*
 * Parses one whole document.  Takes memory from pool, copies what it keeps.
 * Returns the root; NULL with *err set to a one-line static or pool text when
 * it is not one JSON document of depth <= 128, or memory ran out.  Refused
 * are also invalid UTF-8 and halves of surrogate pairs, so every decoded
 * string is valid UTF-8.
 */
ngx_http_model_json_t *ngx_http_model_json_parse(ngx_pool_t *pool,
    u_char *p, size_t len, ngx_str_t *err);

/*
 * The same, other than: strings without escapes are slices of p, which must
 * outlive the tree.  With lenient, halves of surrogate pairs and bytes that
 * are not UTF-8 become U+FFFD or stay as they are, rather than refused: the
 * writer makes them U+FFFD.  Without, a document has at most 512k values.
 */
ngx_http_model_json_t *ngx_http_model_json_slices(ngx_pool_t *pool,
    u_char *p, size_t len, ngx_uint_t lenient, ngx_str_t *err);

/*
 * A copy of a value that outlives the document it is of, without what follows
 * it; *size grows by the memory that it takes.  NULL without memory.
 */
ngx_http_model_json_t *ngx_http_model_json_dup(ngx_pool_t *pool,
    ngx_http_model_json_t *json, size_t *size);

/* member of an object by exact key (the last one wins), or NULL */
ngx_http_model_json_t *ngx_http_model_json_get(ngx_http_model_json_t *json,
    const char *key);

/* member that is a string: NGX_OK and *value, else NGX_DECLINED, value empty */
ngx_int_t ngx_http_model_json_get_str(ngx_http_model_json_t *json,
    const char *key, ngx_str_t *value);

/* member that is a non-negative integer (1e3 and 3.0 count), else -1 */
int64_t ngx_http_model_json_get_int(ngx_http_model_json_t *json,
    const char *key);


/*
 * The writer: memory from pool; after a failure every call is a no-op and
 * finish returns NGX_ERROR, so callers check once (a NULL writer counts as
 * failed).  The document comes out valid UTF-8 (bad bytes become U+FFFD), on
 * one line, U+0085, U+2028, U+2029 escaped.  At most 127 containers nest.
 */
ngx_http_model_json_writer_t *ngx_http_model_json_writer(ngx_pool_t *pool);

void ngx_http_model_json_object(ngx_http_model_json_writer_t *w);
void ngx_http_model_json_object_end(ngx_http_model_json_writer_t *w);
void ngx_http_model_json_array(ngx_http_model_json_writer_t *w);
void ngx_http_model_json_array_end(ngx_http_model_json_writer_t *w);
void ngx_http_model_json_key(ngx_http_model_json_writer_t *w, const char *key);
void ngx_http_model_json_key_str(ngx_http_model_json_writer_t *w,
    ngx_str_t *key);
void ngx_http_model_json_str(ngx_http_model_json_writer_t *w, ngx_str_t *s);
void ngx_http_model_json_cstr(ngx_http_model_json_writer_t *w, const char *s);
void ngx_http_model_json_int(ngx_http_model_json_writer_t *w, int64_t n);
void ngx_http_model_json_bool(ngx_http_model_json_writer_t *w, ngx_uint_t b);
void ngx_http_model_json_null(ngx_http_model_json_writer_t *w);

/* one string of two; s can be a slice as if it were written by str */
void ngx_http_model_json_str2(ngx_http_model_json_writer_t *w,
    ngx_str_t *prefix, ngx_str_t *s);

/* raw: text that is already one JSON value (a number as written, a document) */
void ngx_http_model_json_raw(ngx_http_model_json_writer_t *w, ngx_str_t *s);

/*
 * Writes a parsed tree again, without its key; NULL is null.  A container
 * past the depth limit comes out as null: an odd model costs no listing.
 */
void ngx_http_model_json_tree(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json);

/* the document, in memory of the pool; the writer is not used after it */
ngx_int_t ngx_http_model_json_finish(ngx_http_model_json_writer_t *w,
    ngx_str_t *out);

/*
 * The document in pieces, ngx_str_t, in order: strings of 8 KB and more that
 * were written by str, raw or tree and need no escapes are slices of what was
 * given, which must outlive them; else as finish.
 */
ngx_int_t ngx_http_model_json_finish_pieces(ngx_http_model_json_writer_t *w,
    ngx_array_t **pieces);

/* before the first value: pieces will be asked for */
void ngx_http_model_json_sliced(ngx_http_model_json_writer_t *w);


#endif /* _NGX_HTTP_MODEL_JSON_H_INCLUDED_ */
