/* unit: src/ngx_http_model_observe.c src/ngx_http_model_frame.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What answers tell of themselves.  Each sample is fed whole, cut at every
 * byte, and byte by byte; events also with other ends of lines, a byte-order
 * mark and comments, and with data cut into lines: the outcome is the same.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_observe.h"
#include "tap.h"


#define NONE       NGX_HTTP_MODEL_FRAME_NONE
#define SSE        NGX_HTTP_MODEL_FRAME_SSE
#define NDJSON     NGX_HTTP_MODEL_FRAME_NDJSON
#define JSON       NGX_HTTP_MODEL_FRAME_JSON

#define OPENAI     NGX_HTTP_MODEL_OPENAI
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC
#define OLLAMA     NGX_HTTP_MODEL_OLLAMA

#define LONG       (1024 * 1024)


typedef struct {
    const char  *want;
    const char  *text;
} sample_t;


static void samples(ngx_uint_t framing, ngx_uint_t dialect, sample_t *s,
    ngx_uint_t n);
static void sample(ngx_uint_t framing, ngx_uint_t dialect, const char *want,
    const char *text, size_t len);
static void variants(ngx_uint_t dialect, sample_t *s);
static char *replace(const char *text, const char *from, const char *to);
static ngx_uint_t feed(ngx_http_model_observe_t *o, const char *text,
    size_t len);
static const char *told(ngx_http_model_observe_t *o);
static char *number(char *p, const char *name, int64_t n);
static void told_is(ngx_http_model_observe_t *o, const char *want,
    const char *name);
static void test_chat(void);
static void test_responses(void);
static void test_other(void);
static void test_messages(void);
static void test_ollama(void);
static void test_json(void);
static void test_fakes(void);
static void test_values(void);
static void test_usage_frame(void);
static void cut(const char *text, const char *want, const char *name);
static void test_long(void);


int
main(void)
{
    tap_init();

    test_chat();
    test_responses();
    test_other();
    test_messages();
    test_ollama();
    test_json();
    test_fakes();
    test_values();
    test_usage_frame();
    test_long();

    return tap_done();
}


static void
samples(ngx_uint_t framing, ngx_uint_t dialect, sample_t *s, ngx_uint_t n)
{
    for ( /* void */ ; n; s++, n--) {
        sample(framing, dialect, s->want, s->text, ngx_strlen(s->text));

        if (framing == SSE) {
            variants(dialect, s);
        }
    }
}


static void
sample(ngx_uint_t framing, ngx_uint_t dialect, const char *want,
    const char *text, size_t len)
{
    size_t                     i, j;
    ngx_uint_t                 first, good;
    ngx_http_model_observe_t   o;

    good = 1;
    first = 0;

    /* cut before i; the last time at each byte */

    for (i = 0; i <= len + 1 && good; i++) {
        ngx_memset(&o, 0x5a, sizeof(o));
        ngx_http_model_observe_init(&o, framing, dialect);

        if (i <= len) {
            first = feed(&o, text, i);
            first += feed(&o, text + i, len - i);

        } else {
            first = 0;

            for (j = 0; j < len; j++) {
                first += feed(&o, text + j, 1);
            }
        }

        good = ngx_strcmp(told(&o), want) == 0 && first == o.content
               && o.ending.frame.offset == len;
    }

    ok(good, want);

    if (!good) {
        printf("# got  %s\n# cut at %lu, content %lu times:\n%s\n", told(&o),
               (unsigned long) i - 1, (unsigned long) first, text);
    }
}


static void
variants(ngx_uint_t dialect, sample_t *s)
{
    char        *text, *crlf;
    ngx_uint_t   i;

    static const char  *ways[][2] = {
        { "\n", "\r" },
        { "\n", "\r\n" },
        { "data: ", "data:" },
        { "data: ", ": \"x\ndata: " },
        { "data: ", "retry: 1\nid: {\ndata:  " },
        { ",\"", ",\r\ndata: \"" },
        { "\":", "\"\ndata:\ndata::" }
    };

    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {

        /* a string that is cut is none */

        if (i == 6 && strstr(s->text, "\\\"")) {
            continue;
        }

        text = replace(s->text, ways[i][0], ways[i][1]);
        sample(SSE, dialect, s->want, text, ngx_strlen(text));
        free(text);
    }

    text = malloc(ngx_strlen(s->text) + 4);
    ngx_sprintf((u_char *) text, "\xef\xbb\xbf%s%Z", s->text);
    crlf = replace(text, "\n\n", "\r\n\n\r\n\n");

    sample(SSE, dialect, s->want, crlf, ngx_strlen(crlf));

    free(crlf);
    free(text);
}


