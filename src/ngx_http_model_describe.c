
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/evp.h>

#include "ngx_http_model_capability.h"
#include "ngx_http_model_decimal.h"
#include "ngx_http_model_describe.h"
#include "ngx_http_model_label.h"


#define NGX_HTTP_MODEL_DESCRIBE_CONTEXT   4096
#define NGX_HTTP_MODEL_DESCRIBE_NO_TIME   "0001-01-01T00:00:00Z"

/* the last second of the year 9999 */

#define NGX_HTTP_MODEL_DESCRIBE_MAX_TIME  253402300799

#define NGX_HTTP_MODEL_DESCRIBE_ARCH_LEN  64

#define NGX_HTTP_MODEL_DESCRIBE_KIND                                         \
    (NGX_HTTP_MODEL_CAP_COMPLETION|NGX_HTTP_MODEL_CAP_EMBEDDING              \
     |NGX_HTTP_MODEL_CAP_IMAGE)


/* a member of an entry, or of an object in it; the table ends with NULL */

typedef struct {
    const char    *outer;
    const char    *inner;
} ngx_http_model_source_t;


typedef struct {
    ngx_str_t      name;
    int64_t        tokens;
    ngx_uint_t     capabilities;
} ngx_http_model_family_t;


static ngx_int_t ngx_http_model_describe_names(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static ngx_int_t ngx_http_model_describe_label(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static ngx_int_t ngx_http_model_describe_size(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static ngx_int_t ngx_http_model_describe_text(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static const ngx_http_model_family_t *ngx_http_model_describe_family(
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static const ngx_http_model_family_t *ngx_http_model_describe_lookup(
    ngx_str_t *one, ngx_str_t *two);
static void ngx_http_model_describe_capability(ngx_http_model_model_t *model,
    const ngx_http_model_family_t *family, ngx_http_model_descriptor_t *d);
static ngx_uint_t ngx_http_model_describe_embeds(
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static void ngx_http_model_describe_tokens(ngx_http_model_model_t *model,
    const ngx_http_model_family_t *family, ngx_http_model_descriptor_t *d);
static int64_t ngx_http_model_describe_show_context(
    ngx_http_model_json_t *show);
static ngx_int_t ngx_http_model_describe_prices(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static ngx_int_t ngx_http_model_describe_time(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static ngx_int_t ngx_http_model_describe_digest(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static ngx_int_t ngx_http_model_describe_count(ngx_pool_t *pool, int64_t n,
    ngx_str_t *size);
static void ngx_http_model_describe_str(ngx_http_model_json_t *json,
    const ngx_http_model_source_t *source, ngx_str_t *value);
static int64_t ngx_http_model_describe_int(ngx_http_model_json_t *json,
    const ngx_http_model_source_t *source);
static ngx_uint_t ngx_http_model_describe_contains(ngx_str_t *s,
    const ngx_str_t *part);


/* declared beats reported beats this; the longest name that fits wins */

static const ngx_http_model_family_t  ngx_http_model_families[] = {
    { ngx_string("codellama"), 16384, 0 },
    { ngx_string("mistral"), 32768, 0 },
    { ngx_string("llama"), 8192, 0 },
    { ngx_string("qwen"), 32768, NGX_HTTP_MODEL_CAP_TOOLS },
    { ngx_null_string, NGX_HTTP_MODEL_DESCRIBE_CONTEXT, 0 }
};


static const ngx_str_t  ngx_http_model_embedders[] = {
    ngx_string("embed"),
    ngx_string("bge"),
    ngx_string("minilm"),
    ngx_null_string
};


/* where servers tell what, by Ollama, vLLM, llama-server, LM Studio ... */

static const ngx_http_model_source_t  ngx_http_model_source_label[] = {
    { NULL, "display_name" },
    { NULL, "name" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_family[] = {
    { "details", "family" },
    { NULL, "family" },
    { NULL, "arch" },
    { NULL, "architecture" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_arch[] = {
    { "model_info", "general.architecture" },
    { NULL, "arch" },
    { NULL, "architecture" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_parameters[] = {
    { "details", "parameter_size" },
    { NULL, "parameter_size" },
    { NULL, "params_string" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_count[] = {
    { "model_info", "general.parameter_count" },
    { "meta", "n_params" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_quantization[] = {
    { "details", "quantization_level" },
    { NULL, "quantization" },
    { "quantization", "name" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_format[] = {
    { "details", "format" },
    { NULL, "format" },
    { NULL, "compatibility_type" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_context[] = {
    { NULL, "loaded_context_length" },
    { NULL, "max_model_len" },
    { NULL, "context_length" },
    { "details", "context_length" },
    { NULL, "max_context_length" },
    { NULL, "context_window" },
    { NULL, "max_input_tokens" },
    { "top_provider", "context_length" },
    { "meta", "n_ctx_train" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_output[] = {
    { "top_provider", "max_completion_tokens" },
    { NULL, "max_output_tokens" },
    { NULL, "max_completion_tokens" },
    { NULL, "max_tokens" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_size[] = {
    { NULL, "size" },
    { NULL, "size_bytes" },
    { "meta", "size" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_time[] = {
    { NULL, "modified_at" },
    { NULL, "created_at" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_owner[] = {
    { NULL, "owned_by" },
    { NULL, NULL }
};


static const ngx_http_model_source_t  ngx_http_model_source_description[] = {
    { NULL, "description" },
    { NULL, NULL }
};


/* by the index of a price */

static const char  *ngx_http_model_source_prices[] = {
    "prompt",
    "completion",
    "input_cache_read",
    "input_cache_write"
};


ngx_int_t
ngx_http_model_describe(ngx_pool_t *pool, ngx_http_model_model_t *model,
    ngx_http_model_descriptor_t *d)
{
    const ngx_http_model_family_t  *family;

    if (model->merged) {
        *d = *(ngx_http_model_descriptor_t *) model->merged;
        return NGX_OK;
    }

    ngx_memzero(d, sizeof(ngx_http_model_descriptor_t));

    d->id = model->listed;

    if (ngx_http_model_describe_names(pool, model, d) != NGX_OK
        || ngx_http_model_describe_label(pool, model, d) != NGX_OK
        || ngx_http_model_describe_size(pool, model, d) != NGX_OK)
    {
        return NGX_ERROR;
    }

    family = ngx_http_model_describe_family(model, d);

    if (d->family.len == 0) {
        d->family = family->name;
    }

    if (d->architecture.len == 0) {
        d->architecture = d->family;
    }

    ngx_http_model_describe_capability(model, family, d);
    ngx_http_model_describe_tokens(model, family, d);

    if (ngx_http_model_describe_prices(pool, model, d) != NGX_OK
        || ngx_http_model_describe_time(pool, model, d) != NGX_OK
        || ngx_http_model_describe_digest(pool, model, d) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_describe_text(pool, model, d);
}


ngx_uint_t
ngx_http_model_describe_ollama(ngx_http_model_model_t *model)
{
    ngx_str_t  name;

    if (model->entry == NULL
        || !(model->vendor->dialects
             & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA))
        || ngx_http_model_json_get(model->entry, "id") != NULL)
    {
        return 0;
    }

    return ngx_http_model_json_get_str(model->entry, "name", &name) == NGX_OK
           || ngx_http_model_json_get_str(model->entry, "model", &name)
              == NGX_OK;
}


ngx_uint_t
ngx_http_model_describe_parameter(ngx_str_t *text, ngx_str_t *key,
    ngx_str_t *value)
{
    u_char  *p, *last, *end;

    p = text->data;
    last = text->data + text->len;

    while (p < last && (*p == '\n' || *p == '\r' || *p == ' ')) {
        p++;
    }

    if (p == last) {
        return 0;
    }

    end = ngx_strlchr(p, last, '\n');

    if (end == NULL) {
        end = last;
    }

    text->data = end;
    text->len = last - end;

    while (end > p && (end[-1] == ' ' || end[-1] == '\r')) {
        end--;
    }

    key->data = p;

    while (p < end && *p != ' ' && *p != '\t') {
        p++;
    }

    key->len = p - key->data;

    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    value->data = p;
    value->len = end - p;

    return 1;
}


static ngx_int_t
ngx_http_model_describe_names(ngx_pool_t *pool, ngx_http_model_model_t *model,
    ngx_http_model_descriptor_t *d)
{
    ngx_str_t  declared;

    ngx_str_null(&declared);

    if (model->declared != NULL) {
        d->family = model->declared->family;
        d->quantization = model->declared->quantization;
        declared = model->declared->family;
    }

    ngx_http_model_describe_str(model->entry, ngx_http_model_source_family,
                                &d->family);
    ngx_http_model_describe_str(model->show, ngx_http_model_source_family,
                                &d->family);

    ngx_http_model_describe_str(model->show, ngx_http_model_source_arch,
                                &d->architecture);
    ngx_http_model_describe_str(model->entry, ngx_http_model_source_arch,
                                &d->architecture);

    if (d->family.len == 0 && declared.len == 0) {
        d->family = d->architecture;
    }

    ngx_http_model_describe_str(model->entry,
                                ngx_http_model_source_quantization,
                                &d->quantization);
    ngx_http_model_describe_str(model->show,
                                ngx_http_model_source_quantization,
                                &d->quantization);

    if (d->quantization.len == 0
        && ngx_http_model_label_quantization(pool, &model->name,
                                             &d->quantization)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_model_describe_str(model->entry, ngx_http_model_source_format,
                                &d->format);
    ngx_http_model_describe_str(model->show, ngx_http_model_source_format,
                                &d->format);

    if (d->format.len == 0 && model->name.len > 5
        && ngx_strncasecmp(model->name.data + model->name.len - 5,
                           (u_char *) ".gguf", 5)
           == 0)
    {
        ngx_str_set(&d->format, "gguf");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_describe_label(ngx_pool_t *pool, ngx_http_model_model_t *model,
    ngx_http_model_descriptor_t *d)
{
    if (model->declared != NULL && model->declared->label.len) {
        d->label = model->declared->label;
        return NGX_OK;
    }

    if (!ngx_http_model_describe_ollama(model)) {
        ngx_http_model_describe_str(model->entry, ngx_http_model_source_label,
                                    &d->label);
    }

    if (d->label.len
        && (d->label.len != model->name.len
            || ngx_memcmp(d->label.data, model->name.data, model->name.len)))
    {
        return NGX_OK;
    }

    return ngx_http_model_label(pool, &model->name, &d->label);
}


static ngx_int_t
ngx_http_model_describe_size(ngx_pool_t *pool, ngx_http_model_model_t *model,
    ngx_http_model_descriptor_t *d)
{
    int64_t  n;

    n = ngx_http_model_describe_int(model->entry, ngx_http_model_source_size);

    d->size = ngx_max(n, 0);

    if (model->declared != NULL) {
        d->parameter_size = model->declared->parameters;
    }

    ngx_http_model_describe_str(model->entry, ngx_http_model_source_parameters,
                                &d->parameter_size);
    ngx_http_model_describe_str(model->show, ngx_http_model_source_parameters,
                                &d->parameter_size);

    if (d->parameter_size.len) {
        return NGX_OK;
    }

    n = ngx_http_model_describe_int(model->show, ngx_http_model_source_count);

    if (n <= 0) {
        n = ngx_http_model_describe_int(model->entry,
                                        ngx_http_model_source_count);
    }

    if (n > 0) {
        return ngx_http_model_describe_count(pool, n, &d->parameter_size);
    }

    return ngx_http_model_label_size(pool, &model->name, &d->parameter_size);
}


/* as Ollama writes counts: "8.0B", "137M" */

static ngx_int_t
ngx_http_model_describe_count(ngx_pool_t *pool, int64_t n, ngx_str_t *size)
{
    int64_t  tenths;

    size->data = ngx_pnalloc(pool, NGX_INT64_LEN + sizeof(".0B"));
    if (size->data == NULL) {
        return NGX_ERROR;
    }

    if (n >= 1000000000) {
        tenths = n / 100000000 + (n % 100000000 >= 50000000);
        size->len = ngx_sprintf(size->data, "%L.%LB", tenths / 10, tenths % 10)
                    - size->data;

    } else if (n >= 1000000) {
        size->len = ngx_sprintf(size->data, "%LM",
                                n / 1000000 + (n % 1000000 >= 500000))
                    - size->data;

    } else {
        size->len = ngx_sprintf(size->data, "%L", n) - size->data;
    }

    return NGX_OK;
}


/* "7B model (Q4_0) - gguf", or what its server says when none is known */

static ngx_int_t
ngx_http_model_describe_text(ngx_pool_t *pool, ngx_http_model_model_t *model,
    ngx_http_model_descriptor_t *d)
{
    u_char  *p;

    if (d->parameter_size.len == 0 && d->quantization.len == 0
        && d->format.len == 0)
    {
        ngx_http_model_describe_str(model->entry,
                                    ngx_http_model_source_description,
                                    &d->description);
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, d->parameter_size.len + d->quantization.len
                          + d->format.len + sizeof(" model () - "));
    if (p == NULL) {
        return NGX_ERROR;
    }

    d->description.data = p;

    if (d->parameter_size.len) {
        p = ngx_sprintf(p, "%V model", &d->parameter_size);

    } else {
        p = ngx_cpymem(p, "Model", 5);
    }

    if (d->quantization.len) {
        p = ngx_sprintf(p, " (%V)", &d->quantization);
    }

    if (d->format.len) {
        p = ngx_sprintf(p, " - %V", &d->format);
    }

    d->description.len = p - d->description.data;

    return NGX_OK;
}


/* what is declared decides alone, if the table has it */

static const ngx_http_model_family_t *
ngx_http_model_describe_family(ngx_http_model_model_t *model,
    ngx_http_model_descriptor_t *d)
{
    ngx_str_t                       none;
    const ngx_http_model_family_t  *family;

    ngx_str_null(&none);

    if (model->declared != NULL && model->declared->family.len) {
        family = ngx_http_model_describe_lookup(&none, &d->family);

        if (family->name.len) {
            return family;
        }
    }

    return ngx_http_model_describe_lookup(&model->name, &d->family);
}


static const ngx_http_model_family_t *
ngx_http_model_describe_lookup(ngx_str_t *one, ngx_str_t *two)
{
    const ngx_http_model_family_t  *family, *found;

    found = NULL;

    for (family = ngx_http_model_families; family->name.len; family++) {

        if ((found == NULL || family->name.len > found->name.len)
            && (ngx_http_model_describe_contains(one, &family->name)
                || ngx_http_model_describe_contains(two, &family->name)))
        {
            found = family;
        }
    }

    return found ? found : family;
}


static void
ngx_http_model_describe_capability(ngx_http_model_model_t *model,
    const ngx_http_model_family_t *family, ngx_http_model_descriptor_t *d)
{
    ngx_uint_t  known, set;

    if (model->declared != NULL && model->declared->capabilities_set) {
        set = model->declared->capabilities;
        known = NGX_HTTP_MODEL_CAPABILITY_ALL;

    } else {
        known = 0;
        set = ngx_http_model_capability_read(model, &known);
    }

    d->capabilities_known = (known != 0);

    /* "tools" or "vision" alone do not say that a model completes */

    if (!(set & NGX_HTTP_MODEL_DESCRIBE_KIND)) {
        set |= ngx_http_model_describe_embeds(model, d)
               ? NGX_HTTP_MODEL_CAP_EMBEDDING
               : NGX_HTTP_MODEL_CAP_COMPLETION;
    }

    if (set & NGX_HTTP_MODEL_CAP_COMPLETION) {
        set |= family->capabilities & ~known;
    }

    d->capabilities = set;
}


static ngx_uint_t
ngx_http_model_describe_embeds(ngx_http_model_model_t *model,
    ngx_http_model_descriptor_t *d)
{
    const ngx_str_t         *name;
    static const ngx_str_t   bert = ngx_string("bert");

    for (name = ngx_http_model_embedders; name->len; name++) {
        if (ngx_http_model_describe_contains(&model->name, name)) {
            return 1;
        }
    }

    return ngx_http_model_describe_contains(&d->family, &bert);
}


static void
ngx_http_model_describe_tokens(ngx_http_model_model_t *model,
    const ngx_http_model_family_t *family, ngx_http_model_descriptor_t *d)
{
    int64_t  context, output;

    context = -1;
    output = -1;

    if (model->declared != NULL) {
        context = model->declared->context;
        output = model->declared->output;
    }

    if (context <= 0) {
        context = ngx_http_model_describe_int(model->entry,
                                              ngx_http_model_source_context);
    }

    if (context <= 0) {
        context = ngx_http_model_describe_show_context(model->show);
    }

    if (output <= 0) {
        output = ngx_http_model_describe_int(model->entry,
                                             ngx_http_model_source_output);
    }

    d->context_known = (context > 0);
    d->output_known = (output > 0);

    /* what is said of the one bounds the guess of the other */

    if (!d->context_known) {
        context = ngx_max(family->tokens, output);
    }

    if (!d->output_known) {
        output = ngx_min(family->tokens, context);
    }

    d->context = context;
    d->output = output;
}


static int64_t
ngx_http_model_describe_show_context(ngx_http_model_json_t *show)
{
    u_char                  name[NGX_HTTP_MODEL_DESCRIBE_ARCH_LEN
                                 + sizeof(".context_length")];
    int64_t                 n;
    ngx_str_t               text, key, value, arch;
    ngx_http_model_json_t  *info;

    info = ngx_http_model_json_get(show, "model_info");

    if (ngx_http_model_json_get_str(info, "general.architecture", &arch)
        == NGX_OK
        && arch.len <= NGX_HTTP_MODEL_DESCRIBE_ARCH_LEN)
    {
        (void) ngx_sprintf(name, "%V.context_length%Z", &arch);

        n = ngx_http_model_json_get_int(info, (char *) name);

        if (n > 0) {
            return n;
        }
    }

    (void) ngx_http_model_json_get_str(show, "parameters", &text);

    while (ngx_http_model_describe_parameter(&text, &key, &value)) {

        if (key.len == 7 && ngx_strncmp(key.data, "num_ctx", 7) == 0) {
            return ngx_atoi(value.data, value.len);
        }
    }

    return -1;
}


static ngx_int_t
ngx_http_model_describe_prices(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d)
{
    ngx_uint_t              i;
    ngx_http_model_json_t  *pricing, *price;

    pricing = ngx_http_model_json_get(model->entry, "pricing");

    for (i = 0; i < NGX_HTTP_MODEL_NPRICES; i++) {

        if (model->declared != NULL && model->declared->prices[i].len) {
            d->prices[i] = model->declared->prices[i];
            continue;
        }

        price = ngx_http_model_json_get(pricing,
                                        ngx_http_model_source_prices[i]);

        if (price == NULL
            || (price->type != NGX_HTTP_MODEL_JSON_STRING
                && price->type != NGX_HTTP_MODEL_JSON_NUMBER))
        {
            continue;
        }

        /* OpenRouter writes "-1" where the price depends on the answer */

        if (ngx_http_model_decimal_shift(pool, &price->value, 6, &d->prices[i])
            == NGX_ERROR)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_describe_time(ngx_pool_t *pool, ngx_http_model_model_t *model,
    ngx_http_model_descriptor_t *d)
{
    time_t     sec;
    int64_t    created;
    ngx_str_t  text, owner;

    ngx_str_null(&text);
    ngx_str_null(&owner);

    ngx_http_model_describe_str(model->entry, ngx_http_model_source_time,
                                &text);
    ngx_http_model_describe_str(model->show, ngx_http_model_source_time,
                                &text);

    sec = ngx_http_model_decimal_time(&text);

    if (sec >= 0) {
        d->created = sec;
        d->modified_at = text;

        return NGX_OK;
    }

    ngx_http_model_describe_str(model->entry, ngx_http_model_source_owner,
                                &owner);

    created = ngx_http_model_json_get_int(model->entry, "created");

    /* vLLM and llama-server write the time of the answer there */

    if (created <= 0 || created > NGX_HTTP_MODEL_DESCRIBE_MAX_TIME
        || (owner.len == 4 && ngx_strncmp(owner.data, "vllm", 4) == 0)
        || (owner.len == 8 && ngx_strncmp(owner.data, "llamacpp", 8) == 0))
    {
        ngx_str_set(&d->modified_at, NGX_HTTP_MODEL_DESCRIBE_NO_TIME);
        return NGX_OK;
    }

    d->created = created;

    return ngx_http_model_decimal_rfc3339(pool, created, &d->modified_at);
}


static ngx_int_t
ngx_http_model_describe_digest(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d)
{
    u_char     *p, sum[EVP_MAX_MD_SIZE];
    size_t      len;
    ngx_str_t   digest;

    if (ngx_http_model_json_get_str(model->entry, "digest", &digest) == NGX_OK)
    {
        if (digest.len == 71
            && ngx_strncmp(digest.data, "sha256:", 7) == 0)
        {
            digest.data += 7;
            digest.len -= 7;
        }

        if (digest.len == 64) {
            d->digest = digest;
            return NGX_OK;
        }
    }

    len = model->vendor->id.len + 1 + model->name.len;

    p = ngx_pnalloc(pool, len + 64);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(p, "%V:%V", &model->vendor->id, &model->name);

    if (EVP_Digest(p, len, sum, NULL, EVP_sha256(), NULL) != 1) {
        return NGX_ERROR;
    }

    d->digest.data = p + len;
    d->digest.len = 64;

    (void) ngx_hex_dump(d->digest.data, sum, 32);

    return NGX_OK;
}


/* the first source that says something; a value that is there is kept */

static void
ngx_http_model_describe_str(ngx_http_model_json_t *json,
    const ngx_http_model_source_t *source, ngx_str_t *value)
{
    ngx_str_t               found;
    ngx_http_model_json_t  *object;

    for ( /* void */ ; source->inner != NULL && value->len == 0; source++) {

        object = source->outer ? ngx_http_model_json_get(json, source->outer)
                               : json;

        if (ngx_http_model_json_get_str(object, source->inner, &found)
            == NGX_OK
            && !(found.len == 7 && ngx_strncmp(found.data, "unknown", 7) == 0))
        {
            *value = found;
        }
    }
}


static int64_t
ngx_http_model_describe_int(ngx_http_model_json_t *json,
    const ngx_http_model_source_t *source)
{
    int64_t                 n;
    ngx_http_model_json_t  *object;

    for ( /* void */ ; source->inner != NULL; source++) {

        object = source->outer ? ngx_http_model_json_get(json, source->outer)
                               : json;

        n = ngx_http_model_json_get_int(object, source->inner);

        if (n > 0) {
            return n;
        }
    }

    return -1;
}


static ngx_uint_t
ngx_http_model_describe_contains(ngx_str_t *s, const ngx_str_t *part)
{
    size_t  i;

    for (i = 0; i + part->len <= s->len; i++) {
        if (ngx_strncasecmp(s->data + i, part->data, part->len) == 0) {
            return 1;
        }
    }

    return 0;
}
