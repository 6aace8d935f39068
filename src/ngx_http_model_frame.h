
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Follows the bytes of an answer, cut anywhere, and tells of the members that
 * matter: where they stand, what they hold.  Owns the frames and the JSON in
 * them; what a member means is known to the handlers, ending and observe.
 * Pure: constant space, linear time, no byte is changed.  Calls nothing.
 *
 * A frame is an event of SSE, with the documents in its data, a line of
 * NDJSON, or a document of its own.  WHATWG HTML, 9.2: LF, CRLF and CR end a
 * line, a byte-order mark may come first, a blank after the colon is
 * optional, several lines of data are one.
 */


#ifndef _NGX_HTTP_MODEL_FRAME_H_INCLUDED_
#define _NGX_HTTP_MODEL_FRAME_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* framings */

#define NGX_HTTP_MODEL_FRAME_NONE      0    /* bytes are only counted */
#define NGX_HTTP_MODEL_FRAME_SSE       1
#define NGX_HTTP_MODEL_FRAME_NDJSON    2
#define NGX_HTTP_MODEL_FRAME_JSON      3    /* a document of any length */

#define NGX_HTTP_MODEL_FRAME_TEXT      128  /* more than any word has */
#define NGX_HTTP_MODEL_FRAME_DEPTH     7    /* containers that paths tell of */


/* members; those from NGX_HTTP_MODEL_M_KNOWN on are told of */

enum {
    NGX_HTTP_MODEL_M_NONE = 0,
    NGX_HTTP_MODEL_M_FIRST,        /* of an array */
    NGX_HTTP_MODEL_M_OTHER,
    NGX_HTTP_MODEL_M_ROOT,
    NGX_HTTP_MODEL_M_KNOWN,

    NGX_HTTP_MODEL_M_ARGUMENTS = NGX_HTTP_MODEL_M_KNOWN,
    NGX_HTTP_MODEL_M_AUDIO,
    NGX_HTTP_MODEL_M_B64_JSON,
    NGX_HTTP_MODEL_M_CACHED,
    NGX_HTTP_MODEL_M_CACHE_CREATION,
    NGX_HTTP_MODEL_M_CACHE_READ,
    NGX_HTTP_MODEL_M_CACHE_WRITE,
    NGX_HTTP_MODEL_M_CHOICES,
    NGX_HTTP_MODEL_M_COMPLETION,
    NGX_HTTP_MODEL_M_COMPLETION_DETAILS,
    NGX_HTTP_MODEL_M_CONTENT,
    NGX_HTTP_MODEL_M_CONTENT_BLOCK,
    NGX_HTTP_MODEL_M_DATA,
    NGX_HTTP_MODEL_M_DELTA,
    NGX_HTTP_MODEL_M_DONE,
    NGX_HTTP_MODEL_M_DONE_REASON,
    NGX_HTTP_MODEL_M_ERROR,
    NGX_HTTP_MODEL_M_EVAL_COUNT,
    NGX_HTTP_MODEL_M_EVAL_DURATION,
    NGX_HTTP_MODEL_M_FINISH_REASON,
    NGX_HTTP_MODEL_M_FUNCTION_CALL,
    NGX_HTTP_MODEL_M_INCOMPLETE,
    NGX_HTTP_MODEL_M_INPUT,
    NGX_HTTP_MODEL_M_INPUT_DETAILS,
    NGX_HTTP_MODEL_M_LOAD_DURATION,
    NGX_HTTP_MODEL_M_MESSAGE,
    NGX_HTTP_MODEL_M_MODEL,
    NGX_HTTP_MODEL_M_NAME,
    NGX_HTTP_MODEL_M_OBJECT,
    NGX_HTTP_MODEL_M_OUTPUT,
    NGX_HTTP_MODEL_M_OUTPUT_DETAILS,
    NGX_HTTP_MODEL_M_OUTPUT_TOKENS,
    NGX_HTTP_MODEL_M_PARTIAL_JSON,
    NGX_HTTP_MODEL_M_PROMPT,
    NGX_HTTP_MODEL_M_PROMPT_DETAILS,
    NGX_HTTP_MODEL_M_PROMPT_EVAL,
    NGX_HTTP_MODEL_M_PROMPT_DURATION,
    NGX_HTTP_MODEL_M_REASON,
    NGX_HTTP_MODEL_M_REASONING,
    NGX_HTTP_MODEL_M_REASONING_CONTENT,
    NGX_HTTP_MODEL_M_REASONING_TOKENS,
    NGX_HTTP_MODEL_M_REFUSAL,
    NGX_HTTP_MODEL_M_RESPONSE,
    NGX_HTTP_MODEL_M_SEQUENCE,
    NGX_HTTP_MODEL_M_STATUS,
    NGX_HTTP_MODEL_M_STOP_REASON,
    NGX_HTTP_MODEL_M_TEXT,
    NGX_HTTP_MODEL_M_THINKING,
    NGX_HTTP_MODEL_M_TOOL_CALLS,
    NGX_HTTP_MODEL_M_TOTAL,
    NGX_HTTP_MODEL_M_TOTAL_DURATION,
    NGX_HTTP_MODEL_M_TRANSCRIPT,
    NGX_HTTP_MODEL_M_TYPE,
    NGX_HTTP_MODEL_M_USAGE
};


