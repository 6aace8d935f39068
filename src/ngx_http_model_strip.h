
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Which bytes of a stream pass when the events of SSE that hold usage and
 * "choices":[], and nothing else, are taken out.  Owns how long a byte has to
 * wait for that.  Pure: constant space, linear time.  Calls observe.
 *
 * An event waits from its first line that is no comment until something in it
 * tells that it is another one, mostly the first choice, or until its blank
 * line.  What goes is the event from that line to its blank line, all of them
 * of that kind, also where a server sends several.  One that is longer than
 * NGX_HTTP_MODEL_STRIP_EVENT is none.  The outcome does not depend on where
 * the stream is cut.
 */


#ifndef _NGX_HTTP_MODEL_STRIP_H_INCLUDED_
#define _NGX_HTTP_MODEL_STRIP_H_INCLUDED_


#include "ngx_http_model_observe.h"


#define NGX_HTTP_MODEL_STRIP_EVENT  8192    /* bytes, with its blank line */

/* bytes that may wait at most */
#define NGX_HTTP_MODEL_STRIP_SIZE   (NGX_HTTP_MODEL_STRIP_EVENT + 2)


/* what becomes of bytes, and of those before them that wait */

#define NGX_HTTP_MODEL_STRIP_PASS   0    /* all go to the client */
#define NGX_HTTP_MODEL_STRIP_HOLD   1    /* they wait, too */
#define NGX_HTTP_MODEL_STRIP_DROP   2    /* all are taken out */


typedef struct {
    size_t      held;          /* bytes that wait */
    ngx_uint_t  fate;          /* of the line before */
    unsigned    inside:1;      /* in a line */
    unsigned    comment:1;     /* which is one */
    unsigned    released:1;    /* the event that is on is another one */
} ngx_http_model_strip_t;


/*
 * Feeds o, which is of SSE and OpenAI's dialect, with a line or a part of one:
 * what stands from p to *end, which is set, and lies before last; p < last.
 * Returns NGX_HTTP_MODEL_STRIP_*.
 */
ngx_uint_t ngx_http_model_strip_line(ngx_http_model_strip_t *s,
    ngx_http_model_observe_t *o, u_char *p, u_char *last, u_char **end);

/*
 * The stream is at its end: what becomes of the bytes that wait, PASS or DROP.
 * An event that lacks no more than its blank line goes, too.
 */
ngx_uint_t ngx_http_model_strip_end(ngx_http_model_strip_t *s,
    ngx_http_model_observe_t *o);


#endif /* _NGX_HTTP_MODEL_STRIP_H_INCLUDED_ */