static char *
replace(const char *text, const char *from, const char *to)
{
    char        *out, *p;
    const char  *next;

    out = malloc(ngx_strlen(text) * (ngx_strlen(to) + 1) + 1);

    for (p = out; /* void */ ; text = next + ngx_strlen(from)) {
        next = strstr(text, from);

        if (next == NULL) {
            ngx_memcpy(p, text, ngx_strlen(text) + 1);
            return out;
        }

        p = (char *) ngx_cpymem(p, text, next - text);
        p = (char *) ngx_cpymem(p, to, ngx_strlen(to));
    }
}


/* a block of its own shows what is overread */

static ngx_uint_t
feed(ngx_http_model_observe_t *o, const char *text, size_t len)
{
    u_char      *copy;
    ngx_uint_t   first;

    copy = malloc(len ? len : 1);
    ngx_memcpy(copy, text, len);

    first = ngx_http_model_observe_feed(o, copy, len);

    free(copy);

    return first;
}


static const char *
told(ngx_http_model_observe_t *o)
{
    char  *p;

    static char  line[1024];

    p = line;

    if (o->model_len) {
        p += sprintf(p, " %.*s", (int) o->model_len, (char *) o->model);
    }

    p = number(p, "prompt", o->prompt);
    p = number(p, "completion", o->completion);
    p = number(p, "cached", o->cached);
    p = number(p, "write", o->cache_write);
    p = number(p, "reasoning", o->reasoning);
    p = number(p, "total", o->total);
    p = number(p, "ns", o->total_duration);
    p = number(p, "load", o->load_duration);
    p = number(p, "prompt", o->prompt_eval_duration);
    p = number(p, "eval", o->eval_duration);

    if (o->finish_len) {
        p += sprintf(p, " %.*s", (int) o->finish_len, (char *) o->finish);
    }

    p += sprintf(p, "%s%s%s%s frames %lu",
                 o->content ? " content" : "", o->error ? " error" : "",
                 ngx_http_model_ending_finished(&o->ending) ? " whole" : "",
                 o->usage_frame ? " usage" : "", (unsigned long) o->frames);

    return line + 1;
}


static char *
number(char *p, const char *name, int64_t n)
{
    return (n == -1) ? p : p + sprintf(p, " %s %lld", name, (long long) n);
}


static void
told_is(ngx_http_model_observe_t *o, const char *want, const char *name)
{
    ngx_str_t  got;

    got.data = (u_char *) told(o);
    got.len = ngx_strlen(got.data);

    is(&got, want, name);
}


#define CHUNK(delta, reason)                                                  \
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\","      \
    "\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":"      \
    delta ",\"logprobs\":null,\"finish_reason\":" reason "}],"                \
    "\"usage\":null}\n\n"

#define ROLE                                                                  \
    CHUNK("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", "null")

#define COUNTS                                                                \
    "{\"prompt_tokens\":9,\"completion_tokens\":7,\"total_tokens\":16,"       \
    "\"prompt_tokens_details\":{\"cached_tokens\":4,\"audio_tokens\":1},"     \
    "\"completion_tokens_details\":{\"reasoning_tokens\":5}}"

#define USAGE                                                                 \
    "data: {\"id\":\"chatcmpl-1\",\"model\":\"m\",\"choices\":[],"            \
    "\"usage\":" COUNTS "}\n\n"


