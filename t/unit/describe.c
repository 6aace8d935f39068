/* unit: src/ngx_http_model_describe.c src/ngx_http_model_label.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Descriptors: what is declared, what each kind of server reports, what the
 * family table says, and which of them wins; labels of names; exact prices.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_capability.h"
#include "ngx_http_model_decimal.h"
#include "ngx_http_model_describe.h"
#include "ngx_http_model_label.h"
#include "tap.h"


#define OLLAMA       ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)
#define OPENAI       ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OPENAI)

#define COMPLETION   NGX_HTTP_MODEL_CAP_COMPLETION
#define TOOLS        NGX_HTTP_MODEL_CAP_TOOLS
#define INSERT       NGX_HTTP_MODEL_CAP_INSERT
#define VISION       NGX_HTTP_MODEL_CAP_VISION
#define EMBEDDING    NGX_HTTP_MODEL_CAP_EMBEDDING
#define THINKING     NGX_HTTP_MODEL_CAP_THINKING
#define IMAGE        NGX_HTTP_MODEL_CAP_IMAGE
#define AUDIO        NGX_HTTP_MODEL_CAP_AUDIO

#define NO_TIME      "0001-01-01T00:00:00Z"


typedef struct {
    const char  *name;
    const char  *label;
    const char  *size;
    const char  *quantization;
} label_t;


typedef struct {
    const char  *text;
    ngx_int_t    places;
    const char  *want;      /* NULL: refused */
} shift_t;


typedef struct {
    const char  *text;
    int64_t      want;
} moment_t;


typedef struct {
    const char  *name;
    const char  *entry;
    const char  *show;
    int64_t      context;
    int64_t      output;
    ngx_uint_t   known;     /* 1 context, 2 output, 4 capabilities */
    ngx_uint_t   capabilities;
} tokens_t;


static ngx_pool_t                   *pool;
static ngx_http_model_vendor_t       vendor;
static ngx_http_model_model_t        model;
static ngx_http_model_declared_t     declared;
static ngx_http_model_descriptor_t   d;


static ngx_str_t text(const char *s);
static ngx_http_model_json_t *json(const char *s);
static void describe(const char *name, const char *entry, const char *show);
static void declare(void);
static void test_labels(void);
static void test_shift(void);
static void test_time(void);
static void test_tokens(void);
static void test_ollama(void);
static void test_show(void);
static void test_openai(void);
static void test_lmstudio(void);
static void test_openrouter(void);
static void test_anthropic(void);
static void test_declared(void);
static void test_description(void);
static void test_hostile(void);
static void test_parameters(void);
static void test_write(void);


