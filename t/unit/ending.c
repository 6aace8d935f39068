/* unit: src/ngx_http_model_ending.c src/ngx_http_model_frame.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * How streams end.  Each sample is fed whole, cut at every byte, and byte by
 * byte: the outcome is the same.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_ending.h"
#include "tap.h"


#define SSE     NGX_HTTP_MODEL_FRAME_SSE
#define NDJSON  NGX_HTTP_MODEL_FRAME_NDJSON

#define LONG    (1024 * 1024)


typedef struct {
    ngx_uint_t   finished;
    ngx_uint_t   open;
    const char  *text;
} sample_t;


static void samples(ngx_uint_t framing, sample_t *s, ngx_uint_t n);
static void feed(ngx_http_model_ending_t *e, const char *text, size_t len);
static ngx_uint_t same(ngx_http_model_ending_t *e, sample_t *s);
static void test_openai(void);
static void test_responses(void);
static void test_anthropic(void);
static void test_ollama(void);
static void test_framing(void);
static void test_long(void);
static void test_frames(void);
static void frame(ngx_uint_t framing, const char *sent, ngx_uint_t dialect,
    ngx_uint_t responses, ngx_uint_t status, const char *want,
    const char *name);


static ngx_pool_t  *pool;


int
main(void)
{
    tap_init();

    pool = ngx_create_pool(4096, &tap_log);

    test_openai();
    test_responses();
    test_anthropic();
    test_ollama();
    test_framing();
    test_long();
    test_frames();

    ngx_destroy_pool(pool);

    return tap_done();
}


static void
samples(ngx_uint_t framing, sample_t *s, ngx_uint_t n)
{
    size_t                    i, len;
    ngx_uint_t                good;
    ngx_http_model_ending_t   e;

    for ( /* void */ ; n; s++, n--) {
        len = ngx_strlen(s->text);

        ngx_http_model_ending_init(&e, framing);
        feed(&e, s->text, len);
        good = same(&e, s);

        for (i = 0; i <= len && good; i++) {
            ngx_http_model_ending_init(&e, framing);
            feed(&e, s->text, i);
            feed(&e, s->text + i, len - i);
            good = same(&e, s);
        }

        ngx_http_model_ending_init(&e, framing);

        for (i = 0; i < len; i++) {
            feed(&e, s->text + i, 1);
        }

        ok(good && same(&e, s), "sample");

        if (!good || !same(&e, s)) {
            printf("# %lu %lu, cut at %lu:\n%s\n",
                   (unsigned long) ngx_http_model_ending_finished(&e),
                   (unsigned long) ngx_http_model_ending_open(&e),
                   (unsigned long) i, s->text);
        }
    }
}


/* a block of its own shows what is overread */

static void
feed(ngx_http_model_ending_t *e, const char *text, size_t len)
{
    u_char  *copy;

    copy = malloc(len ? len : 1);
    ngx_memcpy(copy, text, len);

    ngx_http_model_ending_feed(e, copy, len);

    free(copy);
}


static ngx_uint_t
same(ngx_http_model_ending_t *e, sample_t *s)
{
    return ngx_http_model_ending_finished(e) == s->finished
           && ngx_http_model_ending_open(e) == s->open;
}


#define CHUNK(delta, reason)                                                  \
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\","      \
    "\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":"      \
    delta ",\"logprobs\":null,\"finish_reason\":" reason "}],"                \
    "\"usage\":null}\n\n"

#define CALL(arguments)                                                       \
    CHUNK("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\""      \
          arguments "\"}}]}", "null")