static void
test_chat(void)
{
    sample_t  s[] = {
        { "frames 0", "" },
        { "m frames 1", ROLE },
        { "m content frames 2", ROLE CHUNK("{\"content\":\"Hi\"}", "null") },
        { "m stop content whole frames 4",
          ROLE CHUNK("{\"content\":\"Hi\"}", "null") CHUNK("{}", "\"stop\"")
          "data: [DONE]\n\n" },
        { "m prompt 9 completion 7 cached 4 reasoning 5 total 16 stop whole "
          "frames 4",
          ROLE CHUNK("{}", "\"stop\"") USAGE "data: [DONE]\n\n" },
        { "m prompt 9 completion 7 cached 4 reasoning 5 total 16 length whole "
          "usage frames 2", CHUNK("{}", "\"length\"") USAGE },
        { "m content frames 1", CHUNK("{\"reasoning\":\"a\"}", "null") },
        { "m content frames 1", CHUNK("{\"reasoning_content\":\"a\","
                                      "\"content\":null}", "null") },
        { "m content frames 1", CHUNK("{\"refusal\":\"no\"}", "null") },
        { "m content frames 1", CHUNK("{\"content\":[{\"type\":\"text\","
                                      "\"text\":\"a\"}]}", "null") },
        { "m content frames 1", CHUNK("{\"audio\":{\"id\":\"a\","
                                      "\"data\":\"AAAA\"}}", "null") },
        { "m content frames 1", CHUNK("{\"audio\":{\"transcript\":\"a\"}}",
                                      "null") },
        { "m frames 1", CHUNK("{\"audio\":{\"id\":\"a\"},\"tool_calls\":[],"
                              "\"function_call\":null}", "null") },
        { "m content frames 1", CHUNK("{\"tool_calls\":[{\"index\":0,"
              "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}", "null") },
        { "m content frames 1", CHUNK("{\"function_call\":{\"name\":\"f\"}}",
                                      "null") },
        { "x content frames 1", "data: {\"object\":\"text_completion\","
              "\"model\":\"x\",\"choices\":[{\"text\":\"a\"}]}\n\n" },
        { "m prompt 3 completion 2 total 5 frames 2",
          "data: {\"model\":\"m\",\"choices\":[{\"delta\":{}}],\"usage\":{"
              "\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n"
          "data: {\"model\":\"m\",\"choices\":[{\"delta\":{}}],\"usage\":{"
              "\"completion_tokens\":2,\"total_tokens\":5}}\n\n" },
        { "error whole frames 2", "data: {\"error\":{\"message\":\"x\","
              "\"code\":500}}\n\ndata: [DONE]\n\n" },
        { "error error whole frames 1", "data: {\"choices\":[{\"delta\":{"
              "\"content\":\"\"},\"finish_reason\":\"error\"}],"
              "\"error\":{\"code\":502}}\n\n" },
        { "error frames 1", "data: {\"object\":\"error\",\"code\":404}\n\n" },
        { "frames 1", "data: {\"error\":null}\n\n" },
        { "frames 0", ": ping\n\n: OPENROUTER PROCESSING\n\n" },
        { "error whole frames 0", "event: error\n\n" },
        { "x content frames 0", "data: {\"model\":\"x\",\"choices\":[{"
              "\"delta\":{\"content\":\"a\"" }
    };

    samples(SSE, OPENAI, s, sizeof(s) / sizeof(sample_t));
}


#define EVENT(type, more)                                                     \
    "event: " type "\ndata: {\"type\":\"" type "\",\"sequence_number\":7"     \
    more "}\n\n"

#define INPUT                                                                 \
    "\"usage\":{\"input_tokens\":30,\"input_tokens_details\":{"               \
    "\"cached_tokens\":20,\"cache_write_tokens\":3},\"output_tokens\":8,"     \
    "\"output_tokens_details\":{\"reasoning_tokens\":6},\"total_tokens\":38}"

#define CREATED                                                               \
    EVENT("response.created", ",\"response\":{\"id\":\"r\",\"status\":"       \
          "\"in_progress\",\"error\":null,\"incomplete_details\":null,"       \
          "\"model\":\"g\",\"output\":[],\"usage\":null,"                     \
          "\"tools\":[{\"name\":\"f\"}]}")


static void
test_responses(void)
{
    sample_t  s[] = {
        { "g frames 1", CREATED },
        { "frames 1", EVENT("response.output_item.added",
                            ",\"item\":{\"type\":\"message\"}") },
        { "g content frames 2",
          CREATED EVENT("response.output_text.delta", ",\"delta\":\"a\"") },
        { "frames 1",
          EVENT("response.output_text.delta", ",\"delta\":\"\"") },
        { "content frames 1", EVENT("response.function_call_arguments.delta",
                                    ",\"delta\":\"{\"") },
        { "g prompt 30 completion 8 cached 20 write 3 reasoning 6 total 38 "
          "completed whole frames 2",
          CREATED EVENT("response.completed", ",\"response\":{\"status\":"
                        "\"completed\",\"model\":\"g\"," INPUT "}") },
        { "max_output_tokens whole frames 1",
          EVENT("response.incomplete", ",\"response\":{\"incomplete_details\":"
                "{\"reason\":\"max_output_tokens\"},"
                "\"status\":\"incomplete\"}") },
        { "failed error whole frames 1",
          EVENT("response.failed", ",\"response\":{\"status\":\"failed\","
                "\"error\":{\"code\":\"x\"}}") },
        { "error whole frames 1", EVENT("response.failed", "") },
        { "error whole frames 1", EVENT("error", ",\"code\":null") },
        { "completed content whole frames 1",
          EVENT("response.completed", ",\"response\":{\"status\":"
                "\"completed\",\"output\":[{\"type\":\"message\",\"content\":"
                "[{\"type\":\"output_text\",\"text\":\"a\"}]}]}") }
    };

    samples(SSE, OPENAI, s, sizeof(s) / sizeof(sample_t));
}


