/* unit: src/ngx_http_model_observe.c src/ngx_http_model_frame.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The first byte is the framing and the dialect, the second the size of the
 * pieces, the rest an answer.  Whole and in pieces it tells the same.  A slow
 * reader, which splits the answer into lines and events first, has each
 * document parsed as a whole and knows values by paths as text, must be told
 * the same where all documents are valid and no escape writes a letter.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_json.h"
#include "ngx_http_model_observe.h"


#define SSE     NGX_HTTP_MODEL_FRAME_SSE
#define NDJSON  NGX_HTTP_MODEL_FRAME_NDJSON
#define JSON    NGX_HTTP_MODEL_FRAME_JSON

#define NUMBERS  11


typedef enum {
    CONTENT = NUMBERS, CALL, MODEL, FINISH, STATUS, REASON, TYPE, ERROR,
    USAGE, CHOICES, DONE
} kind_e;


typedef struct {
    ngx_uint_t   dialect;
    ngx_uint_t   kind;
    const char  *path;
} row_t;


typedef struct {
    ngx_pool_t  *pool;
    ngx_uint_t   framing;
    ngx_uint_t   dialect;

    int64_t      numbers[NUMBERS];
    ngx_str_t    model;
    ngx_str_t    finish;
    ngx_uint_t   reason;
    ngx_uint_t   content;
    ngx_uint_t   error;
    ngx_uint_t   frames;
    ngx_uint_t   usage_frames;
    ngx_uint_t   usage_frame;
    size_t       usage_start;
    size_t       usage_end;

    ngx_uint_t   unsure;     /* had what is no JSON */
    ngx_uint_t   escapes;
    size_t       begin;      /* of the event */
    ngx_uint_t   lines;
    ngx_uint_t   data;
    ngx_uint_t   end;        /* it has "[DONE]" */
    ngx_str_t    document;   /* of the lines of data so far */

    ngx_uint_t   is_error;   /* of the document */
    ngx_uint_t   is_done;
    ngx_uint_t   usage;
    ngx_uint_t   choices;
} slow_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ngx_uint_t feed(ngx_http_model_observe_t *o, const u_char *data,
    size_t size, size_t piece);
static void same(ngx_http_model_observe_t *a, ngx_http_model_observe_t *b);
static void agree(ngx_http_model_observe_t *o, slow_t *s);
static void slow(slow_t *s, const uint8_t *data, size_t size);
static void slow_line(slow_t *s, ngx_str_t line, size_t end);
static void slow_data(slow_t *s, ngx_str_t line);
static void slow_event(slow_t *s, size_t end);
static void slow_document(slow_t *s);
static ngx_uint_t repeated(ngx_http_model_json_t *json);
static void walk(slow_t *s, ngx_http_model_json_t *json, u_char *path,
    u_char *last);
static void value(slow_t *s, ngx_uint_t kind, ngx_http_model_json_t *json);
static void string(slow_t *s, ngx_uint_t kind, ngx_str_t v);
static ngx_uint_t finish(slow_t *s, ngx_str_t *v);
static void number(slow_t *s, ngx_uint_t kind, ngx_str_t *text);
static int64_t add(int64_t a, int64_t b);
static ngx_uint_t match(const u_char *path, const char *pattern);
static ngx_uint_t is(ngx_str_t *s, const char *text);
static ngx_uint_t starts(ngx_str_t *s, const char *with);
static void must(ngx_uint_t good);


static ngx_log_t        test_log;
static ngx_open_file_t  test_log_file;


enum {
    PROMPT = 0, COMPLETION, CACHED, WRITE, REASONING, TOTAL, INPUT,
    D_TOTAL, D_LOAD, D_PROMPT, D_EVAL
};

#define O  NGX_HTTP_MODEL_OPENAI
#define A  NGX_HTTP_MODEL_ANTHROPIC
#define L  NGX_HTTP_MODEL_OLLAMA

