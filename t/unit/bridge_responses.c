/* unit: src/ngx_http_model_bridge_responses_echo.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * OpenAI's responses API of a client: what its requests are read into, what is
 * refused of them, and how.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "bridge_responses.h"


#define OPENAI     NGX_HTTP_MODEL_OPENAI
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC


static void reads(const char *body, const char *want, const char *name);
static void reads_to(ngx_uint_t to, const char *body, const char *want,
    const char *name);
static void refuses(ngx_uint_t to, const char *body, const char *field,
    const char *text, const char *name);
static void takes(ngx_uint_t to, const char *body, const char *name);
static void tell_talk(void);
static void tell_parts(ngx_array_t *parts);
static void tell_part(ngx_http_model_part_t *part);
static void test_items(void);
static void test_content(void);
static void test_tools(void);
static void test_options(void);
static void test_refusals(void);
static void test_items_refused(void);
static void test_targets(void);
static void test_many(void);


int
main(void)
{
    tap_init();

    test_items();
    test_content();
    test_tools();
    test_options();
    test_refusals();
    test_items_refused();
    test_targets();
    test_many();

    return tap_done();
}


static void
reads(const char *body, const char *want, const char *name)
{
    reads_to(OPENAI, body, want, name);
}


static void
reads_to(ngx_uint_t to, const char *body, const char *want, const char *name)
{
    ngx_int_t  rc;

    rc = ask(to, body);

    if (rc == NGX_OK) {
        tell_talk();

    } else {
        put("%d: %.*s", (int) rc, (int) b.text.len, b.text.data);
    }

    told_is(want, name);
    finish();
}


static void
refuses(ngx_uint_t to, const char *body, const char *field, const char *text,
    const char *name)
{
    ngx_int_t   rc;
    ngx_uint_t  good;

    rc = ask(to, body);

    put("%.*s", (int) b.text.len, b.text.data ? (char *) b.text.data : "");

    good = rc == NGX_DECLINED
           && b.status == 400
           && b.field.len == ngx_strlen(field)
           && ngx_memcmp(b.field.data, field, b.field.len) == 0
           && strstr(told, text) != NULL;

    ok(good, name);

    if (!good) {
        printf("# %d, field %.*s: %s\n", (int) rc, (int) b.field.len,
               b.field.data, told);
    }

    finish();
}


static void
takes(ngx_uint_t to, const char *body, const char *name)
{
    ngx_int_t  rc;

    rc = ask(to, body);

    ok(rc == NGX_OK, name);

    if (rc != NGX_OK) {
        printf("# %d: %.*s\n", (int) rc, (int) b.text.len, b.text.data);
    }

    finish();
}


static void
tell_talk(void)
{
    ngx_str_t                  text;
    ngx_uint_t                 i;
    ngx_http_model_talk_t     *t;
    ngx_http_model_tool_t     *tool;
    ngx_http_model_json_t    **extra;
    ngx_http_model_message_t  *m;

    static const char  *roles[] = { "system", "user", "assistant", "tool" };
    static const char  *flags[] = { "unset", "off", "on" };
    static const char  *choices[] = { "", "auto", "none", "any", "named" };
    static const char  *numbers[] = {
        "temperature", "top_p", "top_k", "min_p", "seed", "presence",
        "frequency", "repeat", "max", "top_logprobs"
    };

    t = &b.talk;
    m = t->messages.elts;

    for (i = 0; i < t->messages.nelts; i++) {
        put("%s%s[", i ? " " : "", roles[m[i].role]);
        tell_parts(&m[i].parts);
        put("]%s", m[i].extra ? "+" : "");
    }

    tool = t->tools.elts;

    for (i = 0; i < t->tools.nelts; i++) {
        put(" %.*s(%.*s", STR(tool[i].name), STR(tool[i].description));

        if (tool[i].parameters) {
            (void) ngx_http_model_talk_json(b.pool, tool[i].parameters, &text);
            put(" %.*s", STR(text));
        }

        put(tool[i].strict ? " %s)" : ")", flags[tool[i].strict]);
    }

    if (t->choice) {
        put(" choice=%s%.*s", choices[t->choice], STR(t->chosen));
    }

    if (t->parallel) {
        put(" parallel=%s", flags[t->parallel]);
    }

    if (t->format == NGX_HTTP_MODEL_FORMAT_JSON) {
        put(" json");

    } else if (t->format == NGX_HTTP_MODEL_FORMAT_SCHEMA) {
        (void) ngx_http_model_talk_json(b.pool, t->schema, &text);
        put(" schema(%.*s,%.*s,%s)=%.*s", STR(t->schema_name),
            STR(t->schema_description), flags[t->schema_strict], STR(text));
    }

    if (t->think) {
        put(" think=%s,%.*s", flags[t->think], STR(t->effort));
    }

    for (i = 0; i < NGX_HTTP_MODEL_TALK_NNUMBERS; i++) {
        if (t->numbers[i].len) {
            put(" %s=%.*s", numbers[i], STR(t->numbers[i]));
        }
    }

    if (t->logprobs) {
        put(" logprobs=%s", flags[t->logprobs]);
    }

    if (t->user.len) {
        put(" user=%.*s", STR(t->user));
    }

    if (t->stream) {
        put(" stream");
    }

    extra = t->extra ? t->extra->elts : NULL;

    for (i = 0; extra && i < t->extra->nelts; i++) {
        put(" +%.*s", STR(extra[i]->key));
    }
}


static void
tell_parts(ngx_array_t *parts)
{
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        put("%s", i ? " " : "");
        tell_part(&part[i]);
    }
}


static void
tell_part(ngx_http_model_part_t *part)
{
    static const char  *types[] = {
        "text", "image", "audio", "file", "thinking", "redacted", "refusal",
        "call", "result"
    };

    put("%s(", types[part->type]);

    switch (part->type) {

    case NGX_HTTP_MODEL_PART_IMAGE:
    case NGX_HTTP_MODEL_PART_AUDIO:
    case NGX_HTTP_MODEL_PART_FILE:
        put("%.*s,%.*s%.*s,%.*s%.*s", STR(part->media), STR(part->text),
            STR(part->url), STR(part->name), STR(part->detail));
        break;

    case NGX_HTTP_MODEL_PART_CALL:
        put("%.*s,%.*s,%.*s", STR(part->id), STR(part->name),
            STR(part->text));
        break;

    case NGX_HTTP_MODEL_PART_RESULT:
        put("%.*s,%.*s,", STR(part->id), STR(part->name));
        tell_parts(part->parts);
        break;

    default:
        put("%.*s", STR(part->text));
    }

    if (part->signature.len) {
        put(",%.*s", STR(part->signature));
    }

    put(")%s", part->extra ? "+" : "");
}


static void
test_items(void)
{
    reads("{\"input\":\"hi\"}", "user[text(hi)]", "a text");

    reads("{\"input\":[{\"role\":\"user\",\"content\":\"hi\"}],"
          "\"instructions\":\"Be \\u00e9\"}",
          "system[text(Be \xc3\xa9)] user[text(hi)]",
          "instructions come first");

    reads("{\"instructions\":null,\"input\":["
          "{\"role\":\"developer\",\"content\":\"d\"},"
          "{\"type\":\"message\",\"role\":\"system\","
          "\"content\":[{\"type\":\"input_text\",\"text\":\"s\"}]},"
          "{\"type\":\"message\",\"role\":\"user\",\"status\":\"completed\","
          "\"content\":[{\"type\":\"input_text\",\"text\":\"u\"}]},"
          "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
          "\"status\":\"completed\",\"phase\":\"final_answer\",\"content\":["
          "{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[{}],"
          "\"logprobs\":[]},{\"type\":\"refusal\",\"refusal\":\"no\"}]},"
          "{\"role\":\"assistant\",\"content\":\"b\"}]}",
          "system[text(d)] system[text(s)] user[text(u)] "
          "assistant[text(a) refusal(no)] assistant[text(b)]",
          "messages of all roles");

    reads("{\"input\":[{\"role\":\"user\",\"content\":\"q\"},"
          "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":["
          "{\"type\":\"summary_text\",\"text\":\"s1\"},"
          "{\"type\":\"summary_text\",\"text\":\"s2\"}],"
          "\"encrypted_content\":\"gAAAA\"},"
          "{\"role\":\"assistant\",\"content\":\"I look\"},"
          "{\"type\":\"function_call\",\"id\":\"fc_1\",\"call_id\":\"c1\","
          "\"name\":\"get\",\"arguments\":\"{\\\"n\\\":1.0}\","
          "\"status\":\"completed\"},"
          "{\"type\":\"function_call\",\"call_id\":\"c2\",\"name\":\"get\","
          "\"arguments\":\" \"},"
          "{\"type\":\"function_call_output\",\"call_id\":\"c1\","
          "\"output\":\"one\"},"
          "{\"type\":\"function_call_output\",\"call_id\":\"c2\","
          "\"name\":\"get\",\"output\":["
          "{\"type\":\"input_text\",\"text\":\"two\"},"
          "{\"type\":\"input_image\",\"image_url\":"
          "\"data:image/PNG;base64,iVBORw0K\"}]},"
          "{\"type\":\"function_call\",\"call_id\":\"c3\",\"name\":\"get\","
          "\"arguments\":\"{}\"}]}",
          "user[text(q)] assistant[thinking(s1\n\ns2) text(I look) "
          "call(c1,get,{\"n\":1.0}) call(c2,get,)] "
          "tool[result(c1,,text(one))] "
          "tool[result(c2,get,text(two) image(image/png,iVBORw0K,))] "
          "assistant[call(c3,get,{})]",
          "a turn of reasoning, text and calls is one message");

    reads("{\"input\":[{\"type\":\"function_call\",\"call_id\":\"c1\","
          "\"name\":\"a\",\"arguments\":\"{}\"},"
          "{\"role\":\"assistant\",\"content\":\"x\"},"
          "{\"type\":\"reasoning\",\"summary\":[],\"content\":["
          "{\"type\":\"reasoning_text\",\"text\":\"r\"}]},"
          "{\"type\":\"function_call\",\"call_id\":\"c2\",\"name\":\"b\","
          "\"arguments\":\"{}\"}]}",
          "assistant[call(c1,a,{}) text(x) thinking(r) call(c2,b,{})]",
          "what comes between calls and outputs stays with the calls");

    reads("{\"input\":[{\"type\":\"function_call\",\"call_id\":\"c1\","
          "\"name\":\"a\",\"arguments\":\"{\\\"x\\\":\"},"
          "{\"type\":\"function_call\",\"call_id\":\"c2\",\"name\":\"a\","
          "\"arguments\":\"[1]\"}]}",
          "assistant[call(c1,a,{\"_raw\":\"{\\\"x\\\":\"}) "
          "call(c2,a,{\"_raw\":\"[1]\"})]",
          "arguments that are no object");

    reads("{\"input\":[{\"type\":\"custom_tool_call\",\"call_id\":\"c1\","
          "\"name\":\"patch\",\"input\":\"a \\\"b\\\"\\n\"},"
          "{\"type\":\"custom_tool_call_output\",\"call_id\":\"c1\","
          "\"output\":\"done\"}]}",
          "assistant[call(c1,patch,{\"input\":\"a \\\"b\\\"\\n\"})] "
          "tool[result(c1,,text(done))]",
          "calls of custom tools");

    reads_to(ANTHROPIC,
          "{\"input\":[{\"type\":\"reasoning\",\"summary\":["
          "{\"type\":\"summary_text\",\"text\":\"s\"}],"
          "\"encrypted_content\":\"signature:c2ln\"},"
          "{\"type\":\"reasoning\",\"summary\":[],"
          "\"encrypted_content\":\"redacted:cmVk\"},"
          "{\"type\":\"reasoning\",\"summary\":[],"
          "\"encrypted_content\":\"gAAAA\"},"
          "{\"type\":\"reasoning\",\"id\":\"rs_1\"}]}",
          "assistant[thinking(s,c2ln) redacted(cmVk)]",
          "signatures come back, what OpenAI encrypted is left out");

    reads("{\"input\":[{\"type\":\"function_call\",\"call_id\":\"c1\","
          "\"namespace\":\"crm\",\"name\":\"list\",\"arguments\":\"{}\"},"
          "{\"type\":\"function_call_output\",\"call_id\":\"c1\","
          "\"namespace\":\"crm\",\"name\":\"list\",\"output\":\"\"}]}",
          "assistant[call(c1,crm__list,{})] "
          "tool[result(c1,crm__list,text())]",
          "a call of a namespace's tool");

    reads("{\"input\":[{\"type\":\"message\",\"role\":\"user\","
          "\"content\":\"x\",\"cache_control\":{},"
          "\"internal_chat_message_metadata_passthrough\":{}}]}",
          "user[text(x)]+", "a member of a message that is not known");
}


static void
test_content(void)
{
#define PART(p)  "{\"input\":[{\"role\":\"user\",\"content\":[" p "]}]}"

    reads(PART("{\"type\":\"input_image\",\"detail\":\"high\","
               "\"image_url\":\"data:image/jpeg;base64,/9j/\"},"
               "{\"type\":\"input_image\",\"detail\":\"auto\","
               "\"image_url\":\"https://x.example/a.png\"}"),
          "user[image(image/jpeg,/9j/,high) "
          "image(,https://x.example/a.png,auto)]", "images");

    reads(PART("{\"type\":\"input_file\",\"filename\":\"a.PDF\","
               "\"file_data\":\"JVBERi0=\"},"
               "{\"type\":\"input_file\",\"filename\":\"b.pdf\","
               "\"file_data\":\"data:application/pdf;base64,JVBERi0=\"},"
               "{\"type\":\"input_file\","
               "\"file_data\":\"data:text/plain;base64,aGk=\"}"),
          "user[file(application/pdf,JVBERi0=,a.PDF) "
          "file(application/pdf,JVBERi0=,b.pdf) file(text/plain,hi,)]",
          "files");

    reads_to(ANTHROPIC, PART("{\"type\":\"input_file\",\"detail\":\"low\","
                             "\"file_url\":\"https://x.example/c.pdf\"}"),
             "user[file(,https://x.example/c.pdf,)]", "a file by its URL");
    refuses(OPENAI, PART("{\"type\":\"input_file\","
                         "\"file_url\":\"https://x.example/c.pdf\"}"),
            "file_url", "only Anthropic fetches files", "but not of OpenAI");
    refuses(ANTHROPIC, PART("{\"type\":\"input_audio\",\"input_audio\":"
                            "{\"data\":\"UklG\",\"format\":\"wav\"}}"),
            "input_audio", "do not hear", "audio for Anthropic");

    reads(PART("{\"type\":\"input_audio\",\"input_audio\":"
               "{\"data\":\"UklG\",\"format\":\"wav\"}}"),
          "user[audio(audio/wav,UklG,)]", "audio");

    reads(PART("{\"type\":\"text\",\"text\":\"a\"},"
               "{\"type\":\"input_text\",\"text\":\"b\","
               "\"prompt_cache_breakpoint\":{\"mode\":\"explicit\"}}"),
          "user[text(a) text(b)]", "texts");

    refuses(OPENAI, PART("{\"type\":\"input_image\",\"file_id\":\"file-1\"}"),
            "file_id", "files are kept at OpenAI", "an image by id");
    refuses(OPENAI, PART("{\"type\":\"input_image\",\"detail\":\"low\"}"),
            "image_url", "must be a URL", "an image without any");
    refuses(OPENAI, PART("{\"type\":\"input_image\",\"image_url\":"
                         "{\"url\":\"data:\"}}"),
            "image_url", "a string", "an image in the way of chats");
    refuses(OPENAI, PART("{\"type\":\"input_image\",\"image_url\":"
                         "\"file:///etc/passwd\"}"),
            "image_url", "a data URL", "an image of another scheme");
    refuses(OPENAI, PART("{\"type\":\"input_file\",\"file_id\":\"file-1\"}"),
            "file_id", "files are kept at OpenAI", "a file by id");
    refuses(OPENAI, PART("{\"type\":\"input_file\",\"file_data\":"
                         "\"data:text/plain;base64,***\"}"),
            "file_data", "no base64", "a text that is no base64");
    refuses(OPENAI, PART("{\"type\":\"input_audio\",\"input_audio\":{}}"),
            "input_audio", "wav or mp3", "audio without any");
    refuses(OPENAI, PART("{\"type\":\"input_text\"}"),
            "content", "must be a string", "a text without any");
    refuses(OPENAI, PART("{\"type\":\"input_video\"}"),
            "content", "\"input_video\"", "another type");
    refuses(OPENAI, PART("{}"), "content", "without a type", "no type");
    refuses(OPENAI, PART("7"), "input", "must be objects", "no object");

    refuses(OPENAI, "{\"input\":[{\"role\":\"system\",\"content\":["
            "{\"type\":\"input_image\",\"image_url\":\"https://a.b/\"}]}]}",
            "content", "are texts", "an image in a system message");
    refuses(OPENAI, "{\"input\":[{\"type\":\"function_call_output\","
            "\"call_id\":\"c\",\"output\":[{\"type\":\"input_file\"}]}]}",
            "output", "texts and images", "a file in an output");
}


static void
test_tools(void)
{
#define WITH(t)  "{\"input\":\"x\",\"tools\":[" t "]}"
#define FN(n)    "{\"type\":\"function\",\"name\":\"" n "\"}"

    reads(WITH("{\"type\":\"function\",\"name\":\"get\","
               "\"description\":\"gets\",\"strict\":true,"
               "\"parameters\":{\"type\":\"object\",\"z\":1.50}},"
               "{\"type\":\"function\",\"name\":\"put\",\"strict\":false,"
               "\"parameters\":null,\"defer_loading\":true,\"async\":false,"
               "\"allowed_callers\":[\"programmatic\",\"direct\"],"
               "\"output_schema\":{}}"),
          "user[text(x)] get(gets {\"type\":\"object\",\"z\":1.50} on) "
          "put( off)", "functions");

    reads(WITH("{\"type\":\"custom\",\"name\":\"run\",\"description\":\"d\","
               "\"format\":{\"type\":\"grammar\",\"syntax\":\"lark\","
               "\"definition\":\"start: \\\"%s\\\"\"}}"),
          "user[text(x)] run(d\n\nThe input must match this grammar (lark):\n"
          "start: \"%s\" {\"type\":\"object\",\"properties\":{\"input\":"
          "{\"type\":\"string\",\"description\":\"The whole input, as it "
          "is.\"}},\"required\":[\"input\"],\"additionalProperties\":false})",
          "a custom tool and its grammar");

    reads(WITH("{\"type\":\"namespace\",\"name\":\"mcp__x__\","
               "\"description\":\"d\",\"tools\":[" FN("a") "]}," FN("b"))
          , "user[text(x)] mcp__x__a() b()", "a namespace");

    reads("{\"input\":[{\"type\":\"additional_tools\",\"role\":\"developer\","
          "\"tools\":[" FN("b") "]},{\"role\":\"user\",\"content\":\"x\"}],"
          "\"tools\":[" FN("a") "]}",
          "user[text(x)] b() a()", "more tools among the items");

    reads("{\"input\":\"x\",\"tool_choice\":\"required\","
          "\"parallel_tool_calls\":false,\"tools\":[" FN("a") "]}",
          "user[text(x)] a() choice=any parallel=off", "any of them");
    reads("{\"input\":\"x\",\"tool_choice\":\"none\"}",
          "user[text(x)] choice=none", "none of them");
    reads("{\"tool_choice\":{\"type\":\"function\",\"name\":\"b\"},"
          "\"input\":\"x\",\"tools\":[" FN("a") "," FN("b") "]}",
          "user[text(x)] a() b() choice=namedb", "one of them");
    reads("{\"tool_choice\":{\"type\":\"function\",\"name\":\"b\"},"
          "\"input\":\"x\",\"tools\":[{\"type\":\"namespace\","
          "\"name\":\"n\",\"tools\":[" FN("b") "]}]}",
          "user[text(x)] n__b() choice=namedn__b", "one of a namespace");
    reads("{\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"required\","
          "\"tools\":[{\"type\":\"function\",\"name\":\"c\"},"
          "{\"type\":\"namespace\",\"name\":\"n\"}]},"
          "\"input\":\"x\",\"tools\":[" FN("a") "," FN("c") ","
          "{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[" FN("b") "]}]}",
          "user[text(x)] c() n__b() choice=any", "some of them");

    refuses(OLLAMA, WITH("{\"type\":\"web_search\"}"), "tools",
            "\"web_search\", which cannot be had from vendor \"acme\": it is "
            "run by OpenAI itself", "a tool that OpenAI runs");
    refuses(OLLAMA, WITH("{\"type\":\"tool_search\"}"), "tools",
            "\"tool_search\"", "another one");
    refuses(OLLAMA, WITH("{\"type\":\"we\\\"b\\n\"}"), "tools",
            "\"we?b?\"", "a type is quoted");
    refuses(OLLAMA, WITH("{\"type\":\"function\",\"function\":"
                         "{\"name\":\"x\"}}"), "tools", "tools.name",
            "a function in the way of chats");
    refuses(OLLAMA, WITH("{\"type\":\"namespace\",\"name\":\"n\",\"tools\":["
                         "{\"type\":\"namespace\",\"name\":\"m\","
                         "\"tools\":[]}]}"), "tools", "\"namespace\"",
            "a namespace within a namespace");
    refuses(OLLAMA, WITH("{\"type\":\"function\",\"name\":\"x\","
                         "\"allowed_callers\":[\"programmatic\"]}"),
            "allowed_callers", "programs run at OpenAI", "called by programs");
    refuses(OLLAMA, WITH("{\"type\":\"function\",\"name\":\"x\","
                         "\"async\":true}"), "async", "waits",
            "a tool that is not waited for");
    refuses(OLLAMA, WITH("{\"type\":\"function\",\"name\":\"x\","
                         "\"parameters\":[]}"), "parameters", "an object",
            "parameters of another type");
    refuses(OLLAMA, WITH("{\"type\":\"custom\",\"name\":\"x\","
                         "\"format\":{\"type\":\"json\"}}"), "tools.format",
            "\"json\"", "a format of another type");
    refuses(OLLAMA, WITH("1"), "tools", "objects", "no tool");
    refuses(OLLAMA, "{\"input\":\"x\",\"tool_choice\":"
            "{\"type\":\"file_search\"}}", "tool_choice", "\"file_search\"",
            "a choice that OpenAI runs");
    refuses(OLLAMA, "{\"input\":\"x\",\"tool_choice\":"
            "{\"type\":\"function\",\"name\":\"x\"}}", "tool_choice",
            "none of that name", "a choice of none");
    refuses(OLLAMA, "{\"input\":\"x\",\"tool_choice\":\"any\"}",
            "tool_choice", "\"any\"", "a choice of another word");
    refuses(OLLAMA, "{\"input\":\"x\",\"tool_choice\":"
            "{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[]}}",
            "tool_choice", "names none", "none are allowed");
}


static void
test_options(void)
{
    reads("{\"input\":\"x\",\"temperature\":0.10,\"top_p\":1e0,"
          "\"max_output_tokens\":100,\"top_logprobs\":5,\"stream\":true,"
          "\"user\":\"u\",\"seed\":7,\"presence_penalty\":-1,"
          "\"frequency_penalty\":0.5,\"top_k\":40,\"min_p\":0.1}",
          "user[text(x)] temperature=0.10 top_p=1e0 top_k=40 seed=7 "
          "presence=-1 frequency=0.5 max=100 user=u stream +min_p",
          "numbers as they are written");

    reads("{\"input\":\"x\",\"top_logprobs\":5,\"include\":["
          "\"reasoning.encrypted_content\",\"message.output_text.logprobs\","
          "\"web_search_call.action.sources\"]}",
          "user[text(x)] top_logprobs=5 logprobs=on", "logprobs");

    reads("{\"input\":\"x\",\"text\":{\"format\":{\"type\":\"text\"},"
          "\"verbosity\":\"low\"}}", "user[text(x)] +verbosity",
          "a text is asked for");
    reads("{\"input\":\"x\",\"text\":{\"format\":{\"type\":"
          "\"json_object\"}}}", "user[text(x)] json", "an object");
    reads("{\"input\":\"x\",\"text\":{\"format\":{\"type\":\"json_schema\","
          "\"name\":\"n\",\"description\":\"d\",\"strict\":true,"
          "\"schema\":{\"type\":\"object\"}}}}",
          "user[text(x)] schema(n,d,on)={\"type\":\"object\"}", "a schema");

    reads("{\"input\":\"x\",\"reasoning\":{\"effort\":\"high\","
          "\"summary\":\"auto\",\"context\":\"auto\",\"mode\":\"standard\"}}",
          "user[text(x)] think=on,high", "an effort");
    reads("{\"input\":\"x\",\"reasoning\":{\"effort\":\"none\"}}",
          "user[text(x)] think=off,", "no effort");
    reads("{\"input\":\"x\",\"reasoning\":{\"effort\":null}}",
          "user[text(x)]", "null");

    takes(OLLAMA, "{\"model\":\"m\",\"input\":\"x\",\"store\":false,"
          "\"previous_response_id\":null,\"conversation\":null,"
          "\"prompt\":null,\"background\":false,\"service_tier\":\"auto\","
          "\"truncation\":\"auto\",\"metadata\":{\"a\":\"b\"},"
          "\"max_tool_calls\":3,\"prompt_cache_key\":\"k\","
          "\"prompt_cache_retention\":\"24h\",\"safety_identifier\":\"s\","
          "\"prompt_cache_options\":{\"mode\":\"implicit\",\"ttl\":\"30m\"},"
          "\"stream_options\":{\"include_obfuscation\":false},"
          "\"context_management\":[],\"moderation\":null,"
          "\"image\":{\"context_compression\":\"auto\"},"
          "\"client_metadata\":{\"x\":\"y\"}}", "what asks for nothing");

    takes(OLLAMA, "{\"model\":\"m\",\"instructions\":\"You are Codex\","
          "\"input\":[{\"type\":\"message\",\"role\":\"developer\","
          "\"content\":[{\"type\":\"input_text\",\"text\":\"<p>\"}]},"
          "{\"type\":\"message\",\"role\":\"user\",\"content\":["
          "{\"type\":\"input_text\",\"text\":\"fix it\"}]}],"
          "\"tools\":[{\"type\":\"function\",\"name\":\"shell\","
          "\"description\":\"\",\"strict\":false,\"parameters\":{}},"
          "{\"type\":\"custom\",\"name\":\"apply_patch\",\"description\":"
          "\"d\",\"format\":{\"type\":\"grammar\",\"syntax\":\"lark\","
          "\"definition\":\"start: x\"}}],\"tool_choice\":\"auto\","
          "\"parallel_tool_calls\":false,\"reasoning\":{\"effort\":\"medium\","
          "\"summary\":\"auto\"},\"store\":false,\"stream\":true,"
          "\"include\":[\"reasoning.encrypted_content\"],"
          "\"prompt_cache_key\":\"019\",\"text\":{\"verbosity\":\"medium\"},"
          "\"client_metadata\":{}}", "what Codex sends");
}


static void
test_refusals(void)
{
    char        body[1024];
    ngx_uint_t  i;

    /* a member and its value, the field, some of the text */

    static const char  *cases[][3] = {
        { "\"store\":true", "store", "send \"store\": false" },
        { "\"previous_response_id\":\"resp_1\"", "previous_response_id",
          "vendor \"acme\", whose servers speak OpenAI's API: nothing is "
          "kept here" },
        { "\"conversation\":{\"id\":\"c\"}", "conversation", "\"input\"" },
        { "\"prompt\":{\"id\":\"p\"}", "prompt", "templates" },
        { "\"background\":true", "background", "nothing is kept" },
        { "\"moderation\":{\"model\":\"m\"}", "moderation", "/v1/moder" },
        { "\"context_management\":[{\"type\":\"compaction\"}]",
          "context_management", "shorter" },
        { "\"access_programs\":{\"cyber\":\"standard\"}", "access_programs",
          "OpenAI's own" },
        { "\"image\":{\"context_compression\":\"enabled\"}",
          "context_compression", "image.context_compression" },
        { "\"prompt_cache_options\":{\"prewarm\":true}", "prewarm",
          "without an answer" },
        { "\"reasoning\":{\"mode\":\"pro\"}", "mode", "reasoning.mode" },
        { "\"reasoning\":{\"effort\":\"huge\"}", "reasoning.effort",
          "minimal" },
        { "\"reasoning\":{\"other\":1}", "other", "not known" },
        { "\"reasoning\":\"high\"", "reasoning", "must be an object" },
        { "\"truncation\":\"middle\"", "truncation", "\"disabled\"" },
        { "\"include\":[\"a.b\"]", "include", "\"a.b\"" },
        { "\"include\":[1]", "include", "not known" },
        { "\"include\":\"x\"", "include", "an array" },
        { "\"metadata\":{\"a\":1}", "metadata", "strings" },
        { "\"metadata\":[]", "metadata", "an object" },
        { "\"max_output_tokens\":0", "max_output_tokens", "1 or more" },
        { "\"max_output_tokens\":\"9\"", "max_output_tokens", "a number" },
        { "\"temperature\":\"hot\"", "temperature", "a number" },
        { "\"top_logprobs\":true", "top_logprobs", "a number" },
        { "\"stream\":1", "stream", "a boolean" },
        { "\"parallel_tool_calls\":1", "parallel_tool_calls", "a boolean" },
        { "\"user\":7", "user", "a string" },
        { "\"instructions\":[]", "instructions", "a string" },
        { "\"tools\":{}", "tools", "an array" },
        { "\"tool_choice\":7", "tool_choice", "an object" },
        { "\"text\":{\"format\":{\"type\":\"xml\"}}", "text.format",
          "\"xml\"" },
        { "\"text\":{\"format\":{\"type\":\"json_schema\"}}", "text.format",
          "must be an object" },
        { "\"text\":{\"format\":\"json\"}", "format", "an object" },
        { "\"messages\":[{}]", "messages", "/v1/responses has \"input\"" },
        { "\"max_tokens\":5", "max_tokens", "\"max_output_tokens\"" },
        { "\"response_format\":{\"type\":\"text\"}", "response_format",
          "\"text\"" },
        { "\"user\":\"a\",\"user\":\"b\"", "user", "given twice" },
        { "\"tools\":[{\"type\":\"function\",\"name\":\"a\","
          "\"strict\":1}]", "strict", "a boolean" },
        { "\"tools\":[{\"type\":\"custom\",\"name\":\"a\","
          "\"description\":1}]", "description", "a string" },
        { NULL, NULL, NULL }
    };

    for (i = 0; cases[i][0]; i++) {
        (void) snprintf(body, sizeof(body), "{\"input\":\"x\",%s}",
                        cases[i][0]);
        refuses(OPENAI, body, cases[i][1], cases[i][2], cases[i][0]);
    }

    refuses(OLLAMA, "{\"input\":\"x\",\"service_tier\":\"flex\"}",
            "service_tier", "vendor \"acme\", whose servers speak Ollama's "
            "API: it has no such tiers", "tiers of others");
    refuses(OLLAMA, "{}", "input", "is missing", "no input");
    refuses(OLLAMA, "{\"input\":7}", "input", "an array of items",
            "an input of another type");
}