static void
test_other(void)
{
    sample_t  s[] = {
        { "content frames 1", EVENT("transcript.text.delta",
                                    ",\"delta\":\"a\"") },
        { "prompt 14 completion 4 total 18 content whole frames 1",
          EVENT("transcript.text.done", ",\"text\":\"a\",\"usage\":{"
                "\"type\":\"tokens\",\"input_tokens\":14,"
                "\"output_tokens\":4,\"total_tokens\":18}") },
        { "content frames 1", EVENT("speech.audio.delta",
                                    ",\"audio\":\"AAAA\"") },
        { "whole frames 1", EVENT("speech.audio.done", "") },
        { "content frames 1", EVENT("image_generation.partial_image",
                                    ",\"b64_json\":\"iVBOR\"") },
        { "frames 1", "data\ndata: hello\n\n" },
        { "frames 1", "data: [1,2]\n\n" }
    };

    samples(SSE, OPENAI, s, sizeof(s) / sizeof(sample_t));
    sample(NONE, OPENAI, "frames 0", "data: [DONE]\n\n", 14);
}


#define START                                                                 \
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"   \
    "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","           \
    "\"model\":\"claude\",\"content\":[],\"stop_reason\":null,"               \
    "\"usage\":{\"input_tokens\":25,\"cache_creation_input_tokens\":3,"       \
    "\"cache_read_input_tokens\":100,\"output_tokens\":1}}}\n\n"

#define BLOCK(block)                                                          \
    EVENT("content_block_start", ",\"index\":0,\"content_block\":" block)

#define DELTA(delta)                                                          \
    EVENT("content_block_delta", ",\"index\":0,\"delta\":" delta)

#define STOP(usage)                                                           \
    EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"tool_use\","        \
          "\"stop_sequence\":null},\"usage\":" usage)


static void
test_messages(void)
{
    sample_t  s[] = {
        { "claude prompt 128 completion 1 cached 100 write 3 frames 2",
          START EVENT("ping", "") },
        { "frames 1", BLOCK("{\"type\":\"text\",\"text\":\"\"}") },
        { "content frames 1",
          DELTA("{\"type\":\"text_delta\",\"text\":\"Hello\"}") },
        { "content frames 1",
          DELTA("{\"type\":\"thinking_delta\",\"thinking\":\"a\"}") },
        { "frames 2", DELTA("{\"type\":\"signature_delta\",\"signature\":"
                            "\"a\"}")
                      DELTA("{\"type\":\"input_json_delta\","
                            "\"partial_json\":\"\"}") },
        { "content frames 1", DELTA("{\"type\":\"input_json_delta\","
                                    "\"partial_json\":\"{\\\"a\"}") },
        { "content frames 1", BLOCK("{\"type\":\"tool_use\",\"id\":\"t\","
                                    "\"name\":\"f\",\"input\":{}}") },
        { "claude prompt 128 completion 15 cached 100 write 3 tool_use "
          "content whole frames 4",
          START DELTA("{\"text\":\"a\"}") STOP("{\"output_tokens\":15}")
          EVENT("message_stop", "") },
        { "claude prompt 143 completion 15 cached 100 write 3 tool_use "
          "frames 2",
          START STOP("{\"input_tokens\":40,\"output_tokens\":15}") },
        { "error whole frames 1", EVENT("error", ",\"error\":{\"type\":"
                                        "\"overloaded_error\"}") },
        { "frames 1", EVENT("future", ",\"message\":{\"usage\":null,"
                            "\"content\":[{\"usage\":{\"input_tokens\":1}}]}")
        }
    };

    samples(SSE, ANTHROPIC, s, sizeof(s) / sizeof(sample_t));
}


#define LINE(message, more)                                                   \
    "{\"model\":\"llama3:8b\",\"created_at\":\"2026-01-01T00:00:00Z\","       \
    "\"message\":{\"role\":\"assistant\"," message "}," more "}\n"

#define METRICS                                                               \
    "\"done\":true,\"done_reason\":\"stop\",\"total_duration\":5191566416,"   \
    "\"load_duration\":2154458,\"prompt_eval_count\":26,"                     \
    "\"prompt_eval_duration\":383809000,\"eval_count\":298,"                  \
    "\"eval_duration\":4799921000"

