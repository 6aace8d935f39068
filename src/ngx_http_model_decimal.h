
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Prices and times as text: decimal numbers moved by powers of ten without
 * floating point, RFC 3339 both ways.  Pure.
 */


#ifndef _NGX_HTTP_MODEL_DECIMAL_H_INCLUDED_
#define _NGX_HTTP_MODEL_DECIMAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * text * 10^places, exact, in memory of pool and without needless zeros:
 * "2.50" by -6 is "0.0000025", "2.5e-06" by 6 is "2.5".  NGX_DECLINED, out
 * empty, for what is not a decimal number of at most 64 bytes, is negative,
 * or has an exponent past 64.
 */
ngx_int_t ngx_http_model_decimal_shift(ngx_pool_t *pool, ngx_str_t *text,
    ngx_int_t places, ngx_str_t *out);

/* seconds since the epoch of an RFC 3339 time, NGX_ERROR if it is none */
time_t ngx_http_model_decimal_time(ngx_str_t *text);

/* "2025-05-22T00:00:00Z" in memory of pool; sec of years 1970 to 9999 */
ngx_int_t ngx_http_model_decimal_rfc3339(ngx_pool_t *pool, time_t sec,
    ngx_str_t *out);


#endif /* _NGX_HTTP_MODEL_DECIMAL_H_INCLUDED_ */
