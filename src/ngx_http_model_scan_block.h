
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The block classifiers of the body scanner: which of 64 bytes are quotes,
 * white space, digits and so on, as masks whose bit n stands for byte n.
 * Private to the scanner, included once.  One portable form, eight bytes a
 * step, and for x86-64 SSE2 and AVX2; all give the same masks.
 */


#ifndef _NGX_HTTP_MODEL_SCAN_BLOCK_H_INCLUDED_
#define _NGX_HTTP_MODEL_SCAN_BLOCK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_scan_member.h"

#if (__x86_64__ && __GNUC__)
#include <immintrin.h>
#define NGX_HTTP_MODEL_SCAN_X86  1
#endif


/* what matters inside strings */

typedef struct {
    uint64_t   quote;
    uint64_t   backslash;
    uint64_t   control;       /* below 0x20 */
} ngx_http_model_scan_text_t;


/*
 * what matters outside strings; two control characters may be taken for
 * structure, the caller knows the controls already
 */

typedef struct {
    uint64_t   structure;     /* { } [ ] : , */
    uint64_t   space;         /* the four of JSON */
} ngx_http_model_scan_token_t;


typedef struct {
    uint64_t   digit;
    uint64_t   zero;
    uint64_t   minus;
    uint64_t   plus;
    uint64_t   dot;
    uint64_t   exponent;      /* e E */
} ngx_http_model_scan_number_t;


typedef struct {
    uint64_t   u;
    uint64_t   hex;           /* 0-9 a-f A-F */
} ngx_http_model_scan_unicode_t;


/* letters: those of the escaped bytes that are no escape of two characters */

struct ngx_http_model_scan_block_s {
    void     (*text)(u_char *p, ngx_uint_t n, ngx_http_model_scan_text_t *t);
    uint64_t (*letters)(u_char *p, uint64_t escaped);
    void     (*unicode)(u_char *p, ngx_http_model_scan_unicode_t *t);
    void     (*tokens)(u_char *p, ngx_http_model_scan_token_t *t);
    void     (*numbers)(u_char *p, ngx_http_model_scan_number_t *t);
};


#define NGX_HTTP_MODEL_SCAN_ONES  0x0101010101010101ULL
#define NGX_HTTP_MODEL_SCAN_LOW7  0x7f7f7f7f7f7f7f7fULL


static ngx_inline uint64_t
ngx_http_model_scan_load(u_char *p)
{
    uint64_t  x;

    ngx_memcpy(&x, p, sizeof(uint64_t));

#if !(NGX_HAVE_LITTLE_ENDIAN)
    x = __builtin_bswap64(x);
#endif

    return x;
}


/* eight bits, set where a byte of x is zero */

static ngx_inline uint64_t
ngx_http_model_scan_zero(uint64_t x)
{
    x = ~(((x & NGX_HTTP_MODEL_SCAN_LOW7) + NGX_HTTP_MODEL_SCAN_LOW7)
          | x | NGX_HTTP_MODEL_SCAN_LOW7);

    return ((x >> 7) * 0x0102040810204080ULL) >> 56;
}


static ngx_inline uint64_t
ngx_http_model_scan_equal(uint64_t x, u_char c)
{
    return ngx_http_model_scan_zero(x ^ (c * NGX_HTTP_MODEL_SCAN_ONES));
}


/* 0x30 to 0x3f, less those that carry into bit 4 when 6 is added */

static ngx_inline uint64_t
ngx_http_model_scan_digit(uint64_t x)
{
    uint64_t  carry;

    carry = (x & (0x0f * NGX_HTTP_MODEL_SCAN_ONES))
            + 6 * NGX_HTTP_MODEL_SCAN_ONES;

    return ngx_http_model_scan_equal(x & (0xf0 * NGX_HTTP_MODEL_SCAN_ONES), '0')
           & ngx_http_model_scan_zero(carry
                                      & (0x10 * NGX_HTTP_MODEL_SCAN_ONES));
}


