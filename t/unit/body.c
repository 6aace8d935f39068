/* unit: src/ngx_http_model_body.c src/ngx_http_model_edit.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Bodies as nginx leaves them - one buffer, several, a file, a mix - fed to a
 * scan, edited, and read again as the proxy sends them: a first time, and
 * after what ngx_http_upstream_reinit() does before a retry.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_edit.h"


#define ROUNDS  3000
#define LARGE   200000


typedef struct {
    ngx_http_request_t        r;
    ngx_connection_t          c;
    ngx_http_request_body_t   rb;
    ngx_file_t                file;
    ngx_chain_t             **last;
    u_char                   *body;
    size_t                    len;
} test_request_t;


static void ok(ngx_uint_t good, const char *name);
static ngx_uint_t random_below(ngx_uint_t n);
static test_request_t *create_request(const u_char *body, size_t len);
static ngx_buf_t *add_buf(test_request_t *t);
static void add_memory(test_request_t *t, size_t start, size_t end);
static void add_file(test_request_t *t, size_t start, size_t end);
static void end_body(test_request_t *t, ngx_uint_t bare);
static void destroy_request(test_request_t *t);
static ngx_uint_t sent_equals(ngx_chain_t *cl, const u_char *p, size_t len);
static ngx_uint_t body_equals(test_request_t *t, const u_char *p, size_t len);
static ngx_uint_t edit_and_compare(test_request_t *t,
    ngx_http_model_edit_t *edits, ngx_uint_t n);
static void set_edit(ngx_http_model_edit_t *edit, off_t start, off_t end,
    const char *text, ngx_uint_t pad);
static void test_every_cut(void);
static void test_file(void);
static void test_random(void);
static void random_body(test_request_t *t, size_t len);
static ngx_uint_t random_edits(ngx_http_model_edit_t *edits, size_t len);
static void test_large_file(void);
static void test_flags(void);
static void test_read_only(void);
static void test_refused(void);
static void test_whole(void);
static void test_feed(void);


static ngx_log_t        test_log;
static ngx_open_file_t  test_log_file;
static ngx_uint_t       tests, failed;
static uint32_t         seed = 20;

static const u_char     json[] =
    "{\"model\":\"acme:llama3:8b\",\"stream\":true,\"n\":[1,2]}";


int ngx_cdecl
main(void)
{
    ngx_pagesize = getpagesize();
    ngx_time_init();

    test_log_file.fd = ngx_stderr;
    test_log.file = &test_log_file;
    test_log.log_level = NGX_LOG_EMERG;

    test_every_cut();
    test_file();
    test_random();
    test_large_file();
    test_flags();
    test_read_only();
    test_refused();
    test_whole();
    test_feed();

    printf("1..%lu\n", (unsigned long) tests);

    return failed ? 1 : 0;
}


static void
ok(ngx_uint_t good, const char *name)
{
    printf("%sok %lu - %s\n", good ? "" : "not ",
           (unsigned long) ++tests, name);

    if (!good) {
        failed++;
    }
}


static ngx_uint_t
random_below(ngx_uint_t n)
{
    seed = seed * 1664525u + 1013904223u;

    return (seed >> 8) % n;
}


static test_request_t *
create_request(const u_char *body, size_t len)
{
    ngx_pool_t      *pool;
    test_request_t  *t;

    pool = ngx_create_pool(4096, &test_log);
    if (pool == NULL) {
        abort();
    }

    t = ngx_pcalloc(pool, sizeof(test_request_t));
    if (t == NULL) {
        abort();
    }

    t->c.log = &test_log;
    t->r.connection = &t->c;
    t->r.pool = pool;
    t->r.request_body = &t->rb;
    t->r.headers_in.content_length_n = len;
    t->last = &t->rb.bufs;
    t->file.fd = NGX_INVALID_FILE;
    t->file.log = &test_log;
    ngx_str_set(&t->file.name, "body");
    t->len = len;

    t->body = malloc(len + 1);
    if (t->body == NULL) {
        abort();
    }

    ngx_memcpy(t->body, body, len);

    return t;
}


static ngx_buf_t *
add_buf(test_request_t *t)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(t->r.pool);
    if (cl == NULL) {
        abort();
    }

    cl->buf = ngx_calloc_buf(t->r.pool);
    if (cl->buf == NULL) {
        abort();
    }

    cl->next = NULL;
    *t->last = cl;
    t->last = &cl->next;

    return cl->buf;
}


static void
add_memory(test_request_t *t, size_t start, size_t end)
{
    ngx_buf_t  *b;

    if (start == end) {
        return;
    }

    b = add_buf(t);

    b->start = ngx_pnalloc(t->r.pool, end - start);
    if (b->start == NULL) {
        abort();
    }

    b->pos = b->start;
    b->last = ngx_cpymem(b->pos, t->body + start, end - start);
    b->end = b->last;
    b->temporary = 1;
}


/* once for each request: a file body is one range from 0 */