static const label_t  labels[] = {
    { "llama2:7b-chat", "Llama 2 7B Chat", "7B", "" },
    { "llama3:latest", "Llama 3", "", "" },
    { "llama3.2", "Llama 3.2", "", "" },
    { "llama2:7b-chat-q4_0", "Llama 2 7B Chat Q4_0", "7B", "Q4_0" },
    { "codellama:13b-code", "Code Llama 13B Code", "13B", "" },
    { "qwen2.5-coder:32b", "Qwen 2.5 Coder 32B", "32B", "" },
    { "qwen3:30b-a3b", "Qwen 3 30B A3B", "30B", "" },
    { "mixtral:8x7b-instruct-v0.1-q4_K_M",
      "Mixtral 8x7B Instruct v0.1 Q4_K_M", "8x7B", "Q4_K_M" },
    { "phi3:3.8b-mini-128k-instruct-fp16",
      "Phi 3 3.8B Mini 128K Instruct FP16", "3.8B", "FP16" },
    { "gemma3n:e4b", "Gemma 3n E4B", "", "" },
    { "gemma:2b-it", "Gemma 2B IT", "2B", "" },
    { "deepseek-r1:70b", "DeepSeek R1 70B", "70B", "" },
    { "gpt-4o-mini", "GPT-4o Mini", "", "" },
    { "gpt-oss:120b", "GPT-OSS 120B", "120B", "" },
    { "o1-mini", "o1 Mini", "", "" },
    { "gpt-4o-2024-08-06", "GPT-4o 2024-08-06", "", "" },
    { "ft:gpt-4o-mini-2024-07-18:acme::abc",
      "FT GPT-4o Mini 2024-07-18 Acme Abc", "", "" },
    { "claude-sonnet-4-20250514", "Claude Sonnet 4 20250514", "", "" },
    { "text-embedding-3-small", "Text Embedding 3 Small", "", "" },
    { "all-minilm:33m", "All MiniLM 33M", "33M", "" },
    { "nomic-embed-text", "Nomic Embed Text", "", "" },
    { "qwq", "QwQ", "", "" },
    { "llava:7b", "LLaVA 7B", "7B", "" },
    { "mistralai/Mistral-7B-Instruct-v0.3", "Mistral 7B Instruct v0.3", "7B",
      "" },
    { "meta-llama/llama-3.1-8b-instruct:free", "Llama 3.1 8B Instruct Free",
      "8B", "" },
    { "ggml-org/gemma-3-4b-it-GGUF:Q4_K_M", "Gemma 3 4B IT GGUF Q4_K_M", "4B",
      "Q4_K_M" },
    { "/models/Meta-Llama-3.1-8B-Instruct.Q8_0.gguf",
      "Meta Llama 3.1 8B Instruct Q8_0", "8B", "Q8_0" },
    { "DeepSeek-R1-Distill-Qwen-1.5B", "DeepSeek R1 Distill Qwen 1.5B",
      "1.5B", "" },
    { "Qwen2.5-7B-Instruct-1M", "Qwen 2.5 7B Instruct 1M", "7B", "" },
    { "c4ai-command-r7b", "C4AI Command R7B", "", "" },
    { "smollm2:135m", "SmolLM 2 135M", "135M", "" },
    { "bartowski/foo-IQ3_XXS", "Foo IQ3_XXS", "", "IQ3_XXS" },
    { "my_q4_model", "My Q4 Model", "", "Q4" },
    { "q4_model", "Q4 Model", "", "Q4" },
    { "mod\303\250le", "Mod\303\250le", "", "" },
    { "8x", "8x", "", "" },
    { "b", "B", "", "" },
    { "7", "7", "", "" },
    { "latest", "Latest", "", "" },
    { ":latest", "Latest", "", "" },
    { "org/", "Org", "", "" },
    { "-._:", "-._:", "", "" },
    { "", "", "", "" },
    { NULL, NULL, NULL, NULL }
};


static const shift_t  shifts[] = {
    { "2.50", -6, "0.0000025" },
    { "2.5", 0, "2.5" },
    { "3", -6, "0.000003" },
    { "15", -6, "0.000015" },
    { "1000000", -6, "1" },
    { "12345678", -6, "12.345678" },
    { "0.0000025", 6, "2.5" },
    { "2.5e-06", 6, "2.5" },
    { "2.5E-7", 6, "0.25" },
    { "0.00000000000000000001", 6, "0.00000000000001" },
    { "1e3", 6, "1000000000" },
    { "+1", 1, "10" },
    { "0", 6, "0" },
    { "0.000", -6, "0" },
    { "00012.3400", 0, "12.34" },
    { ".5", 0, "0.5" },
    { "5.", 0, "5" },
    { "0.1", 6, "100000" },
    { "9007199254740993.123456789", -6, "9007199254.740993123456789" },
    { "-1", 6, NULL },
    { "", 6, NULL },
    { ".", 6, NULL },
    { "+", 6, NULL },
    { "1.2.3", 6, NULL },
    { "1e", 6, NULL },
    { "1e+", 6, NULL },
    { "1e65", 6, NULL },
    { "1e-99999999999999999999", 6, NULL },
    { "free", 6, NULL },
    { "1 ", 6, NULL },
    { "0x10", 6, NULL },
    { "10000000000000000000000000000000000000000000000000000000000000000", 6,
      NULL },
    { NULL, 0, NULL }
};


static const moment_t  moments[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "2000-02-29T12:00:00Z", 951825600 },
    { "2024-12-31T23:59:59Z", 1735689599 },
    { "2025-05-22T00:00:00Z", 1747872000 },
    { "2026-08-20T10:11:12.123456789+02:00", 1787213472 },
    { "2026-08-20T10:11:12-07:30", 1787247672 },
    { "2100-03-01t00:00:00z", 4107542400 },
    { "2100-02-28 00:00:00Z", 4107456000 },
    { "9999-12-31T23:59:59Z", 253402300799 },
    { "0001-01-01T00:00:00Z", -1 },
    { "2026-13-20T10:11:12Z", -1 },
    { "2026-08-20T24:11:12Z", -1 },
    { "2026-08-20T10:11:12", -1 },
    { "2026-08-20T10:11:12+2:00", -1 },
    { "2026-08-20T10:11:12.Zoo", -1 },
    { "2026-08-20", -1 },
    { "yesterday, about noon", -1 },
    { "", -1 },
    { NULL, 0 }
};


