/* unit: src/ngx_http_model_bridge*.c src/ngx_http_model_talk.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The first byte chooses the client's API, the second the server's dialect
 * and how it is asked, the third the size of pieces, the rest is an answer.
 * Whole and in pieces it becomes the same, which is sound frames in their
 * order with nothing after the end, or a document, or an error.  However long
 * a stream is, memory is bounded.
 */


#include "bridge.h"


#define FIXED     (256 * 1024)
#define REPEATS   24

/* of the second byte */

#define TO        3
#define ASKED     4       /* by a request, not out of the blue */
#define DOCUMENT  8       /* the answer is a document */
#define COLLECT   16      /* what comes becomes a document */
#define LONG      32      /* the stream comes again and again */
#define RAW       64      /* of a text completion */


typedef struct {
    const ngx_http_model_bridge_api_t  *client;
    ngx_uint_t                          to;
    ngx_uint_t                          how;
} way_t;


static ngx_uint_t begin(ngx_http_model_bridge_t *b, way_t *way, sink_t *sink);
static void stream(way_t *way, ngx_str_t *body, size_t piece, sink_t *sink);
static void whole(way_t *way, ngx_str_t *body);
static void feed(ngx_http_model_bridge_t *b, ngx_str_t *body, size_t piece);
static void finish(ngx_http_model_bridge_t *b, ngx_int_t rc, ngx_str_t *out);
static void sound(ngx_http_model_bridge_t *b, sink_t *sink);
static void lines(ngx_pool_t *pool, sink_t *sink);
static void chunks(ngx_pool_t *pool, sink_t *sink);
static ngx_uint_t event(ngx_pool_t *pool, u_char **p, u_char *last,
    ngx_str_t *name, ngx_http_model_json_t **root);
static void blocks(ngx_pool_t *pool, sink_t *sink);
static void responses(ngx_pool_t *pool, sink_t *sink);
static ngx_uint_t is(ngx_str_t *s, const char *text);


static const char  *asked[] = {
    "{'model':'m','messages':[{'role':'user','content':'hi'}]}",
    "{'model':'m','prompt':'hi'}",
    "{'model':'m','stream':true,'stream_options':{'include_usage':true},"
        "'messages':[{'role':'user','content':'hi'}]}",
    "{'model':'m','stream':true,'tools':[{'type':'custom','name':'f'},"
        "{'type':'namespace','name':'n','tools':[{'type':'function','name':"
        "'g','parameters':{}}]}],'text':{'format':{'type':'json_object'}},"
        "'reasoning':{'effort':'low'},'input':'hi'}",
    "{'model':'m','max_tokens':9,'stream':true,'thinking':{'type':'enabled',"
        "'budget_tokens':1024},'messages':[{'role':'user','content':'hi'}]}",
    "{}",
    "{'model':'m','input':['a','b']}",
    "{'model':'m','prompt':'a'}",
    "{'model':'m','input':['a','b'],'encoding_format':'base64'}"
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                              *copy;
    way_t                                way;
    sink_t                               first, second;
    ngx_str_t                            body;
    ngx_uint_t                           n;
    const ngx_http_model_bridge_api_t  **apis;

    if (size < 4) {
        return 0;
    }

    apis = ngx_http_model_bridge_apis(&n);

    way.client = apis[data[0] % n];
    way.how = data[1];
    way.to = data[1] & TO;

    if (way.to == NGX_HTTP_MODEL_NDIALECTS
        || !ngx_http_model_bridge_can(way.client, way.to))
    {
        return 0;
    }

    copy = malloc(size - 3);
    demand(copy != NULL);
    memcpy(copy, data + 3, size - 3);

    body.data = copy;
    body.len = size - 3;

    if (way.how & DOCUMENT) {
        whole(&way, &body);

    } else {
        stream(&way, &body, body.len, &first);
        stream(&way, &body, data[2] + 1, &second);

        demand(first.len == second.len
               && (first.len == 0
                   || memcmp(first.data, second.data, first.len) == 0));

        free(first.data);
        free(second.data);
    }

    free(copy);

    return 0;
}


