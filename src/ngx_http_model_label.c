
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_label.h"


#define ngx_http_model_label_digit(c)   ((c) >= '0' && (c) <= '9')
#define ngx_http_model_label_lower(c)   ((c) >= 'a' && (c) <= 'z')
#define ngx_http_model_label_letter(c)                                       \
    (ngx_http_model_label_lower((c) | 0x20) || (c) >= 0x80)


typedef struct {
    ngx_str_t    word;        /* lower case */
    const char  *spelling;
} ngx_http_model_label_word_t;


static ngx_uint_t ngx_http_model_label_next(u_char **pos, u_char *last,
    ngx_str_t *word);
static size_t ngx_http_model_label_date(u_char *p, u_char *last);
static size_t ngx_http_model_label_quant(u_char *p, u_char *last);
static ngx_uint_t ngx_http_model_label_quant_step(u_char *p, size_t len);
static size_t ngx_http_model_label_number(u_char *p, u_char *last);
static u_char *ngx_http_model_label_word(u_char *p, ngx_str_t *word);
static u_char *ngx_http_model_label_split(u_char *p, ngx_str_t *word);
static u_char *ngx_http_model_label_upper(u_char *p, u_char *start,
    size_t len);
static const char *ngx_http_model_label_known(u_char *p, size_t len);
static void ngx_http_model_label_base(ngx_str_t *name, ngx_str_t *base);
static ngx_int_t ngx_http_model_label_copy(ngx_pool_t *pool, ngx_str_t *word,
    ngx_str_t *out);


/* a spelling is at most twice as long as its word */

static const ngx_http_model_label_word_t  ngx_http_model_label_words[] = {
    { ngx_string("ai"), "AI" },
    { ngx_string("bge"), "BGE" },
    { ngx_string("codellama"), "Code Llama" },
    { ngx_string("deepseek"), "DeepSeek" },
    { ngx_string("ft"), "FT" },
    { ngx_string("gguf"), "GGUF" },
    { ngx_string("glm"), "GLM" },
    { ngx_string("gpt"), "GPT" },
    { ngx_string("gte"), "GTE" },
    { ngx_string("hf"), "HF" },
    { ngx_string("it"), "IT" },
    { ngx_string("llava"), "LLaVA" },
    { ngx_string("llm"), "LLM" },
    { ngx_string("minilm"), "MiniLM" },
    { ngx_string("minimax"), "MiniMax" },
    { ngx_string("mlx"), "MLX" },
    { ngx_string("moe"), "MoE" },
    { ngx_string("ocr"), "OCR" },
    { ngx_string("oss"), "OSS" },
    { ngx_string("qat"), "QAT" },
    { ngx_string("qwq"), "QwQ" },
    { ngx_string("smollm"), "SmolLM" },
    { ngx_string("starcoder"), "StarCoder" },
    { ngx_string("tinyllama"), "TinyLlama" },
    { ngx_string("tts"), "TTS" },
    { ngx_string("vl"), "VL" },
    { ngx_string("wizardlm"), "WizardLM" },
    { ngx_string("xl"), "XL" },
    { ngx_null_string, NULL }
};


/* quantizations that do not look like "q4_0" */

static const ngx_http_model_label_word_t  ngx_http_model_label_quants[] = {
    { ngx_string("awq"), "AWQ" },
    { ngx_string("bf16"), "BF16" },
    { ngx_string("f16"), "F16" },
    { ngx_string("f32"), "F32" },
    { ngx_string("fp16"), "FP16" },
    { ngx_string("fp32"), "FP32" },
    { ngx_string("fp4"), "FP4" },
    { ngx_string("fp8"), "FP8" },
    { ngx_string("gptq"), "GPTQ" },
    { ngx_string("int4"), "INT4" },
    { ngx_string("int8"), "INT8" },
    { ngx_string("mxfp4"), "MXFP4" },
    { ngx_string("nvfp4"), "NVFP4" },
    { ngx_null_string, NULL }
};


