
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The request body scanner: checks one JSON document while it arrives and
 * notes where the members that routing needs stand in it.  Pure: bytes in,
 * offsets out.  It calls no nginx function, allocates nothing and may be fed
 * in pieces of any size; the outcome does not depend on where they are cut.
 */


#ifndef _NGX_HTTP_MODEL_SCAN_H_INCLUDED_
#define _NGX_HTTP_MODEL_SCAN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_MODEL_SCAN_KEYS        16     /* tracked paths at most */
#define NGX_HTTP_MODEL_SCAN_LEVELS      8      /* parts of a path at most */
#define NGX_HTTP_MODEL_SCAN_DEPTH       256    /* nesting accepted */
#define NGX_HTTP_MODEL_SCAN_KEY_SIZE    192    /* longer keys match nothing */
#define NGX_HTTP_MODEL_SCAN_VALUE_SIZE  512    /* bytes kept of a string */
#define NGX_HTTP_MODEL_SCAN_NAME_SIZE   256    /* bytes of a routing name */
#define NGX_HTTP_MODEL_SCAN_BLOCK       64     /* bytes looked at together */


/* flags of a key */

#define NGX_HTTP_MODEL_SCAN_NAME        0x01


/* types of a value */

#define NGX_HTTP_MODEL_SCAN_STRING      1
#define NGX_HTTP_MODEL_SCAN_NUMBER      2
#define NGX_HTTP_MODEL_SCAN_TRUE        3
#define NGX_HTTP_MODEL_SCAN_FALSE       4
#define NGX_HTTP_MODEL_SCAN_NULL        5
#define NGX_HTTP_MODEL_SCAN_OBJECT      6
#define NGX_HTTP_MODEL_SCAN_ARRAY       7


/* errors */

#define NGX_HTTP_MODEL_SCAN_OK              0
#define NGX_HTTP_MODEL_SCAN_EMPTY           1  /* no byte but white space */
#define NGX_HTTP_MODEL_SCAN_UNEXPECTED_END  2
#define NGX_HTTP_MODEL_SCAN_BOM             3
#define NGX_HTTP_MODEL_SCAN_ENCODING        4  /* NUL outside strings: UTF-16 */
#define NGX_HTTP_MODEL_SCAN_ROOT            5  /* does not start with "{" */
#define NGX_HTTP_MODEL_SCAN_SYNTAX          6
#define NGX_HTTP_MODEL_SCAN_CONTROL         7  /* raw control in a string */
#define NGX_HTTP_MODEL_SCAN_ESCAPE          8
#define NGX_HTTP_MODEL_SCAN_TOO_DEEP        9
#define NGX_HTTP_MODEL_SCAN_TRAILING        10
#define NGX_HTTP_MODEL_SCAN_DUPLICATE       11
#define NGX_HTTP_MODEL_SCAN_CASE            12
#define NGX_HTTP_MODEL_SCAN_NAME_TYPE       13
#define NGX_HTTP_MODEL_SCAN_NAME_TOO_LONG   14
#define NGX_HTTP_MODEL_SCAN_NAME_CONTROL    15
#define NGX_HTTP_MODEL_SCAN_NAME_UTF8       16 /* also a lone surrogate */


/* block classifiers */

#define NGX_HTTP_MODEL_SCAN_BEST        0
#define NGX_HTTP_MODEL_SCAN_PORTABLE    1
#define NGX_HTTP_MODEL_SCAN_SSE2        2
#define NGX_HTTP_MODEL_SCAN_AVX2        3


/*
 * What is looked for.  Dots in the path nest through objects, never through
 * arrays; a path has at most 255 bytes, a part of it 1 to 64 bytes.  Keys are
 * compared after unescaping, byte by byte.  Paths are distinct.
 *
 * With NGX_HTTP_MODEL_SCAN_NAME the value routes: it is a string of at most
 * 256 bytes of valid UTF-8 without control characters, and its key stands
 * once.  A key that differs only in case counts as the same key and is
 * refused also when it is alone: encoding/json of Go folds case (with U+017F
 * and U+212A, which fold to "s" and "k") and takes the last, other readers
 * are exact.
 */

typedef struct {
    ngx_str_t                        path;
    ngx_uint_t                       flags;
} ngx_http_model_scan_key_t;


/*
 * What was found.  Offsets count from the first byte of the body.  Of several
 * members with the same key the last is reported, with dup set; a repeated
 * parent takes back what was found below the earlier one, also with dup.
 */

typedef struct {
    off_t                            start;      /* first byte of the value */
    off_t                            end;        /* byte after the value */
    off_t                            key_start;  /* opening quote of the key */
    ngx_str_t                        value;      /* decoded, in the scan */
    unsigned                         type:4;
    unsigned                         found:1;
    unsigned                         empty:1;    /* no members or elements */
    unsigned                         truncated:1;
    unsigned                         escaped:1;
    unsigned                         dup:1;
} ngx_http_model_scan_member_t;


/* an object on the way to tracked members, one for each level */