static void
add_file(test_request_t *t, size_t start, size_t end)
{
    char        name[] = "/tmp/body-XXXXXX";
    ngx_buf_t  *b;

    t->file.fd = mkstemp(name);

    if (t->file.fd == NGX_INVALID_FILE
        || unlink(name) == -1
        || ngx_write_file(&t->file, t->body + start, end - start, 0)
           != (ssize_t) (end - start))
    {
        abort();
    }

    b = add_buf(t);

    b->in_file = 1;
    b->file = &t->file;
    b->file_last = end - start;
}


static void
end_body(test_request_t *t, ngx_uint_t bare)
{
    ngx_chain_t  *cl;

    if (bare) {
        add_buf(t)->last_buf = 1;
        return;
    }

    for (cl = t->rb.bufs; cl->next; cl = cl->next) { /* void */ }

    cl->buf->last_buf = 1;
}


static void
destroy_request(test_request_t *t)
{
    if (t->file.fd != NGX_INVALID_FILE) {
        (void) ngx_close_file(t->file.fd);
    }

    free(t->body);
    ngx_destroy_pool(t->r.pool);
}


static ngx_uint_t
sent_equals(ngx_chain_t *cl, const u_char *p, size_t len)
{
    off_t        size;
    u_char      *read;
    ngx_buf_t   *b;
    ngx_uint_t   same;

    for ( /* void */ ; cl; cl = cl->next) {
        b = cl->buf;
        size = ngx_buf_size(b);

        if (size == 0) {

            if (!ngx_buf_special(b)) {
                return 0;
            }

            continue;
        }

        if (size < 0 || size > (off_t) len) {
            return 0;
        }

        if (ngx_buf_in_memory(b)) {
            same = (ngx_memcmp(b->pos, p, size) == 0);
            b->pos = b->last;

        } else {
            read = malloc(size);
            same = (ngx_read_file(b->file, read, size, b->file_pos) == size
                    && ngx_memcmp(read, p, size) == 0);
            free(read);
            b->file_pos = b->file_last;
        }

        if (!same) {
            return 0;
        }

        p += size;
        len -= size;
    }

    return len == 0;
}


static ngx_uint_t
body_equals(test_request_t *t, const u_char *p, size_t len)
{
    off_t         file_pos;
    ngx_buf_t    *b;
    ngx_uint_t    lasts;
    ngx_chain_t  *cl, *copy, **ll;

    lasts = 0;
    copy = NULL;
    ll = &copy;

    for (cl = t->rb.bufs; cl; cl = cl->next) {
        b = ngx_alloc_buf(t->r.pool);
        *ll = ngx_alloc_chain_link(t->r.pool);

        if (b == NULL || *ll == NULL) {
            abort();
        }

        *b = *cl->buf;
        (*ll)->buf = b;
        (*ll)->next = NULL;
        ll = &(*ll)->next;

        if (b->last_buf) {
            lasts++;

            if (cl->next) {
                return 0;
            }
        }
    }

    if (lasts != 1
        || t->r.headers_in.content_length_n != (off_t) len
        || !sent_equals(copy, p, len))
    {
        return 0;
    }

    file_pos = 0;

    for (cl = copy; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->start;

        if (cl->buf->in_file) {
            cl->buf->file_pos = file_pos;
            file_pos = cl->buf->file_last;
        }
    }

    return sent_equals(copy, p, len);
}


