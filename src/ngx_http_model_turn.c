
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_turn.h"


/* renewed is 0 while none waits, and written last */

typedef struct {
    ngx_atomic_t               start;
    ngx_atomic_t               renewed;
} ngx_http_model_turn_mark_t;


/* is never freed, its name never changes: found without the mutex */

struct ngx_http_model_turn_s {
    ngx_http_model_turn_t     *next;
    ngx_http_model_turn_mark_t marks[NGX_HTTP_MODEL_TURN_WORKERS];
    size_t                     len;
    u_char                     data[1];
};


static ngx_http_model_turn_t *ngx_http_model_turn_find(
    ngx_http_model_turn_t *turn, ngx_str_t *upstream, ngx_uint_t *n);
static ngx_http_model_turn_mark_t *ngx_http_model_turn_mark(
    ngx_http_model_turn_t *turn);


ngx_http_model_turn_t *
ngx_http_model_turn(ngx_http_model_catalogue_t *cat, ngx_str_t *upstream)
{
    void                  **slot;
    ngx_uint_t              n;
    ngx_slab_pool_t        *shpool;
    ngx_http_model_turn_t  *turn;

    slot = ngx_http_model_catalogue_slot(cat, NGX_HTTP_MODEL_SLOT_TURNS);

    if (slot == NULL) {
        return NULL;
    }

    shpool = ngx_http_model_catalogue_pool(cat);

    ngx_shmtx_lock(&shpool->mutex);

    turn = ngx_http_model_turn_find(*slot, upstream, &n);

    if (turn == NULL && n < NGX_HTTP_MODEL_TURN_PLACES) {

        turn = ngx_slab_calloc_locked(shpool,
                                      offsetof(ngx_http_model_turn_t, data)
                                      + upstream->len);
        if (turn) {
            turn->len = upstream->len;
            ngx_memcpy(turn->data, upstream->data, upstream->len);

            turn->next = *slot;
            ngx_memory_barrier();
            *slot = turn;
        }
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return turn;
}


static ngx_http_model_turn_t *
ngx_http_model_turn_find(ngx_http_model_turn_t *turn, ngx_str_t *upstream,
    ngx_uint_t *n)
{
    for (*n = 0; turn != NULL; turn = turn->next, (*n)++) {

        if (turn->len == upstream->len
            && ngx_memcmp(turn->data, upstream->data, upstream->len) == 0)
        {
            break;
        }
    }

    return turn;
}


/*
 * By the slot of the process, not the number of the worker: the workers of a
 * configuration that was replaced still have theirs.
 */

static ngx_http_model_turn_mark_t *
ngx_http_model_turn_mark(ngx_http_model_turn_t *turn)
{
    return &turn->marks[ngx_process_slot % NGX_HTTP_MODEL_TURN_WORKERS];
}


void
ngx_http_model_turn_wait(ngx_http_model_turn_t *turn, ngx_msec_t start)
{
    ngx_http_model_turn_mark_t  *mark;

    mark = ngx_http_model_turn_mark(turn);

    mark->start = start;
    ngx_memory_barrier();
    mark->renewed = ngx_current_msec ? ngx_current_msec : 1;
}


void
ngx_http_model_turn_done(ngx_http_model_turn_t *turn)
{
    ngx_http_model_turn_mark(turn)->renewed = 0;
}


ngx_uint_t
ngx_http_model_turn_behind(ngx_http_model_turn_t *turn, ngx_msec_t start)
{
    ngx_uint_t                   i;
    ngx_msec_t                   renewed;
    ngx_http_model_turn_mark_t  *mark, *own;

    own = ngx_http_model_turn_mark(turn);

    for (i = 0; i < NGX_HTTP_MODEL_TURN_WORKERS; i++) {
        mark = &turn->marks[i];

        renewed = mark->renewed;

        if (mark == own || renewed == 0) {
            continue;
        }

        ngx_memory_barrier();

        /* workers update their time each on its own: it may be ahead */

        if ((ngx_msec_int_t) (ngx_current_msec - renewed)
            < NGX_HTTP_MODEL_TURN_FRESH
            && (ngx_msec_int_t) (mark->start - start) < 0)
        {
            return 1;
        }
    }

    return 0;
}
