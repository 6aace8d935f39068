/* unit: src/ngx_http_model_body.c src/ngx_http_model_edit.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Bodies in memory, in many buffers, in a file or in both, edited and compared
 * with the same edit of a plain string, as the proxy sends them a first time
 * and as it sends them after a retry.  The first bytes say how the body lies
 * and what is edited, then a line is the new name, the rest is the body.  If
 * it is JSON with a model, the model's string is edited and the outcome is
 * scanned again: it names the new model and the rest is unchanged.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_edit.h"


#define FILE_BODY  0x01
#define MIXED      0x02
#define BARE_LAST  0x04
#define INSERT     0x08
#define AGAIN      0x10
#define READ_ONLY  0x20

#define HEAD       4
#define EDITS      3


typedef struct {
    ngx_connection_t          c;
    ngx_http_request_t        r;
    ngx_http_request_body_t   rb;
    ngx_file_t                file;
    ngx_chain_t             **last;
    ngx_str_t                 body;      /* what the chain should hold */
    uint32_t                  seed;
    ngx_uint_t                flags;
} test_request_t;


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(ngx_uint_t good);
static void *test_alloc(ngx_pool_t *pool, size_t size);
static size_t below(test_request_t *t, size_t n);
static void create_body(test_request_t *t);
static ngx_buf_t *add_buf(test_request_t *t);
static void add_memory(test_request_t *t, size_t start, size_t end);
static void add_file(test_request_t *t, size_t end);
static ngx_http_model_scan_t *scan_body(test_request_t *t);
static void edit_model(test_request_t *t, ngx_http_model_scan_t *scan,
    ngx_str_t *text);
static void edit_anything(test_request_t *t, ngx_str_t *text);
static void edit_and_check(test_request_t *t, ngx_http_model_edit_t *edits,
    ngx_uint_t n);
static void edit_plainly(test_request_t *t, ngx_http_model_edit_t *edits,
    ngx_uint_t n);
static void check_chain(test_request_t *t);
static void check_sent(test_request_t *t, ngx_chain_t *cl);


static ngx_fd_t                   test_fd;
static ngx_log_t                  test_log;
static ngx_open_file_t            test_log_file;

static ngx_http_model_scan_key_t  keys[] = {
    { ngx_string("model"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("stream"), 0 },
};


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char  name[] = "/tmp/edit-XXXXXX";

    (void) argc;
    (void) argv;

    ngx_pagesize = getpagesize();
    ngx_time_init();

    test_log_file.fd = ngx_stderr;
    test_log.file = &test_log_file;
    test_log.log_level = NGX_LOG_STDERR;

    test_fd = mkstemp(name);

    check(test_fd != NGX_INVALID_FILE && unlink(name) == 0);

    return 0;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                  i;
    ngx_str_t               text;
    ngx_pool_t             *pool;
    test_request_t         *t;
    ngx_http_model_scan_t  *scan;

    if (size <= HEAD) {
        return 0;
    }

    pool = ngx_create_pool(4096, &test_log);
    check(pool != NULL);

    t = test_alloc(pool, sizeof(test_request_t));

    t->flags = data[0];
    t->seed = data[1] | data[2] << 8 | (uint32_t) data[3] << 16;

    data += HEAD;
    size -= HEAD;

    text.data = test_alloc(pool, size + 2);
    text.len = 0;

    text.data[text.len++] = '"';

    for (i = 0; i < size && data[i] != '\n'; i++) {
        text.data[text.len++] = (data[i] < ' ' || data[i] > '~'
                                 || data[i] == '"' || data[i] == '\\')
                                ? '_' : data[i];
    }

    text.data[text.len++] = '"';

    i = ngx_min(i + 1, size);

    t->c.log = &test_log;
    t->r.connection = &t->c;
    t->r.pool = pool;
    t->r.request_body = &t->rb;
    t->last = &t->rb.bufs;
    t->file.fd = test_fd;
    t->file.log = &test_log;
    ngx_str_set(&t->file.name, "body");

    t->body.len = size - i;
    t->body.data = test_alloc(pool, t->body.len + 1);
    ngx_memcpy(t->body.data, data + i, t->body.len);

    if (t->body.len) {
        create_body(t);

        scan = scan_body(t);

        if (scan && scan->members[0].found) {
            edit_model(t, scan, &text);

        } else {
            edit_anything(t, &text);
        }

        if ((t->flags & AGAIN) && t->body.len) {
            edit_anything(t, &text);
        }
    }

    ngx_destroy_pool(pool);

    return 0;
}


static void
check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}


static void *
test_alloc(ngx_pool_t *pool, size_t size)
{
    void  *p;

    p = ngx_pcalloc(pool, size);
    check(p != NULL);

    return p;
}


static size_t
below(test_request_t *t, size_t n)
{
    t->seed = t->seed * 1664525u + 1013904223u;

    return (t->seed >> 8) % n;
}


