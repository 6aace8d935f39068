
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * POST <status>/test?vendor=id: each server of a vendor is asked now.  Owns
 * the test, which outlives a client that leaves, and what its outcome means in
 * words.  Calls discover, wait, peers, respond.
 */


#ifndef _NGX_HTTP_MODEL_STATUS_TEST_H_INCLUDED_
#define _NGX_HTTP_MODEL_STATUS_TEST_H_INCLUDED_


#include "ngx_http_model_discover.h"


/* for the table of paths, see status.h */
ngx_int_t ngx_http_model_status_test(ngx_http_request_t *r);

/*
 * What came of a test in words that say what to do, in memory of pool: *error
 * begins with "Connection failed: ", empty when the server has a list;
 * *warning is what else may surprise, or empty.  server is the peer's name.
 * Never more of a key than whether there is one.
 */
ngx_int_t ngx_http_model_status_words(ngx_pool_t *pool,
    ngx_http_model_vendor_t *vendor, ngx_str_t *server,
    ngx_http_model_discover_test_t *test, ngx_str_t *error,
    ngx_str_t *warning);


#endif /* _NGX_HTTP_MODEL_STATUS_TEST_H_INCLUDED_ */
