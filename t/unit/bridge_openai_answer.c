/* unit: + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Answers of OpenAI's chat completions over a bridge: what is read is written
 * again by the same dialect.  Streams are cut at every byte.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "exchange.h"


#define OLLAMA     NGX_HTTP_MODEL_OLLAMA
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC

#define CHAT       (&ngx_http_model_bridge_completions)


typedef struct {
    const char  *name;
    const char  *request;
    const char  *answer;
    const char  *want;      /* NULL: an error */
} answer_t;


static ngx_str_t body(const char *members, char *buf);
static void stream(const char *name, const char *request, const char *text,
    const char *want);
static ngx_str_t brief(exchange_t *x, char *buf);
static void test_streams(void);
static void test_reasoning(void);
static void test_calls(void);
static void test_odd_calls(void);
static void test_errors(void);
static void test_events(void);
static void test_answers(void);
static void test_hostile(void);
static ngx_uint_t hostile(char *text);
static void test_limits(void);


int
main(void)
{
    tap_init();

    test_streams();
    test_reasoning();
    test_calls();
    test_odd_calls();
    test_errors();
    test_events();
    test_answers();
    test_hostile();
    test_limits();

    return tap_done();
}


static ngx_str_t
body(const char *members, char *buf)
{
    ngx_str_t  s;

    s.data = (u_char *) buf;
    s.len = sprintf(buf, "{\"model\":\"acme:small\",\"messages\":[{\"role\":"
                    "\"user\",\"content\":\"hi\"}]%s%s}",
                    *members ? "," : "", members);

    return s;
}


/* what chunks hold, without what they all have: "+" and the delta */

static ngx_str_t
brief(exchange_t *x, char *buf)
{
    char                   *p, *frame, *end;
    ngx_str_t               s, text, err;
    ngx_http_model_json_t  *root, *choice, *value;

    p = buf;
    frame = x->out.len ? (char *) x->out.data : "";

    while (*frame) {
        end = strstr(frame, "\n\n");

        if (end == NULL) {
            p += sprintf(p, " cut");
            break;
        }

        if (strncmp(frame, "data: {", 7) != 0) {
            p += sprintf(p, " %.*s", (int) (end - frame), frame);
            frame = end + 2;
            continue;
        }

        root = ngx_http_model_json_parse(x->b.pool, (u_char *) frame + 6,
                                         end - frame - 6, &err);

        frame = end + 2;

        value = ngx_http_model_json_get(root, "error");

        if (value) {
            (void) ngx_http_model_talk_json(x->b.pool, value, &s);
            p += sprintf(p, " error%.*s", (int) s.len, s.data);
            continue;
        }

        (void) ngx_http_model_json_get_str(root, "id", &text);

        if (text.len != 33
            || ngx_memcmp(text.data, "chatcmpl-0123456789abcdef01234567", 33)
               != 0
            || ngx_http_model_json_get_int(root, "created") != 1755770000)
        {
            p += sprintf(p, " head?");
        }

        (void) ngx_http_model_json_get_str(root, "model", &text);

        if (text.len != 10 || ngx_memcmp(text.data, "acme:small", 10) != 0) {
            p += sprintf(p, " model?");
        }

        choice = ngx_http_model_json_get(root, "choices");
        choice = choice ? choice->child : NULL;

        value = ngx_http_model_json_get(choice, "delta");

        if (value) {
            (void) ngx_http_model_talk_json(x->b.pool, value, &s);
            p += sprintf(p, " +%.*s", (int) s.len, s.data);
        }

        value = ngx_http_model_json_get(choice, "logprobs");

        if (value && value->type != NGX_HTTP_MODEL_JSON_NULL) {
            (void) ngx_http_model_talk_json(x->b.pool, value, &s);
            p += sprintf(p, " logprobs%.*s", (int) s.len, s.data);
        }

        (void) ngx_http_model_json_get_str(choice, "finish_reason", &text);

        if (text.len) {
            p += sprintf(p, " %.*s", (int) text.len, text.data);
        }

        value = ngx_http_model_json_get(root, "usage");

        if (value) {
            (void) ngx_http_model_talk_json(x->b.pool, value, &s);
            p += sprintf(p, " usage=%.*s", (int) s.len, s.data);
        }
    }

    *p = '\0';

    s.data = (u_char *) buf;
    s.len = p - buf;

    return s;
}


/* the role's chunk is "role" in want */