static void
test_items_refused(void)
{
    char        body[1024];
    ngx_uint_t  i;

    static const char  *items[][3] = {
        { "{\"type\":\"item_reference\",\"id\":\"msg_1\"}", "input",
          "send the item itself" },
        { "{\"id\":\"msg_1\"}", "input", "\"item_reference\"" },
        { "{\"type\":\"web_search_call\",\"id\":\"ws_1\"}", "input",
          "\"web_search_call\"" },
        { "{\"type\":\"computer_call_output\"}", "input",
          "\"computer_call_output\"" },
        { "{\"type\":\"compaction\",\"encrypted_content\":\"x\"}", "input",
          "\"compaction\"" },
        { "{\"type\":\"mcp_call\"}", "input", "\"mcp_call\"" },
        { "{\"role\":\"tool\",\"content\":\"x\"}", "input.role", "\"tool\"" },
        { "{\"role\":7,\"content\":\"x\"}", "role", "a string" },
        { "{\"role\":\"user\"}", "input", "no \"content\"" },
        { "{\"role\":\"user\",\"content\":7}", "input", "array of parts" },
        { "{\"type\":\"function_call\",\"name\":\"a\",\"arguments\":\"\"}",
          "input.call_id", "a string" },
        { "{\"type\":\"function_call\",\"call_id\":\"a\",\"arguments\":\"\"}",
          "input.name", "a string" },
        { "{\"type\":\"function_call\",\"call_id\":\"a\",\"name\":\"a\","
          "\"arguments\":{}}", "arguments", "a string" },
        { "{\"type\":\"custom_tool_call\",\"call_id\":\"a\",\"name\":\"a\"}",
          "input.input", "a string" },
        { "{\"type\":\"function_call_output\",\"output\":\"\"}",
          "input.call_id", "a string" },
        { "{\"type\":\"function_call_output\",\"call_id\":\"a\"}", "input",
          "no \"output\"" },
        { "{\"type\":\"reasoning\",\"summary\":\"x\"}", "summary",
          "an array" },
        { "{\"type\":\"reasoning\",\"summary\":[7]}", "input",
          "no \"text\"" },
        { "7", "input", "must be objects" },
        { NULL, NULL, NULL }
    };

    for (i = 0; items[i][0]; i++) {
        (void) snprintf(body, sizeof(body), "{\"input\":[%s]}", items[i][0]);
        refuses(OLLAMA, body, items[i][1], items[i][2], items[i][0]);
    }
}