static void
ngx_http_model_scan_text_portable(u_char *p, ngx_uint_t n,
    ngx_http_model_scan_text_t *t)
{
    uint64_t    x;
    ngx_uint_t  i;

    for ( /* void */ ; n; n--, t++) {
        t->quote = 0;
        t->backslash = 0;
        t->control = 0;

        for (i = 0; i < 64; i += 8, p += 8) {
            x = ngx_http_model_scan_load(p);

            t->quote |= ngx_http_model_scan_equal(x, '"') << i;
            t->backslash |= ngx_http_model_scan_equal(x, '\\') << i;
            t->control |= ngx_http_model_scan_zero(
                                   x & (0xe0 * NGX_HTTP_MODEL_SCAN_ONES)) << i;
        }
    }
}


/* in most text escapes are few: one by one is quickest */

static uint64_t
ngx_http_model_scan_letters_portable(u_char *p, uint64_t escaped)
{
    uint64_t  other;

    other = 0;

    for ( /* void */ ; escaped; escaped &= escaped - 1) {
        if (ngx_http_model_scan_unescape[p[ngx_http_model_scan_bit(escaped)]]
            == 0)
        {
            other |= escaped & (0 - escaped);
        }
    }

    return other;
}


static void
ngx_http_model_scan_unicode_portable(u_char *p,
    ngx_http_model_scan_unicode_t *t)
{
    uint64_t    x, hex;
    ngx_uint_t  i;

    t->u = 0;
    t->hex = 0;

    for (i = 0; i < 64; i += 8, p += 8) {
        x = ngx_http_model_scan_load(p);
        hex = ngx_http_model_scan_digit(x);

        t->u |= ngx_http_model_scan_equal(x, 'u') << i;

        /* of the eight letters from 0x60 on the first and last are wrong */

        x |= 0x20 * NGX_HTTP_MODEL_SCAN_ONES;
        hex |= ngx_http_model_scan_equal(x & (0xf8 * NGX_HTTP_MODEL_SCAN_ONES),
                                         0x60)
               & ~ngx_http_model_scan_equal(x, 0x60)
               & ~ngx_http_model_scan_equal(x, 0x67);

        t->hex |= hex << i;
    }
}


static void
ngx_http_model_scan_tokens_portable(u_char *p, ngx_http_model_scan_token_t *t)
{
    uint64_t    x, lower, structure, space;
    ngx_uint_t  i;

    t->structure = 0;
    t->space = 0;

    for (i = 0; i < 64; i += 8, p += 8) {
        x = ngx_http_model_scan_load(p);
        lower = x | (0x20 * NGX_HTTP_MODEL_SCAN_ONES);

        structure = ngx_http_model_scan_equal(lower, '{')
                    | ngx_http_model_scan_equal(lower, '}')
                    | ngx_http_model_scan_equal(x, ':')
                    | ngx_http_model_scan_equal(x, ',');

        space = ngx_http_model_scan_equal(x, ' ')
                | ngx_http_model_scan_equal(x, '\n')
                | ngx_http_model_scan_equal(x, '\r')
                | ngx_http_model_scan_equal(x, '\t');

        t->structure |= structure << i;
        t->space |= space << i;
    }
}


static void
ngx_http_model_scan_numbers_portable(u_char *p,
    ngx_http_model_scan_number_t *t)
{
    uint64_t    x;
    ngx_uint_t  i;

    ngx_memzero(t, sizeof(ngx_http_model_scan_number_t));

    for (i = 0; i < 64; i += 8, p += 8) {
        x = ngx_http_model_scan_load(p);

        t->digit |= ngx_http_model_scan_digit(x) << i;
        t->zero |= ngx_http_model_scan_equal(x, '0') << i;
        t->minus |= ngx_http_model_scan_equal(x, '-') << i;
        t->plus |= ngx_http_model_scan_equal(x, '+') << i;
        t->dot |= ngx_http_model_scan_equal(x, '.') << i;

        x |= 0x20 * NGX_HTTP_MODEL_SCAN_ONES;
        t->exponent |= ngx_http_model_scan_equal(x, 'e') << i;
    }
}


static const ngx_http_model_scan_block_t  ngx_http_model_scan_portable = {
    ngx_http_model_scan_text_portable,
    ngx_http_model_scan_letters_portable,
    ngx_http_model_scan_unicode_portable,
    ngx_http_model_scan_tokens_portable,
    ngx_http_model_scan_numbers_portable
};


#if (NGX_HTTP_MODEL_SCAN_X86)

