
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_discover_run.h"
#include "ngx_http_model_health.h"
#include "ngx_http_model_reading.h"


#define NGX_HTTP_MODEL_DISCOVER_RETRY     5000  /* milliseconds */

/*
 * A list is told at once when more show documents are lacking than a few;
 * else it waits for them for a grace, in milliseconds.
 */

#define NGX_HTTP_MODEL_DISCOVER_FEW       16
#define NGX_HTTP_MODEL_DISCOVER_GRACE     500

/* show documents asked for at a time; unanswered ones to give up after */

#define NGX_HTTP_MODEL_DISCOVER_SHOWS     4
#define NGX_HTTP_MODEL_DISCOVER_MUTE      4

/* largest answer, bytes */

#define NGX_HTTP_MODEL_DISCOVER_SHOW      (4 * 1024 * 1024)


typedef struct {
    ngx_queue_t                      queue;
    ngx_http_model_discover_job_t   *job;
    ngx_pool_t                      *pool;
    ngx_http_model_peer_t            peer;
    ngx_uint_t                       state;    /* as it was told last */
    ngx_http_model_json_t           *list;     /* the earlier one, or NULL */
    ngx_http_model_discover_list_t   fresh;
    ngx_http_model_reading_t        *reading;  /* of that */
    ngx_str_t                        version;
    ngx_uint_t                       pending;  /* fetches of details */
    ngx_uint_t                       shows;    /* of them of shows */
    ngx_uint_t                       next;     /* model to look at */
    ngx_uint_t                       mute;     /* shows without an answer */
    ngx_event_t                      grace;
    unsigned                         again:1;  /* wanted while it ran */
} ngx_http_model_discover_run_t;


typedef struct {
    ngx_http_model_discover_run_t   *run;
    ngx_http_model_reading_model_t  *model;
} ngx_http_model_discover_show_t;


static ngx_http_model_discover_run_t *ngx_http_model_discover_run_find(
    ngx_http_model_discover_job_t *job, ngx_str_t *name);
static ngx_http_model_discover_run_t *ngx_http_model_discover_run_create(
    ngx_http_model_discover_job_t *job, ngx_http_model_peer_t *peer,
    ngx_http_model_view_t *view);
static void ngx_http_model_discover_run_free(
    ngx_http_model_discover_run_t *run);
static void ngx_http_model_discover_list_handler(
    ngx_http_model_discover_list_t *list);
static void ngx_http_model_discover_listed(ngx_http_model_discover_run_t *run);
static void ngx_http_model_discover_cut(ngx_http_model_discover_run_t *run);
static void ngx_http_model_discover_details(
    ngx_http_model_discover_run_t *run);
static void ngx_http_model_discover_detail(ngx_http_model_discover_run_t *run,
    const char *uri, ngx_http_model_discover_pt handler);
static ngx_uint_t ngx_http_model_discover_lacking(
    ngx_http_model_discover_run_t *run);
static void ngx_http_model_discover_shows(ngx_http_model_discover_run_t *run);
static ngx_int_t ngx_http_model_discover_show(
    ngx_http_model_discover_run_t *run, ngx_http_model_reading_model_t *model);
static void ngx_http_model_discover_show_handler(void *data,
    ngx_http_model_fetch_t *fetch);
static void ngx_http_model_discover_version_handler(void *data,
    ngx_http_model_fetch_t *fetch);
static void ngx_http_model_discover_ps_handler(void *data,
    ngx_http_model_fetch_t *fetch);
static void ngx_http_model_discover_detailed(
    ngx_http_model_discover_run_t *run);
static void ngx_http_model_discover_grace_handler(ngx_event_t *ev);
static void ngx_http_model_discover_up(ngx_http_model_discover_run_t *run);
static void ngx_http_model_discover_down(ngx_http_model_discover_run_t *run,
    ngx_str_t *reason);
static const char *ngx_http_model_discover_note(
    ngx_http_model_discover_run_t *run);