static void
test_openai(void)
{
    sample_t  s[] = {
        { 0, 0, "" },
        { 0, 0, CHUNK("{\"role\":\"assistant\",\"content\":\"\"}", "null") },
        { 1, 0, CHUNK("{\"content\":\"Hi\"}", "null")
                CHUNK("{}", "\"stop\"")
                "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9}}\n\n"
                "data: [DONE]\n\n" },
        { 1, 0, CHUNK("{}", "\"stop\"") },
        { 1, 0, CHUNK("{}", " \t\"length\" ") },
        { 0, 0, CHUNK("{}", "\"\"") },
        { 0, 0, CHUNK("{}", "{}") },
        { 0, 0, CHUNK("{}", "true") },
        { 1, 0, "data: [DONE]\n\n" },
        { 1, 0, "data:[DONE]\n\n" },
        { 1, 0, "data:   [DONE]\n\n" },
        { 1, 2, "data: [DONE]" },
        { 0, 2, "data: [DONE" },
        { 0, 1, "data: [DONE\n" },
        { 0, 0, "data: [\ndata: DONE]\n\n" },
        { 0, 0, "data [DONE]\n\n" },
        { 0, 0, ": data: [DONE]\n\n" },
        { 0, 0, "Data: [DONE]\n\n" },
        { 0, 0, "data : [DONE]\n\n" },
        { 0, 0, "data: \"[DONE]\"\n\n" },
        { 0, 0, "data: [[DONE]]\n\n" },
        { 0, 0, CHUNK("{\"content\":\"[DONE]\"}", "null") },
        { 0, 0, CHUNK("{\"content\":\"\\ndata: [DONE]\\n\\n\"}", "null") },
        { 0, 0, CHUNK("{\"content\":\"data: [DONE]\"}", "null") },
        { 0, 0, CALL("{\\\"done\\\":true,\\\"error\\\":{}}") },
        { 0, 0, CALL("\\\"finish_reason\\\":\\\"stop\\\"") },
        { 0, 0, CALL("\\\\\\\"finish_reason\\\\\\\":\\\\\\\"stop\\\\\\\"") },
        { 0, 0, CALL("\\\\") },
        { 1, 0, CALL("\\\\") "data: [DONE]\n\n" },
        { 1, 0, CALL("\\\\\\\"") CHUNK("{}", "\"tool_calls\"") },
        { 0, 0, "data: {\"finish_reason\":\"stop\"}\n\n" },
        { 0, 0, CHUNK("\"finish_reason\"", "null") },
        { 1, 0, ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n"
                "data: {\"error\":{\"code\":502,\"message\":\"down\"}}\n\n" },
        { 0, 0, ": ping\n\n: ping\n\n" },
        { 1, 0, "data: {\"error\":\"text\"}\n\n" },
        { 1, 0, "data: {\"error\" : {}}\n\n" },
        { 1, 0, "data: {\"error\":true}\n\n" },
        { 0, 0, "data: {\"error\":null}\n\n" },
        { 0, 0, "data: {\"error\":false,\"x\":[]}\n\n" },
        { 0, 0, "data: {\"error\":\"\"}\n\n" },
        { 0, 0, "data: {\"x\":{\"error\":{}}}\n\n" },
        { 0, 0, "data: {\"x\":\"error\",\"y\":[\"error\",{}]}\n\n" },
        { 0, 0, "data: {\"done\":true,\"status\":\"success\"}\n\n" },
        { 0, 2, "data: {\"error\":{\"message\":\"x\"}" },
        { 1, 2, "data: {\"error\":{\"message\":\"x\"}}" },
        { 0, 1, "data: {\"error\":{\"message\":\"x\"}\n" },
        { 0, 1, "data: {\"error\":\"x\n" },
        { 0, 2, "data: {\"choices\":[{\"finish_reason\":\"stop\"}]" },
        { 1, 0, "data: {\"type\":\"transcript.text.delta\",\"delta\":\"a\"}"
                "\n\ndata: {\"type\":\"transcript.text.done\","
                "\"text\":\"a\"}\n\n" },
        { 0, 0, "data: {\"type\":\"image_generation.partial_image\","
                "\"b64_json\":\"iVBOR\"}\n\n" },
        { 1, 0, "data: {\"type\":\"image_generation.completed\"}\n\n" },
        { 1, 0, "event: speech.audio.done\n\n" }
    };

    samples(SSE, s, sizeof(s) / sizeof(sample_t));
}


#define EVENT(type, more)                                                     \
    "event: " type "\ndata: {\"type\":\"" type "\",\"sequence_number\":7"     \
    more "}\n\n"


static void
test_responses(void)
{
    sample_t  s[] = {
        { 0, 0, EVENT("response.created",
                      ",\"response\":{\"status\":\"in_progress\","
                      "\"error\":null,\"output\":[]}") },
        { 0, 0, EVENT("response.output_text.delta",
                      ",\"delta\":\"response.completed\"") },
        { 0, 0, EVENT("response.output_text.done", "") },
        { 0, 0, EVENT("response.output_item.done",
                      ",\"item\":{\"type\":\"error\"}") },
        { 0, 0, EVENT("response.complete", "") },
        { 0, 0, EVENT("response.completed.", "") },
        { 1, 0, EVENT("response.completed", "") },
        { 1, 0, EVENT("response.incomplete", "") },
        { 1, 0, EVENT("response.failed", "") },
        { 1, 0, EVENT("error", ",\"code\":null") },
        { 1, 0, "data: {\"type\":\"response.completed\"}\n\n" },
        { 1, 0, "data: {\"type\":\n data\ndata: \"error\"}\n\n" },
        { 0, 0, "data: {\"kind\":\"response.completed\"}\n\n" },
        { 0, 0, "data: {\"type\":[\"response.completed\"]}\n\n" },
        { 0, 0, "data: {\"type\":{\"type\":\"error\"}}\n\n" },
        { 0, 0, "data: {\"response.completed\":\"type\"}\n\n" },
        { 0, 0, "data: {\"type\":null,\"a\":\"error\"}\n\n" }
    };

    samples(SSE, s, sizeof(s) / sizeof(sample_t));
}


