/* unit: src/ngx_http_model_bridge_responses_event.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * OpenAI's responses API of a client: answers, as events and whole.  With an
 * argument it prints them, for the SDKs to read.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "bridge_responses_answer.h"
#include "bridge_responses_told.h"


static void emit(const event_t *e);
static void run(const answer_t *a, ngx_uint_t stream);
static void answer(void);
static void test_echo(void);
static void test_gone(void);
static void test_answers(void);
static void test_frames(void);
static void test_large(void);
static void test_hostile(void);
static void print(void);


int
main(int argc, char **argv)
{
    tap_init();

    (void) argv;

    if (argc > 1) {
        print();
        return 0;
    }

    test_echo();
    test_answers();
    test_frames();
    test_large();
    test_hostile();

    return tap_done();
}


static void
emit(const event_t *e)
{
    ngx_str_t               err;
    ngx_http_model_event_t  event;

    ngx_memzero(&event, sizeof(event));

    event.type = e->type;
    event.index = e->n;
    event.reason = e->n;
    event.status = e->n;

    if (e->id) {
        event.id.data = (u_char *) e->id;
        event.id.len = ngx_strlen(e->id);
    }

    if (e->text) {
        event.text.data = (u_char *) e->text;
        event.text.len = ngx_strlen(e->text);
    }

    if (e->type == EV(CALL)) {
        event.name = event.text;
        ngx_str_null(&event.text);
    }

    if (e->type == EV(LOGPROBS)) {
        event.json = ngx_http_model_json_slices(b.pool, event.text.data,
                                                event.text.len, 1, &err);
    }

    if (ngx_http_model_bridge_emit(&b, &event) != NGX_OK) {
        printf("# an event failed\n");
    }
}


/* an answer to out */

static void
run(const answer_t *a, ngx_uint_t stream)
{
    const event_t  *e;

    if (ask(OLLAMA, a->request) != NGX_OK) {
        printf("# the request is refused: %.*s\n", STR(b.text));
        return;
    }

    b.stream = stream;
    b.usage.prompt = 9;
    b.usage.completion = 4;
    b.usage.cached = 3;

    for (e = a->events; !b.ended; e++) {
        emit(e);
    }

    if (stream || b.failed) {
        return;
    }

    answer();
}


static void
answer(void)
{
    ngx_str_t                      s;
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(b.pool);

    if (b.client->write_answer(&b, w) != NGX_OK
        || ngx_http_model_json_finish(w, &s) != NGX_OK)
    {
        printf("# no answer\n");
        return;
    }

    (void) sink(NULL, s.data, s.len);
}


/* the echo, as JSON */

static void
test_echo(void)
{
    ngx_str_t  s;

    static const answer_t  plain = {
        "", REQUEST, nothing_events, NULL, NULL
    };

    static const answer_t  full = {
        "", "{\"model\":\"m\",\"input\":\"x\",\"instructions\":\"i\","
        "\"temperature\":0.50,\"top_p\":1,\"max_output_tokens\":1e2,"
        "\"tools\":[{\"type\":\"function\",\"name\":\"a\"},"
        "{\"type\":\"custom\",\"name\":\"b\"}],\"tool_choice\":"
        "{\"type\":\"function\",\"name\":\"a\"},\"text\":{\"verbosity\":"
        "\"low\"},\"reasoning\":{\"effort\":\"low\"},\"metadata\":"
        "{\"k\":\"v\"},\"parallel_tool_calls\":false,\"truncation\":\"auto\","
        "\"user\":\"u\",\"top_logprobs\":2,\"prompt_cache_key\":\"p\","
        "\"safety_identifier\":\"s\",\"max_tool_calls\":4}",
        nothing_events, NULL, NULL
    };

#define HEAD                                                                  \
    "{\"id\":\"resp_" ID "\",\"object\":\"response\","                        \
    "\"created_at\":1700000000,\"status\":\"completed\","                     \
    "\"completed_at\":1700000002,\"error\":null,"                             \
    "\"incomplete_details\":null,\"model\":\"acme:m\",\"output\":["           \
    "{\"id\":\"msg_" ID "_0\",\"type\":\"message\",\"role\":\"assistant\","   \
    "\"content\":[{\"type\":\"output_text\",\"text\":\"\","                   \
    "\"annotations\":[],\"logprobs\":[]}],\"status\":\"completed\"}],"
#define TAIL                                                                  \
    "\"previous_response_id\":null,\"access_programs\":null,"               \
    "\"background\":false,\"usage\":"                                       \
    "{\"input_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":3,"      \
    "\"cache_write_tokens\":0},\"output_tokens\":4,"                          \
    "\"output_tokens_details\":{\"reasoning_tokens\":0},"                     \
    "\"total_tokens\":13}}"

    run(&plain, 0);
    s.data = (u_char *) out;
    s.len = out_len;
    is(&s, HEAD "\"instructions\":null,\"max_output_tokens\":null,"
       "\"max_tool_calls\":null,\"metadata\":{},"
       "\"parallel_tool_calls\":true,\"reasoning\":{\"effort\":null,"
       "\"summary\":null},\"temperature\":null,\"text\":{\"format\":"
       "{\"type\":\"text\"}},\"tool_choice\":\"auto\",\"tools\":[],"
       "\"top_p\":null,\"truncation\":\"disabled\"," TAIL,
       "a request that says nothing is told what is done");
    finish();

    run(&full, 0);
    s.data = (u_char *) out;
    s.len = out_len;
    is(&s, HEAD "\"instructions\":\"i\",\"max_output_tokens\":100,"
       "\"max_tool_calls\":4,\"metadata\":{\"k\":\"v\"},"
       "\"parallel_tool_calls\":false,\"prompt_cache_key\":\"p\","
       "\"reasoning\":{\"effort\":\"low\",\"summary\":null},"
       "\"safety_identifier\":\"s\",\"temperature\":0.50,"
       "\"text\":{\"verbosity\":\"low\",\"format\":{\"type\":\"text\"}},"
       "\"tool_choice\":{\"type\":\"function\",\"name\":\"a\"},"
       "\"tools\":[{\"type\":\"function\",\"name\":\"a\",\"parameters\":null,"
       "\"strict\":null},{\"type\":\"custom\",\"name\":\"b\"}],"
       "\"top_logprobs\":2,\"top_p\":1,\"truncation\":\"auto\","
       "\"user\":\"u\"," TAIL, "what a request says is repeated");
    finish();

    test_gone();
}