#define TOLD                                                                  \
    "prompt 26 completion 298 ns 5191566416 load 2154458 prompt 383809000 "   \
    "eval 4799921000 stop"


static void
test_ollama(void)
{
    sample_t  s[] = {
        { "llama3:8b content frames 1",
          LINE("\"content\":\"Hel\"", "\"done\":false") },
        { "llama3:8b frames 1", LINE("\"content\":\"\"", "\"done\":false") },
        { "llama3:8b content frames 1",
          LINE("\"content\":\"\",\"thinking\":\"a\"", "\"done\":false") },
        { "llama3:8b content frames 1",
          LINE("\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":"
               "\"f\",\"arguments\":{\"done\":true}}}]", "\"done\":false") },
        { "llama3:8b " TOLD " content whole frames 2",
          LINE("\"content\":\"a\"", "\"done\":false")
          LINE("\"content\":\"\"", METRICS) },
        { "llama3:8b prompt 0 completion 0 load whole frames 1",
          LINE("\"content\":\"\"", "\"done\":true,\"done_reason\":\"load\"") },
        { "l prompt 0 completion 3 content whole frames 2",
          "{\"model\":\"l\",\"response\":\"a\",\"done\":false}\n"
          "{\"model\":\"l\",\"response\":\"\",\"done\":true,"
          "\"eval_count\":3,\"context\":[1,2,3]}\n" },
        { "content frames 1",
          "{\"response\":\"\",\"thinking\":\"a\",\"done\":false}\n" },
        { "content frames 1", "{\"response\":\"\",\"tool_calls\":[{}]}\n" },
        { "llama3:8b content error whole frames 2",
          LINE("\"content\":\"a\"", "\"done\":false")
          "{\"error\":\"model runner has stopped\"}\n" },
        { "whole frames 3",
          "{\"status\":\"pulling manifest\"}\n"
          "{\"status\":\"pulling 8eeb52dfb3bb\",\"digest\":\"sha256:8\","
          "\"total\":4,\"completed\":1}\n{\"status\":\"success\"}\n" },
        { "error whole frames 2",
          "{\"status\":\"pulling manifest\"}\n"
          "{\"error\":\"pull model manifest: file does not exist\"}\n" },
        { "frames 1", "\r\n\n{\"done\":\ntrue}\n{}\n" },
        { "llama3:8b content frames 0",
          "{\"model\":\"llama3:8b\",\"message\":{\"content\":\"a\"" }
    };

    samples(NDJSON, OLLAMA, s, sizeof(s) / sizeof(sample_t));
}


static void
test_json(void)
{
    sample_t  ollama[] = {
        { "frames 0", "" },
        { "llama3:8b " TOLD " content whole frames 1",
          LINE("\n\"content\" :\t\"a\"", METRICS) },
        { "a prompt 8 ns 14 load 1 whole frames 1",
          "{\"model\":\"a\",\"embeddings\":[[0.1,-2e-05,1],[]],"
          "\"total_duration\":14,\"load_duration\":1,"
          "\"prompt_eval_count\":8}" },
        { "whole frames 1", "{\"embedding\":[0.56,-0.1]}" },
        { "whole frames 1", "{\"status\":\"success\"}" },
        { "error whole frames 1", "{\"error\":\"no\"}" },
        { "frames 0", "{\"error\":\"no\"" }
    };

    sample_t  openai[] = {
        { "gpt prompt 9 completion 7 cached 4 reasoning 5 total 16 stop "
          "content whole frames 1",
          "\xef\xbb\xbf{\n  \"id\": \"c\",\r\n  \"model\": \"gpt\",\n  "
          "\"choices\": [\n {\"index\": 0, \"message\": {\"role\": "
          "\"assistant\", \"content\": \"Hi\"}, \"finish_reason\": \"stop\"}"
          "\n ],\n \"usage\": " COUNTS "\n}\n" },
        { "tool_calls content whole frames 1",
          "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{"
          "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
          "\"finish_reason\":\"tool_calls\"}]}" },
        { "g prompt 30 completion 8 cached 20 write 3 reasoning 6 total 38 "
          "completed content whole frames 1",
          "{\"object\":\"response\",\"status\":\"completed\",\"error\":null,"
          "\"model\":\"g\",\"output\":[{\"content\":[{\"text\":\"a\"}]}],"
          INPUT "}" },
        { "content_filter whole frames 1",
          "{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":"
          "\"content_filter\"}}" },
        { "e prompt 8 total 8 whole frames 1",
          "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\","
          "\"index\":0,\"embedding\":[0.1,2]}],\"model\":\"e\","
          "\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}" },
        { "r total 56 whole frames 1",
          "{\"id\":\"rerank-1\",\"model\":\"r\",\"usage\":{"
          "\"total_tokens\":56},\"results\":[{\"index\":1,\"document\":{"
          "\"text\":\"a\"},\"relevance_score\":0.9}]}" },
        { "content whole frames 1", "{\"text\":\"Hello\"}" },
        { "whole frames 1", "{\"text\":\"\",\"usage\":{\"type\":"
          "\"duration\",\"seconds\":9}}" },
        { "content whole frames 1", "{\"data\":[{\"b64_json\":\"AAAA\"}]}" },
        { "error whole frames 1",
          "{\"error\":\"Unexpected endpoint or method. (GET /x)\"}" },
        { "whole frames 2", "[]{}" }
    };

    sample_t  anthropic[] = {
        { "claude prompt 12 completion 5 cached 2 write 0 end_turn content "
          "whole frames 1",
          "{\"type\":\"message\",\"model\":\"claude\",\"content\":[{\"type\":"
          "\"text\",\"text\":\"Hi\"}],\"stop_reason\":\"end_turn\","
          "\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":0,"
          "\"cache_read_input_tokens\":2,\"output_tokens\":5}}" },
        { "prompt 2095 whole frames 1", "{\"input_tokens\":2095}" },
        { "error whole frames 1",
          "{\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}" }
    };

    samples(JSON, OLLAMA, ollama, sizeof(ollama) / sizeof(sample_t));
    samples(JSON, OPENAI, openai, sizeof(openai) / sizeof(sample_t));
    samples(JSON, ANTHROPIC, anthropic, sizeof(anthropic) / sizeof(sample_t));
}


