
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_body.h"


typedef struct {
    u_char                      *addr;
    size_t                       size;
} ngx_http_model_body_map_t;


static ngx_int_t ngx_http_model_body_map(ngx_pool_t *pool, ngx_buf_t *b,
    ngx_str_t *body);
static void ngx_http_model_body_map_cleanup(void *data);


void
ngx_http_model_body_feed(ngx_http_model_body_t *body, ngx_chain_t *in)
{
    size_t      size;
    ngx_buf_t  *b;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        if (!ngx_buf_in_memory(b)) {

            if (b->in_file && ngx_buf_size(b)) {
                body->failed = 1;
            }

            continue;
        }

        size = b->last - b->pos;

        if (size == 0) {
            continue;
        }

        body->fed += size;

        if (body->failed) {
            continue;
        }

        if (body->scan) {
            (void) ngx_http_model_scan_feed(body->scan, b->pos, size);
        }

        if (body->multipart) {
            (void) ngx_http_model_multipart_feed(body->multipart, b->pos,
                                                 size);
        }
    }
}


ngx_int_t
ngx_http_model_body_feed_read(ngx_http_request_t *r,
    ngx_http_model_body_t *body)
{
    ngx_buf_t    b;
    ngx_str_t    whole;
    ngx_chain_t  cl;

    if (ngx_http_model_body_whole(r, &whole) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&b, sizeof(ngx_buf_t));

    b.pos = whole.data;
    b.last = whole.data + whole.len;
    b.memory = 1;

    cl.buf = &b;
    cl.next = NULL;

    ngx_http_model_body_feed(body, &cl);

    return NGX_OK;
}


off_t
ngx_http_model_body_size(ngx_chain_t *cl)
{
    off_t  size;

    size = 0;

    for ( /* void */ ; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    return size;
}


ngx_int_t
ngx_http_model_body_whole(ngx_http_request_t *r, ngx_str_t *body)
{
    off_t         size;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    ngx_str_set(body, "");

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    size = ngx_http_model_body_size(r->request_body->bufs);

    if (size == 0) {
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_size(b) != size) {
            continue;
        }

        if (!ngx_buf_in_memory(b)) {
            return ngx_http_model_body_map(r->pool, b, body);
        }

        body->len = (size_t) size;
        body->data = b->pos;

        return NGX_OK;
    }

    body->data = ngx_pnalloc(r->pool, (size_t) size);
    if (body->data == NULL) {
        return NGX_ERROR;
    }

    body->len = (size_t) size;

    return ngx_http_model_body_copy(r->request_body->bufs, 0, body->len,
                                    body->data);
}


ngx_int_t
ngx_http_model_body_copy(ngx_chain_t *cl, off_t offset, size_t len, u_char *p)
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
            ngx_memcpy(p, b->pos + offset, n);

        } else if (ngx_read_file(b->file, p, n, b->file_pos + offset)
                   != (ssize_t) n)
        {
            return NGX_ERROR;
        }

        p += n;
        len -= n;
        offset = 0;
    }

    return len ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_model_body_map(ngx_pool_t *pool, ngx_buf_t *b, ngx_str_t *body)
{
    u_char                     *addr;
    ngx_pool_cleanup_t         *cln;
    ngx_http_model_body_map_t  *map;

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_http_model_body_map_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    /* from 0, as file_pos need not be at the start of a page */

    addr = mmap(NULL, (size_t) b->file_last, PROT_READ, MAP_PRIVATE,
                b->file->fd, 0);

    if (addr == MAP_FAILED) {
        ngx_log_error(NGX_LOG_CRIT, pool->log, ngx_errno,
                      "mmap(%O) \"%V\" failed", b->file_last, &b->file->name);
        return NGX_ERROR;
    }

    map = cln->data;
    map->addr = addr;
    map->size = (size_t) b->file_last;

    cln->handler = ngx_http_model_body_map_cleanup;

    body->len = (size_t) (b->file_last - b->file_pos);
    body->data = addr + b->file_pos;

    return NGX_OK;
}


static void
ngx_http_model_body_map_cleanup(void *data)
{
    ngx_http_model_body_map_t  *map = data;

    (void) munmap(map->addr, map->size);
}
