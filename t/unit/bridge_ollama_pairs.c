/* unit: src/ngx_http_model_bridge.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Whole exchanges between Ollama's dialect and the others: the request that
 * the server gets, and the answer that comes back, as a stream that is cut at
 * every byte, and as a document.
 */


#include "bridge_ollama.h"


#define COMPLETIONS  (&ngx_http_model_bridge_completions)
#define MESSAGES     (&ngx_http_model_bridge_messages)


static ngx_int_t ask(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    const char *body);
static void asked(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    const char *body, const char *want, const char *name);
static void feed(const char *text, size_t len, size_t cut);
static ngx_uint_t holds(ngx_http_model_json_t *got,
    ngx_http_model_json_t *want);
static ngx_uint_t events(const char *want, size_t *at);
static void stream(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    const char *request, const char *text, const char *want,
    const char *name);
static void document(const ngx_http_model_bridge_api_t *client,
    ngx_uint_t to, const char *request, const char *text, const char *want,
    const char *name);
static void test_requests(void);
static void test_requests_back(void);
static void test_from_openai(void);
static void test_from_anthropic(void);
static void test_to_openai(void);
static void test_to_anthropic(void);
static void test_documents(void);


static ngx_int_t
ask(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    const char *body)
{
    ngx_int_t     rc;
    ngx_str_t     text, *piece;
    ngx_uint_t    i;
    ngx_pool_t   *temp;
    ngx_array_t  *pieces;

    begin(client, to);

    text.data = (u_char *) body;
    text.len = strlen(body);

    /* requests are made without */

    temp = b.temp;
    b.temp = NULL;

    rc = ngx_http_model_bridge_request(&b, &text, &pieces);

    b.temp = temp;

    if (rc != NGX_OK) {
        printf("# rc %ld: %.*s\n", (long) rc, (int) b.text.len, b.text.data);
        return rc;
    }

    piece = pieces->elts;

    for (i = 0; i < pieces->nelts; i++) {
        (void) sink(NULL, piece[i].data, piece[i].len);
    }

    return NGX_OK;
}


static void
asked(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    const char *body, const char *want, const char *name)
{
    if (ask(client, to, body) != NGX_OK) {
        is(&b.text, "", name);
        return;
    }

    same(out, out_len, want, name);
}


static void
feed(const char *text, size_t len, size_t cut)
{
    char    *p;
    size_t   n;

    static ngx_str_t  lost = ngx_string("the connection was lost");

    while (len) {
        n = (cut == 0) ? 1 : ngx_min(cut, len);

        p = malloc(n);
        ngx_memcpy(p, text, n);

        (void) ngx_http_model_bridge_feed(&b, (u_char *) p, n);

        free(p);

        text += n;
        len -= n;
        cut = cut ? len : 0;
    }

    (void) ngx_http_model_bridge_close(&b, 502, &lost);
}


/*
 * Frames, each with the end of its framing; of those with "data:" the
 * documents are compared, members that the wanted one does not have may be
 * there.
 */

static ngx_uint_t
holds(ngx_http_model_json_t *got, ngx_http_model_json_t *want)
{
    ngx_http_model_json_t  *m, *g;

    if (got == NULL || want == NULL || got->type != want->type) {
        return 0;
    }

    if (want->type == NGX_HTTP_MODEL_JSON_OBJECT) {

        for (m = want->child; m; m = m->next) {
            g = got->child;

            while (g && (g->key.len != m->key.len
                         || ngx_memcmp(g->key.data, m->key.data, m->key.len)
                            != 0))
            {
                g = g->next;
            }

            if (!holds(g, m)) {
                return 0;
            }
        }

        return 1;
    }

    if (want->type == NGX_HTTP_MODEL_JSON_ARRAY) {

        g = got->child;

        for (m = want->child; m; m = m->next) {
            if (!holds(g, m)) {
                return 0;
            }

            g = g->next;
        }

        return g == NULL;
    }

    return equal(got, want);
}