static void
stream(const char *name, const char *request, const char *text,
    const char *want)
{
    char        first[16 * 1024], buf[16 * 1024], expect[16 * 1024], req[4096];
    size_t      cut;
    ngx_str_t   s, r, got;
    ngx_uint_t  same;
    exchange_t  x;

    static const char  *role = " +{\"role\":\"assistant\",\"content\":\"\","
                               "\"refusal\":null}";

    s = exchange_str(text);
    r = body(request, req);
    same = 1;

    sprintf(expect, "%s%s", strncmp(want, "role", 4) ? "" : role,
            strncmp(want, "role", 4) ? want : want + 4);

    for (cut = 0; cut <= s.len && same; cut++) {

        exchange_init(&x, CHAT, CHAT, OLLAMA);
        (void) exchange_request(&x, &r);

        exchange_stream(&x, &s, cut);

        got = brief(&x, cut ? buf : first);

        if (cut == 0) {
            is(&got, expect, name);

        } else {
            same = strcmp(first, buf) == 0;
        }

        exchange_done(&x);
    }

    if (!same) {
        printf("# cut at %lu: %s\n", (unsigned long) cut - 1, buf);
    }

    ok(same, "and cut anywhere");
}


#define CHUNK(delta)                                                          \
    "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1," \
    "\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":" delta              \
    ",\"finish_reason\":null}]}\n\n"

#define FINISH(why)                                                           \
    "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},"             \
    "\"finish_reason\":\"" why "\"}]}\n\n"

#define USAGE                                                                 \
    "data: {\"id\":\"x\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,"      \
    "\"completion_tokens\":2,\"total_tokens\":11}}\n\n"

#define DONE  "data: [DONE]\n\n"


static void
test_streams(void)
{
    stream("text", "\"stream\":true",
           CHUNK("{\"role\":\"assistant\",\"content\":\"\"}") CHUNK("{}")
           CHUNK("{\"content\":\"Hel\"}") CHUNK("{\"content\":\"lo\\n\"}")
           FINISH("stop") USAGE DONE,
           "role +{\"content\":\"Hel\"} +{\"content\":\"lo\\n\"} +{} stop "
           "data: [DONE]");

    stream("usage, as asked",
           "\"stream\":true,\"stream_options\":{\"include_usage\":true}",
           CHUNK("{\"content\":\"a\"}") FINISH("length") USAGE DONE,
           "role usage=null +{\"content\":\"a\"} usage=null +{} length "
           "usage=null usage={\"prompt_tokens\":9,\"completion_tokens\":2,"
           "\"total_tokens\":11} data: [DONE]");

    stream("usage on the last chunk, and no mark of the end",
           "\"stream\":true,\"stream_options\":{\"include_usage\":true}",
           "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},"
           "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":150,"
           "\"completion_tokens\":20,\"prompt_tokens_details\":{"
           "\"cached_tokens\":100},\"completion_tokens_details\":{"
           "\"reasoning_tokens\":5}}}",
           "role usage=null +{\"content\":\"a\"} usage=null +{} stop "
           "usage=null usage={\"prompt_tokens\":150,\"completion_tokens\":20,"
           "\"total_tokens\":170,\"prompt_tokens_details\":{"
           "\"cached_tokens\":100},\"completion_tokens_details\":{"
           "\"reasoning_tokens\":5}} data: [DONE]");

    stream("no usage is made up",
           "\"stream\":true,\"stream_options\":{\"include_usage\":true}",
           CHUNK("{\"content\":\"a\"}") FINISH("stop") DONE,
           "role usage=null +{\"content\":\"a\"} usage=null +{} stop "
           "usage=null data: [DONE]");

}


