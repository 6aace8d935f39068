
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Each dialect has a table, a switch over paths, that says what the value of
 * a member is; what is done with it is the same for all.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_observe.h"


/* marks of a document */

#define NGX_HTTP_MODEL_OBSERVE_ERROR     0x02
#define NGX_HTTP_MODEL_OBSERVE_USAGE     0x04    /* it is an object */
#define NGX_HTTP_MODEL_OBSERVE_CHOICES   0x08    /* an array without any */
#define NGX_HTTP_MODEL_OBSERVE_DONE      0x10    /* Ollama's, true */
#define NGX_HTTP_MODEL_OBSERVE_CHOICE    0x20    /* one is there */


/* documents in an event */

#define NGX_HTTP_MODEL_OBSERVE_ONE       1       /* usage alone */
#define NGX_HTTP_MODEL_OBSERVE_OTHERS    2


/* what a value is; from V_NUMBER on they are fields of numbers */

enum {
    NGX_HTTP_MODEL_V_NONE = 0,
    NGX_HTTP_MODEL_V_CONTENT,      /* a string */
    NGX_HTTP_MODEL_V_CALL,         /* an object */
    NGX_HTTP_MODEL_V_MODEL,
    NGX_HTTP_MODEL_V_FINISH,
    NGX_HTTP_MODEL_V_STATUS,       /* less than a reason */
    NGX_HTTP_MODEL_V_REASON,
    NGX_HTTP_MODEL_V_TYPE,
    NGX_HTTP_MODEL_V_ERROR,
    NGX_HTTP_MODEL_V_USAGE,
    NGX_HTTP_MODEL_V_CHOICES,
    NGX_HTTP_MODEL_V_CHOICE,
    NGX_HTTP_MODEL_V_DONE,
    NGX_HTTP_MODEL_V_NUMBER,

    NGX_HTTP_MODEL_V_PROMPT = NGX_HTTP_MODEL_V_NUMBER,
    NGX_HTTP_MODEL_V_COMPLETION,
    NGX_HTTP_MODEL_V_CACHED,
    NGX_HTTP_MODEL_V_CACHE_WRITE,
    NGX_HTTP_MODEL_V_REASONING,
    NGX_HTTP_MODEL_V_TOTAL,
    NGX_HTTP_MODEL_V_INPUT,
    NGX_HTTP_MODEL_V_TOTAL_DURATION,
    NGX_HTTP_MODEL_V_LOAD_DURATION,
    NGX_HTTP_MODEL_V_PROMPT_DURATION,
    NGX_HTTP_MODEL_V_EVAL_DURATION
};


/* paths, of the names that ngx_http_model_frame.h has for members */

#define TOP             NGX_HTTP_MODEL_FRAME_TOP
#define IN(path, a)     ngx_http_model_frame_in(path, NGX_HTTP_MODEL_M_##a)
#define EACH(path, a)   ngx_http_model_frame_each(path, NGX_HTTP_MODEL_M_##a)

#define CHOICE          EACH(TOP, CHOICES)
#define DELTA           IN(CHOICE, DELTA)
#define MESSAGE         IN(CHOICE, MESSAGE)
#define RESPONSE        IN(TOP, RESPONSE)
#define USAGE           IN(TOP, USAGE)
#define LATE_USAGE      IN(RESPONSE, USAGE)
#define EARLY_USAGE     IN(IN(TOP, MESSAGE), USAGE)
#define CONTENT(path)   EACH(EACH(path, OUTPUT), CONTENT)


#define ngx_http_model_observe_is(text, s)                                    \
    ((text)->len == sizeof(s) - 1                                             \
     && ngx_memcmp((text)->data, s, sizeof(s) - 1) == 0)


static void ngx_http_model_observe_handler(ngx_http_model_frame_t *f,
    ngx_uint_t what, uint64_t path, ngx_str_t *text);
static void ngx_http_model_observe_document(ngx_http_model_observe_t *o);
static void ngx_http_model_observe_end(ngx_http_model_observe_t *o);
static void ngx_http_model_observe_value(ngx_http_model_observe_t *o,
    ngx_uint_t value, ngx_uint_t what, ngx_str_t *text);
static void ngx_http_model_observe_string(ngx_http_model_observe_t *o,
    ngx_uint_t value, ngx_str_t *text);