static void
test_anthropic(void)
{
    sample_t  s[] = {
        { 0, 0, EVENT("message_start", "") EVENT("ping", "") },
        { 0, 0, EVENT("message_delta", ",\"delta\":{\"stop_reason\":"
                      "\"tool_use\",\"stop_sequence\":null}") },
        { 0, 0, EVENT("content_block_delta", ",\"delta\":{\"type\":"
                      "\"input_json_delta\",\"partial_json\":"
                      "\"{\\\"type\\\":\\\"message_stop\\\"}\"}") },
        { 0, 0, EVENT("content_block_start", ",\"content_block\":{\"type\":"
                      "\"message_stop\"}") },
        { 1, 0, EVENT("message_stop", "") },
        { 1, 0, EVENT("error", ",\"error\":{\"type\":\"overloaded_error\"}") },
        { 1, 1, "event: message_stop\n" },
        { 1, 1, "event:message_stop\n" },
        { 0, 2, "event: message_stop" },
        { 0, 1, "event:  message_stop\n" },
        { 0, 1, "event: message_stop \n" },
        { 0, 1, "event: message_stop, this is a long name of an event\n" },
        { 0, 1, "event\n" },
        { 0, 1, "event:\n" },
        { 0, 1, "id: message_stop\n" },
        { 0, 1, "a name that is longer than any other: message_stop\n" },
        { 1, 2, "data: {\"type\":\"message_stop\"}" }
    };

    samples(SSE, s, sizeof(s) / sizeof(sample_t));
}