ngx_int_t
ngx_http_model_label(ngx_pool_t *pool, ngx_str_t *name, ngx_str_t *label)
{
    u_char     *p, *pos, *last, *piece, *end;
    ngx_str_t   base, word;

    ngx_http_model_label_base(name, &base);

    /* a byte becomes at most itself and a space, or two of a spelling */

    p = ngx_pnalloc(pool, base.len * 3 + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    label->data = p;

    pos = base.data;
    last = base.data + base.len;
    piece = NULL;

    while (ngx_http_model_label_next(&pos, last, &word)) {

        if (p != label->data) {
            *p++ = ' ';
        }

        end = ngx_http_model_label_word(p, &word);

        /* "GPT-4o", "GPT-OSS", and not "GPT 4o" */

        if (piece != NULL && p - piece == 4
            && ngx_strncmp(piece, "GPT", 3) == 0
            && (ngx_http_model_label_digit(*p)
                || (end - p == 3 && ngx_strncmp(p, "OSS", 3) == 0)))
        {
            p[-1] = '-';
        }

        piece = p;
        p = end;
    }

    label->len = p - label->data;

    if (label->len == 0) {
        return ngx_http_model_label_copy(pool, name, label);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_label_size(ngx_pool_t *pool, ngx_str_t *name, ngx_str_t *size)
{
    size_t      n;
    u_char     *pos, *last, c;
    ngx_str_t   base, word;

    ngx_str_null(size);

    ngx_http_model_label_base(name, &base);

    pos = base.data;
    last = base.data + base.len;

    while (ngx_http_model_label_next(&pos, last, &word)) {

        n = ngx_http_model_label_number(word.data, word.data + word.len);

        if (n == 0 || n + 1 != word.len) {
            continue;
        }

        c = ngx_tolower(word.data[n]);

        /* "1m" is a context window rather than a model of a million */

        if (c != 'b' && (c != 'm' || n < 2)) {
            continue;
        }

        if (ngx_http_model_label_copy(pool, &word, size) != NGX_OK) {
            return NGX_ERROR;
        }

        size->data[n] = ngx_toupper(c);

        return NGX_OK;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_label_quantization(ngx_pool_t *pool, ngx_str_t *name,
    ngx_str_t *quantization)
{
    u_char                             *pos, *last;
    ngx_str_t                           base, word, found;
    const ngx_http_model_label_word_t  *known;

    ngx_str_null(quantization);
    ngx_str_null(&found);

    ngx_http_model_label_base(name, &base);

    pos = base.data;
    last = base.data + base.len;

    while (ngx_http_model_label_next(&pos, last, &word)) {

        if (ngx_http_model_label_quant(word.data, word.data + word.len)
            == word.len)
        {
            found = word;
            continue;
        }

        for (known = ngx_http_model_label_quants; known->spelling; known++) {
            if (known->word.len == word.len
                && ngx_strncasecmp(known->word.data, word.data, word.len) == 0)
            {
                found = word;
                break;
            }
        }
    }

    if (found.len == 0) {
        return NGX_OK;
    }

    if (ngx_http_model_label_copy(pool, &found, quantization) != NGX_OK) {
        return NGX_ERROR;
    }

    (void) ngx_http_model_label_upper(quantization->data, quantization->data,
                                      quantization->len);

    return NGX_OK;
}


/*
 * Words stand between punctuation; a date, a quantization and a point between
 * digits hold together.
 */

static ngx_uint_t
ngx_http_model_label_next(u_char **pos, u_char *last, ngx_str_t *word)
{
    size_t   n;
    u_char  *p;

    p = *pos;

    while (p < last && !ngx_http_model_label_digit(*p)
           && !ngx_http_model_label_letter(*p))
    {
        p++;
    }

    if (p == last) {
        return 0;
    }

    word->data = p;

    n = ngx_http_model_label_date(p, last);

    if (n == 0) {
        n = ngx_http_model_label_quant(p, last);
    }

    p += n;

    while (n == 0 && p < last) {

        if (!ngx_http_model_label_digit(*p)
            && !ngx_http_model_label_letter(*p)
            && !(*p == '.' && p + 1 < last
                 && ngx_http_model_label_digit(p[-1])
                 && ngx_http_model_label_digit(p[1])))
        {
            break;
        }

        p++;
    }

    word->len = p - word->data;
    *pos = p;

    return 1;
}


/* length of a date as "2024-07-18" at p, or 0 */

static size_t
ngx_http_model_label_date(u_char *p, u_char *last)
{
    size_t  i;

    if (last - p < 10
        || (last - p > 10 && (ngx_http_model_label_digit(p[10])
                              || ngx_http_model_label_letter(p[10]))))
    {
        return 0;
    }

    for (i = 0; i < 10; i++) {
        if (i == 4 || i == 7) {
            if (p[i] != '-') {
                return 0;
            }

        } else if (!ngx_http_model_label_digit(p[i])) {
            return 0;
        }
    }

    return 10;
}


/* length of a quantization as "q4_0", "Q4_K_M", "iq3_xxs" at p, or 0 */

static size_t
ngx_http_model_label_quant(u_char *p, u_char *last)
{
    u_char  *start, *end;

    start = p;

    if (p < last && (*p | 0x20) == 'i') {
        p++;
    }

    if (last - p < 2 || (*p | 0x20) != 'q'
        || !ngx_http_model_label_digit(p[1]))
    {
        return 0;
    }

    for (p++; p < last && ngx_http_model_label_digit(*p); p++) { /* void */ }

    while (p < last && *p == '_') {

        end = p + 1;

        while (end < last && (ngx_http_model_label_digit(*end)
                              || ngx_http_model_label_letter(*end)))
        {
            end++;
        }

        if (!ngx_http_model_label_quant_step(p + 1, end - p - 1)) {
            break;
        }

        p = end;
    }

    if (p < last && (ngx_http_model_label_digit(*p)
                     || ngx_http_model_label_letter(*p)))
    {
        return 0;
    }

    return p - start;
}


static ngx_uint_t
ngx_http_model_label_quant_step(u_char *p, size_t len)
{
    size_t  i;

    if (len == 0 || len > 3) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        if (!ngx_http_model_label_digit(p[i])
            && ngx_strchr("klmnsx", p[i] | 0x20) == NULL)
        {
            return 0;
        }
    }

    return 1;
}


/* length of a number as "7", "1.5", "8x7" at p, or 0 */

static size_t
ngx_http_model_label_number(u_char *p, u_char *last)
{
    u_char      *start;
    ngx_uint_t   times;

    start = p;

    for (times = 0; /* void */ ; times++) {

        if (p == last || !ngx_http_model_label_digit(*p)) {
            return times ? p - 1 - start : 0;
        }

        while (p < last && (ngx_http_model_label_digit(*p) || *p == '.')) {
            p++;
        }

        if (times || p == last || (*p | 0x20) != 'x') {
            return p - start;
        }

        p++;
    }
}


static u_char *
ngx_http_model_label_word(u_char *p, ngx_str_t *word)
{
    const char  *known;

    known = ngx_http_model_label_known(word->data, word->len);

    if (known != NULL) {
        return ngx_cpymem(p, known, ngx_strlen(known));
    }

    if (ngx_http_model_label_date(word->data, word->data + word->len)) {
        return ngx_cpymem(p, word->data, word->len);
    }

    if (ngx_http_model_label_quant(word->data, word->data + word->len)) {
        return ngx_http_model_label_upper(p, word->data, word->len);
    }

    return ngx_http_model_label_split(p, word);
}


/* "llama2" is "Llama 2", "7b" is "7B"; "4o", "o1" and "v0.3" stay */

static u_char *
ngx_http_model_label_split(u_char *p, ngx_str_t *word)
{
    size_t       i, n;
    u_char      *data, *last;
    const char  *known;

    data = word->data;
    last = word->data + word->len;

    for (i = 0; i < word->len && ngx_http_model_label_letter(data[i]); i++) {
        /* void */
    }

    if (i == 1 && i < word->len) {

        if (data[0] == 'o' || data[0] == 'v') {
            return ngx_cpymem(p, data, word->len);
        }

        return ngx_http_model_label_upper(p, data, word->len);
    }

    if (i > 0) {
        known = ngx_http_model_label_known(data, i);

        if (known != NULL) {
            p = ngx_cpymem(p, known, ngx_strlen(known));

        } else {
            *p++ = ngx_toupper(data[0]);
            p = ngx_cpymem(p, data + 1, i - 1);
        }

        if (i == word->len) {
            return p;
        }

        *p++ = ' ';
        data += i;
    }

    n = ngx_http_model_label_number(data, last);

    if (n > 0 && last - data == (ssize_t) n + 1
        && ngx_strchr("bkmt", data[n] | 0x20) != NULL)
    {
        p = ngx_cpymem(p, data, n);
        *p++ = ngx_toupper(data[n]);

        return p;
    }

    return ngx_cpymem(p, data, last - data);
}


static u_char *
ngx_http_model_label_upper(u_char *p, u_char *start, size_t len)
{
    while (len--) {
        *p++ = ngx_toupper(*start);
        start++;
    }

    return p;
}


static const char *
ngx_http_model_label_known(u_char *p, size_t len)
{
    ngx_uint_t                          i;
    const ngx_http_model_label_word_t  *word, *tables[2];

    tables[0] = ngx_http_model_label_words;
    tables[1] = ngx_http_model_label_quants;

    for (i = 0; i < 2; i++) {
        for (word = tables[i]; word->spelling; word++) {

            if (word->word.len == len
                && ngx_strncasecmp(word->word.data, p, len) == 0)
            {
                return word->spelling;
            }
        }
    }

    return NULL;
}


static void
ngx_http_model_label_base(ngx_str_t *name, ngx_str_t *base)
{
    size_t  len;

    *base = *name;

    for (len = base->len; len > 0; len--) {
        if (base->data[len - 1] == '/') {
            break;
        }
    }

    if (len < base->len) {
        base->data += len;
        base->len -= len;
    }

    if (base->len > 7
        && ngx_strncasecmp(base->data + base->len - 7, (u_char *) ":latest", 7)
           == 0)
    {
        base->len -= 7;
    }

    if (base->len > 5
        && ngx_strncasecmp(base->data + base->len - 5, (u_char *) ".gguf", 5)
           == 0)
    {
        base->len -= 5;
    }
}


static ngx_int_t
ngx_http_model_label_copy(ngx_pool_t *pool, ngx_str_t *word, ngx_str_t *out)
{
    out->data = ngx_pnalloc(pool, word->len + 1);
    if (out->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(out->data, word->data, word->len);
    out->len = word->len;

    return NGX_OK;
}