static ngx_uint_t ngx_http_model_observe_openai(uint64_t path);
static ngx_uint_t ngx_http_model_observe_choice(uint64_t path);
static ngx_uint_t ngx_http_model_observe_usage(uint64_t path);
static ngx_uint_t ngx_http_model_observe_anthropic(uint64_t path);
static ngx_uint_t ngx_http_model_observe_ollama(uint64_t path);
static void ngx_http_model_observe_number(ngx_http_model_observe_t *o,
    ngx_uint_t value);
static void ngx_http_model_observe_add(int64_t *sum, int64_t n);
static void ngx_http_model_observe_model(ngx_http_model_observe_t *o,
    ngx_str_t *text);
static ngx_uint_t ngx_http_model_observe_finish(ngx_http_model_observe_t *o,
    ngx_str_t *text);


void
ngx_http_model_observe_init(ngx_http_model_observe_t *o, ngx_uint_t framing,
    ngx_uint_t dialect)
{
    ngx_memzero(o, sizeof(ngx_http_model_observe_t));

    ngx_http_model_ending_init(&o->ending, framing);

    o->ending.frame.handler = ngx_http_model_observe_handler;
    o->dialect = dialect;

    o->prompt = -1;
    o->completion = -1;
    o->cached = -1;
    o->cache_write = -1;
    o->reasoning = -1;
    o->total = -1;
    o->input = -1;
    o->total_duration = -1;
    o->load_duration = -1;
    o->prompt_eval_duration = -1;
    o->eval_duration = -1;
}


ngx_uint_t
ngx_http_model_observe_feed(ngx_http_model_observe_t *o, u_char *p, size_t len)
{
    ngx_uint_t               content;
    ngx_http_model_frame_t  *f;

    f = &o->ending.frame;
    content = o->content;

    if (f->cr && len && *p == LF && o->usage_frames
        && o->usage_end == f->offset)
    {
        o->usage_end++;
    }

    ngx_http_model_frame_feed(f, p, len);

    return o->content != content;
}


ngx_uint_t
ngx_http_model_observe_undecided(ngx_http_model_observe_t *o)
{
    ngx_http_model_frame_t  *f;

    f = &o->ending.frame;

    return o->documents != NGX_HTTP_MODEL_OBSERVE_OTHERS
           && !f->broken
           && (f->marks & ~(NGX_HTTP_MODEL_ENDING_MARK
                            |NGX_HTTP_MODEL_OBSERVE_USAGE
                            |NGX_HTTP_MODEL_OBSERVE_CHOICES))
              == 0;
}


static void
ngx_http_model_observe_handler(ngx_http_model_frame_t *f, ngx_uint_t what,
    uint64_t path, ngx_str_t *text)
{
    ngx_uint_t                 value;
    ngx_http_model_observe_t  *o;

    o = (ngx_http_model_observe_t *) f;

    ngx_http_model_ending_handler(f, what, path, text);

    switch (what) {

    case NGX_HTTP_MODEL_FRAME_EVENT:
        o->error |= ngx_http_model_observe_is(text, "error");
        return;

    case NGX_HTTP_MODEL_FRAME_DONE:
        o->documents = NGX_HTTP_MODEL_OBSERVE_OTHERS;
        return;

    case NGX_HTTP_MODEL_FRAME_DOCUMENT:
        ngx_http_model_observe_document(o);
        return;

    case NGX_HTTP_MODEL_FRAME_END:
        ngx_http_model_observe_end(o);
        return;
    }

    switch (o->dialect) {

    case NGX_HTTP_MODEL_OPENAI:
        value = ngx_http_model_observe_openai(path);
        break;

    case NGX_HTTP_MODEL_ANTHROPIC:
        value = ngx_http_model_observe_anthropic(path);
        break;

    default:
        value = ngx_http_model_observe_ollama(path);
    }

    if (value == NGX_HTTP_MODEL_V_NONE
        || (o->errors && value != NGX_HTTP_MODEL_V_ERROR
            && value != NGX_HTTP_MODEL_V_TYPE))
    {
        return;
    }

    ngx_http_model_observe_value(o, value, what, text);
}


static void
ngx_http_model_observe_document(ngx_http_model_observe_t *o)
{
    ngx_uint_t               marks;
    ngx_http_model_frame_t  *f;

    f = &o->ending.frame;
    marks = f->marks & ~NGX_HTTP_MODEL_ENDING_MARK;

    if (f->framing != NGX_HTTP_MODEL_FRAME_SSE) {
        o->frames++;
    }

    if (marks & NGX_HTTP_MODEL_OBSERVE_ERROR) {
        o->error = 1;
    }

    if (marks & NGX_HTTP_MODEL_OBSERVE_DONE) {
        o->prompt = ngx_max(o->prompt, 0);
        o->completion = ngx_max(o->completion, 0);
    }

    if (o->documents == 0
        && marks == (NGX_HTTP_MODEL_OBSERVE_USAGE
                     |NGX_HTTP_MODEL_OBSERVE_CHOICES))
    {
        o->documents = NGX_HTTP_MODEL_OBSERVE_ONE;

    } else {
        o->documents = NGX_HTTP_MODEL_OBSERVE_OTHERS;
    }
}


