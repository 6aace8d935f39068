/* unit: src/ngx_http_model_bridge_ollama_write.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Conversations written as requests of Ollama's /api/chat, and what is
 * refused.  They are made by hand: the client is OpenAI's, whose reader is not
 * asked.
 */


#include "bridge_ollama.h"


#define PNG   "iVBORw0KGgoAAAANSUhEUg=="
#define JPEG  "/9j/4AAQSkZJRgABAQAAAQ=="
#define WAV   "UklGRiQAAABXQVZFZm10IBAA"

#define TEXT      NGX_HTTP_MODEL_PART_TEXT
#define IMAGE     NGX_HTTP_MODEL_PART_IMAGE
#define AUDIO     NGX_HTTP_MODEL_PART_AUDIO
#define FILED     NGX_HTTP_MODEL_PART_FILE
#define THINKING  NGX_HTTP_MODEL_PART_THINKING
#define REDACTED  NGX_HTTP_MODEL_PART_REDACTED
#define REFUSAL   NGX_HTTP_MODEL_PART_REFUSAL
#define CALL      NGX_HTTP_MODEL_PART_CALL
#define RESULT    NGX_HTTP_MODEL_PART_RESULT


static ngx_str_t str(const char *s);
static void talk(void);
static ngx_http_model_part_t *part(ngx_array_t *parts, ngx_uint_t type,
    const char *s);
static ngx_array_t *message(ngx_uint_t role);
static void user(const char *s);
static ngx_http_model_tool_t *tool(const char *name);
static void extra(const char *members);
static void written(const char *want, const char *name);
static void thinks(const char *effort, int64_t budget, const char *want);
static void test_written(void);
static void test_tools(void);
static void test_thinking(void);
static void test_history(void);
static void test_refused(void);
static void test_twice(void);


static ngx_str_t
str(const char *s)
{
    ngx_str_t  value;

    value.data = (u_char *) s;
    value.len = s ? strlen(s) : 0;

    return value;
}


static void
talk(void)
{
    begin(&ngx_http_model_bridge_completions, OLLAMA);
}


static ngx_http_model_part_t *
part(ngx_array_t *parts, ngx_uint_t type, const char *s)
{
    ngx_http_model_part_t  *p;

    p = ngx_http_model_talk_part(parts, type);
    p->text = str(s);

    return p;
}


static ngx_array_t *
message(ngx_uint_t role)
{
    return &ngx_http_model_talk_message(&b.talk, role)->parts;
}


static void
user(const char *s)
{
    (void) part(message(NGX_HTTP_MODEL_ROLE_USER), TEXT, s);
}


static ngx_http_model_tool_t *
tool(const char *name)
{
    ngx_http_model_tool_t  *t;

    t = ngx_http_model_talk_tool(&b.talk);
    t->name = str(name);

    return t;
}


static void
extra(const char *members)
{
    ngx_http_model_json_t  *member;

    for (member = parse(members, strlen(members))->child; member;
         member = member->next)
    {
        (void) ngx_http_model_talk_extra(pool, &b.talk.extra, member);
    }
}


static void
written(const char *want, const char *name)
{
    ngx_int_t                      rc;
    ngx_str_t                      got;
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(pool);
    rc = CHAT->write_request(&b, w);

    if (rc != NGX_OK) {
        is(&b.text, want, name);
        return;
    }

    if (ngx_http_model_json_finish(w, &got) != NGX_OK) {
        ok(0, name);
        return;
    }

    same(got.data, got.len, want, name);
}


#define WRITTEN(more)                                                         \
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]"   \
    more "}"


static void
test_written(void)
{
    talk();
    user("a");
    written(WRITTEN(",\"stream\":false"), "the least");

    talk();
    user("a");
    b.talk.stream = 1;
    b.talk.numbers[NGX_HTTP_MODEL_TALK_TEMPERATURE] = str("0.70");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_TOP_P] = str("1");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_TOP_K] = str("40");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_MIN_P] = str("0.1");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_SEED] = str("12345678901234567890");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_PRESENCE] = str("0.5");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_FREQUENCY] = str("-0.5");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_REPEAT] = str("1.1");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_MAX] = str("100");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_TOP_LOGPROBS] = str("2");
    b.talk.logprobs = NGX_HTTP_MODEL_ON;
    *(ngx_str_t *) ngx_array_push(&b.talk.stop) = str("x");
    *(ngx_str_t *) ngx_array_push(&b.talk.stop) = str("\n");
    extra("{\"typical_p\":0.5,\"options\":{\"num_ctx\":8192,\"future\":1},"
          "\"keep_alive\":\"5m\",\"future\":{}}");
    written(WRITTEN(",\"stream\":true,\"logprobs\":true,\"top_logprobs\":2,"
            "\"options\":{\"temperature\":0.70,\"top_p\":1,\"top_k\":40,"
            "\"min_p\":0.1,\"seed\":12345678901234567890,"
            "\"presence_penalty\":0.5,\"frequency_penalty\":-0.5,"
            "\"repeat_penalty\":1.1,\"num_predict\":100,"
            "\"stop\":[\"x\",\"\\n\"],\"typical_p\":0.5,\"num_ctx\":8192,"
            "\"future\":1},\"keep_alive\":\"5m\",\"future\":{}"),
            "options, and what is passed on");

    talk();
    user("a");
    b.talk.format = NGX_HTTP_MODEL_FORMAT_JSON;
    b.talk.think = NGX_HTTP_MODEL_OFF;
    (void) tool("f");
    b.talk.choice = NGX_HTTP_MODEL_CHOICE_NONE;
    b.talk.parallel = NGX_HTTP_MODEL_OFF;
    written(WRITTEN(",\"stream\":false,\"format\":\"json\",\"think\":false"),
            "json, no thinking, no tool");
}


