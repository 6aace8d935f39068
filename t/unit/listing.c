/* unit: src/ngx_http_model_listing_openai.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What the gateway answers in OpenAI's, Anthropic's and LM Studio's shape,
 * its version, the tag of a document.
 */


#include "listing.h"


static void openai(void);
static void test_empty(void);
static void test_order(void);
static void test_openai(void);
static void test_model(void);
static void test_anthropic(void);
static void test_pages(void);
static void test_lmstudio(void);
static void test_version(void);
static void test_etag(void);
static void test_strings(void);


int
main(void)
{
    tap_init();

    test_empty();
    test_order();
    test_openai();
    test_model();
    test_anthropic();
    test_pages();
    test_lmstudio();
    test_version();
    test_etag();
    test_strings();

    return tap_done();
}


static void
openai(void)
{
    read_document(ngx_http_model_listing_openai(&scope, pool, &bytes),
                  "models");
}


static void
test_empty(void)
{
    ngx_str_t  none = ngx_null_string;

    begin();
    (void) vendor("acme", OLLAMA);
    look();

    (void) ngx_http_model_listing_tags(&scope, pool, &bytes);
    is(&bytes, "{\"models\":[]}", "tags of nothing");

    (void) ngx_http_model_listing_openai(&scope, pool, &bytes);
    is(&bytes, "{\"object\":\"list\",\"data\":[]}", "models of nothing");

    (void) ngx_http_model_listing_anthropic(&scope, 0, &none, &none, pool,
                                            &bytes);
    is(&bytes, "{\"data\":[],\"has_more\":false,\"first_id\":null,"
               "\"last_id\":null}", "Anthropic's of nothing");

    (void) ngx_http_model_listing_lmstudio(&scope, pool, &bytes);
    is(&bytes, "{\"models\":[]}", "LM Studio's of nothing");

    (void) ngx_http_model_listing_ps(&scope, pool, &bytes);
    is(&bytes, "{\"models\":[]}", "nothing loaded");

    (void) ngx_http_model_listing_version(&scope, pool, &bytes);
    is(&bytes, "{\"version\":\"0.6.4\"}", "version of nothing");

    end();
}


/* rank, one of each listed name, the key's patterns, the location's vendors */

static void
test_order(void)
{
    ngx_array_t               patterns;
    ngx_http_model_vendor_t  *one, *two, **p;

    begin();

    one = vendor("one", OLLAMA);
    two = vendor("two", OPENAI);
    one->prefix = 0;
    two->prefix = 0;

    (void) declare(one, "same");
    (void) declare(one, "a");
    (void) declare(two, "same");
    (void) declare(two, "b");

    look();

    openai();
    names("data", "id", "same a b ");
    names("data", "owned_by", "one one two ");

    (void) ngx_array_init(&patterns, pool, 2, sizeof(ngx_str_t));
    *(ngx_str_t *) ngx_array_push(&patterns) = text("s*");
    scope.patterns = &patterns;

    openai();
    names("data", "id", "same ");

    scope.patterns = NULL;
    scope.vendors = ngx_array_create(pool, 1, sizeof(void *));
    p = ngx_array_push(scope.vendors);
    *p = two;

    openai();
    names("data", "id", "same b ");
    names("data", "owned_by", "two two ");

    end();
}


static void
test_openai(void)
{
    fixture();
    openai();

    want("object", "\"list\"");
    names("data", "id", "acme:llama3:latest acme:nomic-embed-text:latest "
          "cloud:gpt-4o cloud:meta/llama-3-8b ");
    names("data", "object", "model model model model ");
    names("data", "owned_by", "acme acme cloud cloud ");

    want("data.0.name", "\"Llama 3\"");
    want("data.0.created", "1787213472");
    want("data.0.context_length", "131072");
    want("data.0.max_output_tokens", "8192");
    want("data.0.pricing", NULL);
    want("data.0.capabilities", "[\"completion\",\"tools\"]");
    want("data.0.description", "\"8.0B model (Q4_0) - gguf\"");

    want("data.1.created", "0");
    want("data.1.capabilities", "[\"embedding\"]");

    want("data.2.context_length", "4096");
    want("data.2.max_output_tokens", "4096");

    want("data.3.name", "\"Meta: Llama 3 8B\"");
    want("data.3.max_output_tokens", "2048");
    want("data.3.pricing", "{\"prompt\":\"0.0000025\","
         "\"completion\":\"0.00001\"}");

    end();
}


