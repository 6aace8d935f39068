
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What Claude models take, by their names: Anthropic's API answers 400 to
 * requests that think or sample in a way which the model does not have, and
 * clients of other dialects cannot know which way that is.  Pure.
 *
 * Source: Anthropic's documentation of thinking, effort and of the changes
 * with each model, as of November 2026.
 */


#ifndef _NGX_HTTP_MODEL_BRIDGE_CLAUDE_H_INCLUDED_
#define _NGX_HTTP_MODEL_BRIDGE_CLAUDE_H_INCLUDED_


#include "ngx_http_model.h"


#define NGX_HTTP_MODEL_CLAUDE_KNOWN     0x01   /* it is one, of a version */
#define NGX_HTTP_MODEL_CLAUDE_BUDGET    0x02   /* thinking "enabled" */
#define NGX_HTTP_MODEL_CLAUDE_ADAPTIVE  0x04   /* thinking "adaptive", and
                                                  output_config.effort */
#define NGX_HTTP_MODEL_CLAUDE_DISABLED  0x08   /* thinking "disabled" */
#define NGX_HTTP_MODEL_CLAUDE_BETWEEN   0x10   /* "between_tools" instead */
#define NGX_HTTP_MODEL_CLAUDE_SAMPLING  0x20   /* temperature, top_p, top_k */
#define NGX_HTTP_MODEL_CLAUDE_HIDES     0x40   /* thinking, unless asked for */


/*
 * Bits of a model's name such as "claude-haiku-4-5-20251001", also within the
 * names of other hosts ("anthropic/claude-opus-4.6", "us.anthropic.claude-..").
 * What is no Claude, or has no version, is taken to have it all but BETWEEN
 * and HIDES.
 */
ngx_uint_t ngx_http_model_claude(ngx_str_t *name);


#endif /* _NGX_HTTP_MODEL_BRIDGE_CLAUDE_H_INCLUDED_ */