static const row_t  rows[] = {
    { L, MODEL, "model" }, { L, DONE, "done" }, { L, FINISH, "done_reason" },
    { L, ERROR, "error" }, { L, CONTENT, "message.content" },
    { L, CONTENT, "message.thinking" }, { L, CONTENT, "response" },
    { L, CONTENT, "thinking" }, { L, CALL, "message.tool_calls[]" },
    { L, CALL, "tool_calls[]" }, { L, PROMPT, "prompt_eval_count" },
    { L, COMPLETION, "eval_count" }, { L, D_TOTAL, "total_duration" },
    { L, D_LOAD, "load_duration" }, { L, D_EVAL, "eval_duration" },
    { L, D_PROMPT, "prompt_eval_duration" },

    { A, MODEL, "model" }, { A, MODEL, "message.model" },
    { A, FINISH, "stop_reason" }, { A, FINISH, "message.stop_reason" },
    { A, FINISH, "delta.stop_reason" }, { A, TYPE, "type" },
    { A, ERROR, "error" }, { A, CONTENT, "delta.text" },
    { A, CONTENT, "delta.thinking" }, { A, CONTENT, "delta.partial_json" },
    { A, CONTENT, "content_block.text" }, { A, CONTENT, "content_block.name" },
    { A, CONTENT, "content_block.data" },
    { A, CONTENT, "content_block.thinking" }, { A, CONTENT, "content[].text" },
    { A, CONTENT, "content[].thinking" }, { A, CONTENT, "content[].name" },
    { A, CONTENT, "content[].data" }, { A, INPUT, "input_tokens" },
    { A, INPUT, "usage.input_tokens" },
    { A, INPUT, "message.usage.input_tokens" },
    { A, COMPLETION, "usage.output_tokens" },
    { A, COMPLETION, "message.usage.output_tokens" },
    { A, CACHED, "usage.cache_read_input_tokens" },
    { A, CACHED, "message.usage.cache_read_input_tokens" },
    { A, WRITE, "usage.cache_creation_input_tokens" },
    { A, WRITE, "message.usage.cache_creation_input_tokens" },

    { O, MODEL, "model" }, { O, MODEL, "response.model" },
    { O, CHOICES, "choices" }, { O, USAGE, "usage" }, { O, TYPE, "type" },
    { O, TYPE, "object" }, { O, ERROR, "error" },
    { O, ERROR, "response.error" },
    { O, STATUS, "status" }, { O, STATUS, "response.status" },
    { O, REASON, "incomplete_details.reason" },
    { O, REASON, "response.incomplete_details.reason" },
    { O, CONTENT, "delta" }, { O, CONTENT, "text" }, { O, CONTENT, "audio" },
    { O, CONTENT, "b64_json" }, { O, CONTENT, "data[].b64_json" },
    { O, CONTENT, "output[].name" }, { O, CONTENT, "output[].arguments" },
    { O, CONTENT, "output[].content[].text" },
    { O, CONTENT, "output[].content[].refusal" },
    { O, CONTENT, "response.output[].content[].text" },
    { O, CONTENT, "response.output[].content[].refusal" },
    { O, FINISH, "choices[].finish_reason" }, { O, CONTENT, "choices[].text" },
    { O, CONTENT, "choices[].delta.content" },
    { O, CONTENT, "choices[].delta.content[].text" },
    { O, CONTENT, "choices[].delta.reasoning" },
    { O, CONTENT, "choices[].delta.reasoning_content" },
    { O, CONTENT, "choices[].delta.refusal" },
    { O, CONTENT, "choices[].delta.audio.data" },
    { O, CONTENT, "choices[].delta.audio.transcript" },
    { O, CALL, "choices[].delta.tool_calls[]" },
    { O, CALL, "choices[].delta.function_call" },
    { O, CONTENT, "choices[].message.content" },
    { O, CONTENT, "choices[].message.content[].text" },
    { O, CONTENT, "choices[].message.reasoning" },
    { O, CONTENT, "choices[].message.reasoning_content" },
    { O, CONTENT, "choices[].message.refusal" },
    { O, CONTENT, "choices[].message.audio.data" },
    { O, CONTENT, "choices[].message.audio.transcript" },
    { O, CALL, "choices[].message.tool_calls[]" },
    { O, CALL, "choices[].message.function_call" },
    { O, PROMPT, "usage.prompt_tokens" }, { O, PROMPT, "usage.input_tokens" },
    { O, PROMPT, "response.usage.input_tokens" },
    { O, COMPLETION, "usage.completion_tokens" },
    { O, COMPLETION, "usage.output_tokens" },
    { O, COMPLETION, "response.usage.output_tokens" },
    { O, TOTAL, "usage.total_tokens" },
    { O, TOTAL, "response.usage.total_tokens" },
    { O, CACHED, "usage.prompt_tokens_details.cached_tokens" },
    { O, CACHED, "usage.input_tokens_details.cached_tokens" },
    { O, CACHED, "response.usage.input_tokens_details.cached_tokens" },
    { O, WRITE, "usage.prompt_tokens_details.cache_write_tokens" },
    { O, WRITE, "usage.input_tokens_details.cache_write_tokens" },
    { O, WRITE, "response.usage.input_tokens_details.cache_write_tokens" },
    { O, REASONING, "usage.completion_tokens_details.reasoning_tokens" },
    { O, REASONING, "usage.output_tokens_details.reasoning_tokens" },
    { O, REASONING, "response.usage.output_tokens_details.reasoning_tokens" }
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slow_t                     s;
    ngx_uint_t                 i, first, framing, dialect;
    ngx_http_model_observe_t   whole, cut;

    if (ngx_pagesize == 0) {
        ngx_pagesize = getpagesize();
        ngx_time_init();

        test_log_file.fd = ngx_stderr;
        test_log.file = &test_log_file;
        test_log.log_level = NGX_LOG_EMERG;
    }

    if (size < 2) {
        return 0;
    }

    framing = data[0] & 3;
    dialect = (data[0] >> 2) % NGX_HTTP_MODEL_NDIALECTS;

    ngx_memset(&whole, 0x5a, sizeof(whole));
    ngx_http_model_observe_init(&whole, framing, dialect);
    ngx_http_model_observe_init(&cut, framing, dialect);

    first = feed(&whole, data + 2, size - 2, size);
    must(first == whole.content);

    first = feed(&cut, data + 2, size - 2, data[1] + 1);
    must(first == cut.content);

    same(&whole, &cut);

    ngx_memzero(&s, sizeof(slow_t));
    s.pool = ngx_create_pool(4096, &test_log);
    must(s.pool != NULL);

    s.framing = framing;
    s.dialect = dialect;

    for (i = 0; i < NUMBERS; i++) {
        s.numbers[i] = -1;
    }

    slow(&s, data + 2, size - 2);

    if (!s.unsure) {
        agree(&whole, &s);
    }

    ngx_destroy_pool(s.pool);

    return 0;
}


