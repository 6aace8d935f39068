
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_gauge.h"
#include "ngx_http_model_queue.h"
#include "ngx_http_model_rules.h"
#include "ngx_http_model_survey.h"
#include "ngx_http_model_turn.h"
#include "ngx_http_model_wait.h"


#define NGX_HTTP_MODEL_QUEUE_TIMEOUT  60000   /* ms */
#define NGX_HTTP_MODEL_QUEUE_STEP     20      /* ms, slots of other workers */
#define NGX_HTTP_MODEL_QUEUE_KINDS    16

/* ms that a slot is left to other workers, and that it is not after that */

#define NGX_HTTP_MODEL_QUEUE_YIELD    30
#define NGX_HTTP_MODEL_QUEUE_INSIST   200


typedef struct {
    ngx_queue_t                waiting;   /* ngx_http_model_waiter_t */
    ngx_queue_t                ready;     /* of them those to be woken */
    ngx_uint_t                 n;         /* of waiting */
    ngx_event_t                timer;
    ngx_event_t                wake;      /* posted */

    ngx_http_model_turn_t     *turn;      /* among the workers, or NULL */
    ngx_msec_t                 insist;    /* the end of it, while insists */
    unsigned                   known:1;   /* turn */
    unsigned                   insists:1;
} ngx_http_model_queue_t;


typedef struct {
    ngx_queue_t                queue;
    ngx_http_model_wait_t      wait;
    ngx_http_model_queue_t    *in;
    ngx_http_request_t        *request;
    ngx_http_model_hop_t      *hop;
    ngx_http_model_place_t     place;
    ngx_http_model_queue_pt    resume;
    ngx_msec_t                 start;
    ngx_msec_t                 yield;     /* the end of it, while yields */
    ngx_int_t                  rc;
    unsigned                   ready:1;
    unsigned                   yields:1;
} ngx_http_model_waiter_t;


static void ngx_http_model_queue_freed(void *data);
static ngx_uint_t ngx_http_model_queue_behind(ngx_http_model_queue_t *queue,
    ngx_http_request_t *r, ngx_http_model_hop_t *hop);
static ngx_uint_t ngx_http_model_queue_same(ngx_http_model_waiter_t *waiter,
    ngx_http_request_t *r, ngx_http_model_hop_t *hop);
static void ngx_http_model_queue_turn(ngx_http_request_t *r,
    ngx_http_model_queue_t *queue, ngx_http_model_balancer_conf_t *bcf);
static ngx_uint_t ngx_http_model_queue_younger(ngx_http_model_queue_t *queue,
    ngx_msec_t start);
static ngx_uint_t ngx_http_model_queue_yields(
    ngx_http_model_waiter_t *waiter);
static void ngx_http_model_queue_mark(ngx_http_model_queue_t *queue);
static void ngx_http_model_queue_remove(ngx_http_model_waiter_t *waiter);
static void ngx_http_model_queue_leave(ngx_http_model_wait_t *wait);
static ngx_int_t ngx_http_model_queue_resume(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);
static void ngx_http_model_queue_handler(ngx_event_t *ev);
static void ngx_http_model_queue_serve(ngx_http_model_queue_t *queue);
static ngx_uint_t ngx_http_model_queue_try(ngx_http_model_waiter_t *waiter);