static void
ngx_http_model_observe_end(ngx_http_model_observe_t *o)
{
    ngx_http_model_frame_t  *f;

    f = &o->ending.frame;

    o->frames += f->data;

    o->usage_frame = (o->documents == NGX_HTTP_MODEL_OBSERVE_ONE
                      && f->depth == 0 && !f->broken);

    if (o->usage_frame) {
        o->usage_frames++;
        o->usage_start = f->start;
        o->usage_end = f->end;
    }

    o->documents = 0;
}


static void
ngx_http_model_observe_value(ngx_http_model_observe_t *o, ngx_uint_t value,
    ngx_uint_t what, ngx_str_t *text)
{
    ngx_http_model_frame_t  *f;

    f = &o->ending.frame;

    switch (what) {

    case NGX_HTTP_MODEL_FRAME_STRING:
        ngx_http_model_observe_string(o, value, text);
        return;

    case NGX_HTTP_MODEL_FRAME_NUMBER:

        if (value >= NGX_HTTP_MODEL_V_NUMBER) {
            ngx_http_model_observe_number(o, value);

        } else if (value == NGX_HTTP_MODEL_V_ERROR) {
            f->marks |= NGX_HTTP_MODEL_OBSERVE_ERROR;
        }

        return;

    case NGX_HTTP_MODEL_FRAME_LITERAL:

        if (value == NGX_HTTP_MODEL_V_DONE && *text->data == 't') {
            f->marks |= NGX_HTTP_MODEL_OBSERVE_DONE;

        } else if (value == NGX_HTTP_MODEL_V_ERROR
                   && *text->data != 'n' && *text->data != 'f')
        {
            f->marks |= NGX_HTTP_MODEL_OBSERVE_ERROR;
        }

        return;

    case NGX_HTTP_MODEL_FRAME_OBJECT:

        if (value == NGX_HTTP_MODEL_V_CALL) {
            o->content = 1;

        } else if (value == NGX_HTTP_MODEL_V_USAGE) {
            f->marks |= NGX_HTTP_MODEL_OBSERVE_USAGE;

        } else if (value == NGX_HTTP_MODEL_V_CHOICE) {
            f->marks |= NGX_HTTP_MODEL_OBSERVE_CHOICE;
        }

        /* fall through */

    case NGX_HTTP_MODEL_FRAME_ARRAY:

        if (value == NGX_HTTP_MODEL_V_ERROR) {
            f->marks |= NGX_HTTP_MODEL_OBSERVE_ERROR;

        } else if (value == NGX_HTTP_MODEL_V_CHOICES) {
            f->marks &= ~NGX_HTTP_MODEL_OBSERVE_CHOICES;
        }

        return;

    case NGX_HTTP_MODEL_FRAME_EMPTY:

        if (value == NGX_HTTP_MODEL_V_CHOICES) {
            f->marks |= NGX_HTTP_MODEL_OBSERVE_CHOICES;
        }
    }
}


static void
ngx_http_model_observe_string(ngx_http_model_observe_t *o, ngx_uint_t value,
    ngx_str_t *text)
{
    if (text->len == 0) {
        return;
    }

    switch (value) {

    case NGX_HTTP_MODEL_V_CONTENT:
        o->content = 1;
        return;

    case NGX_HTTP_MODEL_V_MODEL:
        ngx_http_model_observe_model(o, text);
        return;

    case NGX_HTTP_MODEL_V_STATUS:

        if (o->reason
            || ngx_http_model_observe_is(text, "in_progress")
            || ngx_http_model_observe_is(text, "queued"))
        {
            return;
        }

        /* fall through */

    case NGX_HTTP_MODEL_V_FINISH:
        (void) ngx_http_model_observe_finish(o, text);
        return;

    case NGX_HTTP_MODEL_V_REASON:
        o->reason |= ngx_http_model_observe_finish(o, text);
        return;

    case NGX_HTTP_MODEL_V_TYPE:

        if (!ngx_http_model_observe_is(text, "error")
            && !ngx_http_model_observe_is(text, "response.failed"))
        {
            return;
        }

        /* fall through */

    case NGX_HTTP_MODEL_V_ERROR:
        o->ending.frame.marks |= NGX_HTTP_MODEL_OBSERVE_ERROR;
    }
}


