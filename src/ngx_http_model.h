
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Words that every floor shares: dialects, limits, the version.
 * Owns no state and calls nothing.
 */


#ifndef _NGX_HTTP_MODEL_H_INCLUDED_
#define _NGX_HTTP_MODEL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_MODEL_VERSION        "0.2.0"


/* wire dialects: of a path, of a vendor (as bits), of an error */

#define NGX_HTTP_MODEL_OLLAMA         0
#define NGX_HTTP_MODEL_OPENAI         1
#define NGX_HTTP_MODEL_ANTHROPIC      2
#define NGX_HTTP_MODEL_NDIALECTS      3

#define ngx_http_model_dialect_bit(d)  (1u << (d))


/* capabilities of a model, as Ollama names them */

#define NGX_HTTP_MODEL_CAP_COMPLETION  0x0001
#define NGX_HTTP_MODEL_CAP_TOOLS       0x0002
#define NGX_HTTP_MODEL_CAP_INSERT      0x0004
#define NGX_HTTP_MODEL_CAP_VISION      0x0008
#define NGX_HTTP_MODEL_CAP_EMBEDDING   0x0010
#define NGX_HTTP_MODEL_CAP_THINKING    0x0020
#define NGX_HTTP_MODEL_CAP_IMAGE       0x0040
#define NGX_HTTP_MODEL_CAP_AUDIO       0x0080


/* longest model name that is routed, in bytes after unescaping */

#define NGX_HTTP_MODEL_NAME_LEN       256


#endif /* _NGX_HTTP_MODEL_H_INCLUDED_ */
