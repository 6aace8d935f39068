
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_discover.h"
#include "ngx_http_model_discover_run.h"


#define NGX_HTTP_MODEL_DISCOVER_PAGES  50

/* largest page, bytes */

#define NGX_HTTP_MODEL_DISCOVER_LIST   (16 * 1024 * 1024)


/* a question of ngx_http_model_discover_test() */

typedef struct {
    ngx_http_model_discover_list_t    list;
    ngx_http_model_peer_t             peer;
    ngx_http_model_discover_test_t   *test;
} ngx_http_model_discover_question_t;


static ngx_int_t ngx_http_model_discover_page_uri(
    ngx_http_model_discover_list_t *list, ngx_uint_t dialect, ngx_str_t *uri);
static void ngx_http_model_discover_page_handler(void *data,
    ngx_http_model_fetch_t *fetch);
static ngx_int_t ngx_http_model_discover_read(
    ngx_http_model_discover_list_t *list, ngx_http_model_fetch_t *fetch);
static void ngx_http_model_discover_test_handler(
    ngx_http_model_discover_list_t *list);


ngx_uint_t
ngx_http_model_discover_dialect(ngx_http_model_vendor_t *vendor)
{
    ngx_uint_t  dialect;

    for (dialect = 0; dialect < NGX_HTTP_MODEL_NDIALECTS; dialect++) {

        if (vendor->dialects & ngx_http_model_dialect_bit(dialect)) {
            return dialect;
        }
    }

    return vendor->dialect;
}


ngx_int_t
ngx_http_model_discover_list(ngx_http_model_discover_list_t *list)
{
    ngx_str_t                uri;
    ngx_uint_t               dialect;
    ngx_msec_int_t           left;
    ngx_http_model_fetch_t  *fetch;

    dialect = ngx_http_model_discover_dialect(list->job->vendor);

    if (ngx_http_model_discover_page_uri(list, dialect, &uri) != NGX_OK) {
        return NGX_ERROR;
    }

    fetch = ngx_http_model_discover_fetch(list->job, &list->peer->addr,
                                          dialect, (const char *) uri.data);
    if (fetch == NULL) {
        return NGX_ERROR;
    }

    if (list->deadline) {
        left = (ngx_msec_int_t) (list->deadline - ngx_current_msec);
        fetch->timeout = ngx_min(fetch->timeout,
                                 (ngx_msec_t) ngx_max(left, 1));
    }

    fetch->limit = NGX_HTTP_MODEL_DISCOVER_LIST;
    fetch->quiet = list->quiet;
    fetch->keep = list->keep;

    return ngx_http_model_discover_ask(list->job->discover, fetch,
                                       ngx_http_model_discover_page_handler,
                                       list);
}


