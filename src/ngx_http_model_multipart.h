
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The scanner of multipart/form-data bodies (RFC 7578, RFC 2046): finds the
 * field "model" while the body arrives, whatever stands before or after it.
 * Pure: bytes in, offsets out; it allocates nothing and may be fed in pieces
 * of any size.  It may call the name check of the JSON scanner.
 *
 * Form parsers disagree on everything that is out of the ordinary, so that is
 * refused: a preamble, an epilogue, padding after a boundary, folded or
 * broken part headers, other dispositions than form-data, and any name that
 * some parser could read as "model" without being it.
 */


#ifndef _NGX_HTTP_MODEL_MULTIPART_H_INCLUDED_
#define _NGX_HTTP_MODEL_MULTIPART_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_MODEL_MULTIPART_BOUNDARY_SIZE  70    /* RFC 2046, 5.1.1 */
#define NGX_HTTP_MODEL_MULTIPART_HEAD_SIZE      8192  /* headers of a part */
#define NGX_HTTP_MODEL_MULTIPART_VALUE_SIZE     256   /* bytes of a name */


/* errors */

#define NGX_HTTP_MODEL_MULTIPART_OK             0
#define NGX_HTTP_MODEL_MULTIPART_BOUNDARY       1  /* in Content-Type */
#define NGX_HTTP_MODEL_MULTIPART_EMPTY          2
#define NGX_HTTP_MODEL_MULTIPART_START          3  /* not with a boundary */
#define NGX_HTTP_MODEL_MULTIPART_DELIMITER      4  /* bytes after a boundary */
#define NGX_HTTP_MODEL_MULTIPART_END            5  /* no final boundary */
#define NGX_HTTP_MODEL_MULTIPART_TRAILING       6
#define NGX_HTTP_MODEL_MULTIPART_HEAD           7  /* broken part header */
#define NGX_HTTP_MODEL_MULTIPART_HEAD_TOO_LONG  8
#define NGX_HTTP_MODEL_MULTIPART_DISPOSITION    9
#define NGX_HTTP_MODEL_MULTIPART_DUPLICATE      10
#define NGX_HTTP_MODEL_MULTIPART_VARIANT        11 /* "Model", name*= ... */
#define NGX_HTTP_MODEL_MULTIPART_FILE           12 /* "model" is a file */
#define NGX_HTTP_MODEL_MULTIPART_ENCODING       13 /* of the field "model" */
#define NGX_HTTP_MODEL_MULTIPART_TOO_LONG       14
#define NGX_HTTP_MODEL_MULTIPART_CONTROL        15
#define NGX_HTTP_MODEL_MULTIPART_UTF8           16
#define NGX_HTTP_MODEL_MULTIPART_TYPE           17 /* no multipart/form-data */


typedef struct {
    /* results */

    ngx_uint_t    error;
    off_t         error_offset;
    off_t         start;               /* first byte of the value */
    off_t         end;                 /* byte after the value */
    ngx_str_t     value;               /* in this structure */
    unsigned      found:1;

    /* state */

    unsigned      model:1;             /* in the part that is "model" */
    unsigned      disposition:1;       /* this part has had the header */
    unsigned      named:1;             /* its name is exactly "model" */
    unsigned      variant:1;           /* or could be taken for it */
    unsigned      file:1;              /* it has a file name */
    unsigned      encoded:1;           /* not as it is */

    ngx_uint_t    state;
    off_t         offset;              /* of the next byte */
    off_t         head;                /* of the part's headers */
    size_t        matched;             /* bytes of the delimiter */
    size_t        size;                /* of the delimiter */
    size_t        head_len;
    size_t        line_len;
    u_char        last;                /* byte after the boundary */

    u_char        delimiter[NGX_HTTP_MODEL_MULTIPART_BOUNDARY_SIZE + 4];
    u_char        text[NGX_HTTP_MODEL_MULTIPART_VALUE_SIZE];
    u_char        line[NGX_HTTP_MODEL_MULTIPART_HEAD_SIZE];
} ngx_http_model_multipart_t;


/*
 * Starts a scan from the value of the Content-Type header.  NGX_OK,
 * NGX_DECLINED where that is not multipart/form-data, or NGX_ERROR where the
 * boundary is missing, given twice, or not valid; then with m->error set.
 */
ngx_int_t ngx_http_model_multipart_init(ngx_http_model_multipart_t *m,
    ngx_str_t *type);

/*
 * Takes the next bytes of the body; they need not outlive the call.  NGX_OK,
 * or NGX_ERROR with m->error and m->error_offset set; after an error further
 * calls do nothing and repeat it.
 */
ngx_int_t ngx_http_model_multipart_feed(ngx_http_model_multipart_t *m,
    u_char *p, size_t len);

/*
 * The body has ended.  NGX_OK: the form is whole; m->found tells whether it
 * has the field, m->value is its text, valid UTF-8 without control characters
 * and possibly empty.  NGX_ERROR as above.
 */
ngx_int_t ngx_http_model_multipart_finish(ngx_http_model_multipart_t *m);

/* the error as a lower-case phrase, in static memory */
const char *ngx_http_model_multipart_strerror(ngx_uint_t error);


#endif /* _NGX_HTTP_MODEL_MULTIPART_H_INCLUDED_ */