static void
test_model(void)
{
    ngx_http_model_vendor_t    *v;
    ngx_http_model_declared_t  *d;

    fixture();

    read_document(ngx_http_model_listing_model(model("acme:llama3:latest"), 0,
                                               pool, &bytes), "a model");

    want("id", "\"acme:llama3:latest\"");
    want("family", "\"llama\"");
    want("architecture", "\"llama\"");
    want("parameter_size", "\"8.0B\"");
    want("quantization", "\"Q4_0\"");
    want("format", "\"gguf\"");
    want("digest", "\"" DIGEST "\"");
    want("size", "4661224676");
    want("modified_at", "\"2026-08-20T10:11:12.123456789+02:00\"");
    want("function_calling", "true");
    want("vision", "false");
    want("interfaces", "[\"/api/chat\",\"/api/generate\","
         "\"/v1/chat/completions\",\"/v1/completions\",\"/v1/messages\","
         "\"/v1/responses\"]");
    want("vendor", "{\"id\":\"acme\",\"label\":\"A <label>\","
         "\"hosting\":\"local\"}");
    want("servers", "1");
    want("pricing_per_million", "{}");
    want("parameters", "{\"temperature\":0.7,"
         "\"stop\":[\"<|eot|>\",\"<|end|>\"]}");
    want("supported_parameters", NULL);

    read_document(ngx_http_model_listing_model(
                      model("acme:nomic-embed-text:latest"), 0, pool, &bytes),
                  "an embedder");
    want("interfaces", "[\"/api/embed\",\"/v1/embeddings\"]");
    want("parameters", "{}");

    read_document(ngx_http_model_listing_model(model("cloud:meta/llama-3-8b"),
                                               0, pool, &bytes), "a remote");
    want("interfaces", "[\"/api/chat\",\"/api/generate\","
         "\"/v1/chat/completions\",\"/v1/completions\",\"/v1/messages\","
         "\"/v1/responses\"]");
    want("vendor.hosting", "\"cloud\"");
    want("pricing_per_million", "{\"input\":\"2.5\",\"output\":\"10\"}");
    want("supported_parameters", "[\"tools\",\"top_k\"]");

    end();

    begin();

    v = vendor("acme", ANTHROPIC);
    d = declare(v, "claude-x");
    d->prices[NGX_HTTP_MODEL_PRICE_INPUT] = text("3.00");
    d->prices[NGX_HTTP_MODEL_PRICE_CACHED] = text("0.30");
    d->prices[NGX_HTTP_MODEL_PRICE_CACHE_WRITE] = text("3.75");

    look();

    read_document(ngx_http_model_listing_model(model("acme:claude-x"), 0, pool,
                                               &bytes), "a declared one");
    want("interfaces", "[\"/api/chat\",\"/api/generate\","
         "\"/v1/chat/completions\",\"/v1/messages\",\"/v1/responses\"]");
    want("pricing", "{\"prompt\":\"0.000003\","
         "\"input_cache_read\":\"0.0000003\","
         "\"input_cache_write\":\"0.00000375\"}");
    want("pricing_per_million", "{\"input\":\"3.00\",\"cached\":\"0.30\","
         "\"cache_write\":\"3.75\"}");
    want("servers", "0");

    end();
}


static void
test_anthropic(void)
{
    ngx_str_t                   none = ngx_null_string;
    ngx_http_model_vendor_t    *v;
    ngx_http_model_declared_t  *d;

    begin();

    v = vendor("acme", ANTHROPIC);
    d = declare(v, "claude-9");
    d->label = text("Claude Nine");
    d->output = 64000;

    server("acme", "a:443", UP, "", "{\"models\":[{\"name\":\"claude-1\","
           "\"entry\":{\"type\":\"model\",\"id\":\"claude-1\","
           "\"display_name\":\"Claude One\","
           "\"created_at\":\"2025-05-22T00:00:00Z\","
           "\"max_input_tokens\":200000,\"max_tokens\":8192,"
           "\"capabilities\":{\"thinking\":{\"supported\":true}}}}]}", "");
    look();

    read_document(ngx_http_model_listing_anthropic(&scope, 0, &none, &none,
                                                   pool, &bytes), "page");

    want("data.0", "{\"type\":\"model\",\"id\":\"acme:claude-1\","
         "\"display_name\":\"Claude One\","
         "\"created_at\":\"2025-05-22T00:00:00Z\","
         "\"max_input_tokens\":200000,\"max_tokens\":8192,"
         "\"capabilities\":{\"thinking\":{\"supported\":true}}}");
    want("data.1", "{\"type\":\"model\",\"id\":\"acme:claude-9\","
         "\"display_name\":\"Claude Nine\","
         "\"created_at\":\"1970-01-01T00:00:00Z\","
         "\"max_input_tokens\":null,\"max_tokens\":64000,"
         "\"capabilities\":null}");
    want("has_more", "false");
    want("first_id", "\"acme:claude-1\"");
    want("last_id", "\"acme:claude-9\"");

    read_document(ngx_http_model_listing_model(model("acme:claude-9"), 1, pool,
                                               &bytes), "one model");
    want("type", "\"model\"");
    want("display_name", "\"Claude Nine\"");

    end();
}