/* the family table, and who beats it */

static const tokens_t  tokens[] = {
    { "llama2", "{}", NULL, 8192, 8192, 0, COMPLETION },
    { "mistral:7b", "{}", NULL, 32768, 32768, 0, COMPLETION },
    { "codellama:7b", "{}", NULL, 16384, 16384, 0, COMPLETION },
    { "CodeLlama-34b", "{}", NULL, 16384, 16384, 0, COMPLETION },
    { "codellama:7b", "{\"details\":{\"family\":\"llama\"}}", NULL,
      16384, 16384, 0, COMPLETION },
    { "mine", "{\"details\":{\"family\":\"llama\"}}", NULL, 8192, 8192, 0,
      COMPLETION },
    { "qwen2.5", "{}", NULL, 32768, 32768, 0, COMPLETION|TOOLS },
    { "mine", "{\"details\":{\"family\":\"qwen2\"}}", NULL, 32768, 32768, 0,
      COMPLETION|TOOLS },
    { "gpt-4o", NULL, NULL, 4096, 4096, 0, COMPLETION },
    { "text-embedding-3-small", "{}", NULL, 4096, 4096, 0, EMBEDDING },
    { "bge-m3", "{}", NULL, 4096, 4096, 0, EMBEDDING },
    { "all-minilm", "{}", NULL, 4096, 4096, 0, EMBEDDING },
    { "qwen3-embedding", "{}", NULL, 32768, 32768, 0, EMBEDDING },
    { "snow", "{\"details\":{\"family\":\"nomic-bert\"}}", NULL, 4096, 4096, 0,
      EMBEDDING },

    { "llama3", "{\"max_model_len\":131072}", NULL, 131072, 8192, 1,
      COMPLETION },
    { "llama3", "{\"max_model_len\":2048}", NULL, 2048, 2048, 1, COMPLETION },
    { "llama3", "{\"max_model_len\":null}", NULL, 8192, 8192, 0, COMPLETION },
    { "llama3", "{\"max_model_len\":0}", NULL, 8192, 8192, 0, COMPLETION },
    { "llama3", "{\"max_model_len\":\"x\"}", NULL, 8192, 8192, 0, COMPLETION },
    { "m", "{\"max_output_tokens\":16000}", NULL, 16000, 16000, 2,
      COMPLETION },
    { "m", "{\"meta\":{\"n_ctx_train\":40960}}", NULL, 40960, 4096, 1,
      COMPLETION },
    { "m", "{\"meta\":null}", NULL, 4096, 4096, 0, COMPLETION },
    { "m", "{\"context_length\":200000,\"top_provider\":"
           "{\"max_completion_tokens\":64000}}", NULL, 200000, 64000, 3,
      COMPLETION },
    { "m", "{\"max_input_tokens\":200000,\"max_tokens\":8000}", NULL,
      200000, 8000, 3, COMPLETION },
    { "m", "{\"max_context_length\":32768,\"loaded_context_length\":4096}",
      NULL, 4096, 4096, 1, COMPLETION },
    { "m", "{\"details\":{\"context_length\":1024}}",
      "{\"model_info\":{\"general.architecture\":\"a\","
      "\"a.context_length\":999}}", 1024, 1024, 1, COMPLETION },
    { "m", "{}", "{\"model_info\":{\"general.architecture\":\"gemma3\","
                 "\"gemma3.vision.context_length\":1,"
                 "\"gemma3.context_length\":131072}}",
      131072, 4096, 1, COMPLETION },
    { "m", "{}", "{\"parameters\":\"stop \\\"num_ctx\\\"\\n"
                 "num_ctx                        16384\"}",
      16384, 4096, 1, COMPLETION },
    { "m", "{}", "{\"parameters\":\"num_ctx many\"}", 4096, 4096, 0,
      COMPLETION },

    { "qwen2.5:base", "{\"capabilities\":[\"completion\"]}", NULL, 32768,
      32768, 4, COMPLETION },
    { "llama3", "{\"capabilities\":[\"completion\"]}",
      "{\"capabilities\":[\"completion\",\"tools\",\"thinking\",\"insert\"]}",
      8192, 8192, 4, COMPLETION|TOOLS|THINKING|INSERT },
    { "m", "{\"capabilities\":[\"image\"]}", NULL, 4096, 4096, 4, IMAGE },
    { "m", "{\"capabilities\":[\"embedding\"]}", NULL, 4096, 4096, 4,
      EMBEDDING },
    { "m", "{\"capabilities\":[\"tool_use\",7,\"other\"]}", NULL, 4096, 4096,
      4, COMPLETION|TOOLS },
    { "m", "{\"capabilities\":{\"completion_chat\":true,"
           "\"function_calling\":true,\"vision\":false}}", NULL, 4096, 4096, 4,
      COMPLETION|TOOLS },
    { "m", "{\"capabilities\":{\"image_input\":{\"supported\":true},"
           "\"thinking\":{\"supported\":false}}}", NULL, 4096, 4096, 4,
      COMPLETION|VISION },
    { "qwen", "{\"capabilities\":{\"function_calling\":false}}", NULL,
      32768, 32768, 4, COMPLETION },
    { "qwen", "{\"capabilities\":[]}", NULL, 32768, 32768, 0,
      COMPLETION|TOOLS },
    { "qwen", "{\"capabilities\":null}", NULL, 32768, 32768, 0,
      COMPLETION|TOOLS },
    { "m", "{\"architecture\":{\"input_modalities\":"
           "[\"text\",\"image\",\"audio\"]}}", NULL, 4096, 4096, 4,
      COMPLETION|VISION|AUDIO },
    { "qwen", "{\"supported_parameters\":[\"temperature\"]}", NULL,
      32768, 32768, 4, COMPLETION },
    { "m", "{\"supported_parameters\":[\"tools\",\"reasoning\"]}", NULL,
      4096, 4096, 4, COMPLETION|TOOLS|THINKING },
    { "m", "{\"type\":\"vlm\"}", NULL, 4096, 4096, 4, COMPLETION|VISION },
    { "qwen", "{\"type\":\"embeddings\"}", NULL, 32768, 32768, 4, EMBEDDING },
    { "m", "{\"type\":\"llm\"}", NULL, 4096, 4096, 0, COMPLETION },
    { "m", "{\"type\":\"model\"}", NULL, 4096, 4096, 0, COMPLETION },
    { NULL, NULL, NULL, 0, 0, 0, 0 }
};