/* 0 where there is no such way */

static ngx_uint_t
begin(ngx_http_model_bridge_t *b, way_t *way, sink_t *sink)
{
    char          text[1024];
    ngx_str_t     body;
    ngx_uint_t    i, n;
    ngx_array_t  *pieces;

    const ngx_http_model_bridge_api_t  **apis;

    ngx_memzero(sink, sizeof(sink_t));

    apis = ngx_http_model_bridge_apis(&n);

    for (i = 0; apis[i] != way->client; i++) { /* void */ }

    body.len = strlen(asked[i]);
    body.data = memcpy(text, asked[i], body.len + 1);

    for (i = 0; i < body.len; i++) {
        if (text[i] == '\'') {
            text[i] = '"';
        }
    }

    init(b, way->client, way->to, sink);

    /* an answer with vectors is by what was asked */

    if ((way->how & ASKED) || way->client->write_event == NULL) {
        (void) ngx_http_model_bridge_request(b, &body, &pieces);

        b->status = 0;
        ngx_str_null(&b->text);

        b->talk.logprobs = NGX_HTTP_MODEL_ON;
    }

    b->talk.completion = (way->client == &ngx_http_model_bridge_generate
                          && (way->how & RAW));
    b->server = ngx_http_model_bridge_server(b);

    if (b->server == NULL) {
        done(b);
        return 0;
    }

    return 1;
}


static void
stream(way_t *way, ngx_str_t *body, size_t piece, sink_t *sink)
{
    size_t                    before, after;
    ngx_int_t                 rc;
    ngx_str_t                 text, out;
    ngx_uint_t                i;
    ngx_http_model_bridge_t   b;

    if (!begin(&b, way, sink)) {
        return;
    }

    if (b.server->read_event == NULL || b.client->write_event == NULL) {
        done(&b);
        return;
    }

    b.stream = !(way->how & COLLECT);

    before = __sanitizer_get_current_allocated_bytes() - sink->size;

    for (i = 0; i == 0 || ((way->how & LONG) && i < REPEATS); i++) {
        feed(&b, body, piece);
    }

    ngx_str_set(&text, "cut");

    rc = ngx_http_model_bridge_close(&b, 502, &text);
    demand(rc == NGX_OK && b.ended);

    after = __sanitizer_get_current_allocated_bytes() - sink->size;

    if (b.stream) {
        demand(after <= before + FIXED);
        sound(&b, sink);

    } else {
        rc = ngx_http_model_bridge_document(&b, &out);
        finish(&b, rc, &out);

        if (rc == NGX_OK) {
            (void) take(sink, out.data, out.len);
        }
    }

    done(&b);
}


static void
whole(way_t *way, ngx_str_t *body)
{
    sink_t                    sink;
    ngx_int_t                 rc;
    ngx_str_t                 out;
    ngx_http_model_bridge_t   b;

    if (!begin(&b, way, &sink)) {
        return;
    }

    if ((way->how & COLLECT) || b.client->write_event == NULL) {
        rc = ngx_http_model_bridge_answer(&b, body, &out);
        finish(&b, rc, &out);

    } else {
        b.stream = 1;

        rc = ngx_http_model_bridge_replay(&b, body);

        if (rc == NGX_OK) {
            sound(&b, &sink);

        } else {
            demand(rc == NGX_DECLINED && b.failed && b.status >= 400);
        }
    }

    free(sink.data);
    done(&b);
}


static void
feed(ngx_http_model_bridge_t *b, ngx_str_t *body, size_t piece)
{
    u_char  *p;
    size_t   i, n;

    for (i = 0; i < body->len; i += n) {
        n = ngx_min(piece, body->len - i);

        /* on its own, so that reading past it is seen */

        p = malloc(n);
        demand(p != NULL);
        memcpy(p, body->data + i, n);

        demand(ngx_http_model_bridge_feed(b, p, n) == NGX_OK);
        free(p);
    }
}