static ngx_uint_t
feed(ngx_http_model_observe_t *o, const u_char *data, size_t size,
    size_t piece)
{
    size_t       n;
    u_char      *copy;
    ngx_uint_t   first;

    first = 0;

    for ( /* void */ ; size; data += n, size -= n) {
        n = ngx_min(piece, size);

        /* a block of its own shows what is overread */

        copy = malloc(n);
        must(copy != NULL);
        ngx_memcpy(copy, data, n);

        first += ngx_http_model_observe_feed(o, copy, n);

        free(copy);
    }

    return first;
}


static void
same(ngx_http_model_observe_t *a, ngx_http_model_observe_t *b)
{
    must(a->prompt == b->prompt && a->completion == b->completion);
    must(a->cached == b->cached && a->cache_write == b->cache_write);
    must(a->reasoning == b->reasoning && a->total == b->total);
    must(a->total_duration == b->total_duration);
    must(a->load_duration == b->load_duration);
    must(a->prompt_eval_duration == b->prompt_eval_duration);
    must(a->eval_duration == b->eval_duration);
    must(a->frames == b->frames && a->content == b->content);
    must(a->error == b->error);
    must(a->usage_frames == b->usage_frames);
    must(a->usage_frame == b->usage_frame);
    must(a->usage_start == b->usage_start && a->usage_end == b->usage_end);

    must(a->finish_len == b->finish_len && a->model_len == b->model_len);
    must(ngx_memcmp(a->finish, b->finish, a->finish_len) == 0);
    must(ngx_memcmp(a->model, b->model, a->model_len) == 0);

    must(a->ending.finished == b->ending.finished);
    must(a->ending.sequence == b->ending.sequence);
    must(a->ending.frame.offset == b->ending.frame.offset);
    must(a->ending.frame.begin == b->ending.frame.begin);
    must(a->ending.frame.start == b->ending.frame.start);
    must(a->ending.frame.end == b->ending.frame.end);
    must(a->ending.frame.depth == b->ending.frame.depth);
    must(a->ending.frame.path == b->ending.frame.path);
}