static void ngx_http_model_discover_facts(ngx_http_model_discover_run_t *run,
    ngx_http_model_catalogue_server_t *facts, ngx_uint_t state);


void
ngx_http_model_discover_run(ngx_http_model_discover_job_t *job,
    ngx_http_model_peer_t *peer, ngx_http_model_view_t *view,
    ngx_uint_t wanted)
{
    ngx_http_model_discover_run_t  *run;

    run = ngx_http_model_discover_run_find(job, &peer->name);

    if (run) {
        run->again |= (wanted != 0);
        return;
    }

    run = ngx_http_model_discover_run_create(job, peer, view);

    if (run && ngx_http_model_discover_list(&run->fresh) != NGX_OK) {
        ngx_http_model_discover_run_free(run);
    }
}


static ngx_http_model_discover_run_t *
ngx_http_model_discover_run_find(ngx_http_model_discover_job_t *job,
    ngx_str_t *name)
{
    ngx_queue_t                    *q;
    ngx_http_model_discover_run_t  *run;

    for (q = ngx_queue_head(&job->discover->runs);
         q != ngx_queue_sentinel(&job->discover->runs);
         q = ngx_queue_next(q))
    {
        run = ngx_queue_data(q, ngx_http_model_discover_run_t, queue);

        if (run->job == job
            && run->peer.name.len == name->len
            && ngx_memcmp(run->peer.name.data, name->data, name->len) == 0)
        {
            return run;
        }
    }

    return NULL;
}


static ngx_http_model_discover_run_t *
ngx_http_model_discover_run_create(ngx_http_model_discover_job_t *job,
    ngx_http_model_peer_t *peer, ngx_http_model_view_t *view)
{
    ngx_pool_t                     *pool;
    ngx_http_model_server_t        *server;
    ngx_http_model_discover_run_t  *run;

    pool = ngx_create_pool(4096, &job->discover->log);
    if (pool == NULL) {
        return NULL;
    }

    run = ngx_pcalloc(pool, sizeof(ngx_http_model_discover_run_t));

    if (run == NULL
        || ngx_http_model_discover_copy_peer(pool, &run->peer, peer) != NGX_OK)
    {
        goto failed;
    }

    run->reading = ngx_http_model_reading_create(pool);

    if (run->reading == NULL) {
        goto failed;
    }

    run->job = job;
    run->pool = pool;

    run->fresh.job = job;
    run->fresh.pool = pool;
    run->fresh.peer = &run->peer;
    run->fresh.reading = run->reading;
    run->fresh.handler = ngx_http_model_discover_list_handler;
    run->fresh.data = run;

    server = ngx_http_model_view_server(view, job->vendor, &peer->name);

    if (server) {
        if (ngx_http_model_view_ref(view, pool) != NGX_OK) {
            goto failed;
        }

        run->state = server->facts.state;
        run->list = server->list;
    }

    run->fresh.quiet = (run->state == NGX_HTTP_MODEL_SERVER_DOWN);

    run->grace.handler = ngx_http_model_discover_grace_handler;
    run->grace.data = run;
    run->grace.log = &job->discover->log;
    run->grace.cancelable = 1;

    ngx_queue_insert_tail(&job->discover->runs, &run->queue);

    return run;

failed:

    ngx_destroy_pool(pool);

    return NULL;
}


static void
ngx_http_model_discover_run_free(ngx_http_model_discover_run_t *run)
{
    ngx_http_model_discover_job_t  *job;

    job = run->job;

    if (run->grace.timer_set) {
        ngx_del_timer(&run->grace);
    }

    ngx_queue_remove(&run->queue);

    if (run->again && !ngx_http_model_discover_stopping()) {
        ngx_http_model_catalogue_want(job->discover->views->catalogue,
                                      &job->vendor->id);
    }

    ngx_destroy_pool(run->pool);
}


