/* unit: src/ngx_http_model_bridge_ollama_answer.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Answers of Ollama's dialect: read into events, which an API made up here
 * prints, and written from events, which another one made up here reads from
 * lines of a script.  Each stream is also cut at every byte, and fed byte by
 * byte: the outcome is the same.
 */


#include "bridge_ollama.h"
#include "ngx_http_model_frame.h"


static ngx_int_t print_event(ngx_http_model_bridge_t *x,
    ngx_http_model_event_t *e);
static ngx_int_t read_script(ngx_http_model_bridge_t *x, ngx_str_t *event,
    ngx_str_t *line);
static ngx_int_t read_script_answer(ngx_http_model_bridge_t *x,
    ngx_http_model_json_t *root);
static void start(const ngx_http_model_bridge_api_t *client,
    const ngx_http_model_bridge_api_t *server);
static void finish(void);
static void feed(const char *text, size_t len, size_t cut);
static ngx_uint_t result(const char *want, ngx_uint_t lines);
static void stream(const ngx_http_model_bridge_api_t *client,
    const ngx_http_model_bridge_api_t *server, const char *text,
    const char *want, const char *name);
static void events(const char *text, const char *want, const char *name);
static void frames(const char *text, const char *want, const char *name);
static void answer(const char *document, const char *want, const char *name);
static void document(const ngx_http_model_bridge_api_t *client,
    const char *script, const char *want, const char *name);
static void test_read(void);
static void test_read_calls(void);
static void test_read_single(void);
static void test_read_odd(void);
static void test_read_answer(void);
static void test_write(void);
static void test_write_calls(void);
static void test_write_ends(void);
static void test_write_generate(void);
static void test_write_answer(void);
static void test_bounds(void);


/* prints events */

static const ngx_http_model_bridge_api_t  printer = {
    ngx_string("/printer"), OPENAI, NGX_HTTP_MODEL_FRAME_NDJSON, NULL,
    NULL, NULL, NULL, NULL, print_event, NULL
};


/* makes events of lines */

static const ngx_http_model_bridge_api_t  script = {
    ngx_string("/script"), OPENAI, NGX_HTTP_MODEL_FRAME_NDJSON, NULL,
    NULL, NULL, read_script_answer, read_script, NULL, NULL
};


static ngx_int_t
print_event(ngx_http_model_bridge_t *x, ngx_http_model_event_t *e)
{
    u_char     *p;
    ngx_str_t   json;

    static const char  *reasons[] = { "none", "stop", "string", "length",
                                      "calls", "filter", "pause" };
    static const char  *names[] = {
        "start", "text", "thinking", "signature", "redacted", "refusal",
        "call", "arguments", "call end", "logprobs", "ping", "finish",
        "error", "end"
    };

    p = ngx_pnalloc(x->temp, 4096 + e->text.len);

    ngx_str_null(&json);

    if (e->json) {
        (void) ngx_http_model_talk_json(x->temp, e->json, &json);
    }

    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_START:
        json.len = ngx_sprintf(p, "%s %V\n", names[e->type], &e->model) - p;
        break;

    case NGX_HTTP_MODEL_EVENT_CALL:
    case NGX_HTTP_MODEL_EVENT_ARGUMENTS:
    case NGX_HTTP_MODEL_EVENT_CALL_END:
        json.len = ngx_sprintf(p, "%s %ui %V %V %V\n", names[e->type],
                               e->index, &e->id, &e->name, &e->text) - p;
        break;

    case NGX_HTTP_MODEL_EVENT_LOGPROBS:
        json.len = ngx_sprintf(p, "%s %V\n", names[e->type], &json) - p;
        break;

    case NGX_HTTP_MODEL_EVENT_ERROR:
        json.len = ngx_sprintf(p, "error %ui %V\n", e->status, &e->text) - p;
        break;

    case NGX_HTTP_MODEL_EVENT_END:
        json.len = ngx_sprintf(p, "end %s %L %L %L\n", reasons[x->reason],
                               x->usage.prompt, x->usage.completion,
                               x->usage.total_duration)
                   - p;
        break;

    default:
        json.len = ngx_sprintf(p, "%s %V\n", names[e->type], &e->text) - p;
        break;
    }

    return x->sink(x->data, p, json.len);
}