static void
agree(ngx_http_model_observe_t *o, slow_t *s)
{
    must(o->prompt == s->numbers[PROMPT]);
    must(o->completion == s->numbers[COMPLETION]);
    must(o->cached == s->numbers[CACHED]);
    must(o->cache_write == s->numbers[WRITE]);
    must(o->reasoning == s->numbers[REASONING]);
    must(o->total == s->numbers[TOTAL]);
    must(o->total_duration == s->numbers[D_TOTAL]);
    must(o->load_duration == s->numbers[D_LOAD]);
    must(o->prompt_eval_duration == s->numbers[D_PROMPT]);
    must(o->eval_duration == s->numbers[D_EVAL]);

    must(o->content == s->content);
    must(o->error == s->error);
    must(o->frames == s->frames);
    must(o->usage_frames == s->usage_frames);
    must(o->usage_frame == s->usage_frame);
    must(o->usage_start == s->usage_start);
    must(o->usage_end == s->usage_end);

    if (!s->escapes) {
        must(o->model_len == s->model.len);
        must(ngx_memcmp(o->model, s->model.data, s->model.len) == 0);
        must(o->finish_len == s->finish.len);
        must(ngx_memcmp(o->finish, s->finish.data, s->finish.len) == 0);
    }
}


static void
slow(slow_t *s, const uint8_t *data, size_t size)
{
    size_t     i, start, end;
    ngx_str_t  line;

    if (s->framing == JSON) {
        s->document.data = (u_char *) data;
        s->document.len = size;

        slow_document(s);
        return;
    }

    if (s->framing == NGX_HTTP_MODEL_FRAME_NONE) {
        return;
    }

    for (start = 0; start < size; start = end) {

        for (i = start; i < size; i++) {
            if (data[i] == '\n' || (s->framing == SSE && data[i] == '\r')) {
                break;
            }
        }

        end = i + 1;

        if (end < size && data[i] == '\r' && data[end] == '\n') {
            end++;
        }

        line.data = (u_char *) data + start;
        line.len = i - start;

        if (start == 0 && s->framing == SSE && line.len > 3
            && ngx_memcmp(data, "\xef\xbb\xbf", 3) == 0)
        {
            line.data += 3;
            line.len -= 3;
        }

        if (i < size) {
            slow_line(s, line, end);

        } else if (s->framing == NDJSON || starts(&line, "data:")) {
            slow_data(s, line);
        }
    }

    slow_document(s);
}


static void
slow_line(slow_t *s, ngx_str_t line, size_t end)
{
    if (s->framing == NDJSON) {
        s->document = line;
        slow_document(s);
        return;
    }

    if (line.len == 0) {
        slow_event(s, end);
        return;
    }

    s->lines = 1;

    if (starts(&line, "event:")) {
        line.data += 6;
        line.len -= 6;

        if (line.len && *line.data == ' ') {
            line.data++;
            line.len--;
        }

        s->error |= is(&line, "error");

    } else if (starts(&line, "data:")) {
        s->data = 1;
        slow_data(s, line);
    }
}


