/* unit: src/ngx_http_model_bridge_ollama_request.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Requests of Ollama's dialect: read into a conversation, and what is
 * refused.
 */


#include "bridge_ollama.h"


#define PNG   "iVBORw0KGgoAAAANSUhEUg=="
#define JPEG  "/9j/4AAQSkZJRgABAQAAAQ=="
#define WEBP  "UklGRiQAAABXRUJQVlA4IBgA"
#define WAV   "UklGRiQAAABXQVZFZm10IBAA"
#define MP3   "SUQzBAAAAAAAI1RTU0UAAAAP"


static u_char   text[64 * 1024];
static u_char  *at;


static void add(const char *fmt, ...);
static void add_parts(ngx_array_t *parts);
static void add_part(ngx_http_model_part_t *part);
static void add_talk(void);
static void add_asked(void);
static void add_extra(ngx_array_t *extra);
static ngx_int_t read_request(const ngx_http_model_bridge_api_t *api,
    ngx_uint_t to, const char *body);
static void told(const ngx_http_model_bridge_api_t *api, ngx_uint_t to,
    const char *body, const char *want);
static void refused(const ngx_http_model_bridge_api_t *api, ngx_uint_t to,
    const char *body, const char *want);
static void test_messages(void);
static void test_calls(void);
static void test_asked(void);
static void test_options(void);
static void test_generate(void);
static void test_load(void);
static void test_refused(void);
static void test_images(void);
static void test_many(void);


static void
add(const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    at = ngx_vslprintf(at, text + sizeof(text) - 1, fmt, args);
    va_end(args);
}


static void
add_part(ngx_http_model_part_t *part)
{
    static const char  *types[] = { "text", "image", "audio", "file",
                                    "thinking", "redacted", "refusal", "call",
                                    "result" };

    add("%s", types[part->type]);

    if (part->id.len || part->name.len) {
        add(" %V %V", &part->id, &part->name);
    }

    if (part->media.len) {
        add(" %V", &part->media);
    }

    add("(%V", &part->text);

    if (part->parts) {
        add_parts(part->parts);
    }

    add(")");

    if (part->extra) {
        add("+");
        add_extra(part->extra);
    }
}


static void
add_parts(ngx_array_t *parts)
{
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        add("%s", i ? " " : "");
        add_part(&part[i]);
    }
}


static void
add_extra(ngx_array_t *extra)
{
    ngx_str_t                s;
    ngx_uint_t               i;
    ngx_http_model_json_t  **member;

    member = extra ? extra->elts : NULL;

    for (i = 0; extra && i < extra->nelts; i++) {
        (void) ngx_http_model_talk_json(pool, member[i], &s);
        add("%V=%V;", &member[i]->key, &s);
    }
}


/* the messages and the tools */

static void
add_talk(void)
{
    ngx_str_t                  s;
    ngx_uint_t                 i;
    ngx_http_model_tool_t     *tool;
    ngx_http_model_message_t  *message;

    static const char  *roles[] = { "system", "user", "assistant", "tool" };

    message = b.talk.messages.elts;

    for (i = 0; i < b.talk.messages.nelts; i++) {
        add("%s%s: ", i ? "\n" : "", roles[message[i].role]);
        add_parts(&message[i].parts);

        if (message[i].extra) {
            add(" + ");
            add_extra(message[i].extra);
        }
    }

    tool = b.talk.tools.elts;

    for (i = 0; i < b.talk.tools.nelts; i++) {

        ngx_str_set(&s, "-");

        if (tool[i].parameters) {
            (void) ngx_http_model_talk_json(pool, tool[i].parameters, &s);
        }

        add("\ntool %V (%V) %V %ui ", &tool[i].name, &tool[i].description, &s,
            tool[i].strict);
        add_extra(tool[i].extra);
    }
}


/* all else that is asked for, as far as it is */