/*
 * A letter, for those of calls a digit, and a text.  W: the clock moves by
 * 250 ms.
 */

static ngx_int_t
read_script(ngx_http_model_bridge_t *x, ngx_str_t *event, ngx_str_t *line)
{
    u_char                  *p, *last, *space;
    ngx_str_t                err;
    ngx_http_model_event_t   e;

    (void) event;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    p = line->data;
    last = p + line->len;

    e.text.data = p + 1;
    e.text.len = last - (p + 1);

    switch (*p) {

    case 'T':
        e.type = NGX_HTTP_MODEL_EVENT_TEXT;
        break;

    case 'K':
        e.type = NGX_HTTP_MODEL_EVENT_THINKING;
        break;

    case 'S':
        e.type = NGX_HTTP_MODEL_EVENT_SIGNATURE;
        break;

    case 'R':
        e.type = NGX_HTTP_MODEL_EVENT_REDACTED;
        break;

    case 'N':
        e.type = NGX_HTTP_MODEL_EVENT_REFUSAL;
        break;

    case 'P':
        e.type = NGX_HTTP_MODEL_EVENT_PING;
        break;

    case 'L':
        e.type = NGX_HTTP_MODEL_EVENT_LOGPROBS;
        e.json = ngx_http_model_json_parse(x->pool, e.text.data, e.text.len,
                                           &err);
        break;

    case 'C':
        e.type = NGX_HTTP_MODEL_EVENT_CALL;
        e.index = p[1] - '0';
        space = ngx_strlchr(p + 2, last, ' ');
        e.id.data = p + 2;
        e.id.len = space - (p + 2);
        e.name.data = space + 1;
        e.name.len = last - e.name.data;
        break;

    case 'A':
    case 'E':
        e.type = (*p == 'A') ? NGX_HTTP_MODEL_EVENT_ARGUMENTS
                             : NGX_HTTP_MODEL_EVENT_CALL_END;
        e.index = p[1] - '0';
        e.text.data++;
        e.text.len--;
        break;

    case 'F':
        e.type = NGX_HTTP_MODEL_EVENT_FINISH;
        e.reason = p[1] - '0';
        ngx_str_null(&e.text);
        break;

    case 'U':
        x->usage.prompt = p[1] - '0';
        x->usage.completion = p[2] - '0';
        return NGX_OK;

    case 'D':
        x->usage.total_duration = 7;
        x->usage.load_duration = 1;
        x->usage.prompt_duration = 2;
        x->usage.eval_duration = 4;
        return NGX_OK;

    case 'W':
        x->clock += SECOND / 4;
        return NGX_OK;

    case 'X':
        e.type = NGX_HTTP_MODEL_EVENT_ERROR;
        e.status = 429;
        break;

    default:
        e.type = NGX_HTTP_MODEL_EVENT_END;
        break;
    }

    return ngx_http_model_bridge_emit(x, &e);
}


/* an object with such lines in "script" */