static void
test_pages(void)
{
    u_char                   *name;
    ngx_str_t                 after, before;
    ngx_uint_t                i;
    ngx_http_model_vendor_t  *v;

    static const struct {
        ngx_uint_t    limit;
        const char   *after;
        const char   *before;
        const char   *ids;
        const char   *more;
    } pages[] = {
        { 2, "", "", "m00 m01 ", "true" },
        { 2, "m01", "", "m02 m03 ", "true" },
        { 30, "m22", "", "m23 m24 ", "false" },
        { 2, "m22", "", "m23 m24 ", "false" },
        { 1, "m23", "", "m24 ", "false" },
        { 2, "m24", "", "", "false" },
        { 2, "zzz", "", "", "false" },
        { 2, "", "m03", "m01 m02 ", "true" },
        { 2, "", "m02", "m00 m01 ", "false" },
        { 2, "", "m00", "", "false" },
        { 2, "", "zzz", "", "false" },
        { 9, "m01", "m04", "m02 m03 ", "false" },
        { 1, "m01", "m04", "m02 ", "true" },
        { 9, "m04", "m01", "", "false" },
        { 3, "m21", "", "m22 m23 m24 ", "false" }
    };

    begin();

    v = vendor("acme", ANTHROPIC);
    v->prefix = 0;

    for (i = 0; i < 25; i++) {
        name = ngx_pnalloc(pool, 4);
        (void) ngx_sprintf(name, "m%02ui%Z", i);
        (void) declare(v, (char *) name);
    }

    look();

    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        after = text(pages[i].after);
        before = text(pages[i].before);

        read_document(ngx_http_model_listing_anthropic(&scope, pages[i].limit,
                                                       &after, &before, pool,
                                                       &bytes), "page");
        names("data", "id", pages[i].ids);
        want("has_more", pages[i].more);
    }

    after = text("");

    read_document(ngx_http_model_listing_anthropic(&scope, 0, &after, &after,
                                                   pool, &bytes), "default");
    want("data.19.id", "\"m19\"");
    want("data.20", NULL);
    want("first_id", "\"m00\"");
    want("last_id", "\"m19\"");

    end();
}


static void
test_lmstudio(void)
{
    begin();

    (void) vendor("acme", OLLAMA);
    (void) vendor("cloud", OPENAI);

    server("acme", "a:1", UP, "", OLLAMA_LIST,
           "{\"models\":[{\"name\":\"llama3:latest\","
           "\"context_length\":8192}]}");
    server("acme", "a:2", DOWN, "", OLLAMA_LIST,
           "{\"models\":[{\"name\":\"llama3:latest\"}]}");
    server("cloud", "c:443", UP, "", CLOUD_LIST, "");
    look();

    read_document(ngx_http_model_listing_lmstudio(&scope, pool, &bytes),
                  "models");

    want("models.0", "{\"type\":\"llm\",\"publisher\":\"acme\","
         "\"key\":\"acme:llama3:latest\",\"display_name\":\"Llama 3\","
         "\"architecture\":\"llama\",\"quantization\":{\"name\":\"Q4_0\","
         "\"bits_per_weight\":4},\"size_bytes\":4661224676,"
         "\"params_string\":\"8.0B\",\"loaded_instances\":["
         "{\"id\":\"acme:llama3:latest\",\"config\":"
         "{\"context_length\":8192}}],\"max_context_length\":131072,"
         "\"format\":\"gguf\",\"capabilities\":{\"vision\":false,"
         "\"trained_for_tool_use\":true}}");

    want("models.1.type", "\"embedding\"");
    want("models.1.capabilities", NULL);
    want("models.2.architecture", "null");
    want("models.2.quantization", "null");
    want("models.2.params_string", "null");
    want("models.2.format", "null");
    want("models.2.loaded_instances", "[]");

    end();
}


