
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_edit.h"


#define NGX_HTTP_MODEL_EDIT_BLOCK  65536


static ngx_int_t ngx_http_model_edit_check(ngx_http_model_edit_t *edits,
    ngx_uint_t n, off_t size, off_t *length);
static ngx_int_t ngx_http_model_edit_undo(ngx_http_request_t *r,
    ngx_http_model_edit_t *edits, ngx_uint_t n, ngx_uint_t fits,
    ngx_http_model_edit_t *undo);
static ngx_int_t ngx_http_model_edit_overwrite(ngx_http_request_t *r,
    ngx_http_model_edit_t *edits, ngx_uint_t n);
static ngx_int_t ngx_http_model_edit_write(ngx_chain_t *cl, off_t offset,
    u_char *p, size_t len);
static ngx_int_t ngx_http_model_edit_splice(ngx_http_request_t *r,
    ngx_http_model_edit_t *edits, ngx_uint_t n, off_t size);
static ngx_uint_t ngx_http_model_edit_local(ngx_http_model_edit_t *edits,
    ngx_uint_t n, off_t start, off_t end, ngx_uint_t final,
    ngx_http_model_edit_t *local);
static ngx_chain_t **ngx_http_model_edit_splice_memory(ngx_pool_t *pool,
    ngx_buf_t *b, ngx_http_model_edit_t *edits, ngx_uint_t n,
    ngx_chain_t **ll);
static ngx_chain_t *ngx_http_model_edit_piece(ngx_pool_t *pool,
    u_char *start, u_char *last);
static ngx_int_t ngx_http_model_edit_splice_file(ngx_pool_t *pool,
    ngx_buf_t *b, ngx_http_model_edit_t *edits, ngx_uint_t n);
static ngx_int_t ngx_http_model_edit_shift(ngx_buf_t *b,
    ngx_http_model_edit_t *edits, ngx_uint_t n, u_char *block);
static ngx_int_t ngx_http_model_edit_move(ngx_file_t *file, u_char *block,
    off_t from, off_t len, off_t shift);


ngx_int_t
ngx_http_model_edit_apply(ngx_http_request_t *r, ngx_http_model_edit_t *edits,
    ngx_uint_t n, ngx_http_model_edit_t *undo)
{
    off_t                     size, length;
    ngx_uint_t                fits;
    ngx_http_request_body_t  *rb;

    if (n == 0) {
        return NGX_OK;
    }

    rb = r->request_body;

    size = rb ? ngx_http_model_body_size(rb->bufs) : 0;

    if (ngx_http_model_edit_check(edits, n, size, &length) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "edits do not fit a request body of %O bytes", size);
        return NGX_ERROR;
    }

    fits = ngx_http_model_edit_fits(rb->bufs, edits, n);

    if (undo
        && ngx_http_model_edit_undo(r, edits, n, fits, undo) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (fits) {
        return ngx_http_model_edit_overwrite(r, edits, n);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "model: body splice %O -> %O", size, length);

    if (ngx_http_model_edit_splice(r, edits, n, size) != NGX_OK) {
        return NGX_ERROR;
    }

    r->headers_in.content_length_n = length;

    return NGX_OK;
}


/* what is in place keeps its length, so its undo is in place too */