static ngx_int_t
ngx_http_model_discover_page_uri(ngx_http_model_discover_list_t *list,
    ngx_uint_t dialect, ngx_str_t *uri)
{
    u_char     *p;
    ngx_str_t   first, after, *last;

    switch (dialect) {

    case NGX_HTTP_MODEL_OLLAMA:
        ngx_str_set(uri, "/api/tags");
        return NGX_OK;

    case NGX_HTTP_MODEL_ANTHROPIC:
        ngx_str_set(&first, "/v1/models?limit=1000");
        ngx_str_set(&after, "&after_id=");
        break;

    default: /* NGX_HTTP_MODEL_OPENAI */
        ngx_str_set(&first, "/v1/models");
        ngx_str_set(&after, "?after=");
    }

    last = &list->reading->last_id;

    p = ngx_pnalloc(list->pool, first.len + after.len + 3 * last->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    uri->data = p;

    p = ngx_cpymem(p, first.data, first.len);

    if (list->reading->more) {
        p = ngx_cpymem(p, after.data, after.len);
        p = (u_char *) ngx_escape_uri(p, last->data, last->len,
                                      NGX_ESCAPE_URI_COMPONENT);
    }

    *p = '\0';
    uri->len = p - uri->data;

    return NGX_OK;
}


static void
ngx_http_model_discover_page_handler(void *data, ngx_http_model_fetch_t *fetch)
{
    ngx_http_model_discover_list_t *list = data;

    list->failure = fetch->failure;
    list->status = fetch->status;
    list->refused = fetch->refused;

    if (ngx_http_model_discover_read(list, fetch) != NGX_OK
        || !list->reading->more
        || ++list->pages >= NGX_HTTP_MODEL_DISCOVER_PAGES
        || (ngx_http_model_discover_stopping() && !list->keep))
    {
        list->handler(list);
        return;
    }

    if (ngx_http_model_discover_list(list) != NGX_OK) {
        ngx_str_set(&list->reason, "not enough memory");
        list->failure = NGX_HTTP_MODEL_FETCH_OURS;
        list->refused = 1;

        list->handler(list);
    }
}


static ngx_int_t
ngx_http_model_discover_read(ngx_http_model_discover_list_t *list,
    ngx_http_model_fetch_t *fetch)
{
    ngx_int_t    rc;
    const char  *text;

    if (fetch->status == 0) {

        /* it may be in the fetch's pool */

        list->reason.len = ngx_strlen(fetch->error);
        list->reason.data = ngx_pnalloc(list->pool, list->reason.len);

        if (list->reason.data == NULL) {
            ngx_str_set(&list->reason, "not enough memory");

        } else {
            ngx_memcpy(list->reason.data, fetch->error, list->reason.len);
        }

        return NGX_ERROR;
    }

    if (fetch->status != NGX_HTTP_OK) {
        ngx_http_model_reading_status(list->pool, fetch->status,
                                      &list->reason);
        return NGX_ERROR;
    }

    if (ngx_http_model_discover_dialect(list->job->vendor)
        == NGX_HTTP_MODEL_OLLAMA)
    {
        rc = ngx_http_model_reading_tags(list->reading, &fetch->content,
                                         &text);

    } else {
        rc = ngx_http_model_reading_models(list->reading, &fetch->content,
                                           &text);
    }

    if (rc != NGX_OK) {
        list->reason.data = (u_char *) text;
        list->reason.len = ngx_strlen(text);
    }

    return rc;
}


ngx_int_t
ngx_http_model_discover_test(ngx_http_model_views_t *views,
    ngx_http_model_vendor_t *vendor, ngx_http_model_peer_t *peer,
    ngx_http_model_discover_test_t *test)
{
    ngx_http_model_discover_t           *d;
    ngx_http_model_discover_job_t       *job;
    ngx_http_model_discover_question_t  *question;

    d = views->discover;

    job = d ? ngx_http_model_discover_find(d, vendor) : NULL;

    if (job == NULL) {
        return NGX_ERROR;
    }

    question = ngx_pcalloc(test->pool,
                           sizeof(ngx_http_model_discover_question_t));

    if (question == NULL
        || ngx_http_model_discover_copy_peer(test->pool, &question->peer, peer)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    question->test = test;

    question->list.reading = ngx_http_model_reading_create(test->pool);

    if (question->list.reading == NULL) {
        return NGX_ERROR;
    }

    question->list.job = job;
    question->list.pool = test->pool;
    question->list.peer = &question->peer;
    question->list.deadline = ngx_current_msec + vendor->timeout;
    question->list.keep = 1;
    question->list.handler = ngx_http_model_discover_test_handler;
    question->list.data = question;

    if (ngx_http_model_discover_page_uri(&question->list,
                                      ngx_http_model_discover_dialect(vendor),
                                      &test->uri)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_discover_list(&question->list);
}


static void
ngx_http_model_discover_test_handler(ngx_http_model_discover_list_t *list)
{
    ngx_uint_t                            i;
    ngx_http_model_discover_test_t       *test;
    ngx_http_model_reading_model_t      **model;
    ngx_http_model_discover_question_t   *question;

    question = list->data;
    test = question->test;

    test->failure = list->failure;
    test->status = list->status;
    test->reason = list->reason;
    test->models = list->reading->models.nelts;

    model = list->reading->models.elts;

    for (i = 0; i < test->models; i++) {
        test->exposed += ngx_http_model_vendor_exposes(list->job->vendor,
                                                       &model[i]->name);
    }

    test->handler(test);
}