#define LINE(content, done)                                                   \
    "{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":"   \
    "{\"role\":\"assistant\",\"content\":\"" content "\"}," done "}\n"


static void
test_ollama(void)
{
    sample_t  s[] = {
        { 0, 0, "" },
        { 0, 0, LINE("Hel", "\"done\":false") LINE("lo", "\"done\":false") },
        { 1, 0, LINE("Hel", "\"done\":false")
                LINE("", "\"done\":true,\"done_reason\":\"stop\"") },
        { 1, 0, LINE("", "\"done\" \t: true ") },
        { 1, 0, "{\"done\":\rtrue}\r\n" },
        { 1, 0, LINE("\\\\", "\"done\":true") },
        { 0, 0, LINE("", "\"done\":\"true\"") },
        { 0, 0, LINE("", "\"done_reason\":\"stop\"") },
        { 0, 0, LINE("\\\"done\\\":true", "\"done\":false") },
        { 0, 0, LINE("\\\\\\\",\\\"done\\\":true", "\"done\":false") },
        { 0, 0, LINE("\\u0022done\\u0022:true", "\"done\":false") },
        { 0, 0, LINE("x", "\"x\":{\"done\":true,\"error\":\"x\","
                     "\"status\":\"success\"}") },
        { 0, 0, LINE("x", "\"x\":[\"done\",true,\"done\"]") },
        { 0, 0, LINE("[DONE]\\ndata: [DONE]", "\"done\":false") },
        { 0, 0, "data: [DONE]\n" },
        { 1, 0, "{\"error\":\"model runner has stopped\"}\n" },
        { 1, 0, "{\"error\":{\"message\":\"x\"}}\n" },
        { 0, 0, "{\"error\":\"\"}\n" },
        { 0, 0, "{\"error\":null}\n" },
        { 0, 0, "{\"status\":\"pulling manifest\"}\n"
                "{\"status\":\"pulling 8eeb52dfb3bb\",\"completed\":1}\n" },
        { 1, 0, "{\"status\":\"verifying\"}\n{\"status\":\"success\"}\n" },
        { 1, 0, "{\"status\":\"pulling manifest\"}\n"
                "{\"error\":\"pull model manifest: file does not exist\"}\n" },
        { 0, 0, "{\"status\":\"successful\"}\n{\"type\":\"error\"}\n" },
        { 0, 0, "{\"choices\":[{\"finish_reason\":\"stop\"}]}\n" },
        { 1, 1, "{\"done\":true}" },
        { 0, 1, "{\"done\":true" },
        { 0, 0, "{\"done\":true\n" },
        { 0, 0, "{\"done\":true\n}\n" },
        { 0, 0, "{\"a\":\"\n\",\"done\":true}\n" },
        { 1, 0, "{\"a\":\"\\\n{\"done\":true}\n" },
        { 0, 0, "\"done\":true\n" },
        { 0, 0, "[{\"done\":true}]\n" },
        { 1, 0, "\n\n{\"done\":true}\n" },
        { 1, 0, "}}{\"done\":true}\n" },
        { 1, 0, "\xef\xbb\xbf{\"done\":true}\n" },
        { 0, 1, " " }
    };

    samples(NDJSON, s, sizeof(s) / sizeof(sample_t));
}


static void
test_framing(void)
{
    sample_t  s[] = {
        { 0, 2, "d" },
        { 0, 2, "data: {}" },
        { 0, 1, "data: {}\n" },
        { 0, 0, "data: {}\n\n" },
        { 0, 0, "data: {}\n\n\n" },
        { 0, 2, "data: {}\n\nx" },
        { 0, 2, "data: {}\r" },
        { 0, 1, "data: {}\r\n" },
        { 0, 1, "data: {}\r\n\r" },
        { 0, 0, "data: {}\r\n\r\n" },
        { 0, 0, "data: {}\n\r\n" },
        { 0, 1, "data: {}\r\r" },
        { 0, 2, "data: {}\r\rd" },
        { 0, 0, "\n" },
        { 1, 0, "event: error\r\ndata: {}\r\n\r\n" },
        { 1, 1, "data: [DONE]\r\n\r" },
        { 1, 2, "event: error\r" },
        { 1, 1, "data: x\revent: error\r\r" },
        { 1, 0, "data: {\"error\":\r\ndata:{}}\r\n\r\n" },
        { 0, 0, "data: {\"error\":\r\n\r\ndata:{}}\r\n\r\n" },
        { 1, 0, "data: {\"a\":1\n\ndata: {\"error\":1}\n\n" },
        { 0, 0, "data: {\"a\":1\ndata: {\"error\":1}\n\n" },
        { 0, 0, "data: {\"a\":\"\ndata: \",\"error\":1}\n\n" },
        { 1, 0, "data: it\"s\n\ndata: {\"error\":1}\n\n" },
        { 1, 0, "data: [1]\n\ndata: {\"error\":1}\n\n" },
        { 1, 0, "data: [\ndata: {}]\n\ndata: {\"error\":1}\n\n" },
        { 1, 1, "data: {}\ndata: [DONE]\n" },
        { 1, 0, "\xef\xbb\xbf" "data: [DONE]\n\n" },
        { 1, 0, "\xef\xbb\xbf" "event: error\n\n" },
        { 1, 0, "\xef\xbb\xbf: hello\n\ndata: [DONE]\n\n" },
        { 0, 0, "\n\xef\xbb\xbf" "data: [DONE]\n\n" },
        { 0, 2, "\xef\xbb" },
        { 1, 0, "id: 1\nretry: 10\ndata: [DONE]\n\n" }
    };

    samples(SSE, s, sizeof(s) / sizeof(sample_t));
}


static void
test_long(void)
{
    size_t                    i, len;
    char                     *text;
    ngx_http_model_ending_t   e;

    static size_t  pieces[] = { 1, 7, 4096, 65536, LONG };

    static const char  head[] = "data: {\"b64\":\"";
    static const char  tail[] = "\\\\\",\"error\":{}}\n\n";

    text = malloc(LONG);
    ngx_memset(text, 'A', LONG);
    ngx_memcpy(text, head, sizeof(head) - 1);
    ngx_memcpy(text + LONG - sizeof(tail) + 1, tail, sizeof(tail) - 1);

    for (i = 0; i < sizeof(pieces) / sizeof(size_t); i++) {
        ngx_http_model_ending_init(&e, SSE);

        for (len = 0; len < LONG; len += pieces[i]) {
            feed(&e, text + len, ngx_min(pieces[i], LONG - len));
        }

        ok(ngx_http_model_ending_finished(&e)
           && ngx_http_model_ending_open(&e) == 0, "long line");
    }

    /* all of it backslashes, the last quote is one of the text */

    ngx_memset(text + sizeof(head) - 1, '\\', LONG - sizeof(head) + 1);
    ngx_memcpy(text + LONG - sizeof(tail) + 2, tail + 1, sizeof(tail) - 2);

    for (i = 0; i < sizeof(pieces) / sizeof(size_t); i++) {
        ngx_http_model_ending_init(&e, SSE);

        for (len = 0; len < LONG; len += pieces[i]) {
            feed(&e, text + len, ngx_min(pieces[i], LONG - len));
        }

        ok(ngx_http_model_ending_finished(&e) == (LONG - sizeof(head)
                                                  - sizeof(tail) + 3) % 2,
           "long line of backslashes");
    }

    /* brackets without end */

    ngx_memset(text, '[', LONG);
    ngx_http_model_ending_init(&e, NDJSON);
    feed(&e, text, LONG);
    feed(&e, "\n{\"done\":true}\n", 15);

    ok(ngx_http_model_ending_finished(&e), "long line of brackets");

    free(text);
}


static void
frame(ngx_uint_t framing, const char *sent, ngx_uint_t dialect,
    ngx_uint_t responses, ngx_uint_t status, const char *want,
    const char *name)
{
    ngx_str_t                message, out;
    ngx_http_model_ending_t  e;

    ngx_str_set(&message, "it \"broke\"\n");

    ngx_http_model_ending_init(&e, framing);
    feed(&e, sent, ngx_strlen(sent));

    if (ngx_http_model_ending_frame(pool, &e, dialect, responses, status,
                                    &message, &out)
        != NGX_OK)
    {
        ok(0, name);
        return;
    }

    is(&out, want, name);

    feed(&e, (char *) out.data, out.len);

    ok(ngx_http_model_ending_finished(&e)
       && ngx_http_model_ending_open(&e) == 0, "and that is the end");
}


#define OPENAI                                                                \
    "\"error\":{\"message\":\"it \\\"broke\\\"\\n\","                         \
    "\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n"

#define ANTHROPIC(type)                                                       \
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"" type     \
    "\",\"message\":\"it \\\"broke\\\"\\n\"}}\n\n"

#define RESPONSES(n)                                                          \
    "event: error\ndata: {\"type\":\"error\",\"sequence_number\":" n ","      \
    OPENAI


static void
test_frames(void)
{
    frame(NDJSON, "", NGX_HTTP_MODEL_OLLAMA, 0, 502,
          "{\"error\":\"it \\\"broke\\\"\\n\"}\n", "ollama");
    frame(NDJSON, "{\"done\":fal", NGX_HTTP_MODEL_OPENAI, 1, 504,
          "\n{\"error\":\"it \\\"broke\\\"\\n\"}\n", "ollama, cut");

    frame(SSE, "", NGX_HTTP_MODEL_OPENAI, 0, 502, "data: {" OPENAI, "openai");
    frame(SSE, "data: {}\n\n", NGX_HTTP_MODEL_OPENAI, 0, 504,
          "data: {" OPENAI, "openai, 504");
    frame(SSE, "data: {}\r\n", NGX_HTTP_MODEL_OPENAI, 0, 502,
          "\ndata: {" OPENAI, "openai, no blank line");
    frame(SSE, "data: {", NGX_HTTP_MODEL_OPENAI, 0, 502,
          "\n\ndata: {" OPENAI, "openai, cut");
    frame(SSE, "data: {}\n\n", NGX_HTTP_MODEL_OLLAMA, 0, 502,
          "data: {" OPENAI, "ollama with events");

    frame(SSE, "", NGX_HTTP_MODEL_OPENAI, 1, 502, RESPONSES("0"),
          "responses, nothing seen");
    frame(SSE, EVENT("response.created", "") ": ping\n",
          NGX_HTTP_MODEL_OPENAI, 1, 502, "\n" RESPONSES("8"), "responses");
    frame(SSE, "data: {\"sequence_number\":99999999999999999999999999}\n\n"
          "data: {\"x\":{\"sequence_number\":1}}\n\n",
          NGX_HTTP_MODEL_OPENAI, 1, 502, RESPONSES("10000000000000000"),
          "responses, a hostile number");

    frame(SSE, "event: ping\ndata: {\"type\":\"ping\"}\n\n",
          NGX_HTTP_MODEL_ANTHROPIC, 0, 502, ANTHROPIC("api_error"),
          "anthropic");
    frame(SSE, "event: ping\ndata: {\"type", NGX_HTTP_MODEL_ANTHROPIC, 1, 504,
          "\n\n" ANTHROPIC("timeout_error"), "anthropic, cut");
}