/* the answer comes when the body is not there any more */

static void
test_gone(void)
{
    char        *body;
    const char  *text;

    text = "{\"input\":\"x\",\"instructions\":\"stay\",\"tools\":["
           "{\"type\":\"namespace\",\"name\":\"space\",\"tools\":["
           "{\"type\":\"custom\",\"name\":\"tool\"}]}]}";

    body = malloc(ngx_strlen(text) + 1);
    ngx_memcpy(body, text, ngx_strlen(text) + 1);

    (void) ask(OLLAMA, body);

    ngx_memset(body, 'z', ngx_strlen(text));
    free(body);

    b.stream = 0;

    emit(&(event_t) CALL(0, "c", "space__tool"));
    emit(&(event_t) ARGS(0, "{\"input\":\"y\"}"));
    emit(&(event_t) END);

    answer();

    ok(strstr(out, "\"instructions\":\"stay\"") != NULL
       && strstr(out, "\"name\":\"tool\",\"namespace\":\"space\","
                 "\"input\":\"y\"") != NULL,
       "the body need not outlive the request");

    finish();
}


static void
test_answers(void)
{
    ngx_uint_t       good;
    ngx_str_t        err;
    const answer_t  *a;
    char             name[128];

    for (a = answers; a->name; a++) {

        run(a, 1);
        good = tell_stream(out);
        (void) snprintf(name, sizeof(name), "%s, as events", a->name);

        if (good) {
            told_is(a->stream, name);

        } else {
            ok(0, name);
        }

        finish();

        if (a->whole == NULL) {
            continue;
        }

        run(a, 0);
        tell_response(ngx_http_model_json_parse(b.pool, (u_char *) out,
                                                out_len, &err));
        (void) snprintf(name, sizeof(name), "%s, whole", a->name);
        told_is(a->whole, name);
        finish();
    }
}


/* the very bytes of some frames */

static void
test_frames(void)
{
    ngx_str_t  s;

    static const answer_t  failed = {
        "", STREAMED, limit_events, NULL, NULL
    };

    static const char  *want =
        "event: response.output_text.delta\n"
        "data: {\"type\":\"response.output_text.delta\","
        "\"sequence_number\":4,\"item_id\":\"msg_" ID "_0\","
        "\"output_index\":0,\"content_index\":0,"
        "\"delta\":\"a\\u2028\\nb\",\"logprobs\":[]}\n\n";

    (void) ask(OLLAMA, STREAMED);
    b.stream = 1;
    emit(&(event_t) TEXT("a\xe2\x80\xa8\nb"));

    ok(strstr(out, want) != NULL
       && out_len > ngx_strlen(want)
       && ngx_strcmp(out + out_len - ngx_strlen(want), want) == 0,
       "a frame and its end");
    finish();

    run(&failed, 1);

    s.data = (u_char *) out;
    s.len = strstr(out, "\n\n") - out;

    is(&s, "event: error\ndata: {\"type\":\"error\",\"sequence_number\":0,"
       "\"code\":\"rate_limit_exceeded\",\"message\":\"slow down\","
       "\"param\":null,\"error\":{\"message\":\"slow down\",\"type\":"
       "\"requests\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}",
       "an error has its members where SDKs look for them");
    finish();
}