/*
 * The path of a value: one byte for each container around it, the outermost
 * (M_ROOT) highest, and one for its own member.  That of a container is the
 * member which it is the value of, M_NONE in arrays, and M_ARRAY when it is
 * an array.  Where more containers are around it, only the last byte counts.
 */

#define NGX_HTTP_MODEL_M_ARRAY         0x80
#define NGX_HTTP_MODEL_M_DEEP          0x7f

#define NGX_HTTP_MODEL_FRAME_TOP       ((uint64_t) NGX_HTTP_MODEL_M_ROOT)

/* of a member of the object at path; of an element of such an array */

#define ngx_http_model_frame_in(path, m)                                      \
    ((path) << 8 | (m))

#define ngx_http_model_frame_each(path, m)                                    \
    (((path) << 8 | (m) | NGX_HTTP_MODEL_M_ARRAY) << 8 | NGX_HTTP_MODEL_M_NONE)


/* what a handler is told */

enum {
    NGX_HTTP_MODEL_FRAME_STRING = 0,   /* text: as written, uncut or at least
                                          NGX_HTTP_MODEL_FRAME_TEXT bytes */
    NGX_HTTP_MODEL_FRAME_NUMBER,       /* number */
    NGX_HTTP_MODEL_FRAME_LITERAL,      /* text: the first byte: t, f, n */
    NGX_HTTP_MODEL_FRAME_OBJECT,       /* it begins */
    NGX_HTTP_MODEL_FRAME_ARRAY,        /* it begins */
    NGX_HTTP_MODEL_FRAME_EMPTY,        /* an array ended with nothing in it */
    NGX_HTTP_MODEL_FRAME_DOCUMENT,     /* an object or array is whole */
    NGX_HTTP_MODEL_FRAME_EVENT,        /* text: of a line "event:" */
    NGX_HTTP_MODEL_FRAME_DONE,         /* data: [DONE] */
    NGX_HTTP_MODEL_FRAME_END           /* an event ended, start and end are
                                          set; it had a line at least */
};


typedef struct ngx_http_model_frame_s  ngx_http_model_frame_t;

/* text is valid only during the call */
typedef void (*ngx_http_model_frame_handler_pt)(ngx_http_model_frame_t *f,
    ngx_uint_t what, uint64_t path, ngx_str_t *text);


struct ngx_http_model_frame_s {
    ngx_http_model_frame_handler_pt  handler;

    uint64_t      offset;         /* bytes fed */
    uint64_t      begin;          /* of the event that is on */
    uint64_t      start;          /* of the event that ended last: offsets of */
    uint64_t      end;            /* its first byte and of that behind it */

    uint64_t      depth;          /* open brackets of the document */
    uint64_t      path;           /* of them */
    int64_t       number;         /* not negative, its fraction cut */

    unsigned      framing:2;
    unsigned      first:1;        /* in the first line */
    unsigned      cr:1;           /* the last byte ended a line so */
    unsigned      lines:1;        /* the event has some */
    unsigned      data:1;         /* of which one is data */
    unsigned      broken:1;       /* the data of this event is no JSON */
    unsigned      string:1;       /* in a string */
    unsigned      escape:1;       /* its next byte is escaped */
    unsigned      open:2;         /* newlines that are lacking */

    u_char        marks;          /* the handlers' own; 0 before a document */
    u_char        digits;         /* part of a number, or 0 */
    u_char        line;           /* what the line is */
    u_char        key;            /* string that may be the name of a member */
    u_char        member;         /* whose value comes */
    u_char        len;            /* of text */
    u_char        text[NGX_HTTP_MODEL_FRAME_TEXT];
};


/* the handler gets f, which may be the first member of more */
void ngx_http_model_frame_init(ngx_http_model_frame_t *f, ngx_uint_t framing,
    ngx_http_model_frame_handler_pt handler);

/* the next bytes of the answer; they need not outlive it */
void ngx_http_model_frame_feed(ngx_http_model_frame_t *f, u_char *p,
    size_t len);

/* NGX_HTTP_MODEL_M_* of a name as it is written, M_NONE for all others */
ngx_uint_t ngx_http_model_frame_member(u_char *p, size_t len);


#endif /* _NGX_HTTP_MODEL_FRAME_H_INCLUDED_ */