static ngx_uint_t
ngx_http_model_observe_openai(uint64_t path)
{
    ngx_uint_t  value;

    value = ngx_http_model_observe_choice(path);

    if (value) {
        return value;
    }

    switch (path) {

    case IN(TOP, MODEL):
    case IN(RESPONSE, MODEL):
        return NGX_HTTP_MODEL_V_MODEL;

    case IN(TOP, CHOICES):
        return NGX_HTTP_MODEL_V_CHOICES;

    case IN(TOP, USAGE):
        return NGX_HTTP_MODEL_V_USAGE;

    case IN(TOP, TYPE):
    case IN(TOP, OBJECT):
        return NGX_HTTP_MODEL_V_TYPE;

    case IN(TOP, ERROR):
    case IN(RESPONSE, ERROR):
        return NGX_HTTP_MODEL_V_ERROR;

    case IN(TOP, STATUS):
    case IN(RESPONSE, STATUS):
        return NGX_HTTP_MODEL_V_STATUS;

    case IN(IN(TOP, INCOMPLETE), REASON):
    case IN(IN(RESPONSE, INCOMPLETE), REASON):
        return NGX_HTTP_MODEL_V_REASON;

    /* responses, transcriptions, speech, images: their events, and whole */

    case IN(TOP, DELTA):
    case IN(TOP, TEXT):
    case IN(TOP, AUDIO):
    case IN(TOP, B64_JSON):
    case IN(EACH(TOP, DATA), B64_JSON):
    case IN(EACH(TOP, OUTPUT), NAME):
    case IN(EACH(TOP, OUTPUT), ARGUMENTS):
    case IN(CONTENT(TOP), TEXT):
    case IN(CONTENT(TOP), REFUSAL):
    case IN(CONTENT(RESPONSE), TEXT):
    case IN(CONTENT(RESPONSE), REFUSAL):
        return NGX_HTTP_MODEL_V_CONTENT;
    }

    return ngx_http_model_observe_usage(path);
}


/* chat and completions */

static ngx_uint_t
ngx_http_model_observe_choice(uint64_t path)
{
    switch (path) {

    case CHOICE:
        return NGX_HTTP_MODEL_V_CHOICE;

    case IN(CHOICE, FINISH_REASON):
        return NGX_HTTP_MODEL_V_FINISH;

    case IN(CHOICE, TEXT):
    case IN(DELTA, CONTENT):
    case IN(DELTA, REASONING):
    case IN(DELTA, REASONING_CONTENT):
    case IN(DELTA, REFUSAL):
    case IN(EACH(DELTA, CONTENT), TEXT):
    case IN(IN(DELTA, AUDIO), DATA):
    case IN(IN(DELTA, AUDIO), TRANSCRIPT):
    case IN(MESSAGE, CONTENT):
    case IN(MESSAGE, REASONING):
    case IN(MESSAGE, REASONING_CONTENT):
    case IN(MESSAGE, REFUSAL):
    case IN(EACH(MESSAGE, CONTENT), TEXT):
    case IN(IN(MESSAGE, AUDIO), DATA):
    case IN(IN(MESSAGE, AUDIO), TRANSCRIPT):
        return NGX_HTTP_MODEL_V_CONTENT;

    case IN(DELTA, FUNCTION_CALL):
    case EACH(DELTA, TOOL_CALLS):
    case IN(MESSAGE, FUNCTION_CALL):
    case EACH(MESSAGE, TOOL_CALLS):
        return NGX_HTTP_MODEL_V_CALL;
    }

    return NGX_HTTP_MODEL_V_NONE;
}


/* OpenAI's, at the top and of an event of responses */