static void
finish(ngx_http_model_bridge_t *b, ngx_int_t rc, ngx_str_t *out)
{
    if (rc == NGX_OK) {
        (void) document(b->pool, out->data, out->len, NULL);
        return;
    }

    demand(rc == NGX_DECLINED && b->status >= 400);
}


static void
sound(ngx_http_model_bridge_t *b, sink_t *sink)
{
    demand(b->ended && sink->len);

    if (getenv("FUZZ_SHOW")) {
        (void) write(STDERR_FILENO, sink->data, sink->len);
    }

    if (b->client == &ngx_http_model_bridge_messages) {
        blocks(b->pool, sink);

    } else if (b->client == &ngx_http_model_bridge_responses) {
        responses(b->pool, sink);

    } else if (b->client->framing == NGX_HTTP_MODEL_FRAME_NDJSON) {
        lines(b->pool, sink);

    } else {
        chunks(b->pool, sink);
    }
}


/* Ollama's: the last one and no other is done, or an error */

static void
lines(ngx_pool_t *pool, sink_t *sink)
{
    u_char                 *p, *end, *last;
    ngx_uint_t              ended;
    ngx_http_model_json_t  *root, *said;

    p = sink->data;
    last = p + sink->len;
    ended = 0;

    while (p < last) {
        end = memchr(p, '\n', last - p);
        demand(end != NULL && !ended);

        root = document(pool, p, end - p, NULL);

        p = end + 1;

        if (ngx_http_model_json_get(root, "error")) {
            ended = 1;
            continue;
        }

        said = ngx_http_model_json_get(root, "done");

        demand(said && said->type == NGX_HTTP_MODEL_JSON_BOOL);

        ended = said->value.len;
    }

    demand(ended);
}


/* OpenAI's: one id, one finish_reason or an error, [DONE] as the last */

static void
chunks(ngx_pool_t *pool, sink_t *sink)
{
    u_char                 *p, *last;
    ngx_str_t               name, id, first;
    ngx_uint_t              finished, n;
    ngx_http_model_json_t  *root, *choices, *reason;

    p = sink->data;
    last = p + sink->len;
    finished = 0;

    for (n = 0; event(pool, &p, last, &name, &root); n++) {

        demand(name.len == 0);

        if (ngx_http_model_json_get(root, "error")) {
            finished = 2;
            break;
        }

        (void) ngx_http_model_json_get_str(root, "id", &id);
        demand(id.len);

        if (n == 0) {
            first = id;
        }

        demand(id.len == first.len && memcmp(id.data, first.data, id.len) == 0);

        choices = ngx_http_model_json_get(root, "choices");
        demand(choices && choices->type == NGX_HTTP_MODEL_JSON_ARRAY);

        if (choices->child == NULL) {
            demand(finished == 1 && ngx_http_model_json_get(root, "usage"));
            finished = 2;
            continue;
        }

        demand(finished == 0);

        reason = ngx_http_model_json_get(choices->child, "finish_reason");

        finished = reason && reason->type == NGX_HTTP_MODEL_JSON_STRING;
    }

    demand(finished);
    demand(last - p == 14 && memcmp(p, "data: [DONE]\n\n", 14) == 0);
}


/* the next event of SSE, 0 if it is no document */

static ngx_uint_t
event(ngx_pool_t *pool, u_char **p, u_char *last, ngx_str_t *name,
    ngx_http_model_json_t **root)
{
    u_char  *end, *pos;

    pos = *p;
    ngx_str_null(name);

    while (last - pos > 8 && memcmp(pos, ": ping\n\n", 8) == 0) {
        pos += 8;
    }

    if (last - pos > 7 && memcmp(pos, "event: ", 7) == 0) {
        end = memchr(pos, '\n', last - pos);
        demand(end != NULL);

        name->data = pos + 7;
        name->len = end - name->data;

        pos = end + 1;
    }

    if (last - pos < 8 || memcmp(pos, "data: {", 7) != 0) {
        *p = pos;
        return 0;
    }

    pos += 6;

    end = memchr(pos, '\n', last - pos);
    demand(end != NULL && end + 1 < last && end[1] == '\n');

    *root = document(pool, pos, end - pos, NULL);
    *p = end + 2;

    return 1;
}