static ngx_inline uint64_t
ngx_http_model_scan_mask_sse2(__m128i v, ngx_uint_t i)
{
    return (uint64_t) (uint32_t) _mm_movemask_epi8(v) << i;
}


static ngx_inline uint64_t
ngx_http_model_scan_equal_sse2(__m128i v, char c, ngx_uint_t i)
{
    return ngx_http_model_scan_mask_sse2(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)),
                                         i);
}


static void
ngx_http_model_scan_text_sse2(u_char *p, ngx_uint_t n,
    ngx_http_model_scan_text_t *t)
{
    __m128i     v;
    uint64_t    quote, backslash, control;
    ngx_uint_t  i;

    for ( /* void */ ; n; n--, t++) {
        quote = 0;
        backslash = 0;
        control = 0;

        for (i = 0; i < 64; i += 16, p += 16) {
            v = _mm_loadu_si128((const __m128i *) (const void *) p);

            quote |= ngx_http_model_scan_equal_sse2(v, '"', i);
            backslash |= ngx_http_model_scan_equal_sse2(v, '\\', i);

            v = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
            control |= ngx_http_model_scan_mask_sse2(v, i);
        }

        t->quote = quote;
        t->backslash = backslash;
        t->control = control;
    }
}


static void
ngx_http_model_scan_unicode_sse2(u_char *p, ngx_http_model_scan_unicode_t *t)
{
    __m128i     v, digit, letter;
    ngx_uint_t  i;

    t->u = 0;
    t->hex = 0;

    for (i = 0; i < 64; i += 16, p += 16) {
        v = _mm_loadu_si128((const __m128i *) (const void *) p);

        t->u |= ngx_http_model_scan_equal_sse2(v, 'u', i);

        digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
        digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);

        letter = _mm_or_si128(v, _mm_set1_epi8(0x20));
        letter = _mm_sub_epi8(letter, _mm_set1_epi8('a'));
        letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);

        t->hex |= ngx_http_model_scan_mask_sse2(_mm_or_si128(digit, letter), i);
    }
}


static void
ngx_http_model_scan_tokens_sse2(u_char *p, ngx_http_model_scan_token_t *t)
{
    __m128i     v, s, lower;
    uint64_t    structure, space;
    ngx_uint_t  i;

    structure = 0;
    space = 0;

    for (i = 0; i < 64; i += 16, p += 16) {
        v = _mm_loadu_si128((const __m128i *) (const void *) p);
        lower = _mm_or_si128(v, _mm_set1_epi8(0x20));

        s = _mm_or_si128(_mm_cmpeq_epi8(lower, _mm_set1_epi8('{')),
                         _mm_cmpeq_epi8(lower, _mm_set1_epi8('}')));
        s = _mm_or_si128(s, _mm_cmpeq_epi8(v, _mm_set1_epi8(':')));
        s = _mm_or_si128(s, _mm_cmpeq_epi8(v, _mm_set1_epi8(',')));
        structure |= ngx_http_model_scan_mask_sse2(s, i);

        s = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')),
                         _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
        s = _mm_or_si128(s, _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
        s = _mm_or_si128(s, _mm_cmpeq_epi8(v, _mm_set1_epi8('\t')));
        space |= ngx_http_model_scan_mask_sse2(s, i);
    }

    t->structure = structure;
    t->space = space;
}


static void
ngx_http_model_scan_numbers_sse2(u_char *p, ngx_http_model_scan_number_t *t)
{
    __m128i     v, d;
    ngx_uint_t  i;

    ngx_memzero(t, sizeof(ngx_http_model_scan_number_t));

    for (i = 0; i < 64; i += 16, p += 16) {
        v = _mm_loadu_si128((const __m128i *) (const void *) p);

        d = _mm_sub_epi8(v, _mm_set1_epi8('0'));
        d = _mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(9)), d);

        t->digit |= ngx_http_model_scan_mask_sse2(d, i);
        t->zero |= ngx_http_model_scan_equal_sse2(v, '0', i);
        t->minus |= ngx_http_model_scan_equal_sse2(v, '-', i);
        t->plus |= ngx_http_model_scan_equal_sse2(v, '+', i);
        t->dot |= ngx_http_model_scan_equal_sse2(v, '.', i);

        v = _mm_or_si128(v, _mm_set1_epi8(0x20));
        t->exponent |= ngx_http_model_scan_equal_sse2(v, 'e', i);
    }
}