static ngx_uint_t
ngx_http_model_observe_usage(uint64_t path)
{
    switch (path) {

    case IN(USAGE, PROMPT):
    case IN(USAGE, INPUT):
    case IN(LATE_USAGE, INPUT):
        return NGX_HTTP_MODEL_V_PROMPT;

    case IN(USAGE, COMPLETION):
    case IN(USAGE, OUTPUT_TOKENS):
    case IN(LATE_USAGE, OUTPUT_TOKENS):
        return NGX_HTTP_MODEL_V_COMPLETION;

    case IN(USAGE, TOTAL):
    case IN(LATE_USAGE, TOTAL):
        return NGX_HTTP_MODEL_V_TOTAL;

    case IN(IN(USAGE, PROMPT_DETAILS), CACHED):
    case IN(IN(USAGE, INPUT_DETAILS), CACHED):
    case IN(IN(LATE_USAGE, INPUT_DETAILS), CACHED):
        return NGX_HTTP_MODEL_V_CACHED;

    case IN(IN(USAGE, PROMPT_DETAILS), CACHE_WRITE):
    case IN(IN(USAGE, INPUT_DETAILS), CACHE_WRITE):
    case IN(IN(LATE_USAGE, INPUT_DETAILS), CACHE_WRITE):
        return NGX_HTTP_MODEL_V_CACHE_WRITE;

    case IN(IN(USAGE, COMPLETION_DETAILS), REASONING_TOKENS):
    case IN(IN(USAGE, OUTPUT_DETAILS), REASONING_TOKENS):
    case IN(IN(LATE_USAGE, OUTPUT_DETAILS), REASONING_TOKENS):
        return NGX_HTTP_MODEL_V_REASONING;
    }

    return NGX_HTTP_MODEL_V_NONE;
}


static ngx_uint_t
ngx_http_model_observe_anthropic(uint64_t path)
{
    switch (path) {

    case IN(IN(TOP, DELTA), TEXT):
    case IN(IN(TOP, DELTA), THINKING):
    case IN(IN(TOP, DELTA), PARTIAL_JSON):
    case IN(IN(TOP, CONTENT_BLOCK), TEXT):
    case IN(IN(TOP, CONTENT_BLOCK), THINKING):
    case IN(IN(TOP, CONTENT_BLOCK), DATA):
    case IN(IN(TOP, CONTENT_BLOCK), NAME):
    case IN(EACH(TOP, CONTENT), TEXT):
    case IN(EACH(TOP, CONTENT), THINKING):
    case IN(EACH(TOP, CONTENT), DATA):
    case IN(EACH(TOP, CONTENT), NAME):
        return NGX_HTTP_MODEL_V_CONTENT;

    case IN(TOP, MODEL):
    case IN(IN(TOP, MESSAGE), MODEL):
        return NGX_HTTP_MODEL_V_MODEL;

    case IN(TOP, STOP_REASON):
    case IN(IN(TOP, DELTA), STOP_REASON):
    case IN(IN(TOP, MESSAGE), STOP_REASON):
        return NGX_HTTP_MODEL_V_FINISH;

    case IN(TOP, TYPE):
        return NGX_HTTP_MODEL_V_TYPE;

    case IN(TOP, ERROR):
        return NGX_HTTP_MODEL_V_ERROR;

    /* the first is that of count_tokens */

    case IN(TOP, INPUT):
    case IN(USAGE, INPUT):
    case IN(EARLY_USAGE, INPUT):
        return NGX_HTTP_MODEL_V_INPUT;

    case IN(USAGE, OUTPUT_TOKENS):
    case IN(EARLY_USAGE, OUTPUT_TOKENS):
        return NGX_HTTP_MODEL_V_COMPLETION;

    case IN(USAGE, CACHE_READ):
    case IN(EARLY_USAGE, CACHE_READ):
        return NGX_HTTP_MODEL_V_CACHED;

    case IN(USAGE, CACHE_CREATION):
    case IN(EARLY_USAGE, CACHE_CREATION):
        return NGX_HTTP_MODEL_V_CACHE_WRITE;
    }

    return NGX_HTTP_MODEL_V_NONE;
}


static ngx_uint_t
ngx_http_model_observe_ollama(uint64_t path)
{
    switch (path) {

    case IN(IN(TOP, MESSAGE), CONTENT):
    case IN(IN(TOP, MESSAGE), THINKING):
    case IN(TOP, RESPONSE):
    case IN(TOP, THINKING):
        return NGX_HTTP_MODEL_V_CONTENT;

    case EACH(IN(TOP, MESSAGE), TOOL_CALLS):
    case EACH(TOP, TOOL_CALLS):
        return NGX_HTTP_MODEL_V_CALL;

    case IN(TOP, MODEL):
        return NGX_HTTP_MODEL_V_MODEL;

    case IN(TOP, DONE):
        return NGX_HTTP_MODEL_V_DONE;

    case IN(TOP, DONE_REASON):
        return NGX_HTTP_MODEL_V_FINISH;

    case IN(TOP, ERROR):
        return NGX_HTTP_MODEL_V_ERROR;

    case IN(TOP, PROMPT_EVAL):
        return NGX_HTTP_MODEL_V_PROMPT;

    case IN(TOP, EVAL_COUNT):
        return NGX_HTTP_MODEL_V_COMPLETION;

    case IN(TOP, TOTAL_DURATION):
        return NGX_HTTP_MODEL_V_TOTAL_DURATION;

    case IN(TOP, LOAD_DURATION):
        return NGX_HTTP_MODEL_V_LOAD_DURATION;

    case IN(TOP, PROMPT_DURATION):
        return NGX_HTTP_MODEL_V_PROMPT_DURATION;

    case IN(TOP, EVAL_DURATION):
        return NGX_HTTP_MODEL_V_EVAL_DURATION;
    }

    return NGX_HTTP_MODEL_V_NONE;
}