static ngx_int_t
read_script_answer(ngx_http_model_bridge_t *x, ngx_http_model_json_t *root)
{
    ngx_str_t               none;
    ngx_http_model_json_t  *line;

    ngx_str_null(&none);

    for (line = ngx_http_model_json_get(root, "script")->child; line;
         line = line->next)
    {
        if (read_script(x, &none, &line->value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
start(const ngx_http_model_bridge_api_t *client,
    const ngx_http_model_bridge_api_t *server)
{
    begin(client, server->dialect);

    b.server = server;
    b.stream = 1;
}


static void
finish(void)
{
    static ngx_str_t  cut = ngx_string("the connection was lost");

    if (ngx_http_model_bridge_close(&b, 502, &cut) != NGX_OK) {
        printf("# close failed\n");
    }
}


/* in two parts, or byte by byte; memory of its own shows reads beyond it */

static void
feed(const char *text, size_t len, size_t cut)
{
    char    *p;
    size_t   n;

    while (len) {
        n = (cut == 0) ? 1 : ngx_min(cut, len);

        p = malloc(n);
        ngx_memcpy(p, text, n);

        if (ngx_http_model_bridge_feed(&b, (u_char *) p, n) != NGX_OK) {
            printf("# feed failed\n");
        }

        free(p);

        text += n;
        len -= n;
        cut = cut ? len : 0;
    }

    finish();
}


static ngx_uint_t
result(const char *want, ngx_uint_t lines)
{
    size_t  len;

    len = strlen(want);

    if (lines) {
        return out_len == len && ngx_memcmp(out, want, len) == 0;
    }

    return same_as(out, out_len, want, NULL);
}


static void
stream(const ngx_http_model_bridge_api_t *client,
    const ngx_http_model_bridge_api_t *server, const char *text,
    const char *want, const char *name)
{
    size_t      i, len;
    ngx_uint_t  good, lines;

    len = strlen(text);
    lines = (client == &printer);

    start(client, server);
    feed(text, len, len);

    good = result(want, lines);

    if (!good) {
        printf("# got\n%.*s\n# want\n%s\n", (int) out_len, out, want);
    }

    ok(good, name);

    for (i = 0; i < len && good; i++) {
        start(client, server);
        feed(text, len, i);

        if (!result(want, lines)) {
            printf("# cut at %lu: %.*s\n", (unsigned long) i, (int) out_len,
                   out);
            good = 0;
        }
    }

    ok(good, "cut anywhere");
}


static void
events(const char *text, const char *want, const char *name)
{
    stream(&printer, CHAT, text, want, name);
}


static void
frames(const char *text, const char *want, const char *name)
{
    stream(CHAT, &script, text, want, name);
}


/* a document, as which the server answers */

static void
answer(const char *document, const char *want, const char *name)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *root;

    start(&printer, CHAT);

    root = ngx_http_model_json_slices(pool, (u_char *) document,
                                      strlen(document), 1, &err);

    (void) CHAT->read_answer(&b, root);

    ok(result(want, 1), name);

    if (!result(want, 1)) {
        printf("# got\n%.*s\n# want\n%s\n", (int) out_len, out, want);
    }
}


/* a document, as which the client is answered */

static void
document(const ngx_http_model_bridge_api_t *client, const char *lines,
    const char *want, const char *name)
{
    ngx_str_t  body, got;

    start(client, &script);

    body.data = (u_char *) lines;
    body.len = strlen(lines);

    b.clock = START + SECOND;

    if (ngx_http_model_bridge_answer(&b, &body, &got) != NGX_OK) {
        is(&b.text, want, name);
        return;
    }

    same(got.data, got.len, want, name);
}


/* of a server */

#define LINE(message)                                                         \
    "{\"model\":\"m\",\"created_at\":\"2026-08-20T12:00:00.5Z\","             \
    "\"message\":" message ",\"done\":false}\n"
#define SAYS(text)  LINE("{\"role\":\"assistant\",\"content\":\"" text "\"}")
#define DONE                                                                  \
    "{\"model\":\"m\",\"created_at\":\"2026-08-20T12:00:01Z\","               \
    "\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,"    \
    "\"done_reason\":\"stop\",\"total_duration\":5,\"load_duration\":1,"      \
    "\"prompt_eval_count\":9,\"prompt_eval_duration\":2,\"eval_count\":2,"    \
    "\"eval_duration\":2}\n"


static void
test_read(void)
{
    events(SAYS("Hel") SAYS("lo") DONE,
           "start m\ntext Hel\ntext lo\nend stop 9 2 5\n", "text");

    events(LINE("{\"role\":\"assistant\",\"content\":\"\","
                "\"thinking\":\"hm\"}") SAYS("a") DONE,
           "start m\nthinking hm\ntext a\nend stop 9 2 5\n", "thinking");

    events(LINE("{\"role\":\"assistant\",\"thinking\":\"hm\","
                "\"content\":\"\\u00e9\\ud83d\\ude00\xe2\x82\xac\"}")
           "{\"done\":true,\"message\":{\"content\":\"b\"},"
           "\"done_reason\":\"length\",\"eval_count\":2}",
           "start m\nthinking hm\ntext \xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac\n"
           "text b\nend length 0 2 -1\n",
           "content on the last line, which has no end");

    events("{\"message\":{},\"done\":true}\n",
           "start \nend stop -1 -1 -1\n", "nothing is told");

    events("{\"message\":{\"content\":\"a\"},\"logprobs\":[{\"token\":\"a\","
           "\"logprob\":-0.10}]}\n" DONE,
           "start \ntext a\nlogprobs [{\"token\":\"a\",\"logprob\":-0.10}]\n"
           "end stop 9 2 5\n", "probabilities");

    events("\n{\"done\":true,\"done_reason\":\"load\"}\n\r\n" SAYS("x"),
           "start \nend stop -1 -1 -1\n", "loaded, and what comes after it");
}


static void
test_read_calls(void)
{
    events(LINE("{\"content\":\"\",\"tool_calls\":[{\"id\":\"call_a\","
                "\"function\":{\"index\":0,\"name\":\"f\",\"arguments\":"
                "{\"n\":12345678901234567890,\"f\":1.0}}}]}")
           LINE("{\"content\":\"\",\"tool_calls\":[{\"function\":{\"index\":"
                "0,\"name\":\"g\",\"arguments\":{}}}]}") DONE,
           "start m\ncall 0 call_a f \narguments 0   "
           "{\"n\":12345678901234567890,\"f\":1.0}\ncall end 0   \n"
           "call 1  g \narguments 1   {}\ncall end 1   \n"
           "end calls 9 2 5\n", "calls, whose index begins anew");

    events("{\"message\":{\"content\":\"a\",\"tool_calls\":["
           "{\"function\":{\"name\":\"f\"}},"
           "{\"function\":{\"name\":\"g\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
           "\"done\":true,\"done_reason\":\"stop\",\"eval_count\":1}\n",
           "start \ntext a\ncall 0  f \ncall end 0   \ncall 1  g \n"
           "arguments 1   {\"a\":1}\ncall end 1   \nend calls 0 1 -1\n",
           "calls on the last line");

    events("{\"message\":{\"tool_calls\":[1,{},{\"function\":1},"
           "{\"function\":{\"name\":\"\"}},{\"function\":{\"name\":[]}},"
           "{\"id\":1,\"function\":{\"name\":\"f\",\"arguments\":[1]}}]}}\n"
           DONE,
           "start \ncall 0  f \ncall end 0   \nend calls 9 2 5\n",
           "calls that make no sense");
}


/* the client wants one at a time */

static void
test_read_single(void)
{
    static const char  calls[] =
        "{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"f\"}},"
        "{\"function\":{\"name\":\"g\"}}]},\"done\":true}\n";

    start(&printer, CHAT);
    b.talk.parallel = NGX_HTTP_MODEL_OFF;

    feed(calls, sizeof(calls) - 1, 1);

    ok(result("start \ncall 0  f \ncall end 0   \nend calls -1 -1 -1\n", 1),
       "one call at a time");
}


static void
test_read_odd(void)
{
    events(SAYS("a") "{\"error\":\"it\\nbroke\"}\n" DONE,
           "start m\ntext a\nerror 502 it broke\n", "an error");

    events("{\"error\":{\"message\":\"broke\"}}\n", "error 502 broke\n",
           "an error as an object");

    events("{\"error\":{}}\n", "error 502 the server failed\n",
           "an error that says nothing");

    events(SAYS("a"), "start m\ntext a\nerror 502 the connection was lost\n",
           "a stream that is cut");

    events("", "error 502 the connection was lost\n", "no line at all");

    events("<html>\n", "error 502 the server sent a line that is not a JSON "
           "object\n", "a page");

    events("[]\n", "error 502 the server sent a line that is not a JSON "
           "object\n", "an array");

    events("{\"status\":\"pulling\"}\n",
           "error 502 the server sent no chat answer\n", "another answer");

    events("{\"message\":[],\"done\":1,\"logprobs\":3}\n"
           "{\"message\":{\"content\":1,\"thinking\":{},\"tool_calls\":{}}}\n"
           "{\"message\":null,\"done\":true,\"done_reason\":4,"
           "\"eval_count\":-4,\"prompt_eval_count\":\"x\","
           "\"total_duration\":1e99}\n",
           "start \nend stop -1 -1 -1\n", "members of other types");
}


static void
test_read_answer(void)
{
    answer("{\"model\":\"m\",\"message\":{\"content\":\"a\","
           "\"thinking\":\"t\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
           "\"arguments\":{}}}]},\"done\":true,\"done_reason\":\"length\","
           "\"eval_count\":3,\"prompt_eval_count\":4}",
           "start m\nthinking t\ntext a\ncall 0  f \narguments 0   {}\n"
           "call end 0   \nend length 4 3 -1\n", "a whole answer");

    answer("{\"message\":{\"content\":\"a\"}}", "start \ntext a\n"
           "end stop -1 -1 -1\n", "one that does not say that it is done");

    answer("{\"error\":\"no\"}", "error 502 no\n", "an error as an answer");

    answer("{}", "error 502 the server sent no chat answer\n", "nothing");
}


/* of ours: the time is of 250 ms steps from 250 ms on */

#define AT0  "\"model\":\"acme:m\","                                          \
    "\"created_at\":\"2026-08-20T12:00:00.250000000Z\","
#define AT1  "\"model\":\"acme:m\","                                          \
    "\"created_at\":\"2026-08-20T12:00:00.500000000Z\","

#define FRAME(at, message)                                                    \
    "{" at "\"message\":" message ",\"done\":false}\n"
#define CONTENT(at, text)                                                     \
    FRAME(at, "{\"role\":\"assistant\",\"content\":\"" text "\"}")
#define TOOL(at, calls)                                                       \
    FRAME(at, "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["     \
          calls "]}")
#define LAST(at, reason, more)                                                \
    "{" at "\"message\":{\"role\":\"assistant\",\"content\":\"\"},"           \
    "\"done\":true,\"done_reason\":\"" reason "\"," more "}\n"

#define FUNCTION(index, id, name, arguments)                                  \
    "{\"id\":\"" id "\",\"function\":{\"index\":" index ",\"name\":\"" name   \
    "\",\"arguments\":" arguments "}}"

/* all of the time before the content was the prompt's */

#define PROMPT                                                                \
    "\"total_duration\":250000000,\"prompt_eval_duration\":250000000"


static void
test_write(void)
{
    frames("TWait\n.\n",
           CONTENT(AT0, "Wait") LAST(AT0, "stop", PROMPT), "text");

    frames("Khm\nSsig\nRxx\nP\nTa\nNno\nW\nU92\nF1\n.\n",
           FRAME(AT0, "{\"role\":\"assistant\",\"content\":\"\","
                 "\"thinking\":\"hm\"}")
           CONTENT(AT0, "a") CONTENT(AT0, "no")
           LAST(AT1, "stop", "\"total_duration\":500000000,"
                "\"prompt_eval_count\":9,\"prompt_eval_duration\":250000000,"
                "\"eval_count\":2,\"eval_duration\":250000000"),
           "thinking, a refusal, counts and times");

    frames("Ta\nD\nU04\nF3\n.\n",
           CONTENT(AT0, "a")
           LAST(AT0, "length", "\"total_duration\":7,\"load_duration\":1,"
                "\"prompt_eval_count\":0,\"prompt_eval_duration\":2,"
                "\"eval_count\":4,\"eval_duration\":4"),
           "times that the server tells");

    frames("Ta\nL[{\"token\":\"a\",\"logprob\":-0.10,\"bytes\":[97],"
           "\"top_logprobs\":[]}]\n.\n",
           CONTENT(AT0, "a")
           "{" AT0 "\"message\":{\"role\":\"assistant\",\"content\":\"\"},"
           "\"logprobs\":[{\"token\":\"a\",\"logprob\":-0.10,\"bytes\":[97],"
           "\"top_logprobs\":[]}],\"done\":false}\n"
           LAST(AT0, "stop", PROMPT), "probabilities");

    frames("W\nF1\n", LAST(AT1, "stop", "\"total_duration\":500000000,"
                           "\"prompt_eval_duration\":500000000"),
           "an empty answer, whose server only closes");

    start(CHAT, &script);
    feed("Ta\xe2\x80\xa8\xc2\x85\xe2\x80\xa9\xff\n", 12, 12);
    out[out_len < OUT ? out_len : 0] = '\0';
    ok(strstr((char *) out, "\"a\\u2028\\u0085\\u2029\xef\xbf\xbd\"") != NULL,
       "what ends lines elsewhere is escaped");
}


static void
test_write_calls(void)
{
    frames("Ta\nC0call_a f\nA0{\"a\"\nA0:1.0}\nE0\nC1 g\nE1\nF1\n.\n",
           CONTENT(AT0, "a")
           TOOL(AT0, FUNCTION("0", "call_a", "f", "{\"a\":1.0}"))
           TOOL(AT0, FUNCTION("1", "call_0123456789abcdef01234567_1", "g",
                              "{}"))
           LAST(AT0, "stop", PROMPT), "calls, one after the other");

    frames("C0a f\nC1b g\nA0{\"n\":\nA1{\nA0 12345678901234567890}\nA1}\nE1\n"
           "E0\nE0\nA7x\nE7\n.\n",
           TOOL(AT0, FUNCTION("0", "a", "f",
                              "{\"n\":12345678901234567890}"))
           TOOL(AT0, FUNCTION("1", "b", "g", "{}"))
           LAST(AT0, "stop", PROMPT), "calls, one in the other, in order");

    frames("C0a f\nA0{\"a\":1}\nF4\n.\n",
           TOOL(AT0, FUNCTION("0", "a", "f", "{\"a\":1}"))
           LAST(AT0, "stop", PROMPT), "a call whose end is not told");
}


#define BROKEN  "the arguments of a tool call are not a JSON object"


static void
test_write_ends(void)
{
    frames("Ta\nXtoo\tmany\n.\n",
           CONTENT(AT0, "a") "{\"error\":\"too\\tmany\"}\n",
           "an error, and no more");

    frames("Ta\n",
           CONTENT(AT0, "a") "{\"error\":\"the connection was lost\"}\n",
           "a stream that is cut");

    frames("C0a f\nA0{\"cut\nE0\nTa\nF4\n.\n",
           CONTENT(AT0, "a") "{\"error\":\"" BROKEN "\"}\n",
           "arguments that are no JSON");

    frames("C0a f\nA0[1]\nE0\n.\n", "{\"error\":\"" BROKEN "\"}\n",
           "arguments that are no object");

    frames("C0a f\nA0{}\nE0\nC1b g\nA1{\"cut\nE1\nF3\n.\n",
           TOOL(AT0, FUNCTION("0", "a", "f", "{}"))
           LAST(AT0, "length", PROMPT), "arguments that the limit cut off");
}


static void
test_write_generate(void)
{
    stream(GENERATE, &script, "Khm\nTa\nF3\nU12\n.\n",
           "{" AT0 "\"response\":\"\",\"thinking\":\"hm\",\"done\":false}\n"
           "{" AT0 "\"response\":\"a\",\"done\":false}\n"
           "{" AT0 "\"response\":\"\",\"done\":true,"
           "\"done_reason\":\"length\",\"prompt_eval_count\":1,"
           "\"eval_count\":2," PROMPT "}\n", "generate");

    stream(GENERATE, &script, "Ta\nXno\n",
           "{" AT0 "\"response\":\"a\",\"done\":false}\n"
           "{\"error\":\"no\"}\n", "generate, an error");
}


#define WHOLE                                                                 \
    "{\"model\":\"acme:m\",\"created_at\":\"2026-08-20T12:00:01.000000000Z\","


static void
test_write_answer(void)
{
    document(CHAT,
             "{\"script\":[\"Kh\",\"Km\",\"Ta\",\"Ssig\",\"Nno\",\"Tb\","
             "\"C0a f\",\"A0{\\\"a\\\":\",\"C1 g\",\"A01.0}\","
             "\"L[{\\\"token\\\":\\\"a\\\",\\\"logprob\\\":-1}]\","
             "\"U92\",\"F1\",\".\"]}",
             WHOLE "\"message\":{\"role\":\"assistant\",\"content\":\"anob\","
             "\"thinking\":\"hm\",\"tool_calls\":["
             FUNCTION("0", "a", "f", "{\"a\":1.0}") ","
             FUNCTION("1", "call_0123456789abcdef01234567_1", "g", "{}")
             "]},\"logprobs\":[{\"token\":\"a\",\"logprob\":-1}],"
             "\"done\":true,\"done_reason\":\"stop\","
             "\"total_duration\":1000000000,\"prompt_eval_count\":9,"
             "\"eval_count\":2,\"eval_duration\":1000000000}",
             "a whole answer is written");

    document(CHAT, "{\"script\":[\"D\",\"F3\",\"C0a f\",\"A0{\",\".\"]}",
             WHOLE "\"message\":{\"role\":\"assistant\",\"content\":\"\"},"
             "\"done\":true,\"done_reason\":\"length\",\"total_duration\":7,"
             "\"load_duration\":1,\"prompt_eval_duration\":2,"
             "\"eval_duration\":4}", "a call that was cut off");

    document(CHAT, "{\"script\":[\"C0a f\",\"A0{\",\".\"]}", BROKEN,
             "a call that is broken");

    document(CHAT, "{\"script\":[\"Ta\",\"Xno\"]}", "no",
             "an error is written");

    document(GENERATE, "{\"script\":[\"Kh\",\"Ta\",\"Tb\",\".\"]}",
             WHOLE "\"response\":\"ab\",\"thinking\":\"h\",\"done\":true,"
             "\"done_reason\":\"stop\",\"total_duration\":1000000000,"
             "\"eval_duration\":1000000000}", "of generate");
}


/* what a server sends without end */

static void
test_bounds(void)
{
    char        line[1024];
    size_t      i;
    ngx_str_t   got;

    start(CHAT, &script);
    b.limit = 4096;

    feed("C0a f\n", 6, 6);

    start(CHAT, &script);
    b.limit = 4096;

    (void) ngx_http_model_bridge_feed(&b, (u_char *) "C0a f\n", 6);

    ngx_memset(line, 'x', sizeof(line));
    ngx_memcpy(line, "A0", 2);
    line[sizeof(line) - 1] = '\n';

    for (i = 0; i < 100; i++) {
        (void) ngx_http_model_bridge_feed(&b, (u_char *) line, sizeof(line));
    }

    ok(b.ended && b.failed && b.overflow, "arguments without end");

    got.data = out;
    got.len = out_len;
    is(&got, "{\"error\":\"the answer's parts are larger than "
             "model_bridge_buffer\"}\n", "one error");

    start(CHAT, &script);

    for (i = 0; i < 1000; i++) {
        (void) ngx_http_model_bridge_feed(&b, (u_char *) "C0a f\n", 6);
    }

    ok(b.ended && b.failed, "calls without end");
}


int
main(void)
{
    tap_init();

    test_read();
    test_read_calls();
    test_read_single();
    test_read_odd();
    test_read_answer();
    test_write();
    test_write_calls();
    test_write_ends();
    test_write_generate();
    test_write_answer();
    test_bounds();

    end();

    return tap_done();
}