static const ngx_http_model_scan_block_t  ngx_http_model_scan_sse2 = {
    ngx_http_model_scan_text_sse2,
    ngx_http_model_scan_letters_portable,
    ngx_http_model_scan_unicode_sse2,
    ngx_http_model_scan_tokens_sse2,
    ngx_http_model_scan_numbers_sse2
};


#define NGX_HTTP_MODEL_SCAN_TARGET  __attribute__((target("avx2")))


NGX_HTTP_MODEL_SCAN_TARGET static ngx_inline uint64_t
ngx_http_model_scan_mask_avx2(__m256i a, __m256i b)
{
    return (uint64_t) (uint32_t) _mm256_movemask_epi8(a)
           | ((uint64_t) (uint32_t) _mm256_movemask_epi8(b) << 32);
}


NGX_HTTP_MODEL_SCAN_TARGET static ngx_inline uint64_t
ngx_http_model_scan_equal_avx2(__m256i a, __m256i b, char c)
{
    __m256i  v;

    v = _mm256_set1_epi8(c);

    return ngx_http_model_scan_mask_avx2(_mm256_cmpeq_epi8(a, v),
                                         _mm256_cmpeq_epi8(b, v));
}


/* bytes not above c, unsigned */

NGX_HTTP_MODEL_SCAN_TARGET static ngx_inline uint64_t
ngx_http_model_scan_below_avx2(__m256i a, __m256i b, char c)
{
    __m256i  v;

    v = _mm256_set1_epi8(c);

    a = _mm256_cmpeq_epi8(_mm256_min_epu8(a, v), a);
    b = _mm256_cmpeq_epi8(_mm256_min_epu8(b, v), b);

    return ngx_http_model_scan_mask_avx2(a, b);
}


NGX_HTTP_MODEL_SCAN_TARGET static void
ngx_http_model_scan_text_avx2(u_char *p, ngx_uint_t n,
    ngx_http_model_scan_text_t *t)
{
    __m256i  a, b;

    for ( /* void */ ; n; n--, t++, p += 64) {
        a = _mm256_loadu_si256((const __m256i *) (const void *) p);
        b = _mm256_loadu_si256((const __m256i *) (const void *) (p + 32));

        t->quote = ngx_http_model_scan_equal_avx2(a, b, '"');
        t->backslash = ngx_http_model_scan_equal_avx2(a, b, '\\');
        t->control = ngx_http_model_scan_below_avx2(a, b, 0x1f);
    }
}


/*
 * The low four bits choose the one byte that has them, and the byte is
 * compared with it; "b" and "r" fall together without bit 4.
 */

NGX_HTTP_MODEL_SCAN_TARGET static uint64_t
ngx_http_model_scan_letters_avx2(u_char *p, uint64_t escaped)
{
    __m256i  a, b, c, d, v;

    a = _mm256_loadu_si256((const __m256i *) (const void *) p);
    b = _mm256_loadu_si256((const __m256i *) (const void *) (p + 32));

    v = _mm256_setr_epi8(-1, -1, '"', -1, 't', -1, 'f', -1,
                         -1, -1, -1, -1, '\\', -1, 'n', '/',
                         -1, -1, '"', -1, 't', -1, 'f', -1,
                         -1, -1, -1, -1, '\\', -1, 'n', '/');

    c = _mm256_cmpeq_epi8(a, _mm256_shuffle_epi8(v, a));
    d = _mm256_cmpeq_epi8(b, _mm256_shuffle_epi8(v, b));

    v = _mm256_set1_epi8((char) 0xef);
    a = _mm256_and_si256(a, v);
    b = _mm256_and_si256(b, v);

    v = _mm256_set1_epi8('b');
    c = _mm256_or_si256(c, _mm256_cmpeq_epi8(a, v));
    d = _mm256_or_si256(d, _mm256_cmpeq_epi8(b, v));

    return escaped & ~ngx_http_model_scan_mask_avx2(c, d);
}