typedef struct {
    uint32_t                         mask;       /* keys that may be here */
    uint16_t                         first[32];  /* by what they begin with */
    ngx_int_t                        open;       /* member being read */
    u_char                           part[NGX_HTTP_MODEL_SCAN_KEYS];
} ngx_http_model_scan_frame_t;


typedef struct {
    u_char                          *data;
    size_t                           len;
    size_t                           size;
    off_t                            start;
    uint32_t                         code;
    uint32_t                         high;       /* surrogate waiting */
    ngx_uint_t                       digits;     /* of \u still to come */
    unsigned                         target:2;
    unsigned                         escape:1;
    unsigned                         escaped:1;  /* has had a backslash */
    unsigned                         full:1;
    unsigned                         lone:1;     /* has had half a pair */
} ngx_http_model_scan_string_t;


typedef struct ngx_http_model_scan_s        ngx_http_model_scan_t;
typedef struct ngx_http_model_scan_block_s  ngx_http_model_scan_block_t;


struct ngx_http_model_scan_s {
    /* results */

    ngx_uint_t                       error;
    off_t                            error_offset;
    ngx_int_t                        error_key;  /* index of key, or -1 */
    off_t                            root_start;
    unsigned                         root_empty:1;

    /* state */

    unsigned                         pending:1;  /* key matched, no value */

    const ngx_http_model_scan_block_t  *block;
    const ngx_http_model_scan_key_t    *keys;
    ngx_uint_t                       nkeys;

    off_t                            offset;     /* of the next block */
    uint64_t                         in_string;  /* all ones or zero */
    uint64_t                         text;       /* and nobody keeps it */
    uint64_t                         escape;     /* bit 0: next is escaped */
    uint64_t                         hex;        /* digits due, a bit each */
    ngx_uint_t                       scalar;     /* state inside a scalar */
    ngx_uint_t                       state;
    ngx_uint_t                       depth;
    ngx_uint_t                       low;
    ngx_uint_t                       level;      /* of tracked objects */
    ngx_int_t                        member;
    ngx_int_t                        open_scalar;
    uint32_t                         nested;
    uint32_t                         seen;
    uint32_t                         variant;
    ngx_uint_t                       variant_key;
    off_t                            variant_start;
    off_t                            key_start;
    size_t                           key_len;

    ngx_http_model_scan_string_t     string;
    size_t                           ntail;

    /* left as it is by init */

    ngx_http_model_scan_frame_t      frames[NGX_HTTP_MODEL_SCAN_LEVELS + 1];
    u_char                           tail[NGX_HTTP_MODEL_SCAN_BLOCK];
    u_char                           types[NGX_HTTP_MODEL_SCAN_DEPTH + 4];
    u_char                           key[NGX_HTTP_MODEL_SCAN_KEY_SIZE];

    ngx_http_model_scan_member_t     members[NGX_HTTP_MODEL_SCAN_KEYS];
    u_char                           values[NGX_HTTP_MODEL_SCAN_KEYS]
                                           [NGX_HTTP_MODEL_SCAN_VALUE_SIZE];
};


/* bytes that a scan of n keys needs: the value buffers stand last */

#define ngx_http_model_scan_size(n)                                           \
    (offsetof(ngx_http_model_scan_t, values)                                  \
     + (n) * NGX_HTTP_MODEL_SCAN_VALUE_SIZE)


/*
 * Starts a scan.  The keys, at most NGX_HTTP_MODEL_SCAN_KEYS of them, belong
 * to the caller and must outlive it; members[i] is what keys[i] found.
 */
void ngx_http_model_scan_init(ngx_http_model_scan_t *scan,
    const ngx_http_model_scan_key_t *keys, ngx_uint_t nkeys);

/*
 * Chooses a block classifier other than the fastest, for tests; before the
 * first feed.  NGX_DECLINED where this machine has none of that kind.
 */
ngx_int_t ngx_http_model_scan_use(ngx_http_model_scan_t *scan,
    ngx_uint_t block);

/*
 * Takes the next bytes of the body; they need not outlive the call.  Up to 63
 * bytes wait for the next call.  NGX_OK, or NGX_ERROR with scan->error,
 * scan->error_offset and where it concerns a key scan->error_key set; after
 * an error further calls do nothing and repeat it.
 */
ngx_int_t ngx_http_model_scan_feed(ngx_http_model_scan_t *scan, u_char *p,
    size_t len);

/*
 * The body has ended.  NGX_OK: one whole JSON object was read, members are
 * valid.  NGX_ERROR as above; then members mean nothing.
 */
ngx_int_t ngx_http_model_scan_finish(ngx_http_model_scan_t *scan);

/*
 * Checks a routing name: NGX_HTTP_MODEL_SCAN_OK, _NAME_CONTROL for C0, DEL or
 * C1 controls, or _NAME_UTF8.
 */
ngx_uint_t ngx_http_model_scan_name(u_char *p, size_t len);

/* the error as a lower-case phrase, in static memory */
const char *ngx_http_model_scan_strerror(ngx_uint_t error);


#endif /* _NGX_HTTP_MODEL_SCAN_H_INCLUDED_ */
