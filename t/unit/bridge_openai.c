/* unit: + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * OpenAI's chat completions over a bridge.  A request that is read is written
 * again by the same dialect, which shows what was understood; streams are cut
 * at every byte.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "exchange.h"


#define OLLAMA     NGX_HTTP_MODEL_OLLAMA
#define OPENAI     NGX_HTTP_MODEL_OPENAI
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC

#define CHAT       (&ngx_http_model_bridge_completions)
#define TEXT       (&ngx_http_model_bridge_text)

#define HI         "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define SMALL      "{\"model\":\"small\","
#define OFF        "\"stream\":false}"


typedef struct {
    const char  *name;
    const char  *body;      /* without model, messages where "hi" will do */
    const char  *want;      /* the same of what is sent; NULL: nothing */
    ngx_uint_t   to;
} request_t;


static ngx_str_t body(const char *members, char *buf);
static void requests(request_t *r, ngx_uint_t proper);
static void test_members(void);
static void test_proper(void);
static void test_messages(void);
static void test_tools(void);
static void test_think(void);
static void test_refused(void);
static void test_talks(void);
static void test_text(void);
static void test_pieces(void);
static void test_rows(void);
static void stream(const char *name, const char *request, const char *text,
    const char *want);
static ngx_str_t brief(exchange_t *x, char *buf);
static void test_streams(void);
static void test_calls(void);
static void test_errors(void);
static void test_events(void);
static void test_answers(void);
static void test_hostile(void);


static char  corpus[256 * 1024];     /* all requests that were read */
static char  big[64 * 1024];


int
main(void)
{
    tap_init();

    test_members();
    test_proper();
    test_messages();
    test_tools();
    test_think();
    test_refused();
    test_talks();
    test_text();
    test_pieces();
    test_rows();
    test_streams();
    test_calls();
    test_errors();
    test_events();
    test_answers();
    test_hostile();

    return tap_done();
}


static ngx_str_t
body(const char *members, char *buf)
{
    size_t     n;
    ngx_str_t  s;

    n = sprintf(buf, "{\"model\":\"acme:small\",%s%s%s}",
                strstr(members, "\"messages\"") ? "" : HI,
                (*members && !strstr(members, "\"messages\"")) ? "," : "",
                members);

    if (ngx_strlen(corpus) + n < sizeof(corpus)) {
        strcat(corpus, buf);
    }

    s.data = (u_char *) buf;
    s.len = n;

    return s;
}


static void
requests(request_t *r, ngx_uint_t proper)
{
    char        want[sizeof(big)];
    ngx_int_t   rc;
    ngx_str_t   s;
    exchange_t  x;

    for ( /* void */ ; r->name; r++) {
        s = body(r->body, big);

        exchange_init(&x, CHAT, CHAT, r->to);
        x.b.proper = proper;

        rc = exchange_request(&x, &s);

        if (r->want == NULL) {
            ok(rc == NGX_DECLINED && x.b.status == 400 && x.b.text.len,
               r->name);

            if (rc != NGX_DECLINED) {
                printf("# got  %ld %.*s\n", (long) rc, (int) x.out.len,
                       (char *) x.out.data);
            }

        } else {
            sprintf(want, "{\"model\":\"small\",%s%s%s%s}",
                    strstr(r->want, "\"messages\"") ? "" : HI ",", r->want,
                    strstr(r->want, "\"stream\"") ? "" : *r->want ? "," : "",
                    strstr(r->want, "\"stream\"") ? "" : "\"stream\":false");

            json_is(&x.out, want, r->name);
        }

        exchange_done(&x);
    }
}