int
main(void)
{
    tap_init();

    pool = ngx_create_pool(4096, &tap_log);

    test_labels();
    test_shift();
    test_time();
    test_tokens();
    test_ollama();
    test_show();
    test_openai();
    test_lmstudio();
    test_openrouter();
    test_anthropic();
    test_declared();
    test_description();
    test_hostile();
    test_parameters();
    test_write();

    ngx_destroy_pool(pool);

    return tap_done();
}


static ngx_str_t
text(const char *s)
{
    ngx_str_t  str;

    /* on its own, so that a sanitizer sees what is read past the end */

    str.len = ngx_strlen(s);
    str.data = ngx_palloc(pool, str.len + 1);
    ngx_memcpy(str.data, s, str.len);

    return str;
}


static ngx_http_model_json_t *
json(const char *s)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *tree;

    if (s == NULL) {
        return NULL;
    }

    tree = ngx_http_model_json_parse(pool, (u_char *) s, ngx_strlen(s), &err);

    if (tree == NULL) {
        ok(0, s);
    }

    return tree;
}


static void
describe(const char *name, const char *entry, const char *show)
{
    ngx_memzero(&model, sizeof(ngx_http_model_model_t));

    vendor.id = text("acme");

    model.vendor = &vendor;
    model.name = text(name);
    model.listed = text("acme:x");
    model.entry = json(entry);
    model.show = json(show);

    if (ngx_http_model_describe(pool, &model, &d) != NGX_OK) {
        ok(0, name);
    }
}


static void
declare(void)
{
    model.declared = &declared;

    if (ngx_http_model_describe(pool, &model, &d) != NGX_OK) {
        ok(0, "declared");
    }
}


static void
test_labels(void)
{
    ngx_str_t       name, out;
    const label_t  *l;

    for (l = labels; l->name; l++) {
        name = text(l->name);

        (void) ngx_http_model_label(pool, &name, &out);
        is(&out, l->label, "label");

        (void) ngx_http_model_label_size(pool, &name, &out);
        is(&out, l->size, l->name);

        (void) ngx_http_model_label_quantization(pool, &name, &out);
        is(&out, l->quantization, l->name);
    }
}


