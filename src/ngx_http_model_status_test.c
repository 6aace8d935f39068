
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_error.h"
#include "ngx_http_model_listing.h"
#include "ngx_http_model_path.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_status.h"
#include "ngx_http_model_status_api.h"
#include "ngx_http_model_status_test.h"
#include "ngx_http_model_wait.h"


#define NGX_HTTP_MODEL_TESTS       16    /* of a worker at a time */
#define NGX_HTTP_MODEL_TEST_SLACK  1000  /* ms beyond the vendor's timeout */


typedef struct ngx_http_model_status_run_s  ngx_http_model_status_run_t;


/* one server */

typedef struct {
    ngx_http_model_status_run_t      *run;
    ngx_http_model_peer_t            *peer;
    ngx_http_model_discover_test_t    test;
    ngx_msec_t                        time;    /* that it took */
    unsigned                          done:1;
} ngx_http_model_status_server_t;


/* one test, in a pool of its own: its questions may outlive the request */

struct ngx_http_model_status_run_s {
    ngx_pool_t                       *pool;
    ngx_http_model_main_conf_t       *mmcf;
    ngx_http_model_vendor_t          *vendor;
    ngx_http_model_wait_t            *wait;    /* NULL: nobody waits */
    ngx_http_model_status_server_t   *servers;
    ngx_uint_t                        nservers;
    ngx_uint_t                        pending;
    ngx_msec_t                        start;
};


/* what came of all of them */

typedef struct {
    ngx_uint_t                        asked;
    ngx_uint_t                        failed;
    ngx_str_t                         error;   /* of the first that failed */
} ngx_http_model_status_sum_t;


static void ngx_http_model_status_test_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_status_test_start(ngx_http_request_t *r);
static ngx_http_model_vendor_t *ngx_http_model_status_test_vendor(
    ngx_http_request_t *r, ngx_http_model_main_conf_t *mmcf, ngx_int_t *rc);
static ngx_http_model_status_run_t *ngx_http_model_status_test_create(
    ngx_http_request_t *r, ngx_http_model_main_conf_t *mmcf,
    ngx_http_model_vendor_t *vendor);
static void ngx_http_model_status_test_ask(ngx_http_model_status_run_t *run);
static void ngx_http_model_status_test_done(
    ngx_http_model_discover_test_t *test);
static void ngx_http_model_status_test_leave(ngx_http_model_wait_t *wait);
static void ngx_http_model_status_test_forget(
    ngx_http_model_status_run_t *run);
static ngx_int_t ngx_http_model_status_test_answer(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);
static ngx_int_t ngx_http_model_status_test_document(ngx_http_request_t *r,
    ngx_http_model_status_run_t *run, ngx_str_t *doc);
static ngx_int_t ngx_http_model_status_test_server(ngx_http_request_t *r,
    ngx_http_model_json_writer_t *w, ngx_http_model_status_server_t *server,
    ngx_http_model_status_sum_t *sum);


ngx_int_t
ngx_http_model_status_test(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    /* nothing is expected in it, but it must not be left on the connection */

    rc = ngx_http_read_client_request_body(r,
                                    ngx_http_model_status_test_body_handler);

    return (rc >= NGX_HTTP_SPECIAL_RESPONSE) ? rc : NGX_DONE;
}


static void
ngx_http_model_status_test_body_handler(ngx_http_request_t *r)
{
    ngx_http_finalize_request(r, ngx_http_model_status_test_start(r));
}