char *
ngx_http_model_queue_set(ngx_conf_t *cf, ngx_http_model_balancer_conf_t *bcf)
{
    ngx_int_t                n;
    ngx_str_t               *value, text;
    ngx_http_model_queue_t  *queue;

    if (bcf->queue) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > 1000000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"model_queue\" "
                           "directive, it must be how many requests of a "
                           "worker may wait", &value[1]);
        return NGX_CONF_ERROR;
    }

    bcf->queue = n;
    bcf->timeout = NGX_HTTP_MODEL_QUEUE_TIMEOUT;

    if (cf->args->nelts > 2) {
        text.data = value[2].data + 8;
        text.len = value[2].len - 8;

        n = (ngx_strncmp(value[2].data, "timeout=", 8) == 0)
            ? ngx_parse_time(&text, 0) : NGX_ERROR;

        if (n == NGX_ERROR || n == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" in \"model_queue\" "
                               "directive, \"timeout=60s\" would be one",
                               &value[2]);
            return NGX_CONF_ERROR;
        }

        bcf->timeout = n;
    }

    queue = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_queue_t));
    if (queue == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_queue_init(&queue->waiting);
    ngx_queue_init(&queue->ready);

    queue->timer.handler = ngx_http_model_queue_handler;
    queue->timer.data = queue;
    queue->timer.log = &cf->cycle->new_log;

    queue->wake = queue->timer;

    bcf->freed = ngx_http_model_queue_freed;
    bcf->data = queue;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_model_queue_length(ngx_http_model_balancer_conf_t *bcf)
{
    ngx_http_model_queue_t  *queue;

    queue = bcf->data;

    return queue ? queue->n : 0;
}


/* within a request that ends: who waits is called from the event loop */

static void
ngx_http_model_queue_freed(void *data)
{
    ngx_http_model_queue_t *queue = data;

    if (queue->n) {
        ngx_post_event(&queue->wake, &ngx_posted_events);
    }
}


ngx_int_t
ngx_http_model_queue(ngx_http_request_t *r, ngx_http_model_hop_t *hop,
    ngx_http_model_balancer_conf_t *bcf, ngx_http_model_queue_pt resume)
{
    ngx_int_t                 rc;
    ngx_http_model_ctx_t     *ctx;
    ngx_http_model_place_t    place;
    ngx_http_model_queue_t   *queue;
    ngx_http_model_waiter_t  *waiter;

    ctx = ngx_http_model_ctx(r);
    queue = bcf->data;

    ngx_memzero(&place, sizeof(ngx_http_model_place_t));

    ctx->was_queued = 1;

    ngx_http_model_queue_turn(r, queue, bcf);

    /* a slot that became free unnoticed is theirs that have waited longer */

    if (queue->n) {
        ngx_http_model_queue_serve(queue);

        if (!ngx_queue_empty(&queue->ready)) {
            ngx_post_event(&queue->wake, &ngx_posted_events);
        }
    }

    /* one that could wait does not overtake those of other workers */

    if (!ngx_http_model_queue_behind(queue, r, hop)
        && (queue->n >= bcf->queue
            || !ngx_http_model_queue_younger(queue, ngx_current_msec)))
    {
        rc = ngx_http_model_balancer_reserve(r, hop, &place);

        if (rc != NGX_BUSY) {
            return rc;
        }
    }

    if (queue->n >= bcf->queue) {
        return NGX_BUSY;
    }

    waiter = ngx_pcalloc(r->pool, sizeof(ngx_http_model_waiter_t));
    if (waiter == NULL) {
        return NGX_ERROR;
    }

    waiter->in = queue;
    waiter->request = r;
    waiter->hop = hop;
    waiter->place = place;
    waiter->resume = resume;
    waiter->start = ngx_current_msec;
    waiter->rc = NGX_BUSY;

    waiter->wait.resume = ngx_http_model_queue_resume;
    waiter->wait.leave = ngx_http_model_queue_leave;
    waiter->wait.data = waiter;

    if (ngx_http_model_wait_call(r, &waiter->wait, bcf->timeout) != NGX_DONE) {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&queue->waiting, &waiter->queue);
    queue->n++;

    ngx_http_model_queue_mark(queue);
    ngx_http_model_gauge_waits(ngx_http_model_ctx(r));

    if (!queue->timer.timer_set) {
        ngx_add_timer(&queue->timer, NGX_HTTP_MODEL_QUEUE_STEP);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "model: waits for a slot of vendor \"%V\", queue:%ui",
                   &hop->vendor->id, queue->n);

    return NGX_DONE;
}


/* 1 when another request waits for the same */

static ngx_uint_t
ngx_http_model_queue_behind(ngx_http_model_queue_t *queue,
    ngx_http_request_t *r, ngx_http_model_hop_t *hop)
{
    ngx_queue_t              *q;
    ngx_http_model_waiter_t  *waiter;

    for (q = ngx_queue_head(&queue->waiting);
         q != ngx_queue_sentinel(&queue->waiting);
         q = ngx_queue_next(q))
    {
        waiter = ngx_queue_data(q, ngx_http_model_waiter_t, queue);

        if (ngx_http_model_queue_same(waiter, r, hop)) {
            return 1;
        }
    }

    return 0;
}


/* 1 when both find the same servers, by all that survey looks at */

static ngx_uint_t
ngx_http_model_queue_same(ngx_http_model_waiter_t *waiter,
    ngx_http_request_t *r, ngx_http_model_hop_t *hop)
{
    ngx_http_model_hop_t  *other;

    other = waiter->hop;

    return other->vendor == hop->vendor
           && other->anywhere == hop->anywhere
           && ngx_http_model_rules_choice(ngx_http_model_ctx(waiter->request))
              == ngx_http_model_rules_choice(ngx_http_model_ctx(r))
           && other->known.len == hop->known.len
           && ngx_memcmp(other->known.data, hop->known.data, hop->known.len)
              == 0;
}


/* without a zone a worker counts slots of its own, and no other has a turn */

static void
ngx_http_model_queue_turn(ngx_http_request_t *r,
    ngx_http_model_queue_t *queue, ngx_http_model_balancer_conf_t *bcf)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    if (queue->known || ctx->views == NULL) {
        return;
    }

    queue->known = 1;

    if (ngx_http_model_peers_shared(bcf->us)) {
        queue->turn = ngx_http_model_turn(ctx->views->catalogue,
                                          &bcf->us->host);
    }
}