static void
test_members(void)
{
    static request_t  r[] = {
        { "nothing but a message", "", "", OLLAMA },
        { "sampling, digits as they are",
          "\"temperature\":0.70,\"top_p\":1e-1,\"seed\":12345678901234567890,"
          "\"presence_penalty\":-1.50,\"frequency_penalty\":2,\"top_k\":40,"
          "\"min_p\":0.050,\"repetition_penalty\":1.10",
          "\"temperature\":0.70,\"top_p\":1e-1,\"seed\":12345678901234567890,"
          "\"presence_penalty\":-1.50,\"frequency_penalty\":2,\"top_k\":40,"
          "\"min_p\":0.050,\"repetition_penalty\":1.10,"
          "\"repeat_penalty\":1.10", ANTHROPIC },
        { "repeat_penalty", "\"repeat_penalty\":1.2",
          "\"repetition_penalty\":1.2,\"repeat_penalty\":1.2", OLLAMA },
        { "null is nothing",
          "\"temperature\":null,\"stop\":null,\"tools\":null,\"n\":null,"
          "\"stream\":null,\"response_format\":null,\"tool_choice\":null,"
          "\"logit_bias\":null,\"unknown\":null,\"stream_options\":null", "",
          OLLAMA },
        { "max_tokens", "\"max_tokens\":100", "\"max_tokens\":100", OLLAMA },
        { "max_completion_tokens is the newer",
          "\"max_completion_tokens\":7,\"max_tokens\":100", "\"max_tokens\":7",
          ANTHROPIC },
        { "no limit", "\"max_tokens\":-1", "", OLLAMA },
        { "a stop string", "\"stop\":\"END\"", "\"stop\":[\"END\"]",
          ANTHROPIC },
        { "stop strings", "\"stop\":[\"a\",\"\",\"b\\n\"]",
          "\"stop\":[\"a\",\"b\\n\"]", OLLAMA },
        { "no stop strings", "\"stop\":[]", "", OLLAMA },
        { "a stream", "\"stream\":true",
          "\"stream\":true,\"stream_options\":{\"include_usage\":true}",
          OLLAMA },
        { "options of a stream", "\"stream\":true,\"stream_options\":{"
          "\"include_usage\":true,\"include_obfuscation\":false,"
          "\"continuous_usage_stats\":true}",
          "\"stream\":true,\"stream_options\":{\"include_usage\":true}",
          ANTHROPIC },
        { "logprobs", "\"logprobs\":true,\"top_logprobs\":3",
          "\"logprobs\":true,\"top_logprobs\":3", OLLAMA },
        { "no logprobs", "\"logprobs\":false,\"top_logprobs\":0",
          "\"logprobs\":false", ANTHROPIC },
        { "user", "\"user\":\"u-1\"", "\"user\":\"u-1\"", ANTHROPIC },
        { "safety_identifier", "\"safety_identifier\":\"s-1\"",
          "\"user\":\"s-1\"", ANTHROPIC },
        { "what asks for nothing",
          "\"n\":1,\"logit_bias\":{},\"store\":false,\"modalities\":[\"text\"],"
          "\"service_tier\":\"auto\",\"audio\":null,\"web_search_options\":{},"
          "\"moderation\":null", "", OLLAMA },
        { "hints are dropped",
          "\"metadata\":{\"a\":\"b\"},\"prediction\":{\"type\":\"content\","
          "\"content\":\"x\"},\"verbosity\":\"low\","
          "\"prompt_cache_key\":\"k\",\"prompt_cache_retention\":\"24h\","
          "\"prompt_cache_options\":{\"mode\":\"explicit\"},"
          "\"service_tier\":\"default\"", "", ANTHROPIC },
        { "what is not known goes on",
          "\"ignore_eos\":true,\"guided\":{\"b\":1,\"a\":[0.10]}",
          "\"ignore_eos\":true,\"guided\":{\"b\":1,\"a\":[0.10]}", OLLAMA },
        { "text", "\"response_format\":{\"type\":\"text\"}", "", OLLAMA },
        { "an object", "\"response_format\":{\"type\":\"json_object\"}",
          "\"response_format\":{\"type\":\"json_object\"}", OLLAMA },
        { "a schema", "\"response_format\":{\"type\":\"json_schema\","
          "\"json_schema\":{\"name\":\"a b/c\",\"description\":\"d\","
          "\"strict\":true,\"schema\":{\"type\":\"object\",\"x\":1.0}}}",
          "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{"
          "\"name\":\"a_b_c\",\"description\":\"d\",\"strict\":true,"
          "\"schema\":{\"type\":\"object\",\"x\":1.0}}}", ANTHROPIC },
        { "a schema without a schema",
          "\"response_format\":{\"type\":\"json_schema\","
          "\"json_schema\":{\"name\":\"x\"}}",
          "\"response_format\":{\"type\":\"json_object\"}", OLLAMA },
        { "a schema as llama-server has it",
          "\"response_format\":{\"type\":\"json_object\",\"schema\":{}}",
          "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{"
          "\"name\":\"schema\",\"schema\":{}}}", OLLAMA },
        { NULL, NULL, NULL, 0 }
    };

    requests(r, 0);
}