static void
slow_data(slow_t *s, ngx_str_t line)
{
    u_char  *p;

    if (s->framing == NDJSON) {
        s->document = line;
        return;
    }

    line.data += 5;
    line.len -= 5;

    while (line.len && (*line.data == ' ' || *line.data == '\t')) {
        line.data++;
        line.len--;
    }

    if (starts(&line, "[DONE]")) {

        if (s->document.len) {
            s->unsure = 1;
        }

        s->end = 1;
        return;
    }

    p = ngx_palloc(s->pool, s->document.len + line.len + 1);
    must(p != NULL);

    ngx_memcpy(p, s->document.data, s->document.len);
    ngx_memcpy(p + s->document.len, line.data, line.len);

    s->document.data = p;
    s->document.len += line.len;
    p[s->document.len++] = '\n';
}


static void
slow_event(slow_t *s, size_t end)
{
    s->usage = 0;
    s->choices = 0;
    s->is_error = 0;

    slow_document(s);

    if (s->lines) {
        s->frames += s->data;

        s->usage_frame = s->usage && s->choices && !s->is_error && !s->end;

        if (s->usage_frame) {
            s->usage_frames++;
            s->usage_start = s->begin;
            s->usage_end = end;
        }
    }

    s->begin = end;
    s->lines = 0;
    s->data = 0;
    s->end = 0;
}


static void
slow_document(slow_t *s)
{
    size_t                  i;
    u_char                  path[512];
    ngx_str_t               err, document;
    ngx_http_model_json_t  *root;

    document = s->document;
    ngx_str_null(&s->document);

    for (i = 0; i < document.len; i++) {
        if (document.data[i] > ' ') {
            break;
        }
    }

    if (i == document.len) {
        return;
    }

    for (i = 0; i < document.len; i++) {
        if (document.data[i] == '\\') {
            s->escapes = 1;
            s->unsure |= (i + 2 < document.len
                          && document.data[i + 1] == 'u'
                          && document.data[i + 2] == '0');
        }
    }

    root = ngx_http_model_json_parse(s->pool, document.data, document.len,
                                     &err);

    if (root == NULL || repeated(root)) {
        s->unsure = 1;
        return;
    }

    if (root->type != NGX_HTTP_MODEL_JSON_OBJECT
        && root->type != NGX_HTTP_MODEL_JSON_ARRAY)
    {
        return;
    }

    s->is_error = 0;
    s->is_done = 0;

    walk(s, root, path, path);

    s->frames += (s->framing != SSE);
    s->error |= s->is_error;

    if (s->is_done) {
        s->numbers[PROMPT] = ngx_max(s->numbers[PROMPT], 0);
        s->numbers[COMPLETION] = ngx_max(s->numbers[COMPLETION], 0);
    }
}


static ngx_uint_t
repeated(ngx_http_model_json_t *json)
{
    ngx_http_model_json_t  *a, *b;

    for (a = json->child; a; a = a->next) {

        for (b = a->next; b && json->type == NGX_HTTP_MODEL_JSON_OBJECT;
             b = b->next)
        {
            if (a->key.len == b->key.len
                && ngx_memcmp(a->key.data, b->key.data, a->key.len) == 0)
            {
                return 1;
            }
        }

        if (repeated(a)) {
            return 1;
        }
    }

    return 0;
}


/* paths have 1 before a name and 2 for an array, which no name has */

static void
walk(slow_t *s, ngx_http_model_json_t *json, u_char *path, u_char *last)
{
    u_char                 *p;
    ngx_uint_t              i;
    ngx_http_model_json_t  *m;

    *last = '\0';

    for (i = 0; i < sizeof(rows) / sizeof(row_t); i++) {
        if (rows[i].dialect == s->dialect && match(path, rows[i].path)) {
            value(s, rows[i].kind, json);
        }
    }

    for (m = json->child; m; m = m->next) {

        /* longer ones are in no row */

        if (last - path + m->key.len + 2 > 256) {
            continue;
        }

        p = last;

        if (json->type == NGX_HTTP_MODEL_JSON_ARRAY) {
            *p++ = 2;

        } else {
            *p++ = 1;
            p = ngx_cpymem(p, m->key.data, m->key.len);
        }

        walk(s, m, path, p);
    }
}