static void
test_reasoning(void)
{
    stream("reasoning", "\"stream\":true",
           CHUNK("{\"reasoning_content\":\"a\",\"reasoning\":\"a\"}")
           CHUNK("{\"reasoning\":\"b\",\"content\":\"c\"}")
           CHUNK("{\"content\":[{\"type\":\"thinking\",\"thinking\":["
                 "{\"type\":\"text\",\"text\":\"t\"}]},{\"type\":\"text\","
                 "\"text\":\"d\"}]}")
           CHUNK("{\"refusal\":\"no\"}") FINISH("content_filter") DONE,
           "role +{\"reasoning_content\":\"a\"} +{\"reasoning_content\":\"b\"}"
           " +{\"content\":\"c\"} +{\"reasoning_content\":\"t\"} "
           "+{\"content\":\"d\"} +{\"refusal\":\"no\"} +{} content_filter "
           "data: [DONE]");

    stream("reasoning that is not wanted",
           "\"stream\":true,\"reasoning\":{\"exclude\":true}",
           CHUNK("{\"reasoning\":\"b\",\"content\":\"c\"}") FINISH("stop")
           DONE, "role +{\"content\":\"c\"} +{} stop data: [DONE]");

    stream("logprobs", "\"stream\":true,\"logprobs\":true",
           "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"logprobs\":{"
           "\"content\":[{\"token\":\"a\",\"logprob\":-0.10}]}}]}\n\n"
           FINISH("stop") DONE,
           "role +{\"content\":\"a\"} +{} logprobs{\"content\":[{\"token\":"
           "\"a\",\"logprob\":-0.10,\"bytes\":null,\"top_logprobs\":[]}],"
           "\"refusal\":null} +{} stop data: [DONE]");

    stream("of a text completion", "\"stream\":true,\"logprobs\":true",
           "data: {\"id\":\"c\",\"choices\":[{\"text\":\"a\",\"index\":0,"
           "\"logprobs\":{\"tokens\":[\"a\"],\"token_logprobs\":[-1.5],"
           "\"top_logprobs\":[{\"a\":-1.5,\"b\":-2}]}}]}\n\n"
           "data: {\"choices\":[{\"text\":\"\",\"finish_reason\":\"stop\"}]}"
           "\n\n" DONE,
           "role +{\"content\":\"a\"} +{} logprobs{\"content\":[{\"token\":"
           "\"a\",\"logprob\":-1.5,\"bytes\":null,\"top_logprobs\":[{"
           "\"token\":\"a\",\"logprob\":-1.5,\"bytes\":null},{\"token\":\"b\","
           "\"logprob\":-2,\"bytes\":null}]}],\"refusal\":null} +{} stop "
           "data: [DONE]");

    stream("what is around", "\"stream\":true",
           "\xef\xbb\xbf: first\r\n\r\n"
           "data: {\"id\":\"\",\"model\":\"\",\"choices\":[],"
           "\"prompt_filter_results\":[]}\r\n\r\n"
           "event: message\r\nid: 1\r\n"
           "data:{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}},\r\n"
           "data: {\"index\":0,\"delta\":{\"content\":\"\\ud83d\\ude00\xc3\xa9"
           "\"}}]}\r\n\r\n: OPENROUTER PROCESSING\r\n\r\n"
           FINISH("eos") DONE CHUNK("{\"content\":\"z\"}"),
           "role +{\"content\":\"\xf0\x9f\x98\x80\xc3\xa9\"} : ping +{} stop "
           "data: [DONE]");
}


#define CALL(call)  CHUNK("{\"tool_calls\":[" call "]}")

#define OUT(i, call)                                                          \
    " +{\"tool_calls\":[{\"index\":" i "," call "}]}"

#define BEGUN(i, id, name)                                                    \
    OUT(i, "\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\""\
        name "\",\"arguments\":\"\"}")

#define MORE(i, text)  OUT(i, "\"function\":{\"arguments\":\"" text "\"}")

#define END  " +{} tool_calls data: [DONE]"

#define OWN(n)  "call_0123456789abcdef01234567_" n