static void
test_version(void)
{
    ngx_uint_t  i;

    static const struct {
        ngx_uint_t    state;
        const char   *one;
        const char   *two;
        const char   *want;
    } versions[] = {
        { UP, "0.12.3", "0.9.10", "\"0.9.10\"" },
        { UP, "0.9.10", "0.12.3", "\"0.9.10\"" },
        { UP, "0.9", "0.9.1", "\"0.9\"" },
        { UP, "1.0.0", "v0.9.1-rc2", "\"0.9.1\"" },
        { UP, "0.0.0", "0.5.1", "\"0.5.1\"" },
        { UP, "0.0.0", "gw-1", "\"0.6.4\"" },
        { UP, "0.12.3.", "9..1", "\"0.12.3\"" },
        { UP, "..", "99999999999999999999.1", "\"99999999999999999999.1\"" },
        { UP, "", "", "\"0.6.4\"" },
        { DOWN, "0.1.1", "0.12.3", "\"0.1.1\"" },
        { NGX_HTTP_MODEL_SERVER_UNKNOWN, "0.1.1", "0.12.3", "\"0.1.1\"" }
    };

    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        begin();

        (void) vendor("acme", OLLAMA);
        (void) vendor("cloud", OPENAI);

        server("acme", "a:1", versions[i].state, versions[i].one, "", "");
        server("acme", "a:2", UP, versions[i].two, "", "");
        server("cloud", "c:443", UP, "0.0.1", "", "");
        look();

        read_document(ngx_http_model_listing_version(&scope, pool, &bytes),
                      "version");
        want("version", versions[i].want);

        end();
    }
}


static void
test_etag(void)
{
    ngx_str_t  one, two, again, document;

    fixture();

    (void) ngx_http_model_listing_tags(&scope, pool, &document);
    (void) ngx_http_model_listing_etag(&document, pool, &one);
    (void) ngx_http_model_listing_tags(&scope, pool, &document);
    (void) ngx_http_model_listing_etag(&document, pool, &again);
    (void) ngx_http_model_listing_openai(&scope, pool, &document);
    (void) ngx_http_model_listing_etag(&document, pool, &two);

    ok(one.len == 36 && ngx_strncmp(one.data, "W/\"", 3) == 0
       && one.data[35] == '"', "a weak tag");
    ok(one.len == again.len
       && ngx_memcmp(one.data, again.data, one.len) == 0, "it stays");
    ok(ngx_memcmp(one.data, two.data, one.len) != 0, "it differs");

    document = text("");
    (void) ngx_http_model_listing_etag(&document, pool, &one);
    is(&one, "W/\"e3b0c44298fc1c149afbf4c8996fb924\"", "of nothing");

    end();
}


/* names and texts may hold anything that JSON can */

static void
test_strings(void)
{
    ngx_str_t  none = ngx_null_string;

    begin();

    (void) vendor("acme", OPENAI);
    server("acme", "a:1", UP, "", "{\"models\":[{\"name\":\"a\\\"<b\","
           "\"entry\":{\"id\":\"a\\\"<b\",\"name\":\"\\u2028\\\\\","
           "\"quantization\":\"\\\"\",\"arch\":\"x\\u0000y\"}}]}", "");
    look();

    read_document(ngx_http_model_listing_tags(&scope, pool, &bytes), "tags");
    want("models.0.name", "\"acme:a\\\"<b\"");

    openai();
    want("data.0.name", "\"\\u2028\\\\\"");
    want("data.0.description", "\"Model (\\\")\"");

    read_document(ngx_http_model_listing_lmstudio(&scope, pool, &bytes),
                  "LM Studio's");
    read_document(ngx_http_model_listing_anthropic(&scope, 0, &none, &none,
                                                   pool, &bytes),
                  "Anthropic's");
    read_document(ngx_http_model_listing_show(scope.view->models.elts, pool,
                                              &bytes), "show");
    want("model_info.general|architecture", "\"x\\u0000y\"");

    end();
}