static void
value(slow_t *s, ngx_uint_t kind, ngx_http_model_json_t *json)
{
    switch (json->type) {

    case NGX_HTTP_MODEL_JSON_NUMBER:
        if (kind < NUMBERS) {
            number(s, kind, &json->value);
        }

        s->is_error |= (kind == ERROR);
        return;

    case NGX_HTTP_MODEL_JSON_STRING:
        if (json->value.len) {
            string(s, kind, json->value);
        }

        return;

    case NGX_HTTP_MODEL_JSON_BOOL:
        s->is_error |= (kind == ERROR && json->value.len);
        s->is_done |= (kind == DONE && json->value.len);
        return;

    case NGX_HTTP_MODEL_JSON_OBJECT:
        s->content |= (kind == CALL);
        s->usage |= (kind == USAGE);
        s->is_error |= (kind == ERROR);
        return;

    case NGX_HTTP_MODEL_JSON_ARRAY:
        s->choices |= (kind == CHOICES && json->child == NULL);
        s->is_error |= (kind == ERROR);
    }
}


static void
string(slow_t *s, ngx_uint_t kind, ngx_str_t v)
{
    size_t  i;

    switch (kind) {

    case CONTENT:
        s->content = 1;
        return;

    case MODEL:
        for (i = 0; i < v.len && i < 127; i++) {
            if (v.data[i] < 0x20 || v.data[i] > 0x7e) {
                break;
            }
        }

        if (i) {
            s->model.data = v.data;
            s->model.len = i;
        }

        return;

    case FINISH:
        finish(s, &v);
        return;

    case STATUS:
        if (!s->reason && !is(&v, "queued") && !is(&v, "in_progress")) {
            finish(s, &v);
        }

        return;

    case REASON:
        s->reason |= finish(s, &v);
        return;

    case TYPE:
        s->is_error |= is(&v, "error") || is(&v, "response.failed");
        return;

    case ERROR:
        s->is_error = 1;
    }
}


static ngx_uint_t
finish(slow_t *s, ngx_str_t *v)
{
    size_t      i;
    ngx_str_t   kept;

    kept.len = 0;
    kept.data = ngx_palloc(s->pool, 31);
    must(kept.data != NULL);

    for (i = 0; i < v->len && i < NGX_HTTP_MODEL_FRAME_TEXT; i++) {
        if (kept.len < 31 && v->data[i]
            && strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", v->data[i]))
        {
            kept.data[kept.len++] = v->data[i];
        }
    }

    if (kept.len) {
        s->finish = kept;
    }

    return kept.len != 0;
}


static void
number(slow_t *s, ngx_uint_t kind, ngx_str_t *text)
{
    size_t   i;
    int64_t  n, digit;

    n = 0;

    for (i = 0; i < text->len; i++) {
        if (strchr("-eE", text->data[i])) {
            return;
        }
    }

    for (i = 0; i < text->len && text->data[i] != '.'; i++) {
        digit = text->data[i] - '0';
        n = (n > (INT64_MAX - digit) / 10) ? INT64_MAX : n * 10 + digit;
    }

    s->numbers[kind] = n;

    if (s->numbers[INPUT] >= 0) {
        s->numbers[PROMPT] = add(add(s->numbers[INPUT], s->numbers[CACHED]),
                                 s->numbers[WRITE]);
    }
}


static int64_t
add(int64_t a, int64_t b)
{
    return (b <= 0) ? a : (a > INT64_MAX - b) ? INT64_MAX : a + b;
}


static ngx_uint_t
match(const u_char *path, const char *pattern)
{
    if (*path++ != 1) {
        return 0;
    }

    for ( /* void */ ; *pattern; pattern++, path++) {

        if (*pattern == '[') {
            pattern++;

            if (*path != 2) {
                return 0;
            }

        } else if (*path != (*pattern == '.' ? 1 : *pattern)) {
            return 0;
        }
    }

    return *path == '\0';
}


static ngx_uint_t
is(ngx_str_t *s, const char *text)
{
    return s->len == ngx_strlen(text) && starts(s, text);
}


static ngx_uint_t
starts(ngx_str_t *s, const char *with)
{
    size_t  len;

    len = ngx_strlen(with);

    return s->len >= len && ngx_memcmp(s->data, with, len) == 0;
}


static void
must(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