static ngx_uint_t
events(const char *want, size_t *at)
{
    size_t       n, m;
    u_char      *p, *last, *nl;
    const char  *wl;

    p = out;
    last = out + out_len;

    for ( ;; ) {
        *at = p - out;

        if (p == last || *want == '\0') {
            return p == last && *want == '\0';
        }

        nl = ngx_strlchr(p, last, '\n');
        wl = strchr(want, '\n');

        if (nl == NULL || wl == NULL) {
            return 0;
        }

        n = nl - p;
        m = wl - want;

        if (n > 6 && m > 6
            && p[0] == 'd' && want[0] == 'd' && want[6] == '{')
        {
            if (!holds(parse((char *) p + 6, n - 6), parse(want + 6, m - 6))) {
                return 0;
            }

        } else if (n > 0 && m > 0 && p[0] == '{' && want[0] == '{') {
            if (!holds(parse((char *) p, n), parse(want, m))) {
                return 0;
            }

        } else if (n != m || ngx_memcmp(p, want, n) != 0) {
            return 0;
        }

        p = nl + 1;
        want = wl + 1;
    }
}


static void
stream(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    const char *request, const char *text, const char *want, const char *name)
{
    size_t      i, len, at;
    ngx_uint_t  good;

    len = strlen(text);
    good = 1;

    for (i = 0; i <= len && good; i++) {

        if (ask(client, to, request) != NGX_OK) {
            good = 0;
            break;
        }

        out_len = 0;
        feed(text, len, i ? i : len);

        if (!events(want, &at)) {
            printf("# cut at %lu\n%.*s\n# from\n%.*s\n", (unsigned long) i,
                   (int) out_len, out, (int) (out_len - at), out + at);
            good = 0;
        }
    }

    ok(good, name);
}


static void
document(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    const char *request, const char *text, const char *want, const char *name)
{
    ngx_str_t   body, got;
    ngx_uint_t  good;

    body.data = (u_char *) text;
    body.len = strlen(text);

    ngx_str_null(&got);

    good = ask(client, to, request) == NGX_OK
           && ngx_http_model_bridge_answer(&b, &body, &got) == NGX_OK
           && holds(parse((char *) got.data, got.len),
                    parse(want, strlen(want)));

    ok(good, name);

    if (!good) {
        printf("# %.*s\n# %.*s\n", (int) got.len, got.data, (int) b.text.len,
               b.text.data);
    }
}


#define HISTORY                                                               \
    "\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"                  \
    "{\"role\":\"user\",\"content\":\"a\"},"                                  \
    "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["               \
    "{\"function\":{\"name\":\"f\",\"arguments\":"                            \
    "{\"n\":12345678901234567890,\"f\":1.0,\"u\":\"\\u00e9\"}}},"             \
    "{\"function\":{\"name\":\"g\",\"arguments\":{}}}]},"                     \
    "{\"role\":\"tool\",\"content\":\"1\",\"tool_name\":\"g\"},"              \
    "{\"role\":\"tool\",\"content\":\"2\",\"tool_name\":\"f\"}]"

#define PARAMETERS  "{\"type\":\"object\",\"properties\":{}}"


