
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * How a vendor answers a path: by itself, over a bridge, or not.  Owns what
 * Ollama's servers have of the other dialects, and since when.  Calls bridge,
 * view.
 */


#ifndef _NGX_HTTP_MODEL_SPEAK_H_INCLUDED_
#define _NGX_HTTP_MODEL_SPEAK_H_INCLUDED_


#include "ngx_http_model_bridge.h"
#include "ngx_http_model_endpoint.h"
#include "ngx_http_model_view.h"


/*
 * NGX_OK: *dialect is what its servers are asked in, *bridge the client's API
 * where that is another one, else NULL; NGX_DECLINED: not at all.  view tells
 * the versions of servers, and may be NULL: none is known.
 */
ngx_int_t ngx_http_model_speak(ngx_http_model_vendor_t *vendor,
    const ngx_http_model_endpoint_t *endpoint, ngx_http_model_view_t *view,
    ngx_uint_t *dialect, const ngx_http_model_bridge_api_t **bridge);

/*
 * The bridge for a path that servers of the vendor should answer by
 * themselves, and may yet lack: OpenAI's /v1/responses, while it is not known.
 * Else NULL.
 */
const ngx_http_model_bridge_api_t *ngx_http_model_speak_instead(
    ngx_http_model_vendor_t *vendor,
    const ngx_http_model_endpoint_t *endpoint);


#endif /* _NGX_HTTP_MODEL_SPEAK_H_INCLUDED_ */