static void
ngx_http_model_discover_list_handler(ngx_http_model_discover_list_t *list)
{
    ngx_http_model_discover_run_t  *run;

    run = list->data;

    if (ngx_http_model_discover_stopping()) {
        ngx_http_model_discover_run_free(run);
        return;
    }

    if (list->refused) {

        /* says nothing of the server: asked again soon */

        ngx_add_timer(&run->job->timer,
                      ngx_min(run->job->vendor->interval,
                              NGX_HTTP_MODEL_DISCOVER_RETRY));
        ngx_http_model_discover_run_free(run);
        return;
    }

    if (list->reason.len) {
        ngx_http_model_discover_down(run, &list->reason);
        ngx_http_model_discover_run_free(run);
        return;
    }

    ngx_http_model_discover_listed(run);
}


static void
ngx_http_model_discover_listed(ngx_http_model_discover_run_t *run)
{
    if (ngx_http_model_reading_recall(run->reading, run->list) != NGX_OK) {
        ngx_http_model_discover_run_free(run);
        return;
    }

    if (run->reading->cut) {
        ngx_http_model_discover_cut(run);
    }

    if (ngx_http_model_discover_dialect(run->job->vendor)
        == NGX_HTTP_MODEL_OLLAMA)
    {
        ngx_http_model_discover_details(run);
        return;
    }

    ngx_http_model_discover_up(run);
    ngx_http_model_discover_run_free(run);
}


/* told once, not at each interval: when the earlier list was not full */

static void
ngx_http_model_discover_cut(ngx_http_model_discover_run_t *run)
{
    ngx_uint_t              n;
    ngx_http_model_json_t  *json;

    n = 0;
    json = run->list ? ngx_http_model_json_get(run->list, "models") : NULL;

    for (json = json ? json->child : NULL; json; json = json->next) {
        n++;
    }

    if (n < NGX_HTTP_MODEL_READING_MODELS) {
        ngx_log_error(NGX_LOG_WARN, &run->job->discover->log, 0,
                      "model vendor \"%V\" server \"%V\" lists too many "
                      "models, the first %ui are taken",
                      &run->job->vendor->id, &run->peer.name,
                      run->reading->models.nelts);
    }
}


/* Ollama: version, loaded models, and what is not known of the listed ones */

static void
ngx_http_model_discover_details(ngx_http_model_discover_run_t *run)
{
    run->pending = 1;

    ngx_http_model_discover_detail(run, "/api/version",
                                   ngx_http_model_discover_version_handler);
    ngx_http_model_discover_detail(run, "/api/ps",
                                   ngx_http_model_discover_ps_handler);

    if (ngx_http_model_discover_lacking(run) > NGX_HTTP_MODEL_DISCOVER_FEW) {
        ngx_http_model_discover_up(run);

    } else {
        ngx_add_timer(&run->grace, NGX_HTTP_MODEL_DISCOVER_GRACE);
    }

    ngx_http_model_discover_shows(run);

    ngx_http_model_discover_detailed(run);
}


static void
ngx_http_model_discover_detail(ngx_http_model_discover_run_t *run,
    const char *uri, ngx_http_model_discover_pt handler)
{
    ngx_http_model_fetch_t  *fetch;

    fetch = ngx_http_model_discover_fetch(run->job, &run->peer.addr,
                                          NGX_HTTP_MODEL_OLLAMA, uri);
    if (fetch == NULL) {
        return;
    }

    if (ngx_http_model_discover_ask(run->job->discover, fetch, handler, run)
        == NGX_OK)
    {
        run->pending++;
    }
}


static ngx_uint_t
ngx_http_model_discover_lacking(ngx_http_model_discover_run_t *run)
{
    ngx_uint_t                        i, n;
    ngx_http_model_reading_model_t  **models;

    n = 0;
    models = run->reading->models.elts;

    for (i = 0; i < run->reading->models.nelts; i++) {
        n += ngx_http_model_reading_lacks(models[i]);
    }

    return n;
}