static void
test_shift(void)
{
    ngx_int_t       rc;
    ngx_str_t       s, out;
    const shift_t  *t;

    for (t = shifts; t->text; t++) {
        s = text(t->text);
        rc = ngx_http_model_decimal_shift(pool, &s, t->places, &out);

        if (t->want == NULL) {
            ok(rc == NGX_DECLINED && out.len == 0, t->text);

        } else {
            is(&out, t->want, t->text);
        }
    }
}


static void
test_time(void)
{
    ngx_str_t        s;
    const moment_t  *t;

    for (t = moments; t->text; t++) {
        s = text(t->text);
        ok(ngx_http_model_decimal_time(&s) == t->want, t->text);
    }

    (void) ngx_http_model_decimal_rfc3339(pool, 951825600, &s);
    is(&s, "2000-02-29T12:00:00Z", "seconds as a time");

    (void) ngx_http_model_decimal_rfc3339(pool, 253402300799, &s);
    is(&s, "9999-12-31T23:59:59Z", "the last second");
}


static void
test_tokens(void)
{
    const tokens_t  *t;

    vendor.dialects = OPENAI;

    for (t = tokens; t->name; t++) {
        describe(t->name, t->entry, t->show);

        ok(d.context == t->context, t->name);
        ok(d.output == t->output, "output");
        ok(d.context_known == (t->known & 1)
           && d.output_known == (t->known >> 1 & 1)
           && d.capabilities_known == (t->known >> 2), "known");
        ok(d.capabilities == t->capabilities, "capabilities");
    }
}


static void
test_ollama(void)
{
    vendor.dialects = OLLAMA;

    describe("llama3:latest",
             "{\"name\":\"llama3:latest\",\"model\":\"llama3:latest\","
             "\"modified_at\":\"2026-08-20T10:11:12.123456789+02:00\","
             "\"size\":4661224676,\"digest\":\"365c0bd3c000a25d28ddbf732fe1c6ad"
             "d414de7275464c4e4d1c3b5fcb5d8ad1\",\"details\":{"
             "\"parent_model\":\"\",\"format\":\"gguf\",\"family\":\"llama\","
             "\"families\":[\"llama\"],\"parameter_size\":\"8.0B\","
             "\"quantization_level\":\"Q4_0\"}}", NULL);

    is(&d.id, "acme:x", "id");
    is(&d.label, "Llama 3", "label of the name, not the entry's name");
    is(&d.family, "llama", "family");
    is(&d.architecture, "llama", "architecture");
    is(&d.parameter_size, "8.0B", "parameter size");
    is(&d.quantization, "Q4_0", "quantization");
    is(&d.format, "gguf", "format");
    is(&d.description, "8.0B model (Q4_0) - gguf", "description");
    is(&d.modified_at, "2026-08-20T10:11:12.123456789+02:00", "time kept");
    is(&d.digest, "365c0bd3c000a25d28ddbf732fe1c6ad"
                  "d414de7275464c4e4d1c3b5fcb5d8ad1", "digest kept");
    ok(d.created == 1787213472, "created");
    ok(d.size == 4661224676, "size");
    ok(ngx_http_model_describe_ollama(&model), "an entry of Ollama");

    describe("x", "{\"model\":\"x\",\"digest\":\"sha256:365c0bd3c000a25d28ddbf"
             "732fe1c6add414de7275464c4e4d1c3b5fcb5d8ad1\"}", NULL);

    is(&d.digest, "365c0bd3c000a25d28ddbf732fe1c6ad"
                  "d414de7275464c4e4d1c3b5fcb5d8ad1", "digest without prefix");
    ok(ngx_http_model_describe_ollama(&model), "an entry without name");

    describe("x", "{\"id\":\"x\",\"name\":\"X\"}", NULL);
    ok(!ngx_http_model_describe_ollama(&model), "an entry of OpenAI");

    describe("x", NULL, NULL);
    ok(!ngx_http_model_describe_ollama(&model), "no entry");

    vendor.dialects = OPENAI;

    describe("x", "{\"name\":\"x\"}", NULL);
    ok(!ngx_http_model_describe_ollama(&model), "another dialect");
}