static void
test_calls(void)
{
    stream("fragments of two calls", "\"stream\":true",
           CALL("{\"index\":0,\"id\":\"a\",\"type\":\"function\","
                "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}")
           CALL("{\"index\":1,\"id\":\"b\",\"type\":\"function\","
                "\"function\":{\"name\":\"g\",\"arguments\":\"{\"}}")
           CALL("{\"index\":0,\"function\":{\"arguments\":"
                "\"{\\\"x\\\":\\\"}\\\\\"}}")
           CALL("{\"index\":1,\"function\":{\"arguments\":\"}  \"}}")
           CALL("{\"index\":0,\"function\":{\"arguments\":\"\\\"}\\\"}\"}}")
           FINISH("stop") DONE,
           "role" BEGUN("0", "a", "f") BEGUN("1", "b", "g") MORE("1", "{")
           MORE("0", "{\\\"x\\\":\\\"}\\\\") MORE("1", "}")
           MORE("0", "\\\"}\\\"}") END);

    stream("whole calls, all with 0", "\"stream\":true",
           CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
                "\"arguments\":\"{}\"}}")
           CALL("{\"index\":0,\"id\":\"b\",\"function\":{\"name\":\"f\","
                "\"arguments\":\"{}\"}}")
           FINISH("tool_calls") DONE,
           "role" BEGUN("0", "a", "f") MORE("0", "{}") BEGUN("1", "b", "f")
           MORE("1", "{}") END);

    stream("whole calls without ids or numbers", "\"stream\":true",
           CALL("{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
                "{\"function\":{\"name\":\"f\",\"arguments\":{\"b\":1.0,"
                "\"a\":2}}}")
           CALL("{\"id\":\"\",\"function\":{\"name\":\"g\","
                "\"arguments\":\"\"}}")
           FINISH("stop") DONE,
           "role" BEGUN("0", OWN("0"), "f") MORE("0", "{}")
           BEGUN("1", OWN("1"), "f") MORE("1", "{\\\"b\\\":1.0,\\\"a\\\":2}")
           BEGUN("2", OWN("2"), "g") MORE("2", "{}") END);

    stream("id and name repeated, ids that change", "\"stream\":true",
           CALL("{\"index\":3,\"id\":\"a\",\"function\":{\"name\":\"f\","
                "\"arguments\":\"{\"}}")
           CALL("{\"index\":3,\"id\":\"a\",\"function\":{\"name\":\"f\","
                "\"arguments\":\"\\\"k\\\"\"}}")
           CALL("{\"index\":3,\"id\":\"zz\",\"function\":{"
                "\"arguments\":\":1}\"}}")
           FINISH("stop") DONE,
           "role" BEGUN("0", "a", "f") MORE("0", "{") MORE("0", "\\\"k\\\"")
           MORE("0", ":1}") END);

}


static void
test_odd_calls(void)
{
    stream("a name that comes late, and one that never does",
           "\"stream\":true",
           CALL("{\"index\":9,\"function\":{\"arguments\":\"{\"}}")
           CALL("{\"index\":0,\"id\":\"a\"}")
           CALL("{\"index\":0,\"function\":{\"arguments\":\"{\\\"q\"}}")
           CALL("{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":"
                "\"\\\":[]}\"}}")
           FINISH("stop") DONE,
           "role" BEGUN("0", "a", "f") MORE("0", "{\\\"q")
           MORE("0", "\\\":[]}") END);

    stream("text and calls, without a word why it ended", "\"stream\":true",
           CHUNK("{\"content\":\"a\",\"tool_calls\":[{\"index\":0,\"id\":\"i\""
                 ",\"function\":{\"name\":\"f\",\"arguments\":null}}]}") DONE,
           "role +{\"content\":\"a\"}" BEGUN("0", "i", "f") MORE("0", "{}")
           END);

    stream("a function's call, for one who knows functions",
           "\"stream\":true,\"functions\":[{\"name\":\"f\"}]",
           CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
                "\"arguments\":\"{}\"}}")
           CALL("{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"f\","
                "\"arguments\":\"{}\"}}") FINISH("stop") DONE,
           "role +{\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}} "
           "+{\"function_call\":{\"arguments\":\"{}\"}} +{} function_call "
           "data: [DONE]");

    stream("a function's call, for one who knows tools", "\"stream\":true",
           CHUNK("{\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}}")
           CHUNK("{\"function_call\":{\"arguments\":\"{}\"}}")
           FINISH("function_call") DONE,
           "role" BEGUN("0", OWN("0"), "f") MORE("0", "{}") END);
}


#define ERROR(text, type, code)                                               \
    " error{\"message\":\"" text "\",\"type\":\"" type "\",\"param\":null,"   \
    "\"code\":" code "} data: [DONE]"