NGX_HTTP_MODEL_SCAN_TARGET static void
ngx_http_model_scan_unicode_avx2(u_char *p, ngx_http_model_scan_unicode_t *t)
{
    __m256i  a, b, v;

    a = _mm256_loadu_si256((const __m256i *) (const void *) p);
    b = _mm256_loadu_si256((const __m256i *) (const void *) (p + 32));

    t->u = ngx_http_model_scan_equal_avx2(a, b, 'u');

    v = _mm256_set1_epi8('0');
    t->hex = ngx_http_model_scan_below_avx2(_mm256_sub_epi8(a, v),
                                            _mm256_sub_epi8(b, v), 9);

    v = _mm256_set1_epi8(0x20);
    a = _mm256_or_si256(a, v);
    b = _mm256_or_si256(b, v);

    v = _mm256_set1_epi8('a');
    t->hex |= ngx_http_model_scan_below_avx2(_mm256_sub_epi8(a, v),
                                             _mm256_sub_epi8(b, v), 5);
}


/*
 * The low four bits choose the one byte of each class that has them, and the
 * byte is compared with it; "[" and "]" fall on "{" and "}" with bit 5 set,
 * and so do 0x1a and 0x0c on ":" and ",".
 */

NGX_HTTP_MODEL_SCAN_TARGET static void
ngx_http_model_scan_tokens_avx2(u_char *p, ngx_http_model_scan_token_t *t)
{
    __m256i  a, b, lower, space, structure;

    lower = _mm256_set1_epi8(0x20);

    space = _mm256_setr_epi8(
                 ' ', -1, -1, -1, -1, -1, -1, -1,
                 -1, '\t', '\n', -1, -1, '\r', -1, -1,
                 ' ', -1, -1, -1, -1, -1, -1, -1,
                 -1, '\t', '\n', -1, -1, '\r', -1, -1);

    structure = _mm256_setr_epi8(
                 -1, -1, -1, -1, -1, -1, -1, -1,
                 -1, -1, ':', '{', ',', '}', -1, -1,
                 -1, -1, -1, -1, -1, -1, -1, -1,
                 -1, -1, ':', '{', ',', '}', -1, -1);

    a = _mm256_loadu_si256((const __m256i *) (const void *) p);
    b = _mm256_loadu_si256((const __m256i *) (const void *) (p + 32));

    t->space = ngx_http_model_scan_mask_avx2(
                   _mm256_cmpeq_epi8(a, _mm256_shuffle_epi8(space, a)),
                   _mm256_cmpeq_epi8(b, _mm256_shuffle_epi8(space, b)));

    t->structure = ngx_http_model_scan_mask_avx2(
                       _mm256_cmpeq_epi8(_mm256_or_si256(a, lower),
                                         _mm256_shuffle_epi8(structure, a)),
                       _mm256_cmpeq_epi8(_mm256_or_si256(b, lower),
                                         _mm256_shuffle_epi8(structure, b)));
}


NGX_HTTP_MODEL_SCAN_TARGET static void
ngx_http_model_scan_numbers_avx2(u_char *p, ngx_http_model_scan_number_t *t)
{
    __m256i  a, b, v;

    a = _mm256_loadu_si256((const __m256i *) (const void *) p);
    b = _mm256_loadu_si256((const __m256i *) (const void *) (p + 32));

    t->zero = ngx_http_model_scan_equal_avx2(a, b, '0');
    t->minus = ngx_http_model_scan_equal_avx2(a, b, '-');
    t->plus = ngx_http_model_scan_equal_avx2(a, b, '+');
    t->dot = ngx_http_model_scan_equal_avx2(a, b, '.');

    v = _mm256_set1_epi8(0x20);
    t->exponent = ngx_http_model_scan_equal_avx2(_mm256_or_si256(a, v),
                                                 _mm256_or_si256(b, v), 'e');

    v = _mm256_set1_epi8('0');
    t->digit = ngx_http_model_scan_below_avx2(_mm256_sub_epi8(a, v),
                                              _mm256_sub_epi8(b, v), 9);
}


static const ngx_http_model_scan_block_t  ngx_http_model_scan_avx2 = {
    ngx_http_model_scan_text_avx2,
    ngx_http_model_scan_letters_avx2,
    ngx_http_model_scan_unicode_avx2,
    ngx_http_model_scan_tokens_avx2,
    ngx_http_model_scan_numbers_avx2
};

#endif


#endif /* _NGX_HTTP_MODEL_SCAN_BLOCK_H_INCLUDED_ */