static void
test_tools(void)
{
    ngx_http_model_tool_t  *t;

    talk();
    user("a");
    b.talk.format = NGX_HTTP_MODEL_FORMAT_SCHEMA;
    b.talk.schema = parse("{\"b\":1.0,\"a\":2}", 15);
    b.talk.schema_name = str("n");
    t = tool("f");
    t->description = str("does");
    t->parameters = parse("{\"type\":\"object\"}", 17);
    t->strict = NGX_HTTP_MODEL_ON;
    (void) tool("g");
    written(WRITTEN(",\"stream\":false,\"format\":{\"b\":1.0,\"a\":2},"
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
            "\"description\":\"does\",\"parameters\":{\"type\":\"object\"}}},"
            "{\"type\":\"function\",\"function\":{\"name\":\"g\","
            "\"parameters\":{\"type\":\"object\",\"properties\":{}}}}]"),
            "a schema, tools");

    b.talk.choice = NGX_HTTP_MODEL_CHOICE_NAMED;
    b.talk.chosen = str("g");
    written(WRITTEN(",\"stream\":false,\"format\":{\"b\":1.0,\"a\":2},"
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"g\","
            "\"parameters\":{\"type\":\"object\",\"properties\":{}}}}]"),
            "a tool that is named");
}


static void
thinks(const char *effort, int64_t budget, const char *want)
{
    talk();
    user("a");

    b.talk.think = NGX_HTTP_MODEL_ON;
    b.talk.effort = str(effort);
    b.talk.budget = budget;

    written(want, "thinking");
}


static void
test_thinking(void)
{
    thinks("", -1, WRITTEN(",\"stream\":false,\"think\":true"));
    thinks("minimal", -1, WRITTEN(",\"stream\":false,\"think\":\"low\""));
    thinks("medium", -1, WRITTEN(",\"stream\":false,\"think\":\"medium\""));
    thinks("xhigh", -1, WRITTEN(",\"stream\":false,\"think\":\"max\""));
    thinks("max", 1024, WRITTEN(",\"stream\":false,\"think\":\"max\""));
    thinks("", 1024, WRITTEN(",\"stream\":false,\"think\":\"low\""));
    thinks("", 2048, WRITTEN(",\"stream\":false,\"think\":\"medium\""));
    thinks("", 31999, WRITTEN(",\"stream\":false,\"think\":\"high\""));
}