/* 1 when a request of another worker came before, and might want the slot */

static ngx_uint_t
ngx_http_model_queue_younger(ngx_http_model_queue_t *queue, ngx_msec_t start)
{
    if (queue->turn == NULL) {
        return 0;
    }

    if (queue->insists) {

        if ((ngx_msec_int_t) (queue->insist - ngx_current_msec) > 0) {
            return 0;
        }

        queue->insists = 0;
    }

    return ngx_http_model_turn_behind(queue->turn, start);
}


/*
 * 1 when a slot is left to another worker, which looks for it every step.  One
 * that is still free after that suits none of those that wait there.
 */

static ngx_uint_t
ngx_http_model_queue_yields(ngx_http_model_waiter_t *waiter)
{
    ngx_http_model_queue_t  *queue;

    queue = waiter->in;

    if (!ngx_http_model_queue_younger(queue, waiter->start)) {
        return 0;
    }

    if (!waiter->yields) {
        waiter->yields = 1;
        waiter->yield = ngx_current_msec + NGX_HTTP_MODEL_QUEUE_YIELD;
        return 1;
    }

    if ((ngx_msec_int_t) (waiter->yield - ngx_current_msec) > 0) {
        return 1;
    }

    queue->insists = 1;
    queue->insist = ngx_current_msec + NGX_HTTP_MODEL_QUEUE_INSIST;

    return 0;
}


/* tells the other workers who has waited longest here */

static void
ngx_http_model_queue_mark(ngx_http_model_queue_t *queue)
{
    ngx_queue_t              *q;
    ngx_http_model_waiter_t  *waiter;

    if (queue->turn == NULL) {
        return;
    }

    if (ngx_queue_empty(&queue->waiting)) {
        ngx_http_model_turn_done(queue->turn);
        return;
    }

    q = ngx_queue_head(&queue->waiting);
    waiter = ngx_queue_data(q, ngx_http_model_waiter_t, queue);

    ngx_http_model_turn_wait(queue->turn, waiter->start);
}