static void
ngx_http_model_observe_number(ngx_http_model_observe_t *o, ngx_uint_t value)
{
    int64_t  n;

    n = o->ending.frame.number;

    if (n < 0) {
        return;
    }

    switch (value) {

    case NGX_HTTP_MODEL_V_PROMPT:
        o->prompt = n;
        return;

    case NGX_HTTP_MODEL_V_COMPLETION:
        o->completion = n;
        return;

    case NGX_HTTP_MODEL_V_CACHED:
        o->cached = n;
        break;

    case NGX_HTTP_MODEL_V_CACHE_WRITE:
        o->cache_write = n;
        break;

    case NGX_HTTP_MODEL_V_REASONING:
        o->reasoning = n;
        return;

    case NGX_HTTP_MODEL_V_TOTAL:
        o->total = n;
        return;

    case NGX_HTTP_MODEL_V_INPUT:
        o->input = n;
        break;

    case NGX_HTTP_MODEL_V_TOTAL_DURATION:
        o->total_duration = n;
        return;

    case NGX_HTTP_MODEL_V_LOAD_DURATION:
        o->load_duration = n;
        return;

    case NGX_HTTP_MODEL_V_PROMPT_DURATION:
        o->prompt_eval_duration = n;
        return;

    case NGX_HTTP_MODEL_V_EVAL_DURATION:
        o->eval_duration = n;
        return;
    }

    /* Anthropic's prompt */

    if (o->input >= 0) {
        o->prompt = o->input;

        ngx_http_model_observe_add(&o->prompt, o->cached);
        ngx_http_model_observe_add(&o->prompt, o->cache_write);
    }
}


static void
ngx_http_model_observe_add(int64_t *sum, int64_t n)
{
    if (n > 0) {
        *sum = (*sum > INT64_MAX - n) ? INT64_MAX : *sum + n;
    }
}


static void
ngx_http_model_observe_model(ngx_http_model_observe_t *o, ngx_str_t *text)
{
    u_char  c, *p, *last, *q;
    u_char  model[NGX_HTTP_MODEL_OBSERVE_MODEL];

    if (text->len == o->model_len
        && ngx_memcmp(text->data, o->model, text->len) == 0)
    {
        return;
    }

    q = model;
    p = text->data;
    last = p + ngx_min(text->len, NGX_HTTP_MODEL_OBSERVE_MODEL);

    while (p < last) {
        c = *p++;

        if (c == '\\') {

            if (p == last) {
                break;
            }

            if (*p != '/') {
                return;
            }

            c = *p++;
        }

        if (c < 0x20 || c > 0x7e) {
            break;
        }

        *q++ = c;
    }

    if (q != model) {
        o->model_len = q - model;
        ngx_memcpy(o->model, model, o->model_len);
    }
}


/* 1 when there is a new one */

static ngx_uint_t
ngx_http_model_observe_finish(ngx_http_model_observe_t *o, ngx_str_t *text)
{
    u_char  c, *p, *last, *q;
    u_char  finish[NGX_HTTP_MODEL_OBSERVE_FINISH];

    q = finish;
    p = text->data;
    last = p + ngx_min(text->len, NGX_HTTP_MODEL_FRAME_TEXT);

    for ( /* void */ ; p < last; p++) {
        c = *p;

        if (c == '\\' && (p + 1 == last || p[1] != '/')) {
            return 0;
        }

        if (((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'
             || c == '-')
            && q < finish + NGX_HTTP_MODEL_OBSERVE_FINISH)
        {
            *q++ = c;
        }
    }

    if (q == finish) {
        return 0;
    }

    o->finish_len = q - finish;
    ngx_memcpy(o->finish, finish, o->finish_len);

    return 1;
}