static void
test_errors(void)
{
    stream("an error", "\"stream\":true",
           CHUNK("{\"content\":\"a\"}")
           "data: {\"error\":{\"message\":\"out of memory\",\"type\":\"x\","
           "\"code\":500}}\n\n" DONE,
           "role +{\"content\":\"a\"}" ERROR("out of memory", "server_error",
                                             "null"));

    stream("an error that is a string", "\"stream\":true",
           "data: {\"error\":\"Unexpected endpoint\"}\n\n",
           ERROR("Unexpected endpoint", "server_error", "null"));

    stream("too fast", "\"stream\":true",
           "data: {\"error\":{\"message\":\"slow down\","
           "\"code\":\"rate_limit_exceeded\"}}\n\n",
           ERROR("slow down", "requests", "\"rate_limit_exceeded\""));

    stream("an error in a choice", "\"stream\":true",
           "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"error\":{"
           "\"message\":\"gone\"}}]}\n\n",
           "role" ERROR("gone", "server_error", "null"));

    stream("an error as a reason", "\"stream\":true",
           CHUNK("{\"content\":\"a\"}") FINISH("error") DONE,
           "role +{\"content\":\"a\"}"
           ERROR("the vendor ended the answer with an error", "server_error",
                 "null"));

    stream("an event of an error", "\"stream\":true",
           "event: error\ndata: {\"message\":\"bad\"}\n\n",
           ERROR("bad", "server_error", "null"));

    stream("an old error", "\"stream\":true",
           "data: {\"object\":\"error\",\"message\":\"long ago\"}\n\n",
           ERROR("long ago", "server_error", "null"));

    stream("no JSON", "\"stream\":true",
           CHUNK("{\"content\":\"a\"}") "data: {\"choices\n\n" DONE,
           "role +{\"content\":\"a\"}"
           ERROR("the vendor's stream has an event that is not a JSON object",
                 "server_error", "null"));

    stream("cut", "\"stream\":true", CHUNK("{\"content\":\"a\"}"),
           "role +{\"content\":\"a\"}"
           ERROR("the stream broke off", "server_error", "null"));
}


/* of other dialects' readers */

static void
test_events(void)
{
    char                     buf[4096];
    ngx_str_t                s;
    ngx_uint_t               i;
    exchange_t               x;
    ngx_http_model_event_t   e;

    static const struct {
        ngx_http_model_event_e   type;
        ngx_uint_t               index;
        const char              *id;
        const char              *text;
    } events[] = {
        { NGX_HTTP_MODEL_EVENT_PING, 0, "", "" },
        { NGX_HTTP_MODEL_EVENT_THINKING, 0, "", "t" },
        { NGX_HTTP_MODEL_EVENT_SIGNATURE, 0, "", "s" },
        { NGX_HTTP_MODEL_EVENT_REDACTED, 0, "", "r" },
        { NGX_HTTP_MODEL_EVENT_CALL, 0, "toolu_1", "f" },
        { NGX_HTTP_MODEL_EVENT_CALL_END, 0, "", "" },
        { NGX_HTTP_MODEL_EVENT_CALL, 1, "", "g" },
        { NGX_HTTP_MODEL_EVENT_ARGUMENTS, 1, "", "{}" },
        { NGX_HTTP_MODEL_EVENT_CALL_END, 1, "", "" },
        { NGX_HTTP_MODEL_EVENT_ARGUMENTS, 7, "", "{}" },
        { NGX_HTTP_MODEL_EVENT_CALL_END, 7, "", "" },
        { NGX_HTTP_MODEL_EVENT_END, 0, "", "" }
    };

    exchange_init(&x, CHAT, CHAT, ANTHROPIC);

    x.b.stream = 1;

    for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        ngx_memzero(&e, sizeof(ngx_http_model_event_t));

        e.type = events[i].type;
        e.index = events[i].index;
        e.id = exchange_str(events[i].id);
        e.name = exchange_str(events[i].text);
        e.text = exchange_str(events[i].text);

        (void) ngx_http_model_bridge_emit(&x.b, &e);
    }

    s = brief(&x, buf);

    is(&s, " +{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null} "
       ": ping +{\"reasoning_content\":\"t\"}" BEGUN("0", "toolu_1", "f")
       MORE("0", "{}") BEGUN("1", OWN("1"), "g") MORE("1", "{}") END,
       "events of others");

    exchange_done(&x);
}


#define WHOLE(message, rest)                                                  \
    "{\"id\":\"chatcmpl-0123456789abcdef01234567\","                          \
    "\"object\":\"chat.completion\",\"created\":1755770000,"                  \
    "\"model\":\"acme:small\",\"choices\":[{\"index\":0,\"message\":{"        \
    "\"role\":\"assistant\"," message "}," rest "}"