static void
test_proper(void)
{
    static request_t  r[] = {
        { "OpenAI's own", "\"max_tokens\":5,\"top_k\":40,\"min_p\":0.1,"
          "\"repeat_penalty\":1.1,\"temperature\":1",
          "\"max_completion_tokens\":5,\"temperature\":1", OLLAMA },
        { "thinking off", "\"thinking\":{\"type\":\"disabled\"}",
          "\"reasoning_effort\":\"none\"", OLLAMA },
        { "thinking on", "\"thinking\":{\"type\":\"enabled\"}",
          "\"reasoning_effort\":\"medium\"", OLLAMA },
        { "a small budget",
          "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}",
          "\"reasoning_effort\":\"low\"", OLLAMA },
        { "a middling budget", "\"reasoning\":{\"max_tokens\":2048}",
          "\"reasoning_effort\":\"medium\"", OLLAMA },
        { "a large budget", "\"thinking_budget\":4096",
          "\"reasoning_effort\":\"high\"", OLLAMA },
        { "reasoning of an earlier answer is left out",
          "\"messages\":[{\"role\":\"assistant\",\"content\":\"a\","
          "\"reasoning_content\":\"r\"}]",
          "\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"}]",
          OLLAMA },
        { NULL, NULL, NULL, 0 }
    };

    requests(r, 1);
}


static void
test_messages(void)
{
    static request_t  r[] = {
        { "roles", "\"messages\":[{\"role\":\"developer\",\"content\":\"d\"},"
          "{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}"
          ",{\"type\":\"text\",\"text\":\"b\"}]},"
          "{\"role\":\"user\",\"content\":\"\",\"name\":\"n\"},"
          "{\"role\":\"assistant\",\"content\":\"x\",\"refusal\":null,"
          "\"annotations\":[],\"audio\":null,\"cache_control\":{},"
          "\"reasoning_details\":[{}]}]",
          "\"messages\":[{\"role\":\"system\",\"content\":\"d\"},"
          "{\"role\":\"system\",\"content\":\"a\\n\\nb\"},"
          "{\"role\":\"user\",\"content\":\"\",\"name\":\"n\"},"
          "{\"role\":\"assistant\",\"content\":\"x\"}]", ANTHROPIC },
        { "parts", "\"messages\":[{\"role\":\"user\",\"content\":["
          "{\"type\":\"text\",\"text\":\"what\","
          "\"prompt_cache_breakpoint\":{\"mode\":\"explicit\"}},"
          "{\"text\":\"\",\"type\":\"text\"},"
          "{\"image_url\":{\"url\":\"data:IMAGE/PNG;x=y;base64,iVBORw0K\","
          "\"detail\":\"low\"},\"type\":\"image_url\"},"
          "{\"type\":\"image_url\",\"image_url\":\"https://h/i.jpg\"},"
          "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"UklG\","
          "\"format\":\"wav\"}}]}]",
          "\"messages\":[{\"role\":\"user\",\"content\":["
          "{\"type\":\"text\",\"text\":\"what\"},"
          "{\"image_url\":{\"url\":\"data:image/png;base64,iVBORw0K\","
          "\"detail\":\"low\"},\"type\":\"image_url\"},"
          "{\"type\":\"image_url\",\"image_url\":{\"url\":"
          "\"https://h/i.jpg\"}},"
          "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"UklG\","
          "\"format\":\"wav\"}}]}]", OLLAMA },
        { "documents", "\"messages\":[{\"role\":\"user\",\"content\":["
          "{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_data\":"
          "\"data:application/pdf;base64,JVBE\"}},"
          "{\"type\":\"file\",\"file\":{\"file_data\":\"JVBE\"}},"
          "{\"type\":\"file\",\"file\":{\"file_data\":"
          "\"data:text/plain;base64,aGkh\",\"file_id\":null}}]}]",
          "\"messages\":[{\"role\":\"user\",\"content\":["
          "{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_data\":"
          "\"data:application/pdf;base64,JVBE\"}},"
          "{\"type\":\"file\",\"file\":{\"filename\":\"document.pdf\","
          "\"file_data\":\"data:application/pdf;base64,JVBE\"}},"
          "{\"type\":\"text\",\"text\":\"hi!\"}]}]", ANTHROPIC },
        { "a hint of Anthropic's", "\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"text\",\"text\":\"x\","
          "\"cache_control\":{\"type\":\"ephemeral\"}}]}]",
          "\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"text\",\"text\":\"x\","
          "\"cache_control\":{\"type\":\"ephemeral\"}}]}]", ANTHROPIC },
        { "and not for Ollama", "\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"text\",\"text\":\"x\","
          "\"cache_control\":{\"type\":\"ephemeral\"}}]}]",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]", OLLAMA },
        { "earlier answers", "\"messages\":["
          "{\"role\":\"assistant\",\"content\":null,\"refusal\":\"no\"},"
          "{\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\","
          "\"refusal\":\"n\"},{\"type\":\"text\",\"text\":\"a\"},"
          "{\"type\":\"text\",\"text\":\"b\"}]},"
          "{\"role\":\"assistant\",\"reasoning\":\"r\",\"content\":\"c\"},"
          "{\"role\":\"assistant\",\"reasoning_content\":\"q\","
          "\"reasoning\":\"q\",\"content\":\"\",\"prefix\":true}]",
          "\"messages\":["
          "{\"role\":\"assistant\",\"content\":null,\"refusal\":\"no\"},"
          "{\"role\":\"assistant\",\"content\":\"ab\",\"refusal\":\"n\"},"
          "{\"role\":\"assistant\",\"reasoning_content\":\"r\","
          "\"content\":\"c\"},"
          "{\"role\":\"assistant\",\"reasoning_content\":\"q\","
          "\"content\":\"\",\"prefix\":true}]", OLLAMA },
        { NULL, NULL, NULL, 0 }
    };

    requests(r, 0);
}


