/* unit: src/ngx_http_model_listing_ollama.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What the gateway answers in Ollama's shape, read as its clients read it.
 */


#include "listing.h"


static void tags(void);
static void show(const char *listed);
static void test_tags(void);
static void test_tags_repair(void);
static void test_tags_declared(void);
static void test_show(void);
static void test_show_synthesized(void);
static void test_show_declared(void);
static void test_big_agi(void);
static void test_continue(void);
static void test_copilot(void);
static void test_open_webui(void);
static void test_ps(void);


#define LOADED(name, vram, expires)                                          \
    "{\"name\":\"" name "\",\"model\":\"" name "\",\"size\":9,"              \
    "\"digest\":\"" DIGEST "\",\"details\":{\"family\":\"llama\"},"          \
    "\"expires_at\":\"" expires "\",\"size_vram\":" vram ",\"novel\":{}}"


int
main(void)
{
    tap_init();

    test_tags();
    test_tags_repair();
    test_tags_declared();
    test_show();
    test_show_synthesized();
    test_show_declared();
    test_big_agi();
    test_continue();
    test_copilot();
    test_open_webui();
    test_ps();

    return tap_done();
}


static void
tags(void)
{
    read_document(ngx_http_model_listing_tags(&scope, pool, &bytes), "tags");
}


static void
show(const char *listed)
{
    read_document(ngx_http_model_listing_show(model(listed), pool, &bytes),
                  listed);
}


static void
test_tags(void)
{
    fixture();
    tags();

    names("models", "name", "acme:llama3:latest acme:nomic-embed-text:latest "
          "cloud:gpt-4o cloud:meta/llama-3-8b ");
    names("models", "model", "acme:llama3:latest acme:nomic-embed-text:latest "
          "cloud:gpt-4o cloud:meta/llama-3-8b ");

    /* of an Ollama server: all as it came, what is missing at the end */

    names("models.0", NULL, "name model remote_host modified_at size digest "
          "details future capabilities ");
    want("models.0.remote_host", "\"https://ollama.com:443\"");
    want("models.0.modified_at", "\"2026-08-20T10:11:12.123456789+02:00\"");
    want("models.0.size", "4661224676");
    want("models.0.digest", "\"" DIGEST "\"");
    want("models.0.details", "{\"parent_model\":\"\",\"format\":\"gguf\","
         "\"family\":\"llama\",\"families\":null,"
         "\"parameter_size\":\"8.0B\",\"quantization_level\":\"Q4_0\","
         "\"embedding_length\":4096,\"context_length\":131072}");
    want("models.0.future", "[1,{\"a\":1.50}]");
    want("models.0.capabilities", "[\"completion\",\"tools\"]");

    /* of others: what Ollama's clients need */

    names("models.2", NULL, "name model modified_at size digest details "
          "capabilities ");
    want("models.2.modified_at", "\"2024-05-10T18:50:49Z\"");
    want("models.2.size", "0");
    want("models.2.details", "{\"parent_model\":\"\",\"format\":\"\","
         "\"family\":\"\",\"families\":[],\"parameter_size\":\"\","
         "\"quantization_level\":\"\"}");
    want("models.2.capabilities", "[\"completion\"]");
    ok(at("models.2.digest")->value.len == 64, "digest");

    want("models.3.details.context_length", "8192");
    want("models.3.details.families", "[\"llama\"]");
    want("models.3.capabilities", "[\"completion\",\"tools\"]");

    end();
}


/* an entry that lacks what clients cannot do without */

static void
test_tags_repair(void)
{
    fixture();
    tags();

    names("models.1", NULL, "name model digest modified_at size details ");
    ok(at("models.1.digest")->value.len == 64, "digest made");
    want("models.1.modified_at", "\"0001-01-01T00:00:00Z\"");
    want("models.1.size", "0");
    want("models.1.details.family", "\"\"");

    end();

    begin();
    (void) vendor("acme", OLLAMA);

    server("acme", "a:1", UP, "", "{\"models\":[{\"name\":\"x:1\",\"entry\":"
           "{\"size\":\"big\",\"model\":\"x:1\",\"model\":\"x:1\","
           "\"modified_at\":\"soon\",\"details\":{\"family\":null,"
           "\"format\":\"gguf\"},\"capabilities\":[\"novel\"]}}]}", "");
    look();
    tags();

    names("models.0", NULL, "size model modified_at details capabilities "
          "name digest ");
    want("models.0.size", "0");
    want("models.0.modified_at", "\"0001-01-01T00:00:00Z\"");
    want("models.0.details.family", "\"\"");
    want("models.0.details.format", "\"gguf\"");
    want("models.0.capabilities", "[\"novel\"]");

    end();
}