static void
test_requests(void)
{
    asked(CHAT, OPENAI,
          "{\"model\":\"acme:m\"," HISTORY ",\"stream\":false,"
          "\"options\":{\"temperature\":0.5,\"num_predict\":10,"
          "\"stop\":[\"x\"],\"num_ctx\":4096},\"tools\":[{\"type\":"
          "\"function\",\"function\":{\"name\":\"f\",\"parameters\":"
          PARAMETERS "}}]}",
          "{\"model\":\"m\",\"stream\":false,\"temperature\":0.5,"
          "\"max_tokens\":10,\"stop\":[\"x\"],\"messages\":["
          "{\"role\":\"system\",\"content\":\"s\"},"
          "{\"role\":\"user\",\"content\":\"a\"},"
          "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
          "{\"id\":\"call_2_0\",\"type\":\"function\",\"function\":"
          "{\"name\":\"f\",\"arguments\":\"{\\\"n\\\":12345678901234567890,"
          "\\\"f\\\":1.0,\\\"u\\\":\\\"\xc3\xa9\\\"}\"}},"
          "{\"id\":\"call_2_1\",\"type\":\"function\",\"function\":"
          "{\"name\":\"g\",\"arguments\":\"{}\"}}]},"
          "{\"role\":\"tool\",\"tool_call_id\":\"call_2_1\","
          "\"content\":\"1\"},"
          "{\"role\":\"tool\",\"tool_call_id\":\"call_2_0\","
          "\"content\":\"2\"}],\"tools\":[{\"type\":\"function\","
          "\"function\":{\"name\":\"f\",\"parameters\":" PARAMETERS "}}]}",
          "chat to OpenAI");

    asked(CHAT, ANTHROPIC,
          "{\"model\":\"acme:m\"," HISTORY ",\"options\":{\"seed\":1,"
          "\"num_predict\":10}}",
          "{\"model\":\"m\",\"stream\":true,\"max_tokens\":10,"
          "\"system\":\"s\",\"messages\":["
          "{\"role\":\"user\",\"content\":\"a\"},"
          "{\"role\":\"assistant\",\"content\":["
          "{\"type\":\"tool_use\",\"id\":\"call_2_0\",\"name\":\"f\","
          "\"input\":{\"n\":12345678901234567890,\"f\":1.0,"
          "\"u\":\"\xc3\xa9\"}},"
          "{\"type\":\"tool_use\",\"id\":\"call_2_1\",\"name\":\"g\","
          "\"input\":{}}]},"
          "{\"role\":\"user\",\"content\":["
          "{\"type\":\"tool_result\",\"tool_use_id\":\"call_2_1\","
          "\"content\":\"1\"},"
          "{\"type\":\"tool_result\",\"tool_use_id\":\"call_2_0\","
          "\"content\":\"2\"}]}]}",
          "chat to Anthropic");

    asked(GENERATE, OPENAI,
          "{\"model\":\"acme:m\",\"prompt\":\"a\",\"suffix\":\"z\","
          "\"stream\":false,\"options\":{\"num_predict\":10}}",
          "{\"model\":\"m\",\"prompt\":\"a\",\"suffix\":\"z\","
          "\"max_tokens\":10,\"stream\":false}", "generate as a completion");
}