static void
add_asked(void)
{
    ngx_str_t    s, *stop;
    ngx_uint_t   i;

    static const char  *names[] = {
        "temperature", "top_p", "top_k", "min_p", "seed", "presence",
        "frequency", "repeat", "max", "top_logprobs"
    };

    add("%s", b.talk.stream ? "stream" : "whole");

    for (i = 0; i < NGX_HTTP_MODEL_TALK_NNUMBERS; i++) {
        if (b.talk.numbers[i].len) {
            add(" %s=%V", names[i], &b.talk.numbers[i]);
        }
    }

    stop = b.talk.stop.elts;

    for (i = 0; i < b.talk.stop.nelts; i++) {
        add(" stop=%V", &stop[i]);
    }

    if (b.talk.think) {
        add(" think=%ui%V", b.talk.think, &b.talk.effort);
    }

    if (b.talk.logprobs) {
        add(" logprobs=%ui", b.talk.logprobs);
    }

    if (b.talk.format == NGX_HTTP_MODEL_FORMAT_JSON) {
        add(" json");

    } else if (b.talk.format == NGX_HTTP_MODEL_FORMAT_SCHEMA) {
        (void) ngx_http_model_talk_json(pool, b.talk.schema, &s);
        add(" schema=%V", &s);
    }

    if (b.talk.completion) {
        add(" prompt=%V suffix=%V", &b.talk.prompt, &b.talk.suffix);
    }

    if (b.talk.extra) {
        add(" + ");
        add_extra(b.talk.extra);
    }
}


static ngx_int_t
read_request(const ngx_http_model_bridge_api_t *api, ngx_uint_t to,
    const char *body)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *root;

    begin(api, to);

    root = ngx_http_model_json_slices(pool, (u_char *) body, strlen(body), 0,
                                      &err);
    if (root == NULL) {
        printf("# %.*s: %s\n", (int) err.len, err.data, body);
        return NGX_ERROR;
    }

    return api->read_request(&b, root);
}


static void
told(const ngx_http_model_bridge_api_t *api, ngx_uint_t to, const char *body,
    const char *want)
{
    ngx_str_t  got;

    at = text;

    if (read_request(api, to, body) == NGX_OK) {
        if (b.talk.messages.nelts) {
            add_talk();
            add("\n");
        }

        add_asked();

    } else {
        add("refused: %V", &b.text);
    }

    got.data = text;
    got.len = at - text;

    is(&got, want, body);
}


static void
refused(const ngx_http_model_bridge_api_t *api, ngx_uint_t to,
    const char *body, const char *want)
{
    ngx_int_t  rc;

    rc = read_request(api, to, body);

    if (rc != NGX_DECLINED || b.status != 400) {
        ok(0, body);
        printf("# rc %ld\n", (long) rc);
        return;
    }

    is(&b.text, want, body);
}


static void
test_messages(void)
{
    told(CHAT, OPENAI,
         "{\"model\":\"acme:m\",\"messages\":["
         "{\"role\":\"system\",\"content\":\"Be short\"},"
         "{\"role\":\"User\",\"content\":\"Hi\"},"
         "{\"content\":\"Hello\",\"role\":\"assistant\"},"
         "{\"role\":\"user\",\"content\":null,\"images\":[\"" PNG "\"]}]}",
         "system: text(Be short)\nuser: text(Hi)\nassistant: text(Hello)\n"
         "user: image image/png(" PNG ")\nstream");

    told(CHAT, OPENAI,
         "{\"messages\":[{\"role\":\"user\",\"content\":\"what\",\"images\":["
         "\"" JPEG "\",\"" WEBP "\",\"" WAV "\",\"" MP3 "\"]}],"
         "\"stream\":false}",
         "user: image image/jpeg(" JPEG ") image image/webp(" WEBP ") "
         "audio audio/wav(" WAV ") audio audio/mpeg(" MP3 ") text(what)\n"
         "whole");

    told(CHAT, OPENAI,
         "{\"messages\":[{\"role\":\"assistant\",\"thinking\":\"hm\","
         "\"content\":\"a\"}],\"stream\":null}",
         "assistant: thinking(hm) text(a)\nstream");

    told(CHAT, ANTHROPIC,
         "{\"messages\":[{\"role\":\"assistant\",\"thinking\":\"hm\","
         "\"content\":\"a\"}],\"stream\":true}",
         "assistant: text(a)\nstream");

    told(CHAT, OPENAI,
         "{\"messages\":[{\"role\":\"user\",\"content\":\"\","
         "\"name\":\"bob\",\"nothing\":null}],\"user\":\"u1\"}",
         "user:  + name=\"bob\";\nstream + user=\"u1\";");

    told(CHAT, OPENAI,
         "{\"messages\":[{\"role\":\"user\",\"content\":\"h\\u00e9\\n\"}],"
         "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
         "\"description\":\"does\",\"parameters\":{\"type\":\"object\","
         "\"properties\":{\"b\":{\"type\":\"string\"},\"a\":{}}},"
         "\"strict\":true}},"
         "{\"function\":{\"name\":\"g\"},\"items\":1,\"future\":2}]}",
         "user: text(h\xc3\xa9\n)\n"
         "tool f (does) {\"type\":\"object\",\"properties\":{\"b\":{\"type\":"
         "\"string\"},\"a\":{}}} 2 \n"
         "tool g () - 0 future=2;\nstream");
}