static void
test_tools(void)
{
    static request_t  r[] = {
        { "tools", "\"tools\":[{\"type\":\"function\",\"function\":{"
          "\"name\":\"f\",\"description\":\"d\",\"strict\":true,"
          "\"parameters\":{\"z\":1,\"a\":{\"$ref\":\"x\"}},\"x\":1},"
          "\"cache_control\":{\"type\":\"ephemeral\"}},"
          "{\"function\":{\"name\":\"g\"},\"type\":\"function\"}],"
          "\"tool_choice\":\"required\",\"parallel_tool_calls\":false",
          "\"tools\":[{\"type\":\"function\",\"function\":{"
          "\"name\":\"f\",\"description\":\"d\",\"strict\":true,"
          "\"parameters\":{\"z\":1,\"a\":{\"$ref\":\"x\"}},\"x\":1,"
          "\"cache_control\":{\"type\":\"ephemeral\"}}},"
          "{\"function\":{\"name\":\"g\",\"parameters\":{\"type\":\"object\","
          "\"properties\":{}}},\"type\":\"function\"}],"
          "\"tool_choice\":\"required\",\"parallel_tool_calls\":false",
          ANTHROPIC },
        { "one of them", "\"tool_choice\":{\"type\":\"function\","
          "\"function\":{\"name\":\"f\"}},\"tools\":[{\"type\":\"function\","
          "\"function\":{\"name\":\"f\",\"parameters\":{}}}]",
          "\"tool_choice\":{\"type\":\"function\","
          "\"function\":{\"name\":\"f\"}},\"tools\":[{\"type\":\"function\","
          "\"function\":{\"name\":\"f\",\"parameters\":{}}}]", OLLAMA },
        { "some of them", "\"tool_choice\":{\"type\":\"allowed_tools\","
          "\"allowed_tools\":{\"mode\":\"required\",\"tools\":["
          "{\"type\":\"function\",\"function\":{\"name\":\"g\"}},"
          "{\"type\":\"function\",\"name\":\"i\"}]}},"
          "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"parameters\":{}}},{\"type\":\"function\",\"function\":{"
          "\"name\":\"g\",\"parameters\":{}}},{\"type\":\"function\","
          "\"function\":{\"name\":\"i\",\"parameters\":{}}}]",
          "\"tool_choice\":\"required\",\"tools\":["
          "{\"type\":\"function\",\"function\":{"
          "\"name\":\"g\",\"parameters\":{}}},{\"type\":\"function\","
          "\"function\":{\"name\":\"i\",\"parameters\":{}}}]", ANTHROPIC },
        { "functions", "\"functions\":[{\"name\":\"f\",\"parameters\":{}}],"
          "\"function_call\":{\"name\":\"f\"},\"messages\":["
          "{\"role\":\"assistant\",\"content\":null,\"function_call\":{"
          "\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}},"
          "{\"role\":\"function\",\"name\":\"f\",\"content\":\"2\"}]",
          "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"parameters\":{}}}],\"parallel_tool_calls\":false,"
          "\"tool_choice\":{\"type\":\"function\",\"function\":{"
          "\"name\":\"f\"}},\"messages\":[{\"role\":\"assistant\","
          "\"content\":null,\"tool_calls\":[{"
          "\"id\":\"call_0123456789abcdef01234567_0\",\"type\":\"function\","
          "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
          "{\"role\":\"tool\","
          "\"tool_call_id\":\"call_0123456789abcdef01234567_0\","
          "\"content\":\"2\"}]", OLLAMA },
        { "calls and results", "\"messages\":["
          "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
          "{\"id\":\"c1\",\"type\":\"function\",\"index\":0,"
          "\"extra_content\":{},\"function\":{\"name\":\"f\",\"arguments\":"
          "\"{\\\"n\\\":12345678901234567890,\\\"f\\\":1.0,"
          "\\\"u\\\":\\\"\\\\u00e9\\\"}\",\"parsed_arguments\":{}}},"
          "{\"id\":\"c2\",\"function\":{\"name\":\"g\",\"arguments\":\" \"}}"
          "]},{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":["
          "{\"type\":\"text\",\"text\":\"a\"},"
          "{\"type\":\"text\",\"text\":\"b\"}]},"
          "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":["
          "{\"type\":\"image_url\",\"image_url\":{\"url\":"
          "\"data:image/gif;base64,R0lG\"}}]},"
          "{\"role\":\"user\",\"content\":\"u\"}]",
          "\"messages\":[{\"role\":\"assistant\",\"content\":null,"
          "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
          "\"function\":{\"name\":\"f\",\"arguments\":"
          "\"{\\\"n\\\":12345678901234567890,\\\"f\\\":1.0,"
          "\\\"u\\\":\\\"\\\\u00e9\\\"}\"}},"
          "{\"id\":\"c2\",\"type\":\"function\",\"function\":{"
          "\"name\":\"g\",\"arguments\":\"{}\"}}]},"
          "{\"role\":\"tool\",\"tool_call_id\":\"c2\","
          "\"content\":\"a\\nb\"},"
          "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"\"},"
          "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
          "\"image_url\":{\"url\":\"data:image/gif;base64,R0lG\"}}]},"
          "{\"role\":\"user\",\"content\":\"u\"}]", ANTHROPIC },
        { "arguments that are no object", "\"messages\":["
          "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\","
          "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\"}}]}]",
          "\"messages\":[{\"role\":\"assistant\",\"content\":null,"
          "\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
          "\"function\":{\"name\":\"f\",\"arguments\":"
          "\"{\\\"_raw\\\":\\\"{\\\\\\\"a\\\"}\"}}]}]", OLLAMA },
        { NULL, NULL, NULL, 0 }
    };

    requests(r, 0);
}


static void
test_think(void)
{
    static request_t  r[] = {
        { "an effort", "\"reasoning_effort\":\"xhigh\"",
          "\"reasoning_effort\":\"xhigh\"", OLLAMA },
        { "none", "\"reasoning_effort\":\"none\"",
          "\"chat_template_kwargs\":{\"enable_thinking\":false}", ANTHROPIC },
        { "off", "\"chat_template_kwargs\":{\"enable_thinking\":false}",
          "\"chat_template_kwargs\":{\"enable_thinking\":false}", OLLAMA },
        { "on", "\"chat_template_kwargs\":{\"thinking\":true}",
          "\"chat_template_kwargs\":{\"enable_thinking\":true}", OLLAMA },
        { "an effort of a template",
          "\"chat_template_kwargs\":{\"reasoning_effort\":\"low\"}",
          "\"reasoning_effort\":\"low\"", OLLAMA },
        { "enable_thinking", "\"enable_thinking\":true",
          "\"chat_template_kwargs\":{\"enable_thinking\":true}", OLLAMA },
        { "a budget of nothing", "\"thinking_budget\":0",
          "\"chat_template_kwargs\":{\"enable_thinking\":false}", OLLAMA },
        { "reasoning", "\"reasoning\":{\"effort\":\"high\","
          "\"exclude\":true,\"summary\":\"auto\"}",
          "\"reasoning_effort\":\"high\"", OLLAMA },
        { "reasoning that is on", "\"reasoning\":{\"enabled\":true,"
          "\"max_tokens\":2000},\"include_reasoning\":false",
          "\"chat_template_kwargs\":{\"enable_thinking\":true}", OLLAMA },
        { NULL, NULL, NULL, 0 }
    };

    requests(r, 0);
}


static void
test_refused(void)
{
    ngx_str_t   s;
    exchange_t  x;

    static request_t  r[] = {
        { "two answers", "\"n\":2", NULL, OLLAMA },
        { "logit_bias", "\"logit_bias\":{\"50256\":-100}", NULL, ANTHROPIC },
        { "stored", "\"store\":true", NULL, OLLAMA },
        { "a tier", "\"service_tier\":\"priority\"", NULL, OLLAMA },
        { "spoken", "\"modalities\":[\"text\",\"audio\"]", NULL, OLLAMA },
        { "a voice", "\"audio\":{\"voice\":\"ash\",\"format\":\"wav\"}", NULL,
          ANTHROPIC },
        { "the web", "\"web_search_options\":{\"search_context_size\":"
          "\"low\"}", NULL, OLLAMA },
        { "moderation", "\"moderation\":{\"model\":\"m\"}", NULL, OLLAMA },
        { "logprobs of Anthropic", "\"logprobs\":true", NULL, ANTHROPIC },
        { "top_logprobs of Anthropic", "\"top_logprobs\":1", NULL,
          ANTHROPIC },
        { "given twice", "\"seed\":1,\"seed\":1", NULL, OLLAMA },
        { "no number", "\"temperature\":\"0.5\"", NULL, OLLAMA },
        { "no tokens", "\"max_tokens\":0", NULL, OLLAMA },
        { "a number to stop at", "\"stop\":1", NULL, OLLAMA },
        { "numbers to stop at", "\"stop\":[1]", NULL, OLLAMA },
        { "an effort nobody knows", "\"reasoning_effort\":\"huge\"", NULL,
          OLLAMA },
        { "thinking of no type", "\"thinking\":{}", NULL, OLLAMA },
        { "a template's own", "\"chat_template_kwargs\":{\"x\":1}", NULL,
          OLLAMA },
        { "a grammar", "\"response_format\":{\"type\":\"grammar\"}", NULL,
          OLLAMA },
        { "a custom tool", "\"tools\":[{\"type\":\"custom\",\"custom\":{"
          "\"name\":\"f\"}}]", NULL, OLLAMA },
        { "a tool of no name", "\"tools\":[{\"type\":\"function\","
          "\"function\":{}}]", NULL, OLLAMA },
        { "a choice of a custom one", "\"tool_choice\":{\"type\":\"custom\","
          "\"custom\":{\"name\":\"f\"}}", NULL, OLLAMA },
        { "tools that are not there", "\"tool_choice\":{\"type\":"
          "\"allowed_tools\",\"allowed_tools\":{\"mode\":\"auto\",\"tools\":["
          "{\"name\":\"f\"}]}}", NULL, OLLAMA },
        { "no messages", "\"messages\":[]", NULL, OLLAMA },
        { "messages that are none", "\"messages\":[1]", NULL, OLLAMA },
        { "a strange role", "\"messages\":[{\"role\":\"bard\"}]", NULL,
          OLLAMA },
        { "no role", "\"messages\":[{\"content\":\"x\"}]", NULL, OLLAMA },
        { "content of a number", "\"messages\":[{\"role\":\"user\","
          "\"content\":1}]", NULL, OLLAMA },
        { "a strange part", "\"messages\":[{\"role\":\"user\",\"content\":["
          "{\"type\":\"video_url\",\"video_url\":{}}]}]", NULL, OLLAMA },
        { "an image of the system", "\"messages\":[{\"role\":\"system\","
          "\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
          "\"https://h\"}}]}]", NULL, OLLAMA },
        { "an image of no URL", "\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"image_url\"}]}]", NULL, OLLAMA },
        { "an image that is not base64", "\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
          "\"data:image/png,x\"}}]}]", NULL, OLLAMA },
        { "audio for Anthropic", "\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"input_audio\",\"input_audio\":{"
          "\"data\":\"UklG\",\"format\":\"wav\"}}]}]", NULL, ANTHROPIC },
        { "audio of a strange form", "\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"input_audio\",\"input_audio\":{"
          "\"data\":\"UklG\",\"format\":\"flac\"}}]}]", NULL, OLLAMA },
        { "a document for Ollama", "\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":\"x\"}}]}]",
          NULL, OLLAMA },
        { "a file that OpenAI has", "\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"x\"}}]}]",
          NULL, ANTHROPIC },
        { "a call of no name", "\"messages\":[{\"role\":\"assistant\","
          "\"tool_calls\":[{\"id\":\"x\"}]}]", NULL, OLLAMA },
        { "a custom call", "\"messages\":[{\"role\":\"assistant\","
          "\"tool_calls\":[{\"id\":\"x\",\"type\":\"custom\","
          "\"custom\":{\"name\":\"f\",\"input\":\"\"}}]}]", NULL, OLLAMA },
        { "a result of no call", "\"messages\":[{\"role\":\"tool\","
          "\"content\":\"x\"}]", NULL, OLLAMA },
        { NULL, NULL, NULL, 0 }
    };

    requests(r, 0);

    s = body("\"n\":2", big);

    exchange_init(&x, CHAT, CHAT, OLLAMA);
    (void) exchange_request(&x, &s);

    is(&x.b.text, "\"n\" cannot be had from vendor \"acme\", whose servers "
       "speak Ollama's API: one answer a request is all that can be had, ask n "
       "times", "what a refusal says");
    is(&x.b.field, "n", "and of what");

    exchange_done(&x);
}


/* what other dialects' readers make and OpenAI's does not */

static void
test_talks(void)
{
    ngx_str_t                      s;
    exchange_t                     x;
    ngx_http_model_part_t         *part;
    ngx_http_model_message_t      *message;
    ngx_http_model_json_writer_t  *w;

    exchange_init(&x, CHAT, CHAT, OPENAI);

    message = ngx_http_model_talk_message(&x.b.talk, NGX_HTTP_MODEL_ROLE_TOOL);

    part = ngx_http_model_talk_part(&message->parts,
                                    NGX_HTTP_MODEL_PART_RESULT);
    ngx_str_set(&part->id, "c1");
    part->error = 1;
    part->parts = ngx_array_create(x.b.pool, 1, sizeof(ngx_http_model_part_t));
    part = ngx_http_model_talk_part(part->parts, NGX_HTTP_MODEL_PART_TEXT);
    ngx_str_set(&part->text, "no \"such\" file");

    part = ngx_http_model_talk_part(&message->parts,
                                    NGX_HTTP_MODEL_PART_RESULT);
    ngx_str_set(&part->id, "c2");

    message = ngx_http_model_talk_message(&x.b.talk, NGX_HTTP_MODEL_ROLE_USER);

    part = ngx_http_model_talk_part(&message->parts,
                                    NGX_HTTP_MODEL_PART_IMAGE);
    ngx_str_set(&part->text, "/9j/AAAA");
    part = ngx_http_model_talk_part(&message->parts,
                                    NGX_HTTP_MODEL_PART_IMAGE);
    ngx_str_set(&part->text, "QUJD");

    w = ngx_http_model_json_writer(x.b.pool);
    (void) CHAT->write_request(&x.b, w);
    (void) ngx_http_model_json_finish(w, &s);

    json_is(&s, SMALL "\"messages\":["
            "{\"role\":\"tool\",\"tool_call_id\":\"c1\","
            "\"content\":\"Error: no \\\"such\\\" file\"},"
            "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"\"},"
            "{\"role\":\"user\",\"content\":["
            "{\"type\":\"image_url\",\"image_url\":{\"url\":"
            "\"data:image/jpeg;base64,/9j/AAAA\"}},"
            "{\"type\":\"image_url\",\"image_url\":{\"url\":"
            "\"data:image/png;base64,QUJD\"}}]}]," OFF,
            "a tool's error, and images of no type");

    part->type = NGX_HTTP_MODEL_PART_FILE;
    ngx_str_set(&part->url, "https://h/a.pdf");

    w = ngx_http_model_json_writer(x.b.pool);
    ok(CHAT->write_request(&x.b, w) == NGX_DECLINED,
       "a document by its URL is refused");

    message->role = NGX_HTTP_MODEL_ROLE_ASSISTANT;

    w = ngx_http_model_json_writer(x.b.pool);
    ok(CHAT->write_request(&x.b, w) == NGX_DECLINED,
       "an image of the assistant is refused");

    exchange_done(&x);
}


static void
test_text(void)
{
    ngx_str_t                      s;
    exchange_t                     x;
    ngx_http_model_json_writer_t  *w;

    exchange_init(&x, CHAT, TEXT, OPENAI);

    x.b.talk.completion = 1;
    x.b.talk.stream = 1;
    x.b.talk.logprobs = NGX_HTTP_MODEL_ON;
    ngx_str_set(&x.b.talk.prompt, "def f(");
    ngx_str_set(&x.b.talk.suffix, "return");
    ngx_str_set(&x.b.talk.numbers[NGX_HTTP_MODEL_TALK_SEED], "7");
    ngx_str_set(&x.b.talk.numbers[NGX_HTTP_MODEL_TALK_TOP_LOGPROBS], "2");

    w = ngx_http_model_json_writer(x.b.pool);
    (void) TEXT->write_request(&x.b, w);
    (void) ngx_http_model_json_finish(w, &s);

    json_is(&s, SMALL "\"prompt\":\"def f(\",\"suffix\":\"return\","
            "\"max_tokens\":2048,\"seed\":7,\"logprobs\":2,\"stream\":true,"
            "\"stream_options\":{\"include_usage\":true}}",
            "a text completion");

    x.b.output = 512;
    ngx_str_null(&x.b.talk.suffix);
    x.b.talk.stream = 0;
    ngx_str_null(&x.b.talk.numbers[NGX_HTTP_MODEL_TALK_TOP_LOGPROBS]);

    w = ngx_http_model_json_writer(x.b.pool);
    (void) TEXT->write_request(&x.b, w);
    (void) ngx_http_model_json_finish(w, &s);

    json_is(&s, SMALL "\"prompt\":\"def f(\",\"max_tokens\":512,\"seed\":7,"
            "\"logprobs\":1," OFF, "as long as the model can");

    x.b.talk.format = NGX_HTTP_MODEL_FORMAT_JSON;

    w = ngx_http_model_json_writer(x.b.pool);
    ok(TEXT->write_request(&x.b, w) == NGX_DECLINED, "of no form");

    exchange_done(&x);
}


/* an image is not copied, and comes out as it was */

static void
test_pieces(void)
{
    char       *text, *p, *image;
    size_t      i;
    ngx_int_t   rc;
    ngx_str_t   s;
    exchange_t  x;

    text = malloc(600 * 1024);

    p = text + sprintf(text, "{\"model\":\"x\",\"messages\":[{\"role\":"
                       "\"user\",\"content\":[{\"type\":\"image_url\","
                       "\"image_url\":{\"url\":\"data:image/png;base64,");
    image = p;

    for (i = 0; i < 500 * 1024; i++) {
        *p++ = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
               "+/"[(i * 7 + i / 64) % 64];
    }

    sprintf(p, "\"}}]}],\"stream\":false}");

    s = exchange_str(text);

    exchange_init(&x, CHAT, CHAT, OLLAMA);

    rc = exchange_request(&x, &s);

    ok(rc == 3, "a large image is a piece of its own");

    p = strstr((char *) x.out.data, "data:image/png;base64,");

    ok(p != NULL && strcmp(p + 22, image) == 0, "and as it was");

    exchange_done(&x);
    free(text);
}


/* each member of each table was in a request */

static void
test_rows(void)
{
    char                                 name[128];
    ngx_uint_t                           missing;
    const ngx_http_model_field_t        *f;
    const ngx_http_model_field_table_t  *table;

    missing = 0;

    for (table = CHAT->fields; table->title; table++) {
        for (f = table->fields; f->name; f++) {
            sprintf(name, "\"%s\":", f->name);

            if (strstr(corpus, name) == NULL) {
                printf("# no request has %s%s\n", table->prefix, f->name);
                missing++;
            }
        }
    }

    ok(missing == 0, "requests had all members");
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


static void
test_answers(void)
{
    char         req[4096];
    ngx_int_t    rc;
    ngx_str_t    s, r, out;
    ngx_uint_t   i;
    exchange_t   x;

#define WHOLE(message, rest)                                                  \
    "{\"id\":\"chatcmpl-0123456789abcdef01234567\","                          \
    "\"object\":\"chat.completion\",\"created\":1755770000,"                  \
    "\"model\":\"acme:small\",\"choices\":[{\"index\":0,\"message\":{"        \
    "\"role\":\"assistant\"," message "}," rest "}"

    static const struct {
        const char  *name;
        const char  *request;
        const char  *answer;
        const char  *want;     /* NULL: an error */
    } cases[] = {
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

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s = exchange_str(cases[i].answer);
        r = body(cases[i].request, req);

        exchange_init(&x, CHAT, CHAT, OLLAMA);
        (void) exchange_request(&x, &r);

        rc = ngx_http_model_bridge_answer(&x.b, &s, &out);

        if (cases[i].want == NULL) {
            ok(rc == NGX_DECLINED && x.b.status == 502 && x.b.text.len,
               cases[i].name);

        } else if (rc == NGX_OK) {
            json_is(&out, cases[i].want, cases[i].name);

        } else {
            ok(0, cases[i].name);
        }

        exchange_done(&x);
    }
}


/* any JSON anywhere; more calls, longer ones than there is room for */

static void
test_hostile(void)
{
    char        *text, *p;
    char         req[4096];
    ngx_str_t    s, r;
    ngx_uint_t   i, j, good;
    exchange_t   x;

    static const char  *values[] = {
        "null", "true", "0", "-1", "1e999", "\"\"", "\"x\"", "[]", "[[]]",
        "[null]", "[0,\"x\",{}]", "{}", "{\"content\":{}}",
        "{\"tool_calls\":{}}", "{\"tool_calls\":[1,[],{\"function\":1}]}",
        "{\"tool_calls\":[{\"index\":99999999999999999999,\"function\":{"
        "\"name\":{},\"arguments\":[]}}]}", "{\"function_call\":{}}"
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
        "{\"choices\":[{\"logprobs\":{\"tokens\":[\"x\"],"
        "\"token_logprobs\":%s,\"top_logprobs\":%1$s}}]}",
        "{\"choices\":[{\"finish_reason\":%s}]}", "{\"usage\":%s}",
        "{\"usage\":{\"prompt_tokens\":%s,\"prompt_tokens_details\":%1$s}}",
        "{\"timings\":{\"prompt_ms\":%s}}", "{\"error\":%s}",
        "{\"error\":{\"message\":%s,\"code\":%1$s}}", "{\"id\":%s}"
    };

    text = malloc(4 * 1024 * 1024);
    good = 1;

    for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        for (j = 0; j < sizeof(values) / sizeof(values[0]); j++) {

            p = text + sprintf(text, "data: ");
            p += sprintf(p, frames[i], values[j]);
            sprintf(p, "\n\n" CHUNK("{\"content\":\"a\"}") FINISH("stop")
                    DONE);

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
        }
    }

    ok(good, "each stream has its end");

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