static void
test_show(void)
{
    vendor.dialects = OLLAMA;

    describe("mine", "{\"name\":\"mine\",\"details\":{"
             "\"quantization_level\":\"unknown\"}}",
             "{\"details\":{\"format\":\"safetensors\",\"family\":\"gemma3\"},"
             "\"model_info\":{\"general.architecture\":\"gemma3\","
             "\"general.parameter_count\":4299915632},"
             "\"modified_at\":\"2026-01-02T03:04:05Z\"}");

    is(&d.family, "gemma3", "family of show");
    is(&d.parameter_size, "4.3B", "a count rounded");
    is(&d.quantization, "", "\"unknown\" is not known");
    is(&d.format, "safetensors", "format of show");
    is(&d.modified_at, "2026-01-02T03:04:05Z", "time of show");
    is(&d.description, "4.3B model - safetensors", "description");

    describe("m", NULL,
             "{\"model_info\":{\"general.parameter_count\":136727040}}");
    is(&d.parameter_size, "137M", "millions");

    describe("m", NULL,
             "{\"model_info\":{\"general.parameter_count\":999999999}}");
    is(&d.parameter_size, "1000M", "just below a billion");

    describe("m", NULL,
             "{\"model_info\":{\"general.parameter_count\":4200}}");
    is(&d.parameter_size, "4200", "a toy");

    describe("m", NULL, "{\"model_info\":{\"general.architecture\":\"phi\"}}");
    is(&d.family, "phi", "family of the architecture");
    is(&d.modified_at, NO_TIME, "no time at all");
}


static void
test_openai(void)
{
    vendor.dialects = OPENAI;

    describe("gpt-4o", "{\"id\":\"gpt-4o\",\"object\":\"model\","
             "\"created\":1715367049,\"owned_by\":\"system\"}", NULL);

    is(&d.label, "GPT-4o", "label");
    is(&d.family, "", "family not known");
    is(&d.description, "", "nothing to say");
    is(&d.modified_at, "2024-05-10T18:50:49Z", "time of created");
    is(&d.digest, "467f38463583901904f3b6d128e9dfe0"
                  "8b059cc523c6a28b5d916a39ef3ca22b", "digest of vendor:name");
    ok(d.created == 1715367049 && d.size == 0, "created, size");

    describe("Qwen/Qwen3-8B", "{\"id\":\"Qwen/Qwen3-8B\","
             "\"created\":1787213472,\"owned_by\":\"vllm\","
             "\"root\":\"/srv/secret/qwen\",\"max_model_len\":40960}", NULL);

    is(&d.label, "Qwen 3 8B", "label of a path");
    is(&d.family, "qwen", "family of the table");
    is(&d.modified_at, NO_TIME, "vLLM's created is the time of the answer");
    ok(d.created == 0, "not created");

    describe("/m/a.Q4_K_M.gguf", "{\"id\":\"/m/a.Q4_K_M.gguf\","
             "\"created\":1787213472,\"owned_by\":\"llamacpp\",\"meta\":{"
             "\"n_ctx_train\":131072,\"n_params\":8030261248,"
             "\"size\":4912898304}}", NULL);

    is(&d.modified_at, NO_TIME, "llama-server's too");
    is(&d.parameter_size, "8.0B", "n_params");
    is(&d.quantization, "Q4_K_M", "quantization of the file");
    is(&d.format, "gguf", "format of the file");
    ok(d.size == 4912898304, "size of meta");

    describe("m", "{\"id\":\"m\",\"created\":1e30}", NULL);
    is(&d.modified_at, NO_TIME, "created out of range");

    describe("m", "{\"id\":\"m\",\"created\":-5}", NULL);
    is(&d.modified_at, NO_TIME, "created negative");

    describe("m-1", "{\"id\":\"m-1\",\"name\":\"m-1\"}", NULL);
    is(&d.label, "M 1", "a name that is the id is no label");
}