static const answer_t  answers[] = {
    { "a whole answer", "",
      "{\"id\":\"a\",\"object\":\"chat.completion\",\"created\":1,"
      "\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{"
      "\"role\":\"assistant\",\"content\":\"Hi\",\"refusal\":null,"
      "\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"},"
      "{\"index\":1,\"message\":{\"content\":\"no\"}}],"
      "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,"
      "\"total_tokens\":11,\"prompt_tokens_details\":{\"cached_tokens\":0,"
      "\"cache_write_tokens\":4}}}",
      WHOLE("\"content\":\"Hi\",\"refusal\":null", "\"logprobs\":null,"
            "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,"
            "\"completion_tokens\":2,\"total_tokens\":11,"
            "\"prompt_tokens_details\":{\"cached_tokens\":0,"
            "\"cache_write_tokens\":4}}") },
    { "a whole answer with calls", "",
      "{\"choices\":[{\"message\":{\"content\":null,"
      "\"reasoning\":\"r\",\"tool_calls\":[{\"id\":\"c\","
      "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
      "\"{\\\"b\\\":1.0}\"}},{\"id\":\"d\",\"function\":{\"name\":\"g\","
      "\"arguments\":\"\"}}]},\"finish_reason\":\"stop\"}]}",
      WHOLE("\"content\":null,\"refusal\":null,"
            "\"reasoning_content\":\"r\",\"tool_calls\":[{\"id\":\"c\","
            "\"type\":\"function\",\"function\":{\"name\":\"f\","
            "\"arguments\":\"{\\\"b\\\":1.0}\"}},{\"id\":\"d\","
            "\"type\":\"function\",\"function\":{\"name\":\"g\","
            "\"arguments\":\"{}\"}}]",
            "\"logprobs\":null,\"finish_reason\":\"tool_calls\"}]") },
    { "a whole answer for one who knows functions",
      "\"functions\":[{\"name\":\"f\"}]",
      "{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"c\","
      "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}",
      WHOLE("\"content\":null,\"refusal\":null,\"function_call\":{"
            "\"name\":\"f\",\"arguments\":\"{}\"}",
            "\"logprobs\":null,\"finish_reason\":\"function_call\"}]") },
    { "a refusal", "\"logprobs\":true",
      "{\"choices\":[{\"message\":{\"refusal\":\"no\"},"
      "\"logprobs\":{\"content\":[{\"token\":\"n\",\"logprob\":null}]},"
      "\"finish_reason\":\"content_filter\"}]}",
      WHOLE("\"content\":null,\"refusal\":\"no\"",
            "\"logprobs\":{\"content\":[{\"token\":\"n\","
            "\"logprob\":-9999,\"bytes\":null,\"top_logprobs\":[]}],"
            "\"refusal\":null},\"finish_reason\":\"content_filter\"}]") },
    { "nothing at all", "",
      "{\"choices\":[{\"message\":{\"content\":null},"
      "\"finish_reason\":\"length\"}]}",
      WHOLE("\"content\":\"\",\"refusal\":null",
            "\"logprobs\":null,\"finish_reason\":\"length\"}]") },
    { "an error with a success", "", "{\"error\":\"no such model\"}",
      NULL },
    { "no choices", "", "{\"choices\":[]}", NULL },
    { "a list", "", "[]", NULL },
    { "no JSON", "", "<html>", NULL }
};


static void
test_answers(void)
{
    char         req[4096];
    ngx_int_t    rc;
    ngx_str_t    s, r, out;
    ngx_uint_t   i;
    exchange_t   x;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        s = exchange_str(answers[i].answer);
        r = body(answers[i].request, req);

        exchange_init(&x, CHAT, CHAT, OLLAMA);
        (void) exchange_request(&x, &r);

        rc = ngx_http_model_bridge_answer(&x.b, &s, &out);

        if (answers[i].want == NULL) {
            ok(rc == NGX_DECLINED && x.b.status == 502 && x.b.text.len,
               answers[i].name);

        } else if (rc == NGX_OK) {
            json_is(&out, answers[i].want, answers[i].name);

        } else {
            ok(0, answers[i].name);
        }

        exchange_done(&x);
    }
}


/* any JSON anywhere */