static ngx_int_t
ngx_http_model_status_test_start(ngx_http_request_t *r)
{
    ngx_int_t                     rc;
    ngx_http_model_vendor_t      *vendor;
    ngx_http_model_main_conf_t   *mmcf;
    ngx_http_model_status_run_t  *run;

    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    vendor = ngx_http_model_status_test_vendor(r, mmcf, &rc);
    if (vendor == NULL) {
        return rc;
    }

    if (mmcf->tests >= NGX_HTTP_MODEL_TESTS) {
        return ngx_http_model_respond_error(r, NGX_HTTP_TOO_MANY_REQUESTS,
                                            NULL, NULL, "%d tests are running "
                                            "already, try again later",
                                            NGX_HTTP_MODEL_TESTS);
    }

    run = ngx_http_model_status_test_create(r, mmcf, vendor);
    if (run == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_model_status_test_ask(run);

    if (run->pending == 0) {
        return ngx_http_model_status_test_answer(r, run->wait);
    }

    if (ngx_http_model_wait_call(r, run->wait, vendor->timeout
                                               + NGX_HTTP_MODEL_TEST_SLACK)
        != NGX_DONE)
    {
        run->wait = NULL;
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DONE;
}


/* that of the argument; NULL: *rc is what the handler returns */

static ngx_http_model_vendor_t *
ngx_http_model_status_test_vendor(ngx_http_request_t *r,
    ngx_http_model_main_conf_t *mmcf, ngx_int_t *rc)
{
    u_char                     known[512], *p;
    ngx_str_t                  id;
    ngx_uint_t                 i;
    ngx_http_model_vendor_t   *vendor, **vendors;

    *rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

    vendors = mmcf->ranked.elts;
    p = known;

    for (i = 0; i < mmcf->ranked.nelts; i++) {
        p = ngx_slprintf(p, known + sizeof(known), "%s\"%V\"",
                         (i == 0) ? "" : ", ", &vendors[i]->id);
    }

    if (ngx_http_model_path_argument(r, "vendor", &id) != NGX_OK) {
        return NULL;
    }

    if (id.len == 0) {
        *rc = ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                           NULL, "the argument \"vendor\" "
                                           "says which one is tested, there "
                                           "are: %*s",
                                           (size_t) (p - known), known);
        return NULL;
    }

    vendor = ngx_http_model_vendor_find(&mmcf->ranked, &id);

    if (vendor == NULL) {
        id = ngx_http_model_error_quote(r->pool, &id);

        *rc = ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL, NULL,
                                           "there is no vendor \"%V\", there "
                                           "are: %*s", &id,
                                           (size_t) (p - known), known);
    }

    return vendor;
}


static ngx_http_model_status_run_t *
ngx_http_model_status_test_create(ngx_http_request_t *r,
    ngx_http_model_main_conf_t *mmcf, ngx_http_model_vendor_t *vendor)
{
    ngx_uint_t                    i;
    ngx_pool_t                   *pool;
    ngx_array_t                  *peers;
    ngx_http_model_wait_t        *wait;
    ngx_http_model_status_run_t  *run;

    wait = ngx_pcalloc(r->pool, sizeof(ngx_http_model_wait_t));
    pool = ngx_create_pool(4096, ngx_cycle->log);

    if (wait == NULL || pool == NULL) {
        goto failed;
    }

    run = ngx_pcalloc(pool, sizeof(ngx_http_model_status_run_t));
    peers = ngx_http_model_peers(vendor, pool);

    if (run == NULL || peers == NULL) {
        goto failed;
    }

    run->servers = ngx_pcalloc(pool, (peers->nelts + 1)
                                     * sizeof(ngx_http_model_status_server_t));
    if (run->servers == NULL) {
        goto failed;
    }

    run->pool = pool;
    run->mmcf = mmcf;
    run->vendor = vendor;
    run->wait = wait;
    run->nservers = peers->nelts;
    run->start = ngx_current_msec;

    for (i = 0; i < peers->nelts; i++) {
        run->servers[i].run = run;
        run->servers[i].peer = (ngx_http_model_peer_t *) peers->elts + i;
    }

    wait->resume = ngx_http_model_status_test_answer;
    wait->leave = ngx_http_model_status_test_leave;
    wait->data = run;

    mmcf->tests++;

    return run;

failed:

    if (pool) {
        ngx_destroy_pool(pool);
    }

    return NULL;
}


static void
ngx_http_model_status_test_ask(ngx_http_model_status_run_t *run)
{
    ngx_uint_t                       i;
    ngx_http_model_status_server_t  *server;

    for (i = 0; i < run->nservers; i++) {
        server = &run->servers[i];

        if (server->peer->down) {
            continue;
        }

        server->test.pool = run->pool;
        server->test.handler = ngx_http_model_status_test_done;
        server->test.data = server;

        if (ngx_http_model_discover_test(&run->mmcf->views, run->vendor,
                                         server->peer, &server->test)
            == NGX_OK)
        {
            run->pending++;
            continue;
        }

        server->done = 1;
        server->test.failure = NGX_HTTP_MODEL_FETCH_OURS;
        ngx_str_set(&server->test.reason, "not enough memory");
    }
}


static void
ngx_http_model_status_test_done(ngx_http_model_discover_test_t *test)
{
    ngx_http_model_status_run_t     *run;
    ngx_http_model_status_server_t  *server;

    server = test->data;
    run = server->run;

    server->done = 1;
    server->time = ngx_current_msec - run->start;

    if (--run->pending) {
        return;
    }

    if (run->wait) {
        ngx_http_model_wait_wake(run->wait);

    } else {
        ngx_http_model_status_test_forget(run);
    }
}


