/* unit: src/ngx_http_model_ending.c src/ngx_http_model_frame.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The first byte is the framing, the second the size of the pieces, the rest
 * a stream.  Whole and in pieces it comes out the same.  A slow reader, which
 * splits the stream into lines and events first and has each document parsed
 * as a whole, must see the same end where all documents are valid and no
 * escape writes a letter.  An error that is appended is seen by both.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_ending.h"
#include "ngx_http_model_json.h"


#define SSE     NGX_HTTP_MODEL_FRAME_SSE
#define NDJSON  NGX_HTTP_MODEL_FRAME_NDJSON


typedef struct {
    ngx_pool_t  *pool;
    ngx_uint_t   framing;
    ngx_uint_t   finished;
    ngx_uint_t   unsure;     /* had what is no JSON */
    ngx_uint_t   data;       /* the event has some */
    ngx_str_t    document;   /* of the lines of data so far */
} slow_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(ngx_http_model_ending_t *e, const u_char *data, size_t size,
    size_t piece);
static void append(ngx_pool_t *pool, ngx_http_model_ending_t *e,
    ngx_uint_t n, const uint8_t *data, size_t size);
static void slow(slow_t *s, const uint8_t *data, size_t size);
static void slow_line(slow_t *s, ngx_str_t line);
static void slow_document(slow_t *s);
static ngx_uint_t repeated(ngx_http_model_json_t *json);
static ngx_uint_t finish(ngx_http_model_json_t *json);
static ngx_uint_t is_final(ngx_str_t *s);
static ngx_uint_t newlines(ngx_uint_t framing, const uint8_t *data,
    size_t size);
static ngx_uint_t starts(ngx_str_t *s, const char *with);
static void must(ngx_uint_t good);


static ngx_log_t        test_log;
static ngx_open_file_t  test_log_file;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slow_t                   s;
    ngx_uint_t               n;
    ngx_pool_t              *pool;
    ngx_http_model_ending_t  whole, cut;

    if (ngx_pagesize == 0) {
        ngx_pagesize = getpagesize();
        ngx_time_init();

        test_log_file.fd = ngx_stderr;
        test_log.file = &test_log_file;
        test_log.log_level = NGX_LOG_EMERG;
    }

    if (size < 2) {
        return 0;
    }

    pool = ngx_create_pool(4096, &test_log);
    must(pool != NULL);

    ngx_memzero(&s, sizeof(slow_t));
    s.pool = pool;
    s.framing = (data[0] & 1) ? SSE : NDJSON;

    n = data[0] >> 1;

    ngx_memset(&whole, 0x5a, sizeof(whole));
    ngx_http_model_ending_init(&whole, s.framing);
    ngx_http_model_ending_init(&cut, s.framing);

    feed(&whole, data + 2, size - 2, size);
    feed(&cut, data + 2, size - 2, data[1] + 1);

    must(whole.finished == cut.finished);
    must(whole.sequence == cut.sequence);
    must(ngx_http_model_ending_open(&whole)
         == ngx_http_model_ending_open(&cut));
    must(ngx_http_model_ending_open(&whole)
         == newlines(s.framing, data + 2, size - 2));

    slow(&s, data + 2, size - 2);

    must(s.unsure || ngx_http_model_ending_finished(&whole) == s.finished);

    append(pool, &whole, n, data + 2, size - 2);

    ngx_destroy_pool(pool);

    return 0;
}


static void
feed(ngx_http_model_ending_t *e, const u_char *data, size_t size, size_t piece)
{
    size_t   n;
    u_char  *copy;

    for ( /* void */ ; size; data += n, size -= n) {
        n = ngx_min(piece, size);

        /* a block of its own shows what is overread */

        copy = malloc(n);
        must(copy != NULL);
        ngx_memcpy(copy, data, n);

        ngx_http_model_ending_feed(e, copy, n);

        free(copy);
    }
}


static void
append(ngx_pool_t *pool, ngx_http_model_ending_t *e, ngx_uint_t n,
    const uint8_t *data, size_t size)
{
    slow_t      s;
    u_char     *p;
    ngx_str_t   message, out;
    ngx_uint_t  open;

    message.data = (u_char *) data;
    message.len = ngx_min(size, 64);

    must(ngx_http_model_ending_frame(pool, e, n % NGX_HTTP_MODEL_NDIALECTS,
                                     n & 4, (n & 8) ? 502 : 504, &message,
                                     &out)
         == NGX_OK);

    open = ngx_http_model_ending_open(e);

    for (p = out.data; *p == '\n'; p++) { /* void */ }

    must((ngx_uint_t) (p - out.data) == open);

    ngx_memzero(&s, sizeof(slow_t));
    s.pool = pool;
    s.framing = e->frame.framing;

    slow(&s, p, out.len - open);
    must(s.finished || message.len == 0);

    feed(e, out.data, out.len, 5);
    must(ngx_http_model_ending_finished(e) || message.len == 0);
    must(ngx_http_model_ending_open(e) == 0);
}


static void
slow(slow_t *s, const uint8_t *data, size_t size)
{
    size_t     i, start;
    ngx_str_t  line;

    start = 0;

    if (s->framing == SSE && size >= 3
        && ngx_memcmp(data, "\xef\xbb\xbf", 3) == 0)
    {
        start = 3;
    }

    for (i = start; i <= size; i++) {

        if (i < size && data[i] != '\n'
            && (s->framing == NDJSON || data[i] != '\r'))
        {
            continue;
        }

        line.data = (u_char *) data + start;
        line.len = i - start;

        if (i == size) {
            break;
        }

        slow_line(s, line);

        if (s->framing == SSE && data[i] == '\r' && i + 1 < size
            && data[i + 1] == '\n')
        {
            i++;
        }

        start = i + 1;
    }

    /* what has no newline yet */

    if (start < size) {

        if (s->framing == NDJSON || starts(&line, "data:")) {
            slow_line(s, line);

        } else {
            line.len = 0;
        }
    }

    slow_document(s);
}