static void
test_requests_back(void)
{
    asked(COMPLETIONS, OLLAMA,
          "{\"model\":\"acme:m\",\"messages\":["
          "{\"role\":\"developer\",\"content\":\"s\"},"
          "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
          "\"a\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
          "\"data:image/png;base64,iVBORw0KGgo=\"}}]},"
          "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
          "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"arguments\":\"{\\\"n\\\":1.0}\"}},"
          "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"g\","
          "\"arguments\":\"\"}}]},"
          "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"1\"},"
          "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":["
          "{\"type\":\"text\",\"text\":\"2\"}]}],"
          "\"max_completion_tokens\":10,\"stop\":\"x\","
          "\"reasoning_effort\":\"minimal\","
          "\"parallel_tool_calls\":false,\"tool_choice\":\"auto\","
          "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],"
          "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
          "{\"name\":\"n\",\"schema\":{\"type\":\"object\"}}}}",
          "{\"model\":\"m\",\"stream\":false,\"think\":\"low\","
          "\"format\":{\"type\":\"object\"},\"messages\":["
          "{\"role\":\"system\",\"content\":\"s\"},"
          "{\"role\":\"user\",\"content\":\"a\","
          "\"images\":[\"iVBORw0KGgo=\"]},"
          "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
          "{\"id\":\"c1\",\"function\":{\"index\":0,\"name\":\"f\","
          "\"arguments\":{\"n\":1.0}}},"
          "{\"id\":\"c2\",\"function\":{\"index\":1,\"name\":\"g\","
          "\"arguments\":{}}}]},"
          "{\"role\":\"tool\",\"content\":\"1\",\"tool_name\":\"f\","
          "\"tool_call_id\":\"c1\"},"
          "{\"role\":\"tool\",\"content\":\"2\",\"tool_name\":\"g\","
          "\"tool_call_id\":\"c2\"}],"
          "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"parameters\":" PARAMETERS "}}],"
          "\"options\":{\"num_predict\":10,\"stop\":[\"x\"]}}",
          "OpenAI's to chat");

    asked(MESSAGES, OLLAMA,
          "{\"model\":\"acme:m\",\"max_tokens\":10,\"system\":[{\"type\":"
          "\"text\",\"text\":\"s\"}],\"stream\":true,"
          "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048},"
          "\"messages\":["
          "{\"role\":\"user\",\"content\":\"a\"},"
          "{\"role\":\"assistant\",\"content\":["
          "{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"x\"},"
          "{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"f\","
          "\"input\":{\"n\":1.0}}]},"
          "{\"role\":\"user\",\"content\":["
          "{\"type\":\"tool_result\",\"tool_use_id\":\"c1\","
          "\"is_error\":true,\"content\":[{\"type\":\"text\",\"text\":"
          "\"no\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\","
          "\"media_type\":\"image/png\",\"data\":\"iVBORw0KGgo=\"}}]},"
          "{\"type\":\"text\",\"text\":\"b\"}]}]}",
          "{\"model\":\"m\",\"stream\":true,\"think\":\"medium\","
          "\"messages\":["
          "{\"role\":\"system\",\"content\":\"s\"},"
          "{\"role\":\"user\",\"content\":\"a\"},"
          "{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hm\","
          "\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"index\":0,"
          "\"name\":\"f\",\"arguments\":{\"n\":1.0}}}]},"
          "{\"role\":\"tool\",\"content\":\"Error: no\","
          "\"images\":[\"iVBORw0KGgo=\"],\"tool_name\":\"f\","
          "\"tool_call_id\":\"c1\"},"
          "{\"role\":\"user\",\"content\":\"b\"}],"
          "\"options\":{\"num_predict\":10}}",
          "Anthropic's to chat");
}


#define HI          "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
#define ASK_CHAT    "{\"model\":\"acme:m\"," HI "}"
#define ASK_OPENAI                                                            \
    "{\"model\":\"acme:m\"," HI ",\"stream\":true,"                           \
    "\"stream_options\":{\"include_usage\":true}}"
#define ASK_ANTHROPIC                                                         \
    "{\"model\":\"acme:m\"," HI ",\"stream\":true,\"max_tokens\":10}"

#define OA(choice)                                                            \
    "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1," \
    "\"model\":\"m\",\"choices\":[" choice "]}\n\n"
#define DELTA(delta)                                                          \
    OA("{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}")
#define FINISH(reason)                                                        \
    OA("{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}")
#define USED                                                                  \
    "data: {\"id\":\"x\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,"      \
    "\"completion_tokens\":2,\"total_tokens\":11}}\n\n"
#define OVER    "data: [DONE]\n\n"

#define SAYS(message)                                                         \
    "{\"model\":\"acme:m\",\"message\":{\"role\":\"assistant\"," message      \
    "},\"done\":false}\n"
#define DONE                                                                  \
    "{\"model\":\"acme:m\",\"message\":{\"role\":\"assistant\","              \
    "\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\","               \
    "\"prompt_eval_count\":9,\"eval_count\":2}\n"


static void
test_from_openai(void)
{
    stream(CHAT, OPENAI, ASK_CHAT,
           DELTA("{\"role\":\"assistant\",\"content\":\"\"}")
           DELTA("{\"content\":\"Hel\"}") DELTA("{\"content\":\"lo\"}")
           FINISH("stop") USED OVER,
           SAYS("\"content\":\"Hel\"") SAYS("\"content\":\"lo\"") DONE,
           "OpenAI's text");

    stream(CHAT, OPENAI, ASK_CHAT,
           DELTA("{\"reasoning_content\":\"hm\"}")
           DELTA("{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":"
                 "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
                 "\"\"}}]}")
           DELTA("{\"tool_calls\":[{\"index\":0,\"function\":"
                 "{\"arguments\":\"{\\\"n\\\":\"}}]}")
           DELTA("{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"type\":"
                 "\"function\",\"function\":{\"name\":\"g\",\"arguments\":"
                 "\"{\"}}]}")
           DELTA("{\"tool_calls\":[{\"index\":0,\"function\":"
                 "{\"arguments\":\"1.0}\"}},{\"index\":1,\"function\":"
                 "{\"arguments\":\"}\"}}]}")
           FINISH("stop") USED OVER,
           SAYS("\"content\":\"\",\"thinking\":\"hm\"")
           SAYS("\"content\":\"\",\"tool_calls\":[{\"id\":\"a\","
                "\"function\":{\"index\":0,\"name\":\"f\",\"arguments\":"
                "{\"n\":1.0}}}]")
           SAYS("\"content\":\"\",\"tool_calls\":[{\"id\":\"b\","
                "\"function\":{\"index\":1,\"name\":\"g\",\"arguments\":"
                "{}}}]") DONE,
           "OpenAI's calls, one in the other");

    stream(CHAT, OPENAI, ASK_CHAT,
           DELTA("{\"content\":\"a\"}")
           "data: {\"error\":{\"message\":\"it broke\",\"type\":\"x\"}}\n\n"
           OVER,
           SAYS("\"content\":\"a\"") "{\"error\":\"it broke\"}\n",
           "OpenAI's error");

    stream(CHAT, OPENAI, ASK_CHAT, DELTA("{\"content\":\"a\"}"),
           SAYS("\"content\":\"a\"")
           "{\"error\":\"the connection was lost\"}\n",
           "OpenAI's stream, cut");
}


#define AN(type, more)                                                        \
    "event: " type "\ndata: {\"type\":\"" type "\"" more "}\n\n"

#define AN_START                                                              \
    AN("message_start", ",\"message\":{\"id\":\"msg_1\","                    \
       "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\","         \
       "\"content\":[],"                                                      \
       "\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}")
#define AN_STOP                                                               \
    AN("message_delta", ",\"delta\":{\"stop_reason\":\"tool_use\"},"          \
       "\"usage\":{\"output_tokens\":2}")                                     \
    AN("message_stop", "")


static void
test_from_anthropic(void)
{
    stream(CHAT, ANTHROPIC, ASK_CHAT,
           AN_START
           AN("content_block_start", ",\"index\":0,\"content_block\":"
              "{\"type\":\"thinking\",\"thinking\":\"\"}")
           AN("content_block_delta", ",\"index\":0,\"delta\":{\"type\":"
              "\"thinking_delta\",\"thinking\":\"hm\"}")
           AN("content_block_delta", ",\"index\":0,\"delta\":{\"type\":"
              "\"signature_delta\",\"signature\":\"x\"}")
           AN("content_block_stop", ",\"index\":0")
           AN("ping", "")
           AN("content_block_start", ",\"index\":1,\"content_block\":"
              "{\"type\":\"text\",\"text\":\"\"}")
           AN("content_block_delta", ",\"index\":1,\"delta\":{\"type\":"
              "\"text_delta\",\"text\":\"a\"}")
           AN("content_block_stop", ",\"index\":1")
           AN("content_block_start", ",\"index\":2,\"content_block\":"
              "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"f\","
              "\"input\":{}}")
           AN("content_block_delta", ",\"index\":2,\"delta\":{\"type\":"
              "\"input_json_delta\",\"partial_json\":\"{\\\"n\\\":\"}")
           AN("content_block_delta", ",\"index\":2,\"delta\":{\"type\":"
              "\"input_json_delta\",\"partial_json\":\"1.0}\"}")
           AN("content_block_stop", ",\"index\":2")
           AN_STOP,
           SAYS("\"content\":\"\",\"thinking\":\"hm\"")
           SAYS("\"content\":\"a\"")
           SAYS("\"content\":\"\",\"tool_calls\":[{\"id\":\"toolu_1\","
                "\"function\":{\"index\":0,\"name\":\"f\",\"arguments\":"
                "{\"n\":1.0}}}]") DONE,
           "Anthropic's blocks");

    stream(CHAT, ANTHROPIC, ASK_CHAT,
           AN_START
           AN("error", ",\"error\":{\"type\":\"overloaded_error\","
              "\"message\":\"Overloaded\"}"),
           "{\"error\":\"Overloaded\"}\n", "Anthropic's error");
}


/* of a server */

#define SENT(message)                                                         \
    "{\"model\":\"m\",\"created_at\":\"2026-08-20T12:00:00Z\",\"message\":"   \
    "{\"role\":\"assistant\"," message "},\"done\":false}\n"
#define SENT_LAST                                                             \
    "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"}," \
    "\"done\":true,\"done_reason\":\"stop\",\"total_duration\":5,"            \
    "\"prompt_eval_count\":9,\"eval_count\":2}\n"