#define NESTED                                                                \
    "\\\"usage\\\":{\\\"prompt_tokens\\\":1},\\\"model\\\":\\\"x\\\","        \
    "\\\"error\\\":{},\\\"choices\\\":[]"


/* what looks like a member and is none of those that count */

static void
test_fakes(void)
{
    sample_t  s[] = {
        { "m content frames 1", CHUNK("{\"content\":\"" NESTED "\"}",
                                      "null") },
        { "m content frames 1", CHUNK("{\"content\":\"\\\\\\\"," NESTED "\"}",
                                      "null") },
        { "m content frames 1", CHUNK("{\"tool_calls\":[{\"function\":{"
              "\"arguments\":\"{" NESTED "}\"}}]}", "null") },
        { "m content frames 1", CHUNK("{\"tool_calls\":[{\"usage\":{"
              "\"prompt_tokens\":1},\"model\":\"x\",\"error\":1}]}", "null") },
        { "frames 1", "data: {\"x\":{\"usage\":{\"prompt_tokens\":1},"
              "\"model\":\"x\",\"error\":{}}}\n\n" },
        { "frames 1", "data: [{\"usage\":{\"prompt_tokens\":1}}]\n\n" },
        { "frames 1", "data: {\"usage\":[{\"prompt_tokens\":1}]}\n\n" },
        { "frames 1", "data: {\"usage\":{\"x\":{\"prompt_tokens\":1},"
              "\"prompt_tokens\":{},\"total_tokens\":\"1\"}}\n\n" },
        { "frames 1", "data: {\"x\":\"usage\",\"y\":[\"model\",\"x\"],"
              "\"model\":[\"x\"]}\n\n" },
        { "frames 1", "data: {\"choices\":{\"x\":{\"delta\":{\"content\":"
              "\"a\"}}}}\n\n" },
        { "frames 1", "data: {\"choices\":[[{\"delta\":{\"content\":\"a\"}}]]}"
              "\n\n" },
        { "frames 1", "data: {\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":"
              "{\"model\":\"x\",\"h\":[{\"usage\":{\"prompt_tokens\":1}}]}}}}}"
              "}}}\n\n" },
        { "y frames 1", "data: {\"a\":[[[[[[[[[[[{\"model\":\"x\"}]]]]]]]]]]],"
              "\"model\":\"y\"}\n\n" },
        { "frames 1", "data: {\"response\":{\"x\":{\"usage\":{"
              "\"input_tokens\":1}}},\"message\":{\"model\":\"x\"}}\n\n" },
        { "frames 1", "event: message_stopped\ndata: {\"usage\":{"
              "\"cache_read_input_tokens\":1},\"eval_count\":1}\n\n" }
    };

    samples(SSE, OPENAI, s, sizeof(s) / sizeof(sample_t));
}


