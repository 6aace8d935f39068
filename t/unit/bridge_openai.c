/* unit: + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Requests of OpenAI's chat completions over a bridge: what is read is written
 * again by the same dialect, which shows what was understood.
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
          "\"parameters\":{}}}],"
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