static void
ngx_http_model_discover_shows(ngx_http_model_discover_run_t *run)
{
    ngx_http_model_reading_model_t  **models;

    if (ngx_http_model_discover_stopping()) {
        return;
    }

    models = run->reading->models.elts;

    while (run->shows < NGX_HTTP_MODEL_DISCOVER_SHOWS
           && run->mute < NGX_HTTP_MODEL_DISCOVER_MUTE
           && run->next < run->reading->models.nelts)
    {
        if (ngx_http_model_reading_lacks(models[run->next])
            && ngx_http_model_discover_show(run, models[run->next]) == NGX_OK)
        {
            run->shows++;
            run->pending++;
        }

        run->next++;
    }
}


static ngx_int_t
ngx_http_model_discover_show(ngx_http_model_discover_run_t *run,
    ngx_http_model_reading_model_t *model)
{
    ngx_http_model_fetch_t          *fetch;
    ngx_http_model_discover_show_t  *show;

    fetch = ngx_http_model_discover_fetch(run->job, &run->peer.addr,
                                          NGX_HTTP_MODEL_OLLAMA, "/api/show");
    if (fetch == NULL) {
        return NGX_ERROR;
    }

    show = ngx_palloc(fetch->pool, sizeof(ngx_http_model_discover_show_t));

    if (show == NULL
        || ngx_http_model_reading_question(fetch->pool, &model->name,
                                           &fetch->body)
           != NGX_OK)
    {
        ngx_http_model_fetch_cancel(fetch);
        return NGX_ERROR;
    }

    show->run = run;
    show->model = model;

    fetch->method = NGX_HTTP_POST;
    fetch->limit = NGX_HTTP_MODEL_DISCOVER_SHOW;

    return ngx_http_model_discover_ask(run->job->discover, fetch,
                                       ngx_http_model_discover_show_handler,
                                       show);
}


static void
ngx_http_model_discover_show_handler(void *data, ngx_http_model_fetch_t *fetch)
{
    ngx_http_model_discover_show_t *show = data;

    ngx_str_t                       text;
    ngx_http_model_discover_run_t  *run;

    run = show->run;
    run->shows--;

    if (fetch->status == 0) {
        run->mute++;

    } else if (fetch->status == NGX_HTTP_OK
               && ngx_http_model_reading_show(fetch->pool, &fetch->content,
                                              &text)
                  == NGX_OK)
    {
        show->model->show.data = ngx_pstrdup(run->pool, &text);

        if (show->model->show.data) {
            show->model->show.len = text.len;
        }
    }

    ngx_http_model_discover_shows(run);

    ngx_http_model_discover_detailed(run);
}


static void
ngx_http_model_discover_version_handler(void *data,
    ngx_http_model_fetch_t *fetch)
{
    ngx_http_model_discover_run_t *run = data;

    if (fetch->status != NGX_HTTP_OK
        || ngx_http_model_reading_version(run->pool, &fetch->content,
                                          &run->version)
           != NGX_OK)
    {
        ngx_str_null(&run->version);
    }

    ngx_http_model_discover_detailed(run);
}


static void
ngx_http_model_discover_ps_handler(void *data, ngx_http_model_fetch_t *fetch)
{
    ngx_http_model_discover_run_t *run = data;

    ngx_str_t  loaded;

    /* at once: what is told later may be older than what was asked meanwhile */

    if (fetch->status == NGX_HTTP_OK
        && ngx_http_model_reading_loaded(fetch->pool, &fetch->content, &loaded)
           == NGX_OK
        && !ngx_http_model_discover_stopping())
    {
        ngx_http_model_discover_load_put(run->job, &run->peer.name, &loaded);
    }

    ngx_http_model_discover_detailed(run);
}


static void
ngx_http_model_discover_detailed(ngx_http_model_discover_run_t *run)
{
    if (--run->pending) {
        return;
    }

    if (!ngx_http_model_discover_stopping()) {
        ngx_http_model_discover_up(run);
    }

    ngx_http_model_discover_run_free(run);
}


static void
ngx_http_model_discover_grace_handler(ngx_event_t *ev)
{
    if (!ngx_http_model_discover_stopping()) {
        ngx_http_model_discover_up(ev->data);
    }
}