static void
test_history(void)
{
    ngx_array_t            *parts;
    ngx_http_model_part_t  *p;

    talk();

    (void) part(message(NGX_HTTP_MODEL_ROLE_SYSTEM), TEXT, "s");

    parts = message(NGX_HTTP_MODEL_ROLE_USER);
    (void) part(parts, TEXT, "one");
    p = part(parts, IMAGE, PNG);
    p->media = str("image/png");
    p = part(parts, IMAGE, "");
    p->url = str("data:IMAGE/JPEG;base64," JPEG);
    (void) part(parts, TEXT, "two");
    p = part(parts, AUDIO, WAV);
    p->media = str("audio/wav");
    p = part(parts, FILED, "of a file");
    p->media = str("text/plain");

    parts = message(NGX_HTTP_MODEL_ROLE_ASSISTANT);
    p = part(parts, THINKING, "hm");
    p->signature = str("sig");
    (void) part(parts, REDACTED, "xx");
    (void) part(parts, TEXT, "t");
    (void) part(parts, REFUSAL, "no");
    p = part(parts, CALL, "{\"n\":12345678901234567890,\n\"b\":1.0}");
    p->id = str("c1");
    p->name = str("f");
    p = part(parts, CALL, "");
    p->id = str("c2");
    p->name = str("g");

    parts = message(NGX_HTTP_MODEL_ROLE_TOOL);
    p = part(parts, RESULT, "");
    p->id = str("c2");
    p->error = 1;
    p->parts = ngx_array_create(pool, 1, sizeof(ngx_http_model_part_t));
    (void) part(p->parts, TEXT, "failed");
    (void) part(p->parts, TEXT, "badly");
    (void) part(p->parts, IMAGE, PNG);
    p = part(parts, RESULT, "");
    p->id = str("c1");

    p = part(message(NGX_HTTP_MODEL_ROLE_TOOL), RESULT, "");
    p->id = str("c3");

    (void) message(NGX_HTTP_MODEL_ROLE_USER);

    written("{\"model\":\"m\",\"stream\":false,\"messages\":["
            "{\"role\":\"system\",\"content\":\"s\"},"
            "{\"role\":\"user\",\"content\":\"one\\ntwo\\nof a file\","
            "\"images\":[\"" PNG "\",\"" JPEG "\",\"" WAV "\"]},"
            "{\"role\":\"assistant\",\"content\":\"t\\nno\","
            "\"thinking\":\"hm\",\"tool_calls\":["
            "{\"id\":\"c1\",\"function\":{\"index\":0,\"name\":\"f\","
            "\"arguments\":{\"n\":12345678901234567890,\"b\":1.0}}},"
            "{\"id\":\"c2\",\"function\":{\"index\":1,\"name\":\"g\","
            "\"arguments\":{}}}]},"
            "{\"role\":\"tool\",\"content\":\"Error: failed\\nbadly\","
            "\"tool_name\":\"g\",\"tool_call_id\":\"c2\","
            "\"images\":[\"" PNG "\"]},"
            "{\"role\":\"tool\",\"content\":\"\",\"tool_name\":\"f\","
            "\"tool_call_id\":\"c1\"},"
            "{\"role\":\"tool\",\"content\":\"\",\"tool_call_id\":\"c3\"},"
            "{\"role\":\"user\",\"content\":\"\"}]}", "messages");
}


static void
test_refused(void)
{
    ngx_array_t            *parts;
    ngx_http_model_part_t  *p;

    talk();
    written("there is no message to be answered", "no message");

    talk();
    p = part(message(NGX_HTTP_MODEL_ROLE_USER), IMAGE, "");
    p->url = str("https://example.com/a.png");
    written("images by URL cannot be had from vendor \"acme\", whose servers "
            "speak Ollama's API and fetch nothing; send them as base64",
            "a remote image");

    talk();
    p = part(message(NGX_HTTP_MODEL_ROLE_USER), AUDIO, "ZkxhQw==");
    p->media = str("audio/flac");
    written("audio other than WAV and MP3 cannot be had from vendor \"acme\", "
            "whose servers speak Ollama's API", "audio");

    talk();
    p = part(message(NGX_HTTP_MODEL_ROLE_USER), FILED, "JVBERi0=");
    p->media = str("application/pdf");
    written("files other than of plain text cannot be had from vendor "
            "\"acme\", whose servers speak Ollama's API; send their text",
            "a file");

    talk();
    parts = message(NGX_HTTP_MODEL_ROLE_ASSISTANT);
    p = part(parts, CALL, "{\"cut");
    p->name = str("f");
    written("the arguments of a tool call are not a JSON object, as which "
            "vendor \"acme\", whose servers speak Ollama's API, takes them",
            "arguments that are cut");

    talk();
    user("a");
    (void) tool("f");
    b.talk.choice = NGX_HTTP_MODEL_CHOICE_NAMED;
    b.talk.chosen = str("g");
    written("\"tool_choice\" names a tool that \"tools\" does not have",
            "another tool is named");

    b.talk.choice = NGX_HTTP_MODEL_CHOICE_ANY;
    (void) tool("g");
    written("vendor \"acme\", whose servers speak Ollama's API, cannot be "
            "told to call one of several tools; name the tool in "
            "\"tool_choice\", or use \"auto\"", "any of two tools");
}


static void
test_twice(void)
{
    talk();
    user("a");
    b.talk.numbers[NGX_HTTP_MODEL_TALK_MIN_P] = str("0.1");
    extra("{\"Min_P\":0.2}");
    written("Ollama's option \"min_p\" is asked for in two ways",
            "an option twice");

    talk();
    user("a");
    b.talk.think = NGX_HTTP_MODEL_OFF;
    extra("{\"think\":true}");
    written("Ollama's member \"think\" is none of \"/v1/chat/completions\", "
            "or asked for in two ways", "a member twice");

    talk();
    user("a");
    extra("{\"Messages\":[]}");
    written("Ollama's member \"Messages\" is none of "
            "\"/v1/chat/completions\", or asked for in two ways",
            "other messages");
}


int
main(void)
{
    tap_init();

    if (ngx_crc32_table_init() != NGX_OK) {
        return 1;
    }

    test_written();
    test_tools();
    test_thinking();
    test_history();
    test_refused();
    test_twice();

    end();

    return tap_done();
}