/* memory in up to eight buffers, the last part of it or all in a file */

static void
create_body(test_request_t *t)
{
    size_t        pos, end, last;
    ngx_uint_t    i;
    ngx_chain_t  *cl;

    last = t->body.len;

    if (t->flags & FILE_BODY) {
        last = (t->flags & MIXED) ? below(t, last) : 0;
    }

    pos = 0;

    for (i = 0; i < 7 && pos < last; i++) {
        end = pos + 1 + below(t, last - pos);
        add_memory(t, pos, end);
        pos = end;
    }

    if (pos < last) {
        add_memory(t, pos, last);
    }

    if (last < t->body.len) {
        add_file(t, last);
    }

    t->r.headers_in.content_length_n = t->body.len;

    if (t->flags & BARE_LAST) {
        add_buf(t)->last_buf = 1;
        return;
    }

    for (cl = t->rb.bufs; cl->next; cl = cl->next) { /* void */ }

    cl->buf->last_buf = 1;
}


static ngx_buf_t *
add_buf(test_request_t *t)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(t->r.pool);
    b = ngx_calloc_buf(t->r.pool);

    check(cl != NULL && b != NULL);

    cl->buf = b;
    cl->next = NULL;

    *t->last = cl;
    t->last = &cl->next;

    return b;
}


static void
add_memory(test_request_t *t, size_t start, size_t end)
{
    ngx_buf_t  *b;

    b = add_buf(t);

    b->start = test_alloc(t->r.pool, end - start);
    b->pos = b->start;
    b->last = ngx_cpymem(b->pos, t->body.data + start, end - start);
    b->end = b->last;

    if (t->flags & READ_ONLY) {
        b->memory = 1;

    } else {
        b->temporary = 1;
    }
}


static void
add_file(test_request_t *t, size_t start)
{
    size_t      len;
    ngx_buf_t  *b;

    len = t->body.len - start;

    check(ftruncate(test_fd, 0) == 0
          && ngx_write_file(&t->file, t->body.data + start, len, 0)
             == (ssize_t) len);

    b = add_buf(t);

    b->in_file = 1;
    b->file = &t->file;
    b->file_last = len;
}


/* NULL when it is no JSON that the gateway takes */

static ngx_http_model_scan_t *
scan_body(test_request_t *t)
{
    ngx_http_model_body_t   body;
    ngx_http_model_scan_t  *scan;

    scan = test_alloc(t->r.pool, ngx_http_model_scan_size(2));

    ngx_http_model_scan_init(scan, keys, 2);

    ngx_memzero(&body, sizeof(ngx_http_model_body_t));
    body.scan = scan;

    check(ngx_http_model_body_feed_read(&t->r, &body) == NGX_OK
          && body.fed == (off_t) t->body.len
          && !body.failed);

    return ngx_http_model_scan_finish(scan) == NGX_OK ? scan : NULL;
}


static void
edit_model(test_request_t *t, ngx_http_model_scan_t *scan, ngx_str_t *text)
{
    off_t                          shift;
    ngx_str_t                      inserted, *name;
    ngx_uint_t                     n;
    ngx_http_model_edit_t          edits[2];
    ngx_http_model_scan_t         *after;
    ngx_http_model_scan_member_t  *model, *was, *is;

    model = &scan->members[0];

    ngx_memzero(edits, sizeof(edits));
    ngx_str_set(&inserted, "\"added\":[],");

    n = 0;
    shift = 0;

    if (t->flags & INSERT) {
        edits[n].start = scan->root_start + 1;
        edits[n].end = edits[n].start;
        edits[n++].text = inserted;
        shift = inserted.len;
    }

    edits[n].start = model->start;
    edits[n].end = model->end;
    edits[n].pad = 1;
    edits[n++].text = *text;

    was = &scan->members[1];

    if (was->start > model->start) {
        shift = -t->r.headers_in.content_length_n;
    }

    edit_and_check(t, edits, n);

    if (was->start > model->start) {
        shift += t->r.headers_in.content_length_n;
    }

    if (text->len - 2 > NGX_HTTP_MODEL_SCAN_NAME_SIZE) {
        return;
    }

    after = scan_body(t);

    check(after != NULL && after->members[0].found);

    name = &after->members[0].value;

    check(name->len == text->len - 2
          && ngx_memcmp(name->data, text->data + 1, name->len) == 0);

    is = &after->members[1];

    check(is->found == was->found);

    if (was->found) {
        check(is->type == was->type
              && is->start == was->start + shift
              && is->end == was->end + shift);
    }
}


/* edits that touch, insert, erase, reach over any number of buffers */