static void
ngx_http_model_discover_up(ngx_http_model_discover_run_t *run)
{
    ngx_int_t                           rc;
    ngx_uint_t                          n;
    const char                         *rest;
    ngx_http_model_catalogue_t         *catalogue;
    ngx_http_model_catalogue_server_t   facts;

    catalogue = run->job->discover->views->catalogue;

    ngx_http_model_health_answered(catalogue, &run->job->vendor->id,
                                   &run->peer.name);

    ngx_http_model_discover_facts(run, &facts, NGX_HTTP_MODEL_SERVER_UP);

    if (ngx_http_model_reading_list(run->reading, &facts.list) != NGX_OK) {
        return;
    }

    facts.version = run->version;
    facts.listed = facts.checked;

    rc = ngx_http_model_catalogue_update(catalogue, &facts,
                                         &run->job->discover->log);

    if (rc == NGX_ERROR) {

        /* what is known of it stays, but it was asked, and it answers */

        ngx_http_model_discover_facts(run, &facts, NGX_HTTP_MODEL_SERVER_UP);
        ngx_str_set(&facts.reason, "model zone is full");

        (void) ngx_http_model_catalogue_update(catalogue, &facts,
                                               &run->job->discover->log);
        return;
    }

    if (run->state != NGX_HTTP_MODEL_SERVER_UP) {
        run->state = NGX_HTTP_MODEL_SERVER_UP;

        rest = ngx_http_model_discover_note(run);
        if (rest == NULL) {
            return;
        }

        n = run->reading->models.nelts;

        ngx_log_error(NGX_LOG_NOTICE, &run->job->discover->log, 0,
                      "model vendor \"%V\" server \"%V\" is up, %ui model%s%s",
                      &run->job->vendor->id, &run->peer.name, n,
                      n == 1 ? "" : "s", rest);
    }
}


static void
ngx_http_model_discover_down(ngx_http_model_discover_run_t *run,
    ngx_str_t *reason)
{
    const char                         *rest;
    ngx_http_model_catalogue_t         *catalogue;
    ngx_http_model_catalogue_server_t   facts;

    catalogue = run->job->discover->views->catalogue;

    (void) ngx_http_model_health_failed(catalogue, &run->job->vendor->id,
                                        &run->peer.name);

    ngx_http_model_discover_facts(run, &facts, NGX_HTTP_MODEL_SERVER_DOWN);

    facts.reason = *reason;

    if (ngx_http_model_catalogue_update(catalogue, &facts,
                                        &run->job->discover->log)
        == NGX_ERROR)
    {
        return;
    }

    if (run->state != NGX_HTTP_MODEL_SERVER_DOWN) {
        run->state = NGX_HTTP_MODEL_SERVER_DOWN;

        rest = ngx_http_model_discover_note(run);
        if (rest == NULL) {
            return;
        }

        ngx_log_error(NGX_LOG_NOTICE, &run->job->discover->log, 0,
                      "model vendor \"%V\" server \"%V\" is down: %V%s",
                      &run->job->vendor->id, &run->peer.name, reason, rest);
    }
}


/* the end of a line about the server, NULL: no line */

static const char *
ngx_http_model_discover_note(ngx_http_model_discover_run_t *run)
{
    switch (ngx_http_model_health_note(run->job->discover->views->catalogue,
                                       &run->job->vendor->id,
                                       &run->peer.name))
    {

    case NGX_HTTP_MODEL_HEALTH_QUIET:
        return NULL;

    case NGX_HTTP_MODEL_HEALTH_LAST:
        return ", further changes of its state are not logged for a minute";

    default: /* NGX_HTTP_MODEL_HEALTH_LOG */
        return "";
    }
}


static void
ngx_http_model_discover_facts(ngx_http_model_discover_run_t *run,
    ngx_http_model_catalogue_server_t *facts, ngx_uint_t state)
{
    ngx_memzero(facts, sizeof(ngx_http_model_catalogue_server_t));

    facts->vendor = run->job->vendor->id;
    facts->server = run->peer.name;
    facts->state = state;
    facts->checked = ngx_time();
}