static void
test_targets(void)
{
    static const char  *body =
        "{\"input\":\"x\",\"safety_identifier\":\"s\","
        "\"prompt_cache_key\":\"k\",\"service_tier\":\"auto\","
        "\"text\":{\"verbosity\":\"low\"},\"metadata\":{\"a\":\"b\"}}";

    (void) ask(OPENAI, body);
    tell_talk();
    told_is("user[text(x)] +safety_identifier +prompt_cache_key "
            "+service_tier +verbosity", "what OpenAI's servers know goes on");
    finish();

    (void) ask(ANTHROPIC, body);
    tell_talk();
    told_is("user[text(x)] user=s", "an end user's id for Anthropic");
    finish();

    (void) ask(ANTHROPIC, "{\"input\":\"x\",\"user\":\"u\","
               "\"safety_identifier\":\"s\"}");
    tell_talk();
    told_is("user[text(x)] user=u", "a user is the end user");
    finish();

    refuses(ANTHROPIC, "{\"input\":\"x\",\"include\":["
            "\"message.output_text.logprobs\"]}", "include", "logprobs",
            "no logprobs of Anthropic");
    takes(OPENAI, "{\"input\":\"x\",\"service_tier\":\"flex\"}",
          "tiers of OpenAI");
}


/* of what clients send much, the time must not grow with its square */