static ngx_uint_t
edit_and_compare(test_request_t *t, ngx_http_model_edit_t *edits,
    ngx_uint_t n)
{
    off_t                  pos, spaces;
    size_t                 len;
    u_char                *want, *p;
    ngx_uint_t             i, padded, good;
    ngx_http_model_edit_t  undo[8], redo[8];

    padded = 1;
    len = t->len;

    for (i = 0; i < n; i++) {
        len += edits[i].text.len;

        if (!edits[i].pad
            || (off_t) edits[i].text.len > edits[i].end - edits[i].start)
        {
            padded = 0;
        }
    }

    want = malloc(len + 1);
    if (want == NULL) {
        abort();
    }

    p = want;
    pos = 0;

    for (i = 0; i < n; i++) {
        p = ngx_cpymem(p, t->body + pos, edits[i].start - pos);
        p = ngx_cpymem(p, edits[i].text.data, edits[i].text.len);
        pos = edits[i].end;

        if (padded) {
            spaces = pos - edits[i].start - (off_t) edits[i].text.len;
            ngx_memset(p, ' ', spaces);
            p += spaces;
        }
    }

    p = ngx_cpymem(p, t->body + pos, t->len - pos);

    /* there, back again, and there once more */

    good = (n <= 8
            && ngx_http_model_edit_apply(&t->r, edits, n, undo) == NGX_OK
            && body_equals(t, want, p - want));

    if (p == want) {

        /* an empty body is not edited */

        goto done;
    }

    good = (good
            && ngx_http_model_edit_apply(&t->r, undo, n, redo) == NGX_OK
            && body_equals(t, t->body, t->len)
            && ngx_http_model_edit_apply(&t->r, redo, n, NULL) == NGX_OK
            && body_equals(t, want, p - want));

done:

    free(t->body);

    t->body = want;
    t->len = p - want;

    return good;
}


static void
set_edit(ngx_http_model_edit_t *edit, off_t start, off_t end,
    const char *text, ngx_uint_t pad)
{
    edit->start = start;
    edit->end = end;
    edit->text.data = (u_char *) text;
    edit->text.len = ngx_strlen(text);
    edit->pad = pad;
}


static void
test_every_cut(void)
{
    size_t                  len, i, j;
    ngx_uint_t              n, good[4];
    test_request_t         *t;
    ngx_http_model_edit_t   edits[2];

    len = sizeof(json) - 1;

    for (n = 0; n < 4; n++) {
        good[n] = 1;

        for (i = 1; i < len; i++) {
            for (j = i; j < len; j += (n & 1) ? 1 : len) {
                t = create_request(json, len);

                add_memory(t, 0, i);
                add_memory(t, i, j);
                add_memory(t, j, len);
                end_body(t, n & 1);

                set_edit(&edits[0], 1, 1, "\"keep_alive\":-1,", 0);
                set_edit(&edits[1], 9, 25, "\"llama3:8b\"", 1);

                good[n] &= (n < 2) ? edit_and_compare(t, &edits[1], 1)
                                   : edit_and_compare(t, edits, 2);

                destroy_request(t);
            }
        }
    }

    ok(good[0], "in place, two buffers");
    ok(good[1], "in place, three buffers and a bare last one");
    ok(good[2], "splice, two buffers");
    ok(good[3], "splice, three buffers and a bare last one");
}


static void
test_file(void)
{
    size_t                  len;
    struct stat             st;
    test_request_t         *t;
    ngx_http_model_edit_t   edit;

    len = sizeof(json) - 1;

    t = create_request(json, len);
    add_file(t, 0, len);
    end_body(t, 0);
    set_edit(&edit, 9, 25, "\"llama3:8b\"", 1);
    ok(edit_and_compare(t, &edit, 1), "in place, file");

    set_edit(&edit, 9, 25, "\"a-much-longer-name:latest\"", 1);
    ok(edit_and_compare(t, &edit, 1), "splice, file grows");

    set_edit(&edit, 9, 36, "\"x\"", 0);
    ok(edit_and_compare(t, &edit, 1), "splice, file shrinks");

    ok(fstat(t->file.fd, &st) == 0 && st.st_size == (off_t) t->len,
       "no bytes are left behind");

    destroy_request(t);
}


static void
random_body(test_request_t *t, size_t len)
{
    size_t      pos, size, file;
    ngx_uint_t  kind;

    pos = 0;
    kind = random_below(4);
    file = (kind == 0) ? 0 : (kind == 1) ? random_below(len) : len;

    while (pos < len) {
        size = 1 + random_below(len);
        size = ngx_min(size, len - pos);

        if (pos >= file && t->file.fd == NGX_INVALID_FILE) {

            if (kind == 0) {
                size = len - pos;
            }

            add_file(t, pos, pos + size);

        } else {
            add_memory(t, pos, pos + size);
        }

        pos += size;
    }

    end_body(t, random_below(2));
}