static void
edit_anything(test_request_t *t, ngx_str_t *text)
{
    off_t                  pos;
    ngx_uint_t             i, n;
    ngx_http_model_edit_t  edits[EDITS];

    ngx_memzero(edits, sizeof(edits));

    pos = 0;
    n = 1 + below(t, EDITS);

    for (i = 0; i < n; i++) {
        edits[i].start = pos + below(t, t->body.len - pos + 1);
        edits[i].end = edits[i].start
                       + below(t, t->body.len - edits[i].start + 1);
        edits[i].pad = below(t, 2);
        edits[i].text.data = text->data;
        edits[i].text.len = below(t, text->len + 1);

        pos = edits[i].end;
    }

    edit_and_check(t, edits, n);
}


static void
edit_and_check(test_request_t *t, ngx_http_model_edit_t *edits, ngx_uint_t n)
{
    ngx_str_t              was, want;
    ngx_http_model_edit_t  undo[EDITS], redo[EDITS];

    was = t->body;

    edit_plainly(t, edits, n);

    check(ngx_http_model_edit_apply(&t->r, edits, n, undo) == NGX_OK);

    check_chain(t);

    want = t->body;

    if (want.len == 0) {
        return;
    }

    t->body = was;

    check(ngx_http_model_edit_apply(&t->r, undo, n, redo) == NGX_OK);

    check_chain(t);

    t->body = want;

    check(ngx_http_model_edit_apply(&t->r, redo, n, NULL) == NGX_OK);

    check_chain(t);
}


static void
edit_plainly(test_request_t *t, ngx_http_model_edit_t *edits, ngx_uint_t n)
{
    off_t         pos, spaces;
    size_t        len;
    u_char       *want, *p;
    ngx_uint_t    i, in_place;
    ngx_chain_t  *cl;

    in_place = 1;
    len = t->body.len;

    for (i = 0; i < n; i++) {
        len += edits[i].text.len;

        if (!edits[i].pad
            || (off_t) edits[i].text.len > edits[i].end - edits[i].start)
        {
            in_place = 0;
        }
    }

    for (cl = t->rb.bufs; cl; cl = cl->next) {
        if (cl->buf->memory) {
            in_place = 0;
        }
    }

    want = test_alloc(t->r.pool, len + 1);

    p = want;
    pos = 0;

    for (i = 0; i < n; i++) {
        p = ngx_cpymem(p, t->body.data + pos, edits[i].start - pos);
        p = ngx_cpymem(p, edits[i].text.data, edits[i].text.len);
        pos = edits[i].end;

        if (in_place) {
            spaces = pos - edits[i].start - (off_t) edits[i].text.len;
            ngx_memset(p, ' ', spaces);
            p += spaces;
        }
    }

    p = ngx_cpymem(p, t->body.data + pos, t->body.len - pos);

    t->body.data = want;
    t->body.len = p - want;
}


/* sent once, then as ngx_http_upstream_reinit() leaves the chain for a retry */

static void
check_chain(test_request_t *t)
{
    off_t         file_pos;
    ngx_buf_t    *b;
    ngx_chain_t  *cl, *copy, **ll;

    check(t->r.headers_in.content_length_n == (off_t) t->body.len);

    copy = NULL;
    ll = &copy;

    for (cl = t->rb.bufs; cl; cl = cl->next) {
        b = test_alloc(t->r.pool, sizeof(ngx_buf_t));
        *b = *cl->buf;

        /* one last buffer, at the end */

        check(b->last_buf == (cl->next == NULL));

        *ll = ngx_alloc_chain_link(t->r.pool);
        check(*ll != NULL);

        (*ll)->buf = b;
        (*ll)->next = NULL;
        ll = &(*ll)->next;
    }

    check_sent(t, copy);

    file_pos = 0;

    for (cl = copy; cl; cl = cl->next) {
        b = cl->buf;
        b->pos = b->start;

        if (b->in_file) {
            b->file_pos = file_pos;
            file_pos = b->file_last;
        }
    }

    check_sent(t, copy);
}


static void
check_sent(test_request_t *t, ngx_chain_t *cl)
{
    off_t       size;
    size_t      len;
    u_char     *p, *read;
    ngx_buf_t  *b;

    p = t->body.data;
    len = t->body.len;

    for ( /* void */ ; cl; cl = cl->next) {
        b = cl->buf;
        size = ngx_buf_size(b);

        /* an empty buffer that is not special stops the sending */

        check(size > 0 || (size == 0 && ngx_buf_special(b)));
        check(size <= (off_t) len);

        if (size == 0) {
            continue;
        }

        if (ngx_buf_in_memory(b)) {
            read = b->pos;
            b->pos = b->last;

        } else {
            read = test_alloc(t->r.pool, size);
            check(ngx_read_file(b->file, read, size, b->file_pos) == size);
            b->file_pos = b->file_last;
        }

        check(ngx_memcmp(read, p, size) == 0);

        p += size;
        len -= size;
    }

    check(len == 0);
}