#define CALLED(name)                                                          \
    SENT("\"content\":\"\",\"tool_calls\":[{\"function\":{\"index\":0,"       \
         "\"name\":\"" name "\",\"arguments\":{\"n\":1.0}}}]")


/* of ours, whose ids are made of the nonce */

#define GOT(choice)                                                           \
    "data: {\"id\":\"chatcmpl-0123456789abcdef01234567\","                    \
    "\"object\":\"chat.completion.chunk\",\"model\":\"acme:m\","              \
    "\"choices\":[" choice "]}\n\n"
#define CHUNK(delta)                                                          \
    GOT("{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}")
#define CHUNK_LAST(reason)                                                    \
    GOT("{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}")
#define CHUNK_USED                                                            \
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,"                   \
    "\"completion_tokens\":2,\"total_tokens\":11}}\n\n"


static void
test_to_openai(void)
{
    stream(COMPLETIONS, OLLAMA, ASK_OPENAI,
           CALLED("f") CALLED("g") SENT_LAST,
           CHUNK("{\"role\":\"assistant\"}")
           CHUNK("{\"tool_calls\":[{\"index\":0,\"type\":\"function\","
                 "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}")
           CHUNK("{\"tool_calls\":[{\"index\":0,\"function\":"
                 "{\"arguments\":\"{\\\"n\\\":1.0}\"}}]}")
           CHUNK("{\"tool_calls\":[{\"index\":1,\"type\":\"function\","
                 "\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]}")
           CHUNK("{\"tool_calls\":[{\"index\":1,\"function\":"
                 "{\"arguments\":\"{\\\"n\\\":1.0}\"}}]}")
           CHUNK_LAST("tool_calls") CHUNK_USED OVER,
           "calls to OpenAI's client");

    stream(COMPLETIONS, OLLAMA, ASK_OPENAI,
           SENT("\"content\":\"a\"") "{\"error\":\"it broke\"}\n",
           CHUNK("{\"role\":\"assistant\"}") CHUNK("{\"content\":\"a\"}")
           "data: {\"error\":{\"message\":\"it broke\"}}\n\n" OVER,
           "an error to OpenAI's client");
}