static void
slow_line(slow_t *s, ngx_str_t line)
{
    u_char  *p;

    if (s->framing == NDJSON) {
        s->document = line;
        slow_document(s);
        return;
    }

    if (line.len == 0) {
        slow_document(s);
        return;
    }

    if (starts(&line, "event:")) {
        line.data += 6;
        line.len -= 6;

        if (line.len && *line.data == ' ') {
            line.data++;
            line.len--;
        }

        s->finished |= is_final(&line);
        return;
    }

    if (!starts(&line, "data:")) {
        return;
    }

    line.data += 5;
    line.len -= 5;

    while (line.len && (*line.data == ' ' || *line.data == '\t')) {
        line.data++;
        line.len--;
    }

    if (starts(&line, "[DONE]")) {

        if (s->document.len) {
            s->unsure = 1;
        }

        s->finished = 1;
        return;
    }

    p = ngx_palloc(s->pool, s->document.len + line.len + 1);
    must(p != NULL);

    ngx_memcpy(p, s->document.data, s->document.len);
    ngx_memcpy(p + s->document.len, line.data, line.len);

    s->document.data = p;
    s->document.len += line.len;
    p[s->document.len++] = '\n';
}


static void
slow_document(slow_t *s)
{
    size_t                  i;
    ngx_str_t               err, document;
    ngx_http_model_json_t  *root, *member;

    document = s->document;
    ngx_str_null(&s->document);

    for (i = 0; i < document.len; i++) {
        if (document.data[i] > ' ') {
            break;
        }
    }

    if (i == document.len) {
        return;
    }

    for (i = 0; i + 3 < document.len; i++) {
        if (ngx_memcmp(document.data + i, "\\u00", 4) == 0) {
            s->unsure = 1;
        }
    }

    root = ngx_http_model_json_parse(s->pool, document.data, document.len,
                                     &err);

    if (root == NULL || repeated(root)) {
        s->unsure = 1;
        return;
    }

    if (s->framing == SSE) {
        for (member = root->child; member; member = member->next) {
            s->finished |= finish(member);
        }
    }

    if (root->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return;
    }

    member = ngx_http_model_json_get(root, "error");

    if (member && member->type != NGX_HTTP_MODEL_JSON_NULL
        && (member->type != NGX_HTTP_MODEL_JSON_STRING || member->value.len)
        && (member->type != NGX_HTTP_MODEL_JSON_BOOL || member->value.len))
    {
        s->finished = 1;
    }

    member = ngx_http_model_json_get(root, s->framing == SSE ? "type"
                                                             : "status");

    if (member && member->type == NGX_HTTP_MODEL_JSON_STRING) {
        s->finished |= (s->framing == SSE) ? is_final(&member->value)
                       : member->value.len == 7
                         && starts(&member->value, "success");
    }

    member = ngx_http_model_json_get(root, "done");

    if (s->framing == NDJSON && member
        && member->type == NGX_HTTP_MODEL_JSON_BOOL && member->value.len)
    {
        s->finished = 1;
    }
}


static ngx_uint_t
repeated(ngx_http_model_json_t *json)
{
    ngx_http_model_json_t  *a, *b;

    if (json->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return 0;
    }

    for (a = json->child; a; a = a->next) {
        for (b = a->next; b; b = b->next) {
            if (a->key.len == b->key.len
                && ngx_memcmp(a->key.data, b->key.data, a->key.len) == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* json is inside: a "finish_reason" in it, at any depth */

static ngx_uint_t
finish(ngx_http_model_json_t *json)
{
    ngx_http_model_json_t  *m;

    for (m = json->child; m; m = m->next) {

        if (json->type == NGX_HTTP_MODEL_JSON_OBJECT
            && m->key.len == 13 && starts(&m->key, "finish_reason")
            && m->type == NGX_HTTP_MODEL_JSON_STRING && m->value.len)
        {
            return 1;
        }

        if (finish(m)) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
is_final(ngx_str_t *s)
{
    ngx_uint_t  i;

    static const char  *names[] = {
        "message_stop", "response.completed", "response.incomplete",
        "response.failed", "error", "transcript.text.done",
        "speech.audio.done", "image_generation.completed",
        "image_edit.completed"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (s->len == ngx_strlen(names[i]) && starts(s, names[i])) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
newlines(ngx_uint_t framing, const uint8_t *data, size_t size)
{
    size_t      i;
    ngx_uint_t  lines, empty;

    if (size == 0) {
        return 0;
    }

    if (framing == NDJSON) {
        return data[size - 1] != '\n';
    }

    /* line ends at the end */

    lines = 0;
    empty = 0;

    for (i = size; i > 0 && lines < 2; i--, lines++) {

        if (data[i - 1] == '\n') {
            i -= (i > 1 && data[i - 2] == '\r');

        } else if (data[i - 1] != '\r') {
            break;
        }

        empty = (i == 1);
    }

    if (lines == 2 || empty) {
        return data[size - 1] == '\r';
    }

    return 2 - lines + (data[size - 1] == '\r');
}


static ngx_uint_t
starts(ngx_str_t *s, const char *with)
{
    size_t  len;

    len = ngx_strlen(with);

    return s->len >= len && ngx_memcmp(s->data, with, len) == 0;
}


static void
must(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
