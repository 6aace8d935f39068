
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What an answer of a model server tells of itself: tokens, why it ended,
 * which model it was, errors after a 200, whether it came to its end.  Owns
 * what the members of answers mean.  Pure.  Calls frame and ending.
 *
 * Sources: Ollama's API (docs/api.md: counts and durations of the last
 * object, "thinking", "tool_calls"; what is zero is left out), OpenAI's
 * specification (chat, completions, responses, embeddings, audio, images),
 * Anthropic's (messages); for the lookalikes: vLLM ("reasoning" next to
 * "reasoning_content", usage on every chunk, "object":"error", rerank),
 * OpenRouter ("cache_write_tokens").
 */


#ifndef _NGX_HTTP_MODEL_OBSERVE_H_INCLUDED_
#define _NGX_HTTP_MODEL_OBSERVE_H_INCLUDED_


#include "ngx_http_model_ending.h"


#define NGX_HTTP_MODEL_OBSERVE_MODEL   127  /* longest that is kept, bytes */
#define NGX_HTTP_MODEL_OBSERVE_FINISH  31


/*
 * Numbers are -1 while unknown; of what is told repeatedly the last counts.
 *
 *                OpenAI                  Anthropic             Ollama
 *   prompt       prompt_tokens or        input_tokens and the  prompt_eval_
 *                input_tokens            two of the cache      count
 *   completion   completion_tokens or    output_tokens         eval_count
 *                output_tokens
 *   cached       cached_tokens of the    cache_read_input_
 *                prompt's details        tokens
 *   cache_write  cache_write_tokens      cache_creation_
 *                of them                 input_tokens
 *   reasoning    reasoning_tokens of
 *                the completion's
 *   total        total_tokens
 *
 * So prompt has what was read from the cache and written to it, whereas
 * Anthropic's input_tokens has neither; completion has the reasoning, also
 * where that is not told.  A last object of Ollama's without a count tells of
 * none.  total is what was reported, not a sum.
 */
typedef struct {
    ngx_http_model_ending_t  ending;        /* .finished: it is whole */

    int64_t                  prompt;        /* tokens */
    int64_t                  completion;
    int64_t                  cached;
    int64_t                  cache_write;
    int64_t                  reasoning;
    int64_t                  total;
    int64_t                  input;         /* Anthropic's, as told */

    int64_t                  total_duration;        /* ns, Ollama's */
    int64_t                  load_duration;
    int64_t                  prompt_eval_duration;
    int64_t                  eval_duration;

    /*
     * Events of SSE that have data, else documents.  The last event with
     * usage and "choices":[] stood from usage_start to before usage_end,
     * offsets of all bytes fed, the blank line included; both are 0 before.
     * An LF that is fed after a CR of this end moves usage_end.
     */
    uint64_t                 frames;
    uint64_t                 usage_frames;
    uint64_t                 usage_start;
    uint64_t                 usage_end;
    unsigned                 usage_frame:1; /* it is the event that ended last,
                                               comments are events here */

    unsigned                 content:1;     /* a frame had some */
    unsigned                 error:1;       /* a whole document is or has one,
                                               or an event is named so */

    unsigned                 errors:1;      /* set: nothing else is wanted */

    unsigned                 dialect:2;
    unsigned                 reason:1;      /* finish is a reason, no status */
    unsigned                 documents:2;   /* in the event: none, a usage one,
                                               others */

    u_char                   finish_len;
    u_char                   finish[NGX_HTTP_MODEL_OBSERVE_FINISH];
    u_char                   model_len;
    u_char                   model[NGX_HTTP_MODEL_OBSERVE_MODEL];
} ngx_http_model_observe_t;


/*
 * framing: NGX_HTTP_MODEL_FRAME_*; dialect: of the path.  o holds no pointer
 * to what is fed and needs no end.
 */
void ngx_http_model_observe_init(ngx_http_model_observe_t *o,
    ngx_uint_t framing, ngx_uint_t dialect);

/*
 * The next bytes; they need not outlive it.  1 when the first content of all
 * was in them: text, reasoning, refusal, a tool call, audio, an image; not a
 * role, a ping, an empty string, an embedding.
 */
ngx_uint_t ngx_http_model_observe_feed(ngx_http_model_observe_t *o, u_char *p,
    size_t len);

/* 1 while the event that is on may still be one with usage and "choices":[] */
ngx_uint_t ngx_http_model_observe_undecided(ngx_http_model_observe_t *o);


#endif /* _NGX_HTTP_MODEL_OBSERVE_H_INCLUDED_ */