static ngx_int_t
ngx_http_model_edit_undo(ngx_http_request_t *r, ngx_http_model_edit_t *edits,
    ngx_uint_t n, ngx_uint_t fits, ngx_http_model_edit_t *undo)
{
    off_t       shift;
    size_t      len;
    u_char     *p;
    ngx_uint_t  i;

    shift = 0;

    for (i = 0; i < n; i++) {
        len = (size_t) (edits[i].end - edits[i].start);

        p = ngx_pnalloc(r->pool, len + 1);

        if (p == NULL
            || ngx_http_model_body_copy(r->request_body->bufs, edits[i].start,
                                        len, p)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        undo[i].text.data = p;
        undo[i].text.len = len;
        undo[i].pad = fits;
        undo[i].start = edits[i].start + shift;
        undo[i].end = undo[i].start
                      + (off_t) (fits ? len : edits[i].text.len);

        if (!fits) {
            shift += (off_t) edits[i].text.len - (off_t) len;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_edit_check(ngx_http_model_edit_t *edits, ngx_uint_t n,
    off_t size, off_t *length)
{
    off_t       last;
    ngx_uint_t  i;

    if (size == 0) {
        return NGX_ERROR;
    }

    last = 0;
    *length = size;

    for (i = 0; i < n; i++) {

        if (edits[i].start < last
            || edits[i].end < edits[i].start
            || edits[i].end > size)
        {
            return NGX_ERROR;
        }

        last = edits[i].end;
        *length += (off_t) edits[i].text.len - (last - edits[i].start);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_model_edit_fits(ngx_chain_t *cl, ngx_http_model_edit_t *edits,
    ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {

        if (!edits[i].pad
            || (off_t) edits[i].text.len > edits[i].end - edits[i].start)
        {
            return 0;
        }
    }

    for ( /* void */ ; cl; cl = cl->next) {

        if (ngx_buf_in_memory(cl->buf) && !cl->buf->temporary) {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_model_edit_overwrite(ngx_http_request_t *r,
    ngx_http_model_edit_t *edits, ngx_uint_t n)
{
    u_char      *p;
    size_t       len;
    ngx_str_t   *text;
    ngx_uint_t   i;

    for (i = 0; i < n; i++) {
        text = &edits[i].text;
        len = (size_t) (edits[i].end - edits[i].start);

        p = ngx_pnalloc(r->pool, len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, text->data, text->len);
        ngx_memset(p + text->len, ' ', len - text->len);

        if (ngx_http_model_edit_write(r->request_body->bufs, edits[i].start,
                                      p, len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "model: body edit at %O, %uz bytes",
                       edits[i].start, len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_edit_write(ngx_chain_t *cl, off_t offset, u_char *p,
    size_t len)
{
    off_t       size;
    size_t      n;
    ngx_buf_t  *b;

    for ( /* void */ ; cl && len; cl = cl->next) {
        b = cl->buf;
        size = ngx_buf_size(b);

        if (offset >= size) {
            offset -= size;
            continue;
        }

        n = (size_t) ngx_min((off_t) len, size - offset);

        if (ngx_buf_in_memory(b)) {
            ngx_memcpy(b->pos + offset, p, n);

        } else if (ngx_write_file(b->file, p, n, b->file_pos + offset)
                   != (ssize_t) n)
        {
            return NGX_ERROR;
        }

        p += n;
        len -= n;
        offset = 0;
    }

    return NGX_OK;
}


/*
 * On a retry ngx_http_upstream_reinit() rewinds memory to b->start and takes
 * every file range to follow the one before it, from 0 on.  So pieces of
 * memory get bufs of their own with start == pos, and a file stays one range
 * from 0: its content is moved inside of it.
 */

static ngx_int_t
ngx_http_model_edit_splice(ngx_http_request_t *r,
    ngx_http_model_edit_t *edits, ngx_uint_t n, off_t size)
{
    off_t                    start, end;
    ngx_buf_t               *b;
    ngx_uint_t               m;
    ngx_chain_t             *cl, *next, **ll;
    ngx_http_model_edit_t   *local;

    local = ngx_palloc(r->pool, n * sizeof(ngx_http_model_edit_t));
    if (local == NULL) {
        return NGX_ERROR;
    }

    end = 0;
    cl = r->request_body->bufs;
    ll = &r->request_body->bufs;

    for ( /* void */ ; cl; cl = next) {
        b = cl->buf;
        next = cl->next;

        start = end;
        end += ngx_buf_size(b);

        m = ngx_http_model_edit_local(edits, n, start, end, end == size,
                                      local);

        if (m && ngx_buf_in_memory(b)) {
            ll = ngx_http_model_edit_splice_memory(r->pool, b, local, m, ll);
            if (ll == NULL) {
                return NGX_ERROR;
            }

            continue;
        }

        if (m) {
            if (ngx_http_model_edit_splice_file(r->pool, b, local, m)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            if (ngx_buf_size(b) == 0) {
                b->in_file = 0;

                if (!b->last_buf) {
                    continue;
                }
            }
        }

        *ll = cl;
        ll = &cl->next;
    }

    *ll = NULL;

    return NGX_OK;
}


/*
 * The part of the edits that concerns the bytes [start, end) of one buf, with
 * offsets from its start.  The text goes where the edit starts.
 */

static ngx_uint_t
ngx_http_model_edit_local(ngx_http_model_edit_t *edits, ngx_uint_t n,
    off_t start, off_t end, ngx_uint_t final, ngx_http_model_edit_t *local)
{
    ngx_uint_t  i, m;

    if (start == end) {
        return 0;
    }

    m = 0;

    for (i = 0; i < n; i++) {
        local[m] = edits[i];

        if (edits[i].start < start) {

            if (edits[i].end <= start) {
                continue;
            }

            local[m].start = start;
            ngx_str_null(&local[m].text);

        } else if (edits[i].start > end
                   || (edits[i].start == end && !final))
        {
            break;
        }

        local[m].end = ngx_min(edits[i].end, end) - start;
        local[m].start -= start;
        m++;
    }

    return m;
}


static ngx_chain_t **
ngx_http_model_edit_splice_memory(ngx_pool_t *pool, ngx_buf_t *b,
    ngx_http_model_edit_t *edits, ngx_uint_t n, ngx_chain_t **ll)
{
    u_char       *p, *last;
    ngx_str_t    *text;
    ngx_uint_t    i;
    ngx_chain_t  *cl;

    cl = NULL;
    p = b->pos;

    for (i = 0; /* void */ ; i++) {
        last = (i < n) ? b->pos + edits[i].start : b->last;

        if (p < last) {
            cl = ngx_http_model_edit_piece(pool, p, last);
            if (cl == NULL) {
                return NULL;
            }

            *ll = cl;
            ll = &cl->next;
        }

        if (i == n) {
            break;
        }

        p = b->pos + edits[i].end;
        text = &edits[i].text;

        if (text->len == 0) {
            continue;
        }

        last = ngx_pstrdup(pool, text);
        if (last == NULL) {
            return NULL;
        }

        cl = ngx_http_model_edit_piece(pool, last, last + text->len);
        if (cl == NULL) {
            return NULL;
        }

        *ll = cl;
        ll = &cl->next;
    }

    if (cl == NULL) {

        if (!b->last_buf) {
            return ll;
        }

        cl = ngx_http_model_edit_piece(pool, NULL, NULL);
        if (cl == NULL) {
            return NULL;
        }

        cl->buf->temporary = 0;

        *ll = cl;
        ll = &cl->next;
    }

    cl->buf->flush = b->flush;
    cl->buf->last_buf = b->last_buf;
    cl->buf->last_in_chain = b->last_in_chain;

    return ll;
}


static ngx_chain_t *
ngx_http_model_edit_piece(ngx_pool_t *pool, u_char *start, u_char *last)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_calloc_buf(pool);
    if (b == NULL) {
        return NULL;
    }

    b->start = start;
    b->pos = start;
    b->last = last;
    b->end = last;
    b->temporary = 1;

    cl = ngx_alloc_chain_link(pool);
    if (cl == NULL) {
        return NULL;
    }

    cl->buf = b;
    cl->next = NULL;

    return cl;
}


static ngx_int_t
ngx_http_model_edit_splice_file(ngx_pool_t *pool, ngx_buf_t *b,
    ngx_http_model_edit_t *edits, ngx_uint_t n)
{
    off_t       offset, size;
    u_char     *block;
    ngx_int_t   rc;
    ngx_str_t  *text;
    ngx_uint_t  i;

    block = ngx_alloc(NGX_HTTP_MODEL_EDIT_BLOCK, pool->log);
    if (block == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_edit_shift(b, edits, n, block);

    ngx_free(block);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    size = b->file_last;
    offset = b->file_pos;

    for (i = 0; i < n; i++) {
        text = &edits[i].text;

        if (text->len
            && ngx_write_file(b->file, text->data, text->len,
                              offset + edits[i].start)
               != (ssize_t) text->len)
        {
            return NGX_ERROR;
        }

        offset += (off_t) text->len - (edits[i].end - edits[i].start);
    }

    b->file_last += offset - b->file_pos;

    if (b->file_last < size && ftruncate(b->file->fd, b->file_last) == -1) {
        ngx_log_error(NGX_LOG_CRIT, pool->log, ngx_errno,
                      "ftruncate() \"%V\" failed", &b->file->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Moves what stands behind each edit to its new place: first the pieces that
 * go to the front, in order, then those that go to the back, in reverse.  So
 * no piece is written over another that still has to move.
 */

static ngx_int_t
ngx_http_model_edit_shift(ngx_buf_t *b, ngx_http_model_edit_t *edits,
    ngx_uint_t n, u_char *block)
{
    off_t       shift, size, len;
    ngx_uint_t  i;

    shift = 0;
    size = b->file_last - b->file_pos;

    for (i = 0; i < n; i++) {
        shift += (off_t) edits[i].text.len - (edits[i].end - edits[i].start);
        len = ((i + 1 < n) ? edits[i + 1].start : size) - edits[i].end;

        if (shift < 0
            && ngx_http_model_edit_move(b->file, block,
                                        b->file_pos + edits[i].end, len,
                                        shift)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    while (i-- > 0) {
        len = ((i + 1 < n) ? edits[i + 1].start : size) - edits[i].end;

        if (shift > 0
            && ngx_http_model_edit_move(b->file, block,
                                        b->file_pos + edits[i].end, len,
                                        shift)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        shift -= (off_t) edits[i].text.len - (edits[i].end - edits[i].start);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_edit_move(ngx_file_t *file, u_char *block, off_t from,
    off_t len, off_t shift)
{
    off_t    pos;
    size_t   size;
    ssize_t  n;

    while (len) {
        size = (size_t) ngx_min(len, NGX_HTTP_MODEL_EDIT_BLOCK);
        pos = (shift > 0) ? from + len - (off_t) size : from;

        n = ngx_read_file(file, block, size, pos);

        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (n != (ssize_t) size) {
            ngx_log_error(NGX_LOG_ALERT, file->log, 0,
                          ngx_read_file_n " read only %z of %uz from \"%V\"",
                          n, size, &file->name);
            return NGX_ERROR;
        }

        if (ngx_write_file(file, block, size, pos + shift) != n) {
            return NGX_ERROR;
        }

        if (shift < 0) {
            from += n;
        }

        len -= n;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_edit_merge(ngx_pool_t *pool, ngx_http_model_edit_t *a,
    ngx_uint_t na, ngx_http_model_edit_t *b, ngx_uint_t nb,
    ngx_http_model_edit_t **edits, ngx_uint_t *n)
{
    off_t                   end;
    ngx_uint_t              i, take;
    ngx_http_model_edit_t  *out;

    out = ngx_palloc(pool, (na + nb + 1) * sizeof(ngx_http_model_edit_t));
    if (out == NULL) {
        return NGX_ERROR;
    }

    end = 0;

    for (i = 0; na || nb; i++) {

        if (na == 0 || nb == 0) {
            take = (na != 0);

        } else if (a->start != b->start) {
            take = (a->start < b->start);

        } else {
            /* an insertion stands before what replaces the bytes there */
            take = (a->end == a->start || b->end != b->start);
        }

        if (take) {
            out[i] = *a++;
            na--;

        } else {
            out[i] = *b++;
            nb--;
        }

        if (out[i].start < end) {
            return NGX_ERROR;
        }

        end = out[i].end;
    }

    *edits = out;
    *n = i;

    return NGX_OK;
}