/* what is kept of an answer is bounded */

static void
test_large(void)
{
    char        *text;
    ngx_uint_t   i, n;

    enum { PIECE = 1000 };

    text = malloc(PIECE + 1);
    ngx_memset(text, 'x', PIECE);
    text[PIECE] = '\0';

    (void) ask(OLLAMA, STREAMED);
    b.stream = 1;
    b.limit = 16 * PIECE;

    for (n = 0; n < 100 && !b.ended; n++) {
        emit(&(event_t) TEXT(text));
    }

    ok(b.overflow && b.failed && n == 16, "a text that is too large");
    ok(strstr(out, "event: error\n") != NULL
       && strstr(out, "model_bridge_buffer") != NULL
       && strstr(out, "event: response.failed\n") != NULL,
       "is an error then");
    finish();

    (void) ask(OLLAMA, TOOLS);
    b.stream = 1;
    b.limit = 16 * PIECE;

    for (n = 0; n < 10000 && !b.ended; n++) {
        emit(&(event_t) CALL(n, "", ""));
    }

    ok(b.overflow && n < 400, "calls without anything are bounded");
    finish();

    (void) ask(OLLAMA, TOOLS);
    b.stream = 1;
    b.limit = 16 * PIECE;

    for (i = 0; i < 20000 && !b.ended; i++) {
        emit((i & 1) ? &(event_t) TEXT("a") : &(event_t) THINK("b"));
    }

    ok(b.overflow && i < 1000, "items of next to nothing are bounded");
    finish();

    free(text);
}


/* events in an order in which none should come */

static void
test_hostile(void)
{
    uint64_t    seed;
    ngx_uint_t  i, j, good;

    static const event_t  any[] = {
        TEXT("a"), TEXT(""), THINK("b"), { EV(SIGNATURE), 0, NULL, "s" },
        { EV(REDACTED), 0, NULL, "" }, { EV(REFUSAL), 0, NULL, "r" },
        CALL(0, "c", "get"), CALL(0, NULL, NULL), CALL(1, "", "patch"),
        CALL(1000000, "c", "patch"), ARGS(0, "{"), ARGS(1, "{\"input\":7}"),
        ARGS(1, "}"), ARGS(1000000, "{\"input\":\"x\"}"), CALLED(0),
        CALLED(1), CALLED(1000000), CALLED(7),
        { EV(LOGPROBS), 0, NULL, "[]" }, { EV(LOGPROBS), 0, NULL, "7" },
        { EV(LOGPROBS), 0, NULL, "[{\"token\":7,\"bytes\":{},"
          "\"top_logprobs\":[null,[],{}]},null]" },
        { EV(LOGPROBS), 0, NULL, "{\"a\":[]}" },
        { EV(START), 0, NULL, NULL }, { EV(PING), 0, NULL, NULL },
        FIN(LENGTH), FIN(STOP), FIN(FILTER), FIN(CALLS)
    };

    static const event_t  last[] = {
        END, END, END, { EV(ERROR), 500, NULL, "e" }
    };

    good = 1;
    seed = 1;

    begin(OLLAMA);
    b.stream = 1;
    emit(&any[6]);
    emit(&last[0]);
    ok(tell_stream(out), "an answer to no request");
    finish();

    for (i = 0; i < 3000 && good; i++) {

        (void) ask(OLLAMA, TOOLS);
        b.stream = i & 1;

        for (j = 0; j < 12; j++) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            emit(&any[(seed >> 33) % (sizeof(any) / sizeof(any[0]))]);
        }

        emit(&last[(seed >> 20) % 4]);

        if (b.stream) {
            good = tell_stream(out);

        } else if (!b.failed) {
            answer();
        }

        finish();
    }

    ok(good, "any order of events");
}


static void
print(void)
{
    const answer_t  *a;

    for (a = answers; a->name; a++) {

        run(a, 1);
        printf("== stream: %s\n%s", a->name, out);
        finish();

        if (a->whole) {
            run(a, 0);
            printf("== whole: %s\n%s\n", a->name, out);
            finish();
        }
    }
}