static void
test_calls(void)
{
    /* with ids they stay */

    told(CHAT, OPENAI,
         "{\"messages\":[{\"role\":\"assistant\",\"content\":\"\","
         "\"tool_calls\":[{\"id\":\"call_x\",\"type\":\"function\","
         "\"function\":{\"index\":0,"
         "\"name\":\"f\",\"arguments\":{\"n\":12345678901234567890,"
         "\"f\":1.0,\"u\":\"\\u00e9\"}}}]},"
         "{\"role\":\"tool\",\"content\":\"4\",\"tool_call_id\":\"call_x\"}]}",
         "assistant: call call_x f({\"n\":12345678901234567890,\"f\":1.0,"
         "\"u\":\"\xc3\xa9\"})\n"
         "tool: result call_x f(text(4))\nstream");

    /* without: by name, the first that is not answered */

    told(CHAT, OPENAI,
         "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
         "{\"role\":\"assistant\",\"tool_calls\":["
         "{\"function\":{\"name\":\"f\",\"arguments\":{}}},"
         "{\"function\":{\"name\":\"g\"}},"
         "{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]},"
         "{\"role\":\"tool\",\"content\":\"1\",\"tool_name\":\"g\"},"
         "{\"role\":\"tool\",\"content\":\"2\",\"tool_name\":\"f\"},"
         "{\"role\":\"tool\",\"content\":\"3\",\"tool_name\":\"f\"}]}",
         "user: text(a)\n"
         "assistant: call call_1_0 f({}) call call_1_1 g() "
         "call call_1_2 f({\"a\":1})\n"
         "tool: result call_1_1 g(text(1))\n"
         "tool: result call_1_0 f(text(2))\n"
         "tool: result call_1_2 f(text(3))\nstream");

    /* by position; ids that only results have kept; calls in two messages */

    told(CHAT, OPENAI,
         "{\"messages\":["
         "{\"role\":\"assistant\",\"tool_calls\":["
         "{\"function\":{\"name\":\"f\",\"arguments\":{}}}]},"
         "{\"role\":\"assistant\",\"tool_calls\":["
         "{\"function\":{\"name\":\"g\",\"arguments\":{}}}]},"
         "{\"role\":\"tool\",\"content\":\"1\",\"tool_call_id\":\"lost\"},"
         "{\"role\":\"tool\",\"content\":\"2\"},"
         "{\"role\":\"assistant\",\"tool_calls\":["
         "{\"id\":\"k\",\"function\":{\"name\":\"h\",\"arguments\":{}}}]},"
         "{\"role\":\"user\",\"content\":\"wait\"},"
         "{\"role\":\"tool\",\"content\":\"3\"},"
         "{\"role\":\"tool\",\"content\":\"4\",\"tool_call_id\":\"other\"},"
         "{\"role\":\"tool\",\"content\":\"5\"}]}",
         "assistant: call call_0_0 f({})\n"
         "assistant: call call_1_0 g({})\n"
         "tool: result call_0_0 f(text(1))\n"
         "tool: result call_1_0 g(text(2))\n"
         "assistant: call k h({})\n"
         "user: text(wait)\n"
         "tool: result k h(text(3))\n"
         "tool: result other (text(4))\n"
         "tool: result call_8_0 (text(5))\nstream");

    /* results with images, and with nothing */

    told(CHAT, OPENAI,
         "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":["
         "{\"id\":\"a\",\"function\":{\"name\":\"f\"},\"future\":1},"
         "{\"id\":\"b\",\"function\":{\"name\":\"f\"}}]},"
         "{\"role\":\"tool\",\"content\":\"see\",\"images\":[\"" PNG "\"],"
         "\"tool_call_id\":\"b\"},"
         "{\"role\":\"tool\",\"content\":\"\",\"tool_call_id\":\"a\"}]}",
         "assistant: call a f()+future=1; call b f()\n"
         "tool: result b f(text(see) image image/png(" PNG "))\n"
         "tool: result a f()\nstream");
}


#define USER  "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]"
#define A     "user: text(a)\n"


static void
test_asked(void)
{
    told(CHAT, OPENAI, "{" USER ",\"think\":true}", A "stream think=2");
    told(CHAT, OPENAI, "{" USER ",\"think\":false}", A "stream think=1");
    told(CHAT, OPENAI, "{" USER ",\"think\":\"max\"}", A "stream think=2max");
    told(CHAT, OPENAI, "{" USER ",\"think\":null}", A "stream");

    told(CHAT, OPENAI, "{" USER ",\"format\":\"\"}", A "stream");
    told(CHAT, OPENAI, "{" USER ",\"format\":\"json\"}", A "stream json");
    told(CHAT, OPENAI, "{" USER ",\"format\":{\"type\":\"object\",\"b\":1,"
         "\"a\":2}}", A "stream schema={\"type\":\"object\",\"b\":1,\"a\":2}");

    told(CHAT, OPENAI, "{" USER ",\"logprobs\":true,\"top_logprobs\":3}",
         A "stream top_logprobs=3 logprobs=2");
    told(CHAT, OPENAI, "{" USER ",\"top_logprobs\":3}", A "stream");
    told(CHAT, ANTHROPIC, "{" USER ",\"logprobs\":false,\"top_logprobs\":0}",
         A "stream");

    told(CHAT, OPENAI, "{" USER ",\"keep_alive\":\"5m\",\"truncate\":false,"
         "\"shift\":true,\"_debug_render_only\":false,\"tools\":[]}",
         A "stream");
}


static void
test_options(void)
{
    told(CHAT, OPENAI, "{" USER ",\"options\":{\"temperature\":0.70,"
         "\"top_p\":1e-1,\"top_k\":40.0,\"min_p\":0.05,\"seed\":42,"
         "\"presence_penalty\":0,\"frequency_penalty\":-0.5,"
         "\"repeat_penalty\":1.10,\"num_predict\":1e2,"
         "\"stop\":[\"x\",\"\\n\"]}}",
         A "stream temperature=0.70 top_p=1e-1 top_k=40 min_p=0.05 seed=42 "
         "presence=0 frequency=-0.5 repeat=1.10 max=100 stop=x stop=\n");

    told(CHAT, OPENAI, "{" USER ",\"options\":{\"seed\":-1,"
         "\"num_predict\":-2,\"stop\":[]}}", A "stream");

    told(CHAT, OPENAI, "{" USER ",\"options\":{\"num_predict\":0}}",
         A "stream");

    told(CHAT, OPENAI, "{" USER ",\"options\":{\"num_ctx\":8192,"
         "\"typical_p\":0.5,\"mirostat\":2,\"use_mmap\":true,"
         "\"repeat_last_n\":32}}",
         A "stream + typical_p=0.5;mirostat=2;repeat_last_n=32;");

    told(CHAT, OPENAI, "{" USER ",\"options\":{\"xtc_threshold\":0.1}}",
         A "stream + xtc_threshold=0.1;");

    told(CHAT, ANTHROPIC, "{" USER ",\"options\":{\"temperature\":1.5,"
         "\"top_k\":3,\"top_p\":0.5,\"min_p\":0.1,\"seed\":7,"
         "\"presence_penalty\":1,\"frequency_penalty\":0.5,"
         "\"repeat_penalty\":1.1,\"typical_p\":0.5,\"tfs_z\":2,"
         "\"mirostat\":1,\"mirostat_tau\":5,\"repeat_last_n\":64}}",
         A "stream temperature=1.5 top_p=0.5 top_k=3");
}


static void
test_generate(void)
{
    told(GENERATE, OPENAI, "{\"prompt\":\"a\",\"system\":\"s\",\"images\":"
         "[\"" PNG "\"],\"template\":\"\",\"context\":[],\"raw\":false,"
         "\"suffix\":\"\",\"options\":{\"seed\":1},\"future\":1}",
         "system: text(s)\nuser: image image/png(" PNG ") text(a)\n"
         "stream seed=1 + future=1;");

    told(GENERATE, ANTHROPIC, "{\"prompt\":\"a\",\"raw\":false,"
         "\"suffix\":\"\",\"think\":true,\"stream\":false}",
         A "whole think=2");

    told(GENERATE, OPENAI, "{\"prompt\":\"a\",\"raw\":true,\"think\":false}",
         "stream prompt=a suffix=");

    told(GENERATE, OPENAI, "{\"suffix\":\"z\",\"prompt\":\"a\","
         "\"system\":\"s\"}", "stream prompt=a suffix=z");
}


static void
loaded(const ngx_http_model_bridge_api_t *api, const char *body,
    const char *want)
{
    if (read_request(api, OPENAI, body) != NGX_DONE) {
        ok(0, body);
        return;
    }

    same(b.text.data, b.text.len, want, body);
}


#define LOADED(what)                                                          \
    "{\"model\":\"acme:m\","                                                  \
    "\"created_at\":\"2026-08-20T12:00:00.250000000Z\","                      \
    "\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,"    \
    "\"done_reason\":\"" what "\"}"


static void
test_load(void)
{
    loaded(CHAT, "{\"messages\":[]}", LOADED("load"));
    loaded(CHAT, "{\"model\":\"m\",\"keep_alive\":\"10m\"}", LOADED("load"));
    loaded(CHAT, "{\"keep_alive\":-1}", LOADED("load"));
    loaded(CHAT, "{\"keep_alive\":0}", LOADED("unload"));
    loaded(CHAT, "{\"keep_alive\":\"0\"}", LOADED("unload"));
    loaded(CHAT, "{\"keep_alive\":\"0h0m\"}", LOADED("unload"));
    loaded(CHAT, "{\"keep_alive\":0.0e5}", LOADED("unload"));

    loaded(GENERATE, "{\"prompt\":\"\",\"keep_alive\":0}",
           "{\"model\":\"acme:m\",\"created_at\":"
           "\"2026-08-20T12:00:00.250000000Z\",\"response\":\"\","
           "\"done\":true,\"done_reason\":\"unload\"}");
    loaded(GENERATE, "{\"think\":true,\"system\":\"s\"}",
           "{\"model\":\"acme:m\",\"created_at\":"
           "\"2026-08-20T12:00:00.250000000Z\",\"response\":\"\","
           "\"done\":true,\"done_reason\":\"load\"}");
}


#define CANNOT(what, dialect, why)                                            \
    "\"" what "\" cannot be had from vendor \"acme\", whose servers speak "   \
    dialect "'s API: " why


static void
test_refused(void)
{
    refused(CHAT, OPENAI, "{" USER ",\"options\":{\"stop\":\"x\"}}",
            "option \"stop\" must be of type array");
    refused(CHAT, OPENAI, "{" USER ",\"options\":{\"stop\":[1]}}",
            "option \"stop\" must be of an array of strings");
    refused(CHAT, OPENAI, "{" USER ",\"options\":[]}",
            "\"options\" must be an object, not an array");
    refused(CHAT, OPENAI, "{" USER ",\"options\":{\"temperature\":\"1\"}}",
            "\"temperature\" must be a number, not a string");
    refused(CHAT, OPENAI, "{" USER ",\"options\":{\"model\":\"other\"}}",
            "\"options.model\" is none of Ollama's options");
    refused(CHAT, OPENAI, "{" USER ",\"options\":{\"MODEL\":\"other\"}}",
            "\"options.MODEL\" is none of Ollama's options");
    refused(GENERATE, OPENAI, "{\"options\":{\"Prompt\":\"b\"},"
            "\"prompt\":\"a\",\"raw\":true}",
            "\"options.Prompt\" is none of Ollama's options");
    refused(CHAT, OPENAI, "{" USER ",\"options\":{\"seed\":1,\"seed\":2}}",
            "\"options.seed\" is given twice");

    refused(CHAT, ANTHROPIC, "{" USER ",\"logprobs\":true}",
            CANNOT("logprobs", "Anthropic", "no probabilities are told "
                   "there"));
    refused(CHAT, ANTHROPIC, "{" USER ",\"top_logprobs\":1}",
            CANNOT("top_logprobs", "Anthropic", "no probabilities are told "
                   "there"));

    refused(CHAT, OPENAI, "{" USER ",\"_debug_render_only\":true}",
            CANNOT("_debug_render_only", "OpenAI", "there is no template to "
                   "be shown"));
    refused(CHAT, OPENAI, "{" USER ",\"top_logprobs\":21}",
            "top_logprobs must be between 0 and 20");
    refused(CHAT, OPENAI, "{" USER ",\"think\":\"hard\"}",
            "think must be a boolean or string (\"high\", \"medium\", "
            "\"low\", \"max\", true, or false)");
    refused(CHAT, OPENAI, "{" USER ",\"format\":\"xml\"}",
            "invalid format; expected \"json\" or a valid JSON Schema object");
    refused(CHAT, OPENAI, "{" USER ",\"stream\":1}",
            "\"stream\" must be a boolean, not a number");

    refused(CHAT, OPENAI, "{\"messages\":{}}",
            "\"messages\" must be an array, not an object");
    refused(CHAT, OPENAI, "{\"messages\":[1]}",
            "\"messages\" must be an array of objects");
    refused(CHAT, OPENAI, "{\"messages\":[{\"content\":\"a\"}]}",
            "\"messages[].role\" must be \"system\", \"user\", \"assistant\" "
            "or \"tool\"");
    refused(CHAT, OPENAI, "{\"messages\":[{\"role\":\"user\","
            "\"content\":[]}]}",
            "\"messages[].content\" must be a string, not an array");
    refused(CHAT, OPENAI, "{\"messages\":[{\"role\":\"user\","
            "\"tool_calls\":[{\"function\":{\"name\":\"f\"}}]}]}",
            "\"messages[].tool_calls\" are of messages with the role "
            "\"assistant\" only");
    refused(CHAT, OPENAI, "{\"messages\":[{\"role\":\"assistant\","
            "\"tool_calls\":[{\"function\":{\"name\":\"f\","
            "\"arguments\":\"{}\"}}]}]}",
            "\"tool_calls[].function.arguments\" must be an object, not a "
            "string");
    refused(CHAT, OPENAI, "{\"messages\":[{\"role\":\"assistant\","
            "\"tool_calls\":[{\"id\":\"x\"}]}]}",
            "\"messages[].tool_calls[].function.name\" is missing");
    refused(CHAT, OPENAI, "{" USER ",\"tools\":[{\"type\":\"search\"}]}",
            "\"tools[].type\" must be \"function\"");
    refused(CHAT, OPENAI, "{" USER ",\"tools\":[{}]}",
            "\"tools[].function.name\" is missing");

    refused(GENERATE, OPENAI, "{\"prompt\":\"a\",\"template\":\"t\"}",
            CANNOT("template", "OpenAI", "templates are the vendor's own "
                   "matter; use \"raw\" with the whole prompt, or "
                   "\"/api/chat\""));
    refused(GENERATE, OPENAI, "{\"prompt\":\"a\",\"context\":[1]}",
            CANNOT("context", "OpenAI", "tokens of an earlier answer mean "
                   "nothing there; send the conversation to \"/api/chat\""));
    refused(GENERATE, ANTHROPIC, "{\"prompt\":\"a\",\"raw\":true}",
            CANNOT("raw", "Anthropic", "a prompt without messages cannot be "
                   "given there"));
    refused(GENERATE, ANTHROPIC, "{\"prompt\":\"a\",\"suffix\":\"b\"}",
            CANNOT("suffix", "Anthropic", "text cannot be inserted there"));
    refused(GENERATE, OPENAI, "{\"prompt\":\"a\",\"raw\":true,"
            "\"system\":\"s\"}",
            "raw mode does not support template, system, or context");
    refused(GENERATE, OPENAI, "{\"prompt\":\"a\",\"suffix\":\"b\","
            "\"images\":[\"x\"]}",
            "\"images\" cannot be had from vendor \"acme\" together with "
            "\"raw\" or \"suffix\"");
    refused(GENERATE, OPENAI, "{\"prompt\":\"a\",\"raw\":true,"
            "\"format\":\"json\"}",
            "\"format\" cannot be had from vendor \"acme\" together with "
            "\"raw\" or \"suffix\"");
}


#define NOIMAGE                                                               \
    "one of \"images\" is not the base64, without a \"data:\" in front, of "  \
    "a PNG, JPEG, GIF or WebP file, which vendor \"acme\" has to be told"


static void
test_images(void)
{
    told(CHAT, OPENAI, "{\"messages\":[{\"role\":\"user\",\"images\":["
         "\"iVBORw0KGgoA\\nAAANSUhE\\r\\nUg==\\n\"]}]}",
         "user: image image/png(" PNG ")\nstream");

    refused(CHAT, OPENAI, "{\"messages\":[{\"role\":\"user\",\"images\":["
            "\"data:image/png;base64," PNG "\"]}]}", NOIMAGE);
    refused(CHAT, OPENAI, "{\"messages\":[{\"role\":\"user\",\"images\":["
            "\"\"]}]}", NOIMAGE);
    refused(CHAT, OPENAI, "{\"messages\":[{\"role\":\"user\",\"images\":["
            "{}]}]}", "\"images\" must be an array of strings of base64");
    refused(CHAT, OPENAI, "{\"messages\":[{\"role\":\"system\",\"images\":["
            "\"" PNG "\"]}]}", "\"messages[].images\" with the role "
            "\"system\" cannot be had from vendor \"acme\"; give them to a "
            "message with the role \"user\"");
}


/* a body of many calls and results takes no more than linear time */

static void
test_many(void)
{
    char        *body, *p;
    ngx_uint_t   i, n;

    n = 50000;
    body = malloc(n * 160 + 1000);
    p = body;

    p += sprintf(p, "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[");

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%s{\"function\":{\"name\":\"f%lu\"}}", i ? "," : "",
                     (unsigned long) i % 3);
    }

    p += sprintf(p, "]}");

    for (i = 0; i < n; i++) {
        p += sprintf(p, ",{\"role\":\"tool\",\"tool_call_id\":\"call_0_%lu\"}",
                     (unsigned long) (n - 1 - i));
    }

    for (i = 0; i < n; i++) {
        p += sprintf(p, ",{\"role\":\"tool\",\"tool_name\":\"f1\"}");
    }

    p += sprintf(p, "]}");

    ok(read_request(CHAT, OPENAI, body) == NGX_OK
       && b.talk.messages.nelts == 1 + 2 * n, "many calls");

    free(body);
}


int
main(void)
{
    tap_init();

    if (ngx_crc32_table_init() != NGX_OK) {
        return 1;
    }

    test_messages();
    test_calls();
    test_asked();
    test_options();
    test_generate();
    test_load();
    test_refused();
    test_images();
    test_many();

    end();

    return tap_done();
}