static void
ngx_http_model_status_test_leave(ngx_http_model_wait_t *wait)
{
    ngx_http_model_status_run_t  *run;

    run = wait->data;
    run->wait = NULL;

    if (run->pending == 0) {
        ngx_http_model_status_test_forget(run);
    }
}


static void
ngx_http_model_status_test_forget(ngx_http_model_status_run_t *run)
{
    run->mmcf->tests--;

    ngx_destroy_pool(run->pool);
}


static ngx_int_t
ngx_http_model_status_test_answer(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait)
{
    ngx_int_t                     rc;
    ngx_str_t                     doc;
    ngx_http_model_status_run_t  *run;

    run = wait->data;

    rc = ngx_http_model_status_test_document(r, run, &doc);

    /* what was found is known to all within a moment */

    if (run->vendor->discover) {
        ngx_http_model_catalogue_want(run->mmcf->views.catalogue,
                                      &run->vendor->id);
    }

    ngx_http_model_status_test_leave(wait);

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond(r, NGX_HTTP_OK, "application/json", &doc,
                                  NULL);
}


static ngx_int_t
ngx_http_model_status_test_document(ngx_http_request_t *r,
    ngx_http_model_status_run_t *run, ngx_str_t *doc)
{
    ngx_uint_t                     i;
    ngx_str_t                      servers;
    ngx_http_model_status_sum_t    sum;
    ngx_http_model_json_writer_t  *w;

    ngx_memzero(&sum, sizeof(ngx_http_model_status_sum_t));

    w = ngx_http_model_json_writer(r->pool);

    ngx_http_model_json_array(w);

    for (i = 0; i < run->nservers; i++) {

        if (ngx_http_model_status_test_server(r, w, &run->servers[i], &sum)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_http_model_json_array_end(w);

    if (ngx_http_model_json_finish(w, &servers) != NGX_OK) {
        return NGX_ERROR;
    }

    if (sum.asked == 0) {
        ngx_str_set(&sum.error, "Connection failed: the vendor has no server "
                                "that may be asked");
    }

    w = ngx_http_model_json_writer(r->pool);

    ngx_http_model_json_object(w);
    ngx_http_model_status_bool(w, "success", sum.error.len == 0);
    ngx_http_model_listing_or_null(w, "error", &sum.error);
    ngx_http_model_listing_member(w, "vendor", &run->vendor->id);
    ngx_http_model_status_int(w, "time_ms", ngx_current_msec - run->start);
    ngx_http_model_status_int(w, "asked", sum.asked);
    ngx_http_model_status_int(w, "failed", sum.failed);
    ngx_http_model_json_key(w, "servers");
    ngx_http_model_json_raw(w, &servers);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, doc);
}


static ngx_int_t
ngx_http_model_status_test_server(ngx_http_request_t *r,
    ngx_http_model_json_writer_t *w, ngx_http_model_status_server_t *server,
    ngx_http_model_status_sum_t *sum)
{
    ngx_str_t                        error, warning;
    ngx_uint_t                       success;
    ngx_http_model_discover_test_t  *test;

    test = &server->test;

    if (server->peer->down) {
        ngx_str_set(&error, "not asked: it is \"down\" in the upstream block");
        ngx_str_null(&warning);

    } else {

        sum->asked++;

        if (!server->done) {
            server->time = ngx_current_msec - server->run->start;
            test->failure = NGX_HTTP_MODEL_FETCH_OURS;
            ngx_str_set(&test->reason, "the worker was too busy to ask");
        }

        if (ngx_http_model_status_words(r->pool, server->run->vendor,
                                        &server->peer->name, test, &error,
                                        &warning)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (error.len) {

            if (sum->failed++ == 0) {
                sum->error = error;
            }
        }
    }

    success = (error.len == 0);

    ngx_http_model_json_object(w);
    ngx_http_model_listing_member(w, "server", &server->peer->name);
    ngx_http_model_status_bool(w, "success", success);
    ngx_http_model_listing_or_null(w, "error", &error);
    ngx_http_model_listing_or_null(w, "warning", &warning);
    ngx_http_model_status_bool(w, "asked", !server->peer->down);
    ngx_http_model_status_int(w, "time_ms", server->time);
    ngx_http_model_status_int(w, "status",
                              test->status ? (int64_t) test->status : -1);
    ngx_http_model_status_int(w, "models",
                              success ? (int64_t) test->models : -1);
    ngx_http_model_json_object_end(w);

    return NGX_OK;
}