static void
test_lmstudio(void)
{
    vendor.dialects = OPENAI;

    describe("qwen2-vl-7b-instruct",
             "{\"id\":\"qwen2-vl-7b-instruct\",\"type\":\"vlm\","
             "\"publisher\":\"mlx-community\",\"arch\":\"qwen2_vl\","
             "\"compatibility_type\":\"mlx\",\"quantization\":\"4bit\","
             "\"state\":\"not-loaded\",\"max_context_length\":32768,"
             "\"capabilities\":[\"tool_use\"]}", NULL);

    is(&d.family, "qwen2_vl", "family");
    is(&d.architecture, "qwen2_vl", "arch");
    is(&d.quantization, "4bit", "quantization");
    is(&d.format, "mlx", "compatibility type");
    is(&d.parameter_size, "7B", "size of the name");
    is(&d.description, "7B model (4bit) - mlx", "description");
    ok(d.capabilities == (COMPLETION|TOOLS|VISION), "capabilities");

    describe("k", "{\"key\":\"k\",\"display_name\":\"The K\","
             "\"architecture\":\"llama\",\"quantization\":{\"name\":\"Q8_0\","
             "\"bits_per_weight\":8},\"size_bytes\":12,"
             "\"params_string\":\"3B\",\"format\":\"gguf\",\"capabilities\":"
             "{\"vision\":false,\"trained_for_tool_use\":true}}", NULL);

    is(&d.label, "The K", "display name");
    is(&d.description, "3B model (Q8_0) - gguf", "description of version 1");
    ok(d.size == 12 && d.capabilities == (COMPLETION|TOOLS), "the rest");
}


static void
test_openrouter(void)
{
    vendor.dialects = OPENAI;

    describe("anthropic/claude-sonnet-4",
             "{\"id\":\"anthropic/claude-sonnet-4\",\"name\":\"Anthropic: "
             "Claude Sonnet 4\",\"created\":1747930371,\"description\":\"A "
             "model.\",\"context_length\":200000,\"architecture\":{"
             "\"input_modalities\":[\"image\",\"text\"]},\"pricing\":{"
             "\"prompt\":\"0.000003\",\"completion\":\"0.000015\","
             "\"input_cache_read\":\"0.0000003\","
             "\"input_cache_write\":3.75e-06,\"image\":\"0\"},"
             "\"top_provider\":{\"max_completion_tokens\":64000},"
             "\"supported_parameters\":[\"tools\",\"reasoning\"]}", NULL);

    is(&d.label, "Anthropic: Claude Sonnet 4", "its name is a label");
    is(&d.description, "A model.", "its description, having no other");
    is(&d.prices[NGX_HTTP_MODEL_PRICE_INPUT], "3", "input price");
    is(&d.prices[NGX_HTTP_MODEL_PRICE_OUTPUT], "15", "output price");
    is(&d.prices[NGX_HTTP_MODEL_PRICE_CACHED], "0.3", "cached price");
    is(&d.prices[NGX_HTTP_MODEL_PRICE_CACHE_WRITE], "3.75", "written price");
    ok(d.context == 200000 && d.output == 64000, "tokens");
    ok(d.capabilities == (COMPLETION|TOOLS|VISION|THINKING), "capabilities");

    describe("openrouter/auto", "{\"id\":\"openrouter/auto\",\"pricing\":{"
             "\"prompt\":\"-1\",\"completion\":null}}", NULL);

    is(&d.prices[NGX_HTTP_MODEL_PRICE_INPUT], "", "a price of -1 is none");
    is(&d.prices[NGX_HTTP_MODEL_PRICE_OUTPUT], "", "null is none");
}


static void
test_anthropic(void)
{
    vendor.dialects = ngx_http_model_dialect_bit(NGX_HTTP_MODEL_ANTHROPIC);

    describe("claude-sonnet-4-20250514",
             "{\"type\":\"model\",\"id\":\"claude-sonnet-4-20250514\","
             "\"display_name\":\"Claude Sonnet 4\","
             "\"created_at\":\"2025-05-22T00:00:00Z\","
             "\"max_input_tokens\":200000,\"max_tokens\":64000}", NULL);

    is(&d.label, "Claude Sonnet 4", "display name");
    is(&d.modified_at, "2025-05-22T00:00:00Z", "created at");
    ok(d.created == 1747872000, "created");
    ok(d.context == 200000 && d.output == 64000, "tokens");
}