static void
test_tags_declared(void)
{
    ngx_http_model_vendor_t    *v;
    ngx_http_model_declared_t  *d;

    begin();

    v = vendor("acme", OLLAMA);
    d = declare(v, "llama3:latest");

    d->family = text("mine");
    d->parameters = text("9B");
    d->context = 5000;
    d->capabilities = NGX_HTTP_MODEL_CAP_VISION;
    d->capabilities_set = 1;

    server("acme", "a:1", UP, "", OLLAMA_LIST, "");
    look();
    tags();

    want("models.0.details", "{\"parent_model\":\"\",\"format\":\"gguf\","
         "\"family\":\"mine\",\"families\":[\"mine\"],"
         "\"parameter_size\":\"9B\",\"quantization_level\":\"Q4_0\","
         "\"embedding_length\":4096,\"context_length\":5000}");
    want("models.0.capabilities", "[\"completion\",\"vision\"]");
    want("models.0.digest", "\"" DIGEST "\"");

    end();
}


static void
test_show(void)
{
    fixture();
    show("acme:llama3:latest");

    want("requires", "\"0.6.0\"");
    want("template", "\"{{ .Suffix }}\"");
    want("modelfile", "\"FROM acme:llama3:latest\\n\"");
    want("capabilities", "[\"completion\",\"tools\",\"novel\"]");
    want("modified_at", "\"2026-08-20T10:11:12Z\"");
    want("details", "{\"format\":\"gguf\",\"family\":\"llama\","
         "\"parent_model\":\"\",\"families\":[\"llama\"],"
         "\"parameter_size\":\"8.0B\",\"quantization_level\":\"Q4_0\","
         "\"context_length\":131072}");
    want("model_info", "{\"general.architecture\":\"llama\","
         "\"general.basename\":\"Meta\","
         "\"general.parameter_count\":8030261248,"
         "\"llama.context_length\":131072}");

    end();
}


static void
test_show_synthesized(void)
{
    fixture();

    show("cloud:gpt-4o");
    want("model_info", "{\"general.architecture\":\"unknown\","
         "\"general.basename\":\"GPT-4o\",\"unknown.context_length\":4096}");
    want("parameters", "\"num_ctx                        4096\"");
    want("capabilities", "[\"completion\"]");
    want("modified_at", "\"2024-05-10T18:50:49Z\"");

    show("cloud:meta/llama-3-8b");
    want("model_info", "{\"general.architecture\":\"llama\","
         "\"general.basename\":\"Meta: Llama 3 8B\","
         "\"llama.context_length\":8192}");
    want("details.context_length", "8192");

    /* an Ollama server would load the model with a num_ctx made up here */

    show("acme:nomic-embed-text:latest");
    want("parameters", "\"\"");
    want("model_info.general|architecture", "\"unknown\"");

    end();
}


static void
test_show_declared(void)
{
    ngx_http_model_vendor_t    *v;
    ngx_http_model_declared_t  *d;

    begin();

    v = vendor("acme", OLLAMA);
    d = declare(v, "llama3:latest");
    d->label = text("My Llama");
    d->context = 32000;
    d->capabilities = NGX_HTTP_MODEL_CAP_TOOLS;
    d->capabilities_set = 1;

    (void) declare(v, "absent");

    server("acme", "a:1", UP, "", OLLAMA_LIST, "");
    look();

    show("acme:llama3:latest");
    want("model_info", "{\"general.architecture\":\"llama\","
         "\"general.basename\":\"My Llama\","
         "\"general.parameter_count\":8030261248,"
         "\"llama.context_length\":32000}");
    want("capabilities", "[\"completion\",\"tools\"]");
    want("details.context_length", "32000");
    want("parameters", "\"stop                           \\\"<|eot|>\\\"\\n"
         "stop                           \\\"<|end|>\\\"\\n"
         "temperature                    0.7\\n"
         "num_ctx                        32000\"");

    show("acme:absent");
    want("parameters", "\"num_ctx                        4096\"");

    end();
}


/*
 * big-AGI reads name, modified_at and size of every tag, then asks for each
 * and takes a string "modelfile" for granted; the window is num_ctx's.
 */

static void
test_big_agi(void)
{
    u_char                  *name;
    ngx_uint_t               i, n;
    ngx_array_t             *models;
    ngx_http_model_model_t  **m;

    static const char  *strings[] = { "modelfile", "parameters", "template" };

    fixture();
    tags();

    models = ngx_http_model_listing_models(&scope, pool);
    m = models->elts;
    name = ngx_pnalloc(pool, 64);

    for (i = 0; i < models->nelts; i++) {
        (void) ngx_sprintf(name, "models.%ui.name%Z", i);
        ok(at((char *) name)->type == NGX_HTTP_MODEL_JSON_STRING, "name");

        (void) ngx_sprintf(name, "models.%ui.modified_at%Z", i);
        ok(at((char *) name)->type == NGX_HTTP_MODEL_JSON_STRING, "time");

        (void) ngx_sprintf(name, "models.%ui.size%Z", i);
        ok(at((char *) name)->type == NGX_HTTP_MODEL_JSON_NUMBER, "size");
    }

    for (i = 0; i < models->nelts; i++) {
        read_document(ngx_http_model_listing_show(m[i], pool, &bytes), "show");

        for (n = 0; n < 3; n++) {
            ok(at(strings[n]) != NULL
               && at(strings[n])->type == NGX_HTTP_MODEL_JSON_STRING,
               strings[n]);
        }
    }

    show("cloud:meta/llama-3-8b");
    ok(ngx_strncmp(at("parameters")->value.data, "num_ctx ", 8) == 0,
       "a line of num_ctx");

    end();
}


