
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Requests that are written, for the programs that test bridges.
 */


#ifndef _BRIDGE_PIECES_H_INCLUDED_
#define _BRIDGE_PIECES_H_INCLUDED_


#include "bridge_exchange.h"


/* pieces of a request as one */

static ngx_str_t
bridge_join(ngx_array_t *pieces)
{
    u_char      *p;
    size_t       len;
    ngx_str_t    out, *piece;
    ngx_uint_t   i;

    piece = pieces->elts;
    len = 0;

    for (i = 0; i < pieces->nelts; i++) {
        len += piece[i].len;
    }

    p = ngx_pnalloc(bridge_pool, len + 1);

    out.data = p;
    out.len = len;

    for (i = 0; i < pieces->nelts; i++) {
        p = ngx_cpymem(p, piece[i].data, piece[i].len);
    }

    return out;
}


#endif /* _BRIDGE_PIECES_H_INCLUDED_ */