static ngx_uint_t
random_edits(ngx_http_model_edit_t *edits, size_t len)
{
    off_t         pos;
    size_t        size;
    ngx_uint_t    i, n, pad;
    static char   text[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    n = 1 + random_below(4);
    pad = random_below(2);
    pos = 0;

    for (i = 0; i < n; i++) {
        edits[i].start = pos + random_below(len - pos + 1);
        edits[i].end = edits[i].start
                       + random_below(len - edits[i].start + 1);

        size = pad ? (size_t) (edits[i].end - edits[i].start) + 1
                   : sizeof(text);

        edits[i].text.data = (u_char *) text;
        edits[i].text.len = random_below(ngx_min(size, sizeof(text)));
        edits[i].pad = pad;

        pos = edits[i].end;
    }

    return n;
}


/* a second edit of the same body is what another hop does */

static void
test_random(void)
{
    size_t                  i, len;
    u_char                  body[64];
    ngx_uint_t              n, round, good[2];
    test_request_t         *t;
    ngx_http_model_edit_t   edits[4];

    good[0] = good[1] = 1;

    for (round = 0; round < ROUNDS && good[0] && good[1]; round++) {
        len = 1 + random_below(sizeof(body));

        for (i = 0; i < len; i++) {
            body[i] = (u_char) ('A' + random_below(26));
        }

        t = create_request(body, len);
        random_body(t, len);

        n = random_edits(edits, t->len);
        good[0] &= edit_and_compare(t, edits, n);

        if (t->len) {
            n = random_edits(edits, t->len);
            good[1] &= edit_and_compare(t, edits, n);
        }

        destroy_request(t);
    }

    ok(good[0], "random bodies and edits");
    ok(good[1], "edited a second time");
}


static void
test_large_file(void)
{
    u_char                 *body, *text;
    ngx_uint_t              i, good;
    test_request_t         *t;
    ngx_http_model_edit_t   edits[4];

    body = malloc(LARGE);
    text = malloc(LARGE);

    if (body == NULL || text == NULL) {
        abort();
    }

    for (i = 0; i < LARGE; i++) {
        body[i] = (u_char) random_below(256);
        text[i] = (u_char) random_below(256);
    }

    good = 1;

    for (i = 0; i < 40; i++) {
        t = create_request(body, LARGE);
        add_file(t, 0, LARGE);
        end_body(t, 1);

        ngx_memzero(edits, sizeof(edits));

        edits[0].start = random_below(50000);
        edits[0].end = edits[0].start + random_below(1000);
        edits[1].start = 60000;
        edits[1].end = 60000 + random_below(70000);
        edits[2].start = 140000;
        edits[2].end = 140000 + random_below(3);
        edits[3].start = 199990;
        edits[3].end = 200000 - random_below(10);

        edits[0].text.len = random_below(2000);
        edits[1].text.len = random_below(70000);
        edits[2].text.len = random_below(LARGE);
        edits[3].text.len = random_below(3);

        edits[0].text.data = text;
        edits[1].text.data = text;
        edits[2].text.data = text;
        edits[3].text.data = text;

        good &= edit_and_compare(t, edits, 4);

        destroy_request(t);
    }

    free(body);
    free(text);

    ok(good, "large files, pieces moved both ways");
}


static void
test_flags(void)
{
    size_t                  len;
    test_request_t         *t;
    ngx_http_model_edit_t   edit;

    len = sizeof(json) - 1;

    t = create_request(json, len);
    add_memory(t, 0, len);
    end_body(t, 0);
    set_edit(&edit, len, len, " tail", 0);
    ok(edit_and_compare(t, &edit, 1), "text at the very end");

    set_edit(&edit, 0, t->len, "", 0);
    ok(edit_and_compare(t, &edit, 1), "nothing left but the last buffer");
    destroy_request(t);

    t = create_request(json, len);
    add_file(t, 0, len);
    end_body(t, 0);
    set_edit(&edit, 0, len, "", 0);
    ok(edit_and_compare(t, &edit, 1), "nothing left of a file");
    destroy_request(t);
}


static void
test_read_only(void)
{
    size_t                  len;
    ngx_buf_t              *b;
    test_request_t         *t;
    ngx_http_model_edit_t   edit;

    len = sizeof(json) - 1;

    t = create_request(json, len);

    b = add_buf(t);
    b->start = (u_char *) json;
    b->pos = b->start;
    b->last = b->start + len;
    b->end = b->last;
    b->memory = 1;
    end_body(t, 0);

    set_edit(&edit, 9, 25, "\"llama3:8b\"", 1);

    ok(ngx_http_model_edit_apply(&t->r, &edit, 1, NULL) == NGX_OK
       && body_equals(t, (u_char *) "{\"model\":\"llama3:8b\","
                      "\"stream\":true,\"n\":[1,2]}", len - 5),
       "read-only memory is cut, not written");

    destroy_request(t);
}


static void
test_refused(void)
{
    size_t                  len;
    test_request_t         *t;
    ngx_http_model_edit_t   edits[2];

    len = sizeof(json) - 1;

    t = create_request(json, len);
    add_memory(t, 0, len);
    end_body(t, 0);

    set_edit(&edits[0], 9, 25, "\"x\"", 1);
    set_edit(&edits[1], 24, 26, "y", 1);
    ok(ngx_http_model_edit_apply(&t->r, edits, 2, NULL) == NGX_ERROR,
       "overlapping edits are refused");

    set_edit(&edits[1], len, len + 1, "y", 1);
    ok(ngx_http_model_edit_apply(&t->r, edits, 2, NULL) == NGX_ERROR,
       "an edit past the end is refused");

    set_edit(&edits[1], 30, 29, "y", 1);
    ok(ngx_http_model_edit_apply(&t->r, edits, 2, NULL) == NGX_ERROR,
       "an edit that ends before it starts is refused");

    ok(body_equals(t, json, len), "refused edits change nothing");

    ok(ngx_http_model_edit_apply(&t->r, edits, 0, NULL) == NGX_OK
       && body_equals(t, json, len), "no edits change nothing");

    t->rb.bufs = NULL;
    set_edit(&edits[0], 0, 0, "y", 1);
    ok(ngx_http_model_edit_apply(&t->r, edits, 1, NULL) == NGX_ERROR,
       "an empty body is not edited");

    t->r.request_body = NULL;
    ok(ngx_http_model_edit_apply(&t->r, edits, 1, NULL) == NGX_ERROR,
       "a body that was not read is not edited");

    destroy_request(t);
}


static void
test_whole(void)
{
    size_t           len;
    ngx_str_t        body;
    test_request_t  *t;

    len = sizeof(json) - 1;

    t = create_request(json, len);

    ok(ngx_http_model_body_whole(&t->r, &body) == NGX_OK && body.len == 0,
       "whole body, empty");

    add_memory(t, 0, len);
    end_body(t, 1);
    ok(ngx_http_model_body_whole(&t->r, &body) == NGX_OK
       && body.len == len && body.data == t->rb.bufs->buf->pos,
       "whole body, the buffer itself");
    destroy_request(t);

    t = create_request(json, len);
    add_memory(t, 0, 5);
    add_file(t, 5, 20);
    add_memory(t, 20, len);
    end_body(t, 1);
    ok(ngx_http_model_body_whole(&t->r, &body) == NGX_OK
       && body.len == len && ngx_memcmp(body.data, json, len) == 0,
       "whole body, put together");
    destroy_request(t);

    t = create_request(json, len);
    add_file(t, 0, len);
    end_body(t, 0);
    ok(ngx_http_model_body_whole(&t->r, &body) == NGX_OK
       && body.len == len && ngx_memcmp(body.data, json, len) == 0,
       "whole body, of a file");

    t->r.request_body = NULL;
    ok(ngx_http_model_body_whole(&t->r, &body) == NGX_OK && body.len == 0,
       "whole body, not read");
    destroy_request(t);
}


static void
test_feed(void)
{
    size_t                      len, i;
    ngx_uint_t                  good;
    test_request_t             *t;
    ngx_http_model_body_t       body;
    ngx_http_model_scan_t      *scan;
    ngx_http_model_scan_key_t   key = { ngx_string("model"),
                                        NGX_HTTP_MODEL_SCAN_NAME };

    len = sizeof(json) - 1;
    good = 1;

    scan = malloc(sizeof(ngx_http_model_scan_t));
    if (scan == NULL) {
        abort();
    }

    for (i = 1; i < len; i++) {
        t = create_request(json, len);
        add_memory(t, 0, i);
        add_memory(t, i, len);
        end_body(t, 1);

        ngx_memzero(&body, sizeof(ngx_http_model_body_t));
        body.scan = scan;
        ngx_http_model_scan_init(scan, &key, 1);

        ngx_http_model_body_feed(&body, t->rb.bufs);

        good &= (ngx_http_model_scan_finish(scan) == NGX_OK
                 && body.fed == (off_t) len && !body.failed
                 && scan->members[0].start == 9
                 && scan->members[0].end == 25);

        destroy_request(t);
    }

    ok(good, "fed to a scan");

    t = create_request(json, len);
    add_memory(t, 0, 1);
    add_file(t, 1, 20);
    add_memory(t, 20, len);
    end_body(t, 1);

    ngx_memzero(&body, sizeof(ngx_http_model_body_t));
    body.scan = scan;
    ngx_http_model_scan_init(scan, &key, 1);

    ngx_http_model_body_feed(&body, t->rb.bufs);

    ok(body.failed, "bytes in a file cannot be looked at");

    destroy_request(t);
    free(scan);
}