/* Continue: stop, num_ctx in lines, .Suffix in the template, capabilities */

static void
test_continue(void)
{
    fixture();

    show("acme:llama3:latest");
    want("parameters", "\"stop                           \\\"<|eot|>\\\"\\n"
         "stop                           \\\"<|end|>\\\"\\n"
         "temperature                    0.7\"");
    ok(ngx_strnstr(at("template")->value.data, (char *) ".Suffix",
                   at("template")->value.len) != NULL, "template is kept");
    want("capabilities.1", "\"tools\"");

    end();
}


/* VS Code: a version, capabilities, architecture and its context length */

static void
test_copilot(void)
{
    fixture();

    read_document(ngx_http_model_listing_version(&scope, pool, &bytes),
                  "version");
    want("version", "\"0.12.3\"");

    show("acme:llama3:latest");
    want("model_info.general|architecture", "\"llama\"");
    want("model_info.llama|context_length", "131072");
    want("capabilities.1", "\"tools\"");

    show("cloud:gpt-4o");
    want("model_info.general|architecture", "\"unknown\"");
    want("model_info.unknown|context_length", "4096");
    want("model_info.general|basename", "\"GPT-4o\"");

    end();
}


/* Open WebUI: a list in all three, numbers in the version, times in ps */

static void
test_open_webui(void)
{
    begin();

    (void) vendor("acme", OLLAMA);
    server("acme", "a:1", UP, "v0.12.3-rc1", OLLAMA_LIST,
           "{\"models\":[" LLAMA3 "]}");
    look();

    read_document(ngx_http_model_listing_version(&scope, pool, &bytes),
                  "version");
    want("version", "\"0.12.3\"");

    tags();
    ok(at("models")->type == NGX_HTTP_MODEL_JSON_ARRAY, "tags");
    want("models.0.model", "\"acme:llama3:latest\"");

    read_document(ngx_http_model_listing_ps(&scope, pool, &bytes), "ps");
    ok(at("models")->type == NGX_HTTP_MODEL_JSON_ARRAY, "loaded");
    want("models.0.model", "\"acme:llama3:latest\"");

    end();
}


static void
test_ps(void)
{
    ngx_http_model_vendor_t  *hidden;

    begin();

    (void) vendor("acme", OLLAMA);
    hidden = vendor("hidden", OLLAMA);
    (void) vendor("cloud", OPENAI);

    server("acme", "a:1", UP, "", OLLAMA_LIST, "{\"models\":["
           LOADED("llama3:latest", "1", "2026-01-01T00:00:00Z") ","
           LOADED("gone:latest", "1", "2026-01-01T00:00:00Z") ",7]}");
    server("acme", "a:2", UP, "", OLLAMA_LIST, "{\"models\":["
           LOADED("nomic-embed-text:latest", "5", "") ","
           LOADED("llama3:latest", "2", "2026-01-01T01:00:00+00:30") "]}");
    server("acme", "a:3", UP, "", OLLAMA_LIST, "{\"models\":["
           LOADED("llama3:latest", "3", "2026-01-01T00:10:00Z") "]}");
    server("acme", "a:4", DOWN, "", OLLAMA_LIST, "{\"models\":["
           LOADED("llama3:latest", "4", "2027-01-01T00:00:00Z") "]}");
    server("hidden", "h:1", UP, "", OLLAMA_LIST, "{\"models\":["
           LOADED("llama3:latest", "6", "2027-01-01T00:00:00Z") "]}");
    server("cloud", "c:443", UP, "", CLOUD_LIST, "");

    hidden->expose = ngx_array_create(pool, 1, sizeof(ngx_str_t));
    *(ngx_str_t *) ngx_array_push(hidden->expose) = text("none");

    look();

    read_document(ngx_http_model_listing_ps(&scope, pool, &bytes), "ps");

    names("models", "name", "acme:llama3:latest acme:nomic-embed-text:latest ");
    names("models", "model",
          "acme:llama3:latest acme:nomic-embed-text:latest ");
    names("models.0", NULL, "name model size digest details expires_at "
          "size_vram novel ");
    want("models.0.size_vram", "2");
    want("models.0.expires_at", "\"2026-01-01T01:00:00+00:30\"");
    want("models.0.size", "9");
    want("models.1.size_vram", "5");

    end();
}