static void
test_hostile(void)
{
    char        *text, *p;
    ngx_uint_t   i, j, good;

    static const char  *values[] = {
        "null", "true", "0", "-1", "1e999", "\"\"", "\"x\"", "[]", "[[]]",
        "[null]", "[0,\"x\",{}]", "{}", "{\"content\":{}}",
        "{\"tool_calls\":{}}", "{\"tool_calls\":[1,[],{\"function\":1}]}",
        ("{\"tool_calls\":[{\"index\":99999999999999999999,\"function\":{"
         "\"name\":{},\"arguments\":[]}}]}"), "{\"function_call\":{}}"
    };

    static const char  *frames[] = {
        "%s", "{\"choices\":%s}", "{\"choices\":[%s]}",
        "{\"choices\":[{\"delta\":%s}]}",
        "{\"choices\":[{\"delta\":{\"content\":%s}}]}",
        "{\"choices\":[{\"delta\":{\"tool_calls\":%s}}]}",
        "{\"choices\":[{\"delta\":{\"tool_calls\":[%s]}}]}",
        "{\"choices\":[{\"index\":%s,\"delta\":{\"content\":\"x\"}}]}",
        "{\"choices\":[{\"logprobs\":%s}]}",
        "{\"choices\":[{\"logprobs\":{\"content\":%s}}]}",
        "{\"choices\":[{\"logprobs\":{\"tokens\":%s,\"token_logprobs\":[0]}}]}",
        ("{\"choices\":[{\"logprobs\":{\"tokens\":[\"x\"],"
         "\"token_logprobs\":%s,\"top_logprobs\":%1$s}}]}"),
        "{\"choices\":[{\"finish_reason\":%s}]}", "{\"usage\":%s}",
        "{\"usage\":{\"prompt_tokens\":%s,\"prompt_tokens_details\":%1$s}}",
        "{\"timings\":{\"prompt_ms\":%s}}", "{\"error\":%s}",
        "{\"error\":{\"message\":%s,\"code\":%1$s}}", "{\"id\":%s}"
    };

    text = malloc(64 * 1024);
    good = 1;

    for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        for (j = 0; j < sizeof(values) / sizeof(values[0]); j++) {

            p = text + sprintf(text, "data: ");
            p += sprintf(p, frames[i], values[j]);
            sprintf(p, "\n\n" CHUNK("{\"content\":\"a\"}") FINISH("stop")
                    DONE);

            good &= hostile(text);
        }
    }

    ok(good, "each stream has its end");

    free(text);
}


/* 1 when the frames come to an end, and the first of them as an answer, too */

static ngx_uint_t
hostile(char *text)
{
    char        req[4096];
    ngx_str_t   s, r;
    ngx_uint_t  good;
    exchange_t  x;

    good = 1;

    s = exchange_str(text);
    r = body("\"stream\":true,\"logprobs\":true,"
             "\"stream_options\":{\"include_usage\":true}", req);

    exchange_init(&x, CHAT, CHAT, OLLAMA);
    (void) exchange_request(&x, &r);
    exchange_stream(&x, &s, s.len / 2);

    if (x.out.len < 14
        || strcmp((char *) x.out.data + x.out.len - 14, DONE) != 0)
    {
        printf("# %s\n# %.*s\n", text, (int) x.out.len, x.out.data);
        good = 0;
    }

    exchange_done(&x);

    /* as a whole answer */

    s.data += 6;
    s.len = strstr(text, "\n\n") - text - 6;

    exchange_init(&x, CHAT, CHAT, OLLAMA);

    if (ngx_http_model_bridge_answer(&x.b, &s, &r) == NGX_ERROR) {
        good = 0;
    }

    exchange_done(&x);

    return good;
}


/* more calls, longer ones than there is room for */

static void
test_limits(void)
{
    char        *text, *p;
    ngx_str_t    s;
    ngx_uint_t   i;
    exchange_t   x;

    text = malloc(1024 * 1024);

    p = text;

    for (i = 0; i < 1000; i++) {
        p += sprintf(p, CALL("{\"index\":%lu,\"function\":{\"name\":\"f\"}}"),
                     (unsigned long) i);
    }

    s = exchange_str(text);

    exchange_init(&x, CHAT, CHAT, OLLAMA);
    exchange_stream(&x, &s, 1);

    ok(strstr((char *) x.out.data, "calls too many tools") != NULL,
       "too many calls");

    exchange_done(&x);

    /* arguments of a call whose name does not come */

    p = text;

    for (i = 0; i < 100; i++) {
        p += sprintf(p, CALL("{\"index\":0,\"function\":{\"arguments\":"
                             "\"%1000d\"}}"), 1);
    }

    s = exchange_str(text);

    exchange_init(&x, CHAT, CHAT, OLLAMA);
    x.b.limit = 64 * 1024;
    exchange_stream(&x, &s, 1);

    ok(x.b.overflow && x.b.failed, "arguments that are too long");

    exchange_done(&x);
    free(text);
}