static void
test_many(void)
{
    char        *body, *p;
    ngx_uint_t   i;

    enum { N = 20000 };

    body = malloc(N * 300);
    p = body + sprintf(body, "{\"input\":[");

    for (i = 0; i < N; i++) {
        p += sprintf(p, "%s{\"type\":\"function_call\",\"call_id\":\"c%u\","
                     "\"name\":\"f\",\"arguments\":\"{}\"},"
                     "{\"type\":\"function_call_output\",\"call_id\":\"c%u\","
                     "\"output\":\"x\"},{\"role\":\"assistant\","
                     "\"content\":\"y\"}", i ? "," : "", (unsigned) i,
                     (unsigned) i);
    }

    p += sprintf(p, "],\"tools\":[");

    for (i = 0; i < N; i++) {
        p += sprintf(p, "%s{\"type\":\"function\",\"name\":\"f%u\"}",
                     i ? "," : "", (unsigned) i);
    }

    (void) sprintf(p, "],\"tool_choice\":{\"type\":\"allowed_tools\","
                   "\"mode\":\"auto\",\"tools\":[{\"name\":\"f1\"}]}}");

    ok(ask(OLLAMA, body) == NGX_OK
       && b.talk.messages.nelts == 2 * N + 1
       && b.talk.tools.nelts == 1, "many items and tools");

    finish();
    free(body);

    refuses(OLLAMA, "{\"input\":[{\"type\":\"function_call\","
            "\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1} "
            "x\"},7]}", "input", "must be objects", "the last one is bad");
}
