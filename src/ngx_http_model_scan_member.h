
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What the halves of the body scanner share: scan.c, which checks blocks and
 * the sequence of tokens, and scan_member.c, which follows tracked keys,
 * keeps their values and checks routing names.  Private to these two.
 */


#ifndef _NGX_HTTP_MODEL_SCAN_MEMBER_H_INCLUDED_
#define _NGX_HTTP_MODEL_SCAN_MEMBER_H_INCLUDED_


#include "ngx_http_model_scan.h"


#define NGX_HTTP_MODEL_SCAN_NONE  -1


/* kinds of token, times two; bit 1 of a bracket tells objects from arrays */

#define NGX_HTTP_MODEL_SCAN_K_SCALAR        0
#define NGX_HTTP_MODEL_SCAN_K_STRING        2
#define NGX_HTTP_MODEL_SCAN_K_COLON         4
#define NGX_HTTP_MODEL_SCAN_K_COMMA         6
#define NGX_HTTP_MODEL_SCAN_K_ARRAY         8
#define NGX_HTTP_MODEL_SCAN_K_OBJECT        10
#define NGX_HTTP_MODEL_SCAN_K_ARRAY_END     12
#define NGX_HTTP_MODEL_SCAN_K_OBJECT_END    14


/* states, times the length of a table row: what may come next */

#define NGX_HTTP_MODEL_SCAN_S_ERROR         0x00
#define NGX_HTTP_MODEL_SCAN_S_START         0x10
#define NGX_HTTP_MODEL_SCAN_S_END           0x20
#define NGX_HTTP_MODEL_SCAN_S_OBJECT        0x30  /* key or } */
#define NGX_HTTP_MODEL_SCAN_S_KEY           0x40  /* key */
#define NGX_HTTP_MODEL_SCAN_S_COLON         0x50
#define NGX_HTTP_MODEL_SCAN_S_MEMBER        0x60  /* value in an object */
#define NGX_HTTP_MODEL_SCAN_S_OBJECT_NEXT   0x70  /* , or } */
#define NGX_HTTP_MODEL_SCAN_S_ARRAY         0x80  /* value or ] */
#define NGX_HTTP_MODEL_SCAN_S_ELEMENT       0x90  /* value in an array */
#define NGX_HTTP_MODEL_SCAN_S_ARRAY_NEXT    0xa0  /* , or ] */


/* a block or the rest of one; bit n of a mask stands for byte n */

typedef struct {
    u_char                          *p;
    ngx_uint_t                       size;
    off_t                            offset;
    uint64_t                         quote;       /* those not escaped */
    uint64_t                         backslash;
    uint64_t                         scalar;
    uint64_t                         bad;         /* wrong inside strings */
} ngx_http_model_scan_view_t;


/* the first bit that is set; m is not 0 */

static ngx_inline ngx_uint_t
ngx_http_model_scan_bit(uint64_t m)
{
    return (unsigned) __builtin_ctzll(m);
}


/* how many bits from the first one on are set */

static ngx_inline ngx_uint_t
ngx_http_model_scan_run(uint64_t m)
{
    return (~m == 0) ? 64 : ngx_http_model_scan_bit(~m);
}


/* the bits below the first one that is set, all if there is none */

static ngx_inline uint64_t
ngx_http_model_scan_before(uint64_t m)
{
    return (m & (0 - m)) - 1;
}


/*
 * Takes token i of the block, of the given kind, which led from state prev to
 * scan->state: one directly in a tracked object, at the end of one, or out of
 * bounds.  NGX_OK, or NGX_ERROR with the error set.
 */
ngx_int_t ngx_http_model_scan_event(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, ngx_uint_t i, ngx_uint_t kind,
    ngx_uint_t prev);

/*
 * Goes on with the string that is being kept, from the first byte of v.  NGX_OK
 * also where it has a wrong byte: that is for the caller to refuse.
 */
ngx_int_t ngx_http_model_scan_continue(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v);

/* sets the error, key is an index or -1; returns NGX_ERROR */
ngx_int_t ngx_http_model_scan_error(ngx_http_model_scan_t *scan,
    ngx_uint_t error, off_t offset, ngx_int_t key);


/* after a backslash: the byte meant, 0 for \u and what is not JSON */

extern const u_char  ngx_http_model_scan_unescape[256];

/* the value of a hexadecimal digit plus one, 0 for other bytes */

extern const u_char  ngx_http_model_scan_hex[256];


#endif /* _NGX_HTTP_MODEL_SCAN_MEMBER_H_INCLUDED_ */