#define MODEL31  "0123456789abcdef/0123456789-._:x"

#define MODEL(text)    "{\"model\":\"" text "\"}"
#define COUNT(text)    "{\"usage\":{\"total_tokens\":" text "}}"
#define FINISH(text)   "{\"choices\":[{\"finish_reason\":\"" text "\"}]}"


static void
test_values(void)
{
    sample_t  s[] = {
        { "total 12 whole frames 1", COUNT("12") },
        { "total 12 whole frames 1", COUNT("12.99") },
        { "total 0 whole frames 1", COUNT("0.5 ") },
        { "whole frames 1", COUNT("1e3") },
        { "whole frames 1", COUNT("1.5E+3") },
        { "whole frames 1", COUNT("-1") },
        { "whole frames 1", COUNT("-0") },
        { "whole frames 1", COUNT("null") },
        { "whole frames 1", COUNT("[1]") },
        { "total 9223372036854775807 whole frames 1",
          COUNT("9223372036854775807") },
        { "total 9223372036854775807 whole frames 1",
          COUNT("9223372036854775808") },
        { "total 9223372036854775807 whole frames 1",
          COUNT("99999999999999999999999999999999999999999999999.9") },
        { "ft:gpt-4o:org::id whole frames 1", MODEL("ft:gpt-4o:org::id") },
        { "a/b c whole frames 1", MODEL("a\\/b c") },
        { "whole frames 1", MODEL("a\\nb") },
        { "whole frames 1", MODEL("\\u0061") },
        { "whole frames 1", MODEL("a\\\"") },
        { "caf whole frames 1", MODEL("caf\xc3\xa9 x") },
        { "whole frames 1", MODEL("\xc3\xa9") },
        { "a whole frames 1", MODEL("a\tb") },
        { MODEL31 MODEL31 MODEL31 "0123456789abcdef/0123456789-._: whole "
          "frames 1", MODEL(MODEL31 MODEL31 MODEL31 MODEL31 "\\n") },
        { "a whole frames 2", MODEL("a") MODEL("") },
        { "b whole frames 2", MODEL("a") MODEL("b") },
        { "max_tokens-2 whole frames 1", FINISH("max_tokens-2") },
        { "s whole frames 1", FINISH("<S\\/s> ") },
        { "whole frames 1", FINISH("STOP") },
        { "whole frames 1", FINISH("st\\u006fp") },
        { "0123456789012345678901234567890 whole frames 1",
          FINISH("01234567890123456789012345678901234") }
    };

    ngx_http_model_observe_t  o;

    samples(JSON, OPENAI, s, sizeof(s) / sizeof(sample_t));

    sample(JSON, ANTHROPIC, "prompt 9223372036854775807 cached 5 whole "
           "frames 1", "{\"usage\":{\"input_tokens\":9223372036854775803,"
           "\"cache_read_input_tokens\":5}}", 74);

    ngx_http_model_observe_init(&o, JSON, OPENAI);
    ok(sizeof(o) < 768, "the state is small");
}


/* the frame that was asked for is found, to be cut out */

static void
test_usage_frame(void)
{
    cut(ROLE USAGE "data: [DONE]\n\n", USAGE, "usage frame");
    cut(USAGE, USAGE, "first");
    cut(ROLE ": ping\n" USAGE ": ping\n\n", ": ping\n" USAGE,
        "with a comment");
    cut(": ping\n\n" USAGE, USAGE, "after a comment");
    cut("\n\n" USAGE "\n\n", USAGE, "between blank lines");
    cut("data: {\"choices\":[],\"usage\":{}}\r\n\r\ndata: [DONE]\r\n\r\n",
        "data: {\"choices\":[],\"usage\":{}}\r\n\r\n", "CRLF");
    cut("data: x\r\n\r\ndata:{\"usage\":{},\r\ndata:\"choices\": [ ]}\r\n\r\n",
        "data:{\"usage\":{},\r\ndata:\"choices\": [ ]}\r\n\r\n", "two lines");
    cut("data: x\r\rdata: {\"choices\":[],\"usage\":{}}\r\rdata: [DONE]\r\r",
        "data: {\"choices\":[],\"usage\":{}}\r\r", "CR");
    cut("data: x\n\r\ndata: {\"choices\":[],\"usage\":{}}\n\r\n\n",
        "data: {\"choices\":[],\"usage\":{}}\n\r\n", "mixed");

    cut(ROLE, NULL, "no usage");
    cut("data: {\"choices\":[],\"usage\":null}\n\n", NULL, "null");
    cut("data: {\"choices\":[{}],\"usage\":{}}\n\n", NULL, "with a choice");
    cut("data: {\"choices\":[1],\"usage\":{}}\n\n", NULL, "with a number");
    cut("data: {\"choices\":[],\"choices\":[0],\"usage\":{}}\n\n", NULL,
        "with choices twice");
    cut("data: {\"x\":{\"choices\":[],\"usage\":{}}}\n\n", NULL, "deeper");
    cut("data: {\"usage\":{}}\n\n", NULL, "without choices");
    cut("data: {\"choices\":[],\"usage\":{},\"error\":{}}\n\n", NULL,
        "with an error");
    cut("data: {\"choices\":[],\"usage\":{}}\ndata: {}\n\n", NULL,
        "with another document");
    cut("data: {\"choices\":[],\"usage\":{}}\ndata: [DONE]\n\n", NULL,
        "with the end");
    cut("data: {\"choices\":[],\"usage\":{}}\ndata: {\"a\":\n\n", NULL,
        "with an unfinished document");
    cut("data: {\"choices\":[],\"usage\":{}}\n", NULL, "without blank line");
}