/* Anthropic's: one block after another, each within its start and stop */

static void
blocks(ngx_pool_t *pool, sink_t *sink)
{
    u_char                 *p, *last;
    int64_t                 index, open;
    ngx_str_t               name, type;
    ngx_uint_t              state;
    ngx_http_model_json_t  *root;

    p = sink->data;
    last = p + sink->len;
    index = 0;
    open = -1;
    state = 0;

    while (p < last) {

        demand(state < 3 && event(pool, &p, last, &name, &root));

        (void) ngx_http_model_json_get_str(root, "type", &type);
        demand(type.len == name.len
               && memcmp(type.data, name.data, type.len) == 0);

        if (is(&type, "error")) {
            state = 3;

        } else if (is(&type, "ping")) {
            demand(state == 1);

        } else if (is(&type, "message_start")) {
            demand(state++ == 0);

        } else if (is(&type, "content_block_start")) {
            demand(state == 1 && open == -1
                   && ngx_http_model_json_get_int(root, "index") == index);
            open = index++;

        } else if (is(&type, "content_block_delta")) {
            demand(open != -1
                   && ngx_http_model_json_get_int(root, "index") == open);

        } else if (is(&type, "content_block_stop")) {
            demand(open != -1
                   && ngx_http_model_json_get_int(root, "index") == open);
            open = -1;

        } else if (is(&type, "message_delta")) {
            demand(state++ == 1 && open == -1);

        } else {
            demand(is(&type, "message_stop") && state++ == 2);
        }
    }

    demand(state == 3);
}


/* of the responses API: numbered, items added before they are done */

static void
responses(ngx_pool_t *pool, sink_t *sink)
{
    u_char                 *p, *last;
    int64_t                 n, i;
    ngx_str_t               name, type;
    ngx_uint_t              ended;
    ngx_http_model_json_t  *root;
    u_char                  state[4096];

    p = sink->data;
    last = p + sink->len;
    ended = 0;

    ngx_memzero(state, sizeof(state));

    for (n = 0; p < last; n++) {

        demand(event(pool, &p, last, &name, &root));

        (void) ngx_http_model_json_get_str(root, "type", &type);
        demand(type.len == name.len
               && memcmp(type.data, name.data, type.len) == 0);

        /* some clients know the one, some the other */

        demand(!ended || (ended == 2 && is(&type, "response.failed")));

        demand(ngx_http_model_json_get_int(root, "sequence_number") == n);

        ended = is(&type, "error") ? 2
                : is(&type, "response.completed")
                  || is(&type, "response.incomplete")
                  || is(&type, "response.failed");

        if (n == 0) {
            demand(ended || is(&type, "response.created"));
        }

        i = ngx_http_model_json_get_int(root, "output_index");

        if (i < 0 || i >= (int64_t) sizeof(state)) {
            continue;
        }

        if (is(&type, "response.output_item.added")) {
            demand(state[i] == 0 && (i == 0 || state[i - 1] != 0));
            state[i] = 1;

        } else {
            demand(state[i] == 1);
        }

        if (is(&type, "response.output_item.done")) {
            state[i] = 2;
        }
    }

    demand(ended);

    for (i = 0; is(&type, "response.completed") && i < 4096; i++) {
        demand(state[i] != 1);
    }
}


static ngx_uint_t
is(ngx_str_t *s, const char *text)
{
    return s->len == strlen(text) && memcmp(s->data, text, s->len) == 0;
}