static void
ngx_http_model_queue_remove(ngx_http_model_waiter_t *waiter)
{
    ngx_http_model_queue_t  *queue;

    queue = waiter->in;

    ngx_queue_remove(&waiter->queue);

    ngx_http_model_gauge_waited(ngx_http_model_ctx(waiter->request));

    if (!waiter->ready) {
        queue->n--;
        ngx_http_model_queue_mark(queue);
    }

    if (queue->n == 0 && queue->timer.timer_set) {
        ngx_del_timer(&queue->timer);
    }
}


static void
ngx_http_model_queue_leave(ngx_http_model_wait_t *wait)
{
    ngx_http_model_waiter_t  *waiter;

    waiter = wait->data;

    ngx_http_model_queue_remove(waiter);

    ngx_http_model_ctx(waiter->request)->queued += ngx_current_msec
                                                   - waiter->start;
}


static ngx_int_t
ngx_http_model_queue_resume(ngx_http_request_t *r, ngx_http_model_wait_t *wait)
{
    ngx_http_model_ctx_t     *ctx;
    ngx_http_model_waiter_t  *waiter;

    waiter = wait->data;
    ctx = ngx_http_model_ctx(r);

    ngx_http_model_queue_remove(waiter);

    ctx->queued += ngx_current_msec - waiter->start;

    if (waiter->rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return waiter->resume(r, waiter->rc);
}


/*
 * Slots are taken first and requests called after that: what a request does
 * may end others, of the same HTTP/2 connection for one.
 */

static void
ngx_http_model_queue_handler(ngx_event_t *ev)
{
    ngx_queue_t              *q;
    ngx_http_model_queue_t   *queue;
    ngx_http_model_waiter_t  *waiter;

    queue = ev->data;

    ngx_http_model_queue_serve(queue);

    while (!ngx_queue_empty(&queue->ready)) {
        q = ngx_queue_head(&queue->ready);
        waiter = ngx_queue_data(q, ngx_http_model_waiter_t, queue);

        ngx_http_model_wait_wake(&waiter->wait);
    }

    if (queue->n && !queue->timer.timer_set) {
        ngx_add_timer(&queue->timer, NGX_HTTP_MODEL_QUEUE_STEP);
    }
}


/* of requests that want the same, those behind one that got none get none */

static void
ngx_http_model_queue_serve(ngx_http_model_queue_t *queue)
{
    ngx_uint_t                i, n;
    ngx_queue_t              *q, *next;
    ngx_http_model_waiter_t  *waiter, *none[NGX_HTTP_MODEL_QUEUE_KINDS];

    n = 0;

    for (q = ngx_queue_head(&queue->waiting);
         q != ngx_queue_sentinel(&queue->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        waiter = ngx_queue_data(q, ngx_http_model_waiter_t, queue);

        for (i = 0; i < n; i++) {
            if (ngx_http_model_queue_same(none[i], waiter->request,
                                          waiter->hop))
            {
                break;
            }
        }

        if (i < n) {
            continue;
        }

        if (ngx_http_model_queue_try(waiter)) {
            ngx_queue_remove(q);
            ngx_queue_insert_tail(&queue->ready, q);

            waiter->ready = 1;
            queue->n--;

        } else if (n < NGX_HTTP_MODEL_QUEUE_KINDS) {
            none[n++] = waiter;
        }
    }

    ngx_http_model_queue_mark(queue);
}


/* 1 when the waiting is over: with a slot, or since there is none to come */

static ngx_uint_t
ngx_http_model_queue_try(ngx_http_model_waiter_t *waiter)
{
    ngx_http_model_look_t  look;

    ngx_http_model_survey_look(waiter->request, waiter->hop, NULL, &look);

    if (look.up == 0) {
        return 1;
    }

    if (look.free == 0) {
        waiter->yields = 0;
        return 0;
    }

    if (ngx_http_model_queue_yields(waiter)) {
        return 0;
    }

    waiter->rc = ngx_http_model_balancer_reserve(waiter->request,
                                                 waiter->hop,
                                                 &waiter->place);

    return waiter->rc != NGX_BUSY;
}