static void
test_to_anthropic(void)
{
    stream(MESSAGES, OLLAMA, ASK_ANTHROPIC,
           SENT("\"content\":\"\",\"thinking\":\"hm\"")
           SENT("\"content\":\"a\"") CALLED("f") SENT_LAST,
           AN("message_start", ",\"message\":{\"role\":\"assistant\"}")
           AN("content_block_start", ",\"index\":0,\"content_block\":"
              "{\"type\":\"thinking\"}")
           AN("content_block_delta", ",\"index\":0,\"delta\":{\"type\":"
              "\"thinking_delta\",\"thinking\":\"hm\"}")
           AN("content_block_stop", ",\"index\":0")
           AN("content_block_start", ",\"index\":1,\"content_block\":"
              "{\"type\":\"text\"}")
           AN("content_block_delta", ",\"index\":1,\"delta\":{\"type\":"
              "\"text_delta\",\"text\":\"a\"}")
           AN("content_block_stop", ",\"index\":1")
           AN("content_block_start", ",\"index\":2,\"content_block\":"
              "{\"type\":\"tool_use\",\"name\":\"f\",\"input\":{}}")
           AN("content_block_delta", ",\"index\":2,\"delta\":{\"type\":"
              "\"input_json_delta\",\"partial_json\":\"{\\\"n\\\":1.0}\"}")
           AN("content_block_stop", ",\"index\":2")
           AN("message_delta", ",\"delta\":{\"stop_reason\":\"tool_use\"},"
              "\"usage\":{\"output_tokens\":2}")
           AN("message_stop", ""), "blocks to Anthropic's client");
}


