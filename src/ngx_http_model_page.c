
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/evp.h>

#include "ngx_http_model_listing.h"
#include "ngx_http_model_page.h"
#include "ngx_http_model_respond.h"

/* made of ngx_http_model_page.html by config.make, with a zero at its end */
#include "ngx_http_model_page_html.h"


#define NGX_HTTP_MODEL_PAGE_SUM  32   /* bytes of SHA-256 */


static ngx_int_t ngx_http_model_page_sum(const char *open, const char *close,
    u_char *sum);


/*
 * Only the page's own script and style run, known by their sums, and they
 * reach no other origin.  Nor may the script make elements of strings.
 */

static const char  ngx_http_model_page_policy[] =
    "default-src 'none'; script-src 'sha256-%V'; style-src 'sha256-%V'; "
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'%Z";


ngx_int_t
ngx_http_model_page_init(ngx_pool_t *pool, ngx_http_model_status_t *status)
{
    size_t      len;
    u_char      sum[NGX_HTTP_MODEL_PAGE_SUM];
    u_char      text[2][ngx_base64_encoded_length(NGX_HTTP_MODEL_PAGE_SUM)];
    ngx_str_t   page, src, script, style;

    src.data = sum;
    src.len = NGX_HTTP_MODEL_PAGE_SUM;

    script.data = text[0];
    style.data = text[1];

    if (ngx_http_model_page_sum("<script>", "</script>", sum) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_encode_base64(&script, &src);

    if (ngx_http_model_page_sum("<style>", "</style>", sum) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_encode_base64(&style, &src);

    len = sizeof(ngx_http_model_page_policy) + script.len + style.len;

    status->policy = ngx_pnalloc(pool, len);
    if (status->policy == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_snprintf(status->policy, len, ngx_http_model_page_policy,
                        &script, &style);

    page.data = ngx_http_model_page_html;
    page.len = sizeof(ngx_http_model_page_html) - 1;

    return ngx_http_model_listing_etag(&page, pool, &status->etag);
}


/* the sum of what stands between two tags of the page */

static ngx_int_t
ngx_http_model_page_sum(const char *open, const char *close, u_char *sum)
{
    u_char  *start, *end;

    start = (u_char *) ngx_strstr(ngx_http_model_page_html, open);
    if (start == NULL) {
        return NGX_ERROR;
    }

    start += ngx_strlen(open);

    end = (u_char *) ngx_strstr(start, close);
    if (end == NULL) {
        return NGX_ERROR;
    }

    return (EVP_Digest(start, end - start, sum, NULL, EVP_sha256(), NULL) == 1)
           ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_model_status_page(ngx_http_request_t *r)
{
    ngx_str_t                   page;
    ngx_http_model_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);

    /* it has no data: unlike these it may be kept, when it is still the same */

    ngx_http_model_respond_remove(r, "Cache-Control");

    if (ngx_http_model_respond_header(r, "Cache-Control", "no-cache") != NGX_OK
        || ngx_http_model_respond_header(r, "Content-Security-Policy",
                                         (char *) mlcf->status->policy)
           != NGX_OK
        || ngx_http_model_respond_header(r, "Referrer-Policy", "no-referrer")
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    page.data = ngx_http_model_page_html;
    page.len = sizeof(ngx_http_model_page_html) - 1;

    return ngx_http_model_respond(r, NGX_HTTP_OK, "text/html; charset=utf-8",
                                  &page, &mlcf->status->etag);
}