static void
cut(const char *text, const char *want, const char *name)
{
    size_t                     i, len;
    ngx_uint_t                 good;
    const char                *at;
    ngx_http_model_observe_t   o;

    len = ngx_strlen(text);
    at = want ? strstr(text, want) : text;
    good = 1;

    for (i = 0; i <= len && good; i++) {
        ngx_http_model_observe_init(&o, SSE, OPENAI);
        feed(&o, text, i);
        feed(&o, text + i, len - i);

        if (want == NULL) {
            good = o.usage_frames == 0 && o.usage_frame == 0
                   && o.usage_start == 0 && o.usage_end == 0;
            continue;
        }

        good = o.usage_frames == 1
               && o.usage_start == (uint64_t) (at - text)
               && o.usage_end == o.usage_start + ngx_strlen(want);
    }

    ok(good, name);

    if (!good) {
        printf("# %lu - %lu, cut at %lu:\n%s\n", (unsigned long) o.usage_start,
               (unsigned long) o.usage_end, (unsigned long) i - 1, text);
    }
}


static void
test_long(void)
{
    size_t                     i, len;
    char                      *text;
    ngx_http_model_observe_t   o;

    static size_t  pieces[] = { 1, 7, 4096, 65536, LONG };

    static const char  *ends[] = {
        "whole frames 1", "error whole frames 2", "frames 0"
    };

    static const char  head[] =
        "data: {\"choices\":[{\"delta\":{\"content\":\"";
    static const char  tail[] = "\\\\\"}}],\"usage\":{\"total_tokens\":7}}\n\n";

    text = malloc(LONG);
    ngx_memset(text, 'A', LONG);
    ngx_memcpy(text, head, sizeof(head) - 1);
    ngx_memcpy(text + LONG - sizeof(tail) + 1, tail, sizeof(tail) - 1);

    for (i = 0; i < sizeof(pieces) / sizeof(size_t); i++) {
        ngx_http_model_observe_init(&o, SSE, OPENAI);

        for (len = 0; len < LONG; len += pieces[i]) {
            feed(&o, text + len, ngx_min(pieces[i], LONG - len));
        }

        told_is(&o, "total 7 content frames 1", "long line");
    }

    /* eight of them, as a name of a field, and what has no end */

    ngx_http_model_observe_init(&o, SSE, OPENAI);
    feed(&o, text, LONG / 2);

    for (i = 0; i < 7; i++) {
        feed(&o, text + LONG / 4, LONG / 2);
        feed(&o, text + LONG / 4, LONG / 2);
    }

    feed(&o, text + LONG / 2, LONG / 2);

    told_is(&o, "total 7 content frames 1", "8 MB");

    ngx_http_model_observe_init(&o, SSE, OPENAI);
    feed(&o, text + 64, LONG / 2);
    feed(&o, "\n\ndata: [DONE]\n\n", 16);

    told_is(&o, "whole frames 1", "long name of a field");

    for (i = SSE; i <= JSON; i++) {
        ngx_memset(text, i == SSE ? '\r' : '{', LONG);
        ngx_http_model_observe_init(&o, i, OPENAI);
        feed(&o, text, LONG);
        feed(&o, "\n\ndata: [DONE]\n\n{\"error\":1}\n", 28);
        told_is(&o, ends[i - SSE], "no end");
    }

    free(text);
}