static void
test_documents(void)
{
    document(CHAT, OPENAI, ASK_CHAT,
             "{\"id\":\"x\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
             "\"assistant\",\"content\":null,\"reasoning\":\"hm\","
             "\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\","
             "\"function\":{\"name\":\"f\",\"arguments\":"
             "\"{\\\"n\\\":1.0}\"}}]},\"finish_reason\":\"stop\"}],"
             "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}",
             "{\"model\":\"acme:m\",\"message\":{\"role\":\"assistant\","
             "\"content\":\"\",\"thinking\":\"hm\",\"tool_calls\":["
             "{\"id\":\"a\",\"function\":{\"index\":0,\"name\":\"f\","
             "\"arguments\":{\"n\":1.0}}}]},\"done\":true,"
             "\"done_reason\":\"stop\",\"prompt_eval_count\":9,"
             "\"eval_count\":2}", "OpenAI's document");

    document(GENERATE, ANTHROPIC, "{\"model\":\"acme:m\",\"prompt\":\"a\"}",
             "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
             "\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":"
             "\"a\"},{\"type\":\"text\",\"text\":\"b\"}],"
             "\"stop_reason\":\"max_tokens\",\"stop_sequence\":null,"
             "\"usage\":{\"input_tokens\":4,\"cache_read_input_tokens\":5,"
             "\"output_tokens\":2}}",
             "{\"model\":\"acme:m\",\"response\":\"ab\",\"done\":true,"
             "\"done_reason\":\"length\",\"prompt_eval_count\":9,"
             "\"eval_count\":2}", "Anthropic's document");

    document(GENERATE, OPENAI, "{\"model\":\"acme:m\",\"prompt\":\"a\","
             "\"raw\":true}",
             "{\"object\":\"text_completion\",\"choices\":[{\"index\":0,"
             "\"text\":\"b\",\"finish_reason\":\"length\"}],"
             "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}",
             "{\"model\":\"acme:m\",\"response\":\"b\",\"done\":true,"
             "\"done_reason\":\"length\",\"prompt_eval_count\":9,"
             "\"eval_count\":2}", "OpenAI's completion");

    document(COMPLETIONS, OLLAMA, "{\"model\":\"acme:m\"," HI "}",
             SENT_LAST,
             "{\"object\":\"chat.completion\",\"model\":\"acme:m\","
             "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}],"
             "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,"
             "\"total_tokens\":11}}", "Ollama's document, for OpenAI's");
}


int
main(void)
{
    tap_init();

    if (ngx_crc32_table_init() != NGX_OK) {
        return 1;
    }

    test_requests();
    test_requests_back();
    test_from_openai();
    test_from_anthropic();
    test_to_openai();
    test_to_anthropic();
    test_documents();

    end();

    return tap_done();
}