static void
test_declared(void)
{
    vendor.dialects = OPENAI;

    ngx_memzero(&declared, sizeof(ngx_http_model_declared_t));
    declared.context = -1;
    declared.output = -1;

    describe("llama3:8b", "{\"id\":\"llama3:8b\",\"name\":\"Reported\","
             "\"max_model_len\":1000,\"capabilities\":[\"completion\"],"
             "\"pricing\":{\"prompt\":\"0.000001\","
             "\"completion\":\"0.000002\"},\"arch\":\"lama\"}", NULL);
    declare();

    is(&d.label, "Reported", "nothing declared: label");
    is(&d.family, "lama", "nothing declared: family");
    ok(d.context == 1000, "nothing declared: context");
    ok(d.capabilities == COMPLETION, "nothing declared: capabilities");

    declared.label = text("Declared");
    declared.family = text("qwen");
    declared.parameters = text("9B");
    declared.quantization = text("Q2_K");
    declared.context = 70000;
    declared.capabilities = VISION|TOOLS;
    declared.capabilities_set = 1;
    declared.prices[NGX_HTTP_MODEL_PRICE_INPUT] = text("0.50");
    declare();

    is(&d.label, "Declared", "label");
    is(&d.family, "qwen", "family");
    is(&d.architecture, "lama", "architecture stays the server's");
    is(&d.description, "9B model (Q2_K)", "description");
    is(&d.prices[NGX_HTTP_MODEL_PRICE_INPUT], "0.50", "price as written");
    is(&d.prices[NGX_HTTP_MODEL_PRICE_OUTPUT], "2", "the other price stays");
    ok(d.context == 70000 && d.context_known, "context");
    ok(d.output == 32768 && !d.output_known, "output of the family");
    ok(d.capabilities == (COMPLETION|TOOLS|VISION), "it completes as well");

    declared.capabilities = EMBEDDING;
    declared.output = 5;
    declare();

    ok(d.capabilities == EMBEDDING, "an embedder does not complete");
    ok(d.output == 5 && d.output_known, "output");
}


static void
test_description(void)
{
    vendor.dialects = OPENAI;

    describe("llama2:7b-chat-q4_0", "{\"format\":\"gguf\"}", NULL);
    is(&d.description, "7B model (Q4_0) - gguf", "all known");

    describe("llama2:7b", NULL, NULL);
    is(&d.description, "7B model", "size only");

    describe("llama2-q4_0", NULL, NULL);
    is(&d.description, "Model (Q4_0)", "quantization only");

    describe("x.gguf", NULL, NULL);
    is(&d.description, "Model - gguf", "format only");
}


/* members of other types than they should have */

static void
test_hostile(void)
{
    vendor.dialects = OLLAMA;

    describe("m", "{\"name\":7,\"details\":[],\"capabilities\":\"tools\","
             "\"size\":\"big\",\"digest\":\"abc\",\"modified_at\":12,"
             "\"pricing\":[1],\"meta\":7,\"architecture\":[\"x\"],"
             "\"top_provider\":null,\"supported_parameters\":{},\"type\":[]}",
             "{\"model_info\":[],\"parameters\":7,\"details\":null,"
             "\"capabilities\":{\"tools\":1}}");

    ok(d.capabilities == COMPLETION && !d.capabilities_known, "capabilities");
    ok(d.context == 4096 && d.output == 4096 && d.size == 0, "numbers");
    ok(d.digest.len == 64, "a digest of 64 digits");
    is(&d.modified_at, NO_TIME, "time");
    is(&d.family, "", "family");
    is(&d.label, "M", "label");

    describe("m", "[]", "\"x\"");
    ok(d.digest.len == 64 && d.context == 4096, "no objects at all");
}


static void
test_parameters(void)
{
    ngx_str_t  lines, key, value;

    lines = text("\n  num_ctx                        4096\r\n\n"
                 "stop\t\"a b\"\nalone\n");

    ok(ngx_http_model_describe_parameter(&lines, &key, &value), "first");
    is(&key, "num_ctx", "its key");
    is(&value, "4096", "its value");

    ok(ngx_http_model_describe_parameter(&lines, &key, &value), "second");
    is(&key, "stop", "its key");
    is(&value, "\"a b\"", "its value");

    ok(ngx_http_model_describe_parameter(&lines, &key, &value), "third");
    is(&key, "alone", "its key");
    is(&value, "", "no value");

    ok(!ngx_http_model_describe_parameter(&lines, &key, &value), "the end");
}


static void
test_write(void)
{
    ngx_str_t                      out;
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(pool);

    ngx_http_model_json_array(w);
    ngx_http_model_capability_write(w, 0xff);
    ngx_http_model_capability_write(w, 0);
    ngx_http_model_json_array_end(w);

    ok(ngx_http_model_json_finish(w, &out) == NGX_OK, "written");
    is(&out, "[[\"completion\",\"tools\",\"insert\",\"vision\","
             "\"embedding\",\"thinking\",\"image\",\"audio\"],[]]",
       "capabilities by name");
}
