
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The body is taken in blocks of 64 bytes that are aligned to its beginning,
 * however it is fed.  For each block masks tell quotes, structure and scalars
 * apart; a table checks the sequence of tokens, one look-up each.  Only
 * tokens that stand directly in an object with tracked keys, those down to
 * scan->low, take the longer way through the event handler.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_scan.h"
#include "ngx_http_model_scan_block.h"
#include "ngx_http_model_scan_member.h"


#define NGX_HTTP_MODEL_SCAN_BATCH   16

#define NGX_HTTP_MODEL_SCAN_EVEN    0x5555555555555555ULL
#define NGX_HTTP_MODEL_SCAN_ODD     0xaaaaaaaaaaaaaaaaULL


/* states inside a number or literal */

#define NGX_HTTP_MODEL_SCAN_N_START         1
#define NGX_HTTP_MODEL_SCAN_N_DONE          0x20  /* bit: may end here */


static ngx_int_t ngx_http_model_scan_blocks(ngx_http_model_scan_t *scan,
    u_char *p, size_t n);
static ngx_int_t ngx_http_model_scan_block(ngx_http_model_scan_t *scan,
    u_char *p, ngx_http_model_scan_text_t *t, uint64_t escaped);
static ngx_int_t ngx_http_model_scan_text_error(ngx_http_model_scan_t *scan,
    u_char *p, uint64_t bad);
static uint64_t ngx_http_model_scan_scalars(ngx_http_model_scan_t *scan,
    u_char *p, off_t offset, uint64_t scalar);
static uint64_t ngx_http_model_scan_inner(ngx_http_model_scan_t *scan,
    u_char *p, uint64_t inner);
static uint64_t ngx_http_model_scan_numbers(ngx_http_model_scan_number_t *n,
    uint64_t scalar);
static ngx_uint_t ngx_http_model_scan_scalar(u_char *p, ngx_uint_t i,
    ngx_uint_t end, ngx_uint_t *state);
static ngx_int_t ngx_http_model_scan_tokens(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, uint64_t tokens);
static ngx_int_t ngx_http_model_scan_syntax(ngx_http_model_scan_t *scan,
    u_char c, off_t offset);


static const char  *ngx_http_model_scan_errors[] = {
    "no error",
    "request body is empty",
    "request body ends in the middle of a JSON document",
    "request body begins with a byte-order mark",
    "request body is not JSON in UTF-8",
    "request body is not a JSON object",
    "request body is not valid JSON",
    "request body has a raw control character in a JSON string",
    "request body has an invalid escape in a JSON string",
    "request body is nested too deep",
    "request body has data after the JSON document",
    "request body has two members that name the model",
    "request body names the model by a key in the wrong case",
    "request body has a model name that is not a string",
    "request body has a model name that is too long",
    "request body has a model name with control characters",
    "request body has a model name that is not valid Unicode"
};


static const u_char  ngx_http_model_scan_kinds[256] = {
    ['"'] = NGX_HTTP_MODEL_SCAN_K_STRING,
    [':'] = NGX_HTTP_MODEL_SCAN_K_COLON,
    [','] = NGX_HTTP_MODEL_SCAN_K_COMMA,
    ['['] = NGX_HTTP_MODEL_SCAN_K_ARRAY,
    ['{'] = NGX_HTTP_MODEL_SCAN_K_OBJECT,
    [']'] = NGX_HTTP_MODEL_SCAN_K_ARRAY_END,
    ['}'] = NGX_HTTP_MODEL_SCAN_K_OBJECT_END
};


/* the change of depth by a token, by its kind */

static const ngx_int_t  ngx_http_model_scan_deltas[16] = {
    0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, -1, 0, -1, 0
};


/*
 * The next state by state, kind, and whether the token leaves us in an array
 * or an object.  That the last bracket ends the document is not in it.
 */

#define SE  NGX_HTTP_MODEL_SCAN_S_ERROR
#define SO  NGX_HTTP_MODEL_SCAN_S_OBJECT
#define SK  NGX_HTTP_MODEL_SCAN_S_KEY
#define SC  NGX_HTTP_MODEL_SCAN_S_COLON
#define SM  NGX_HTTP_MODEL_SCAN_S_MEMBER
#define OX  NGX_HTTP_MODEL_SCAN_S_OBJECT_NEXT
#define SA  NGX_HTTP_MODEL_SCAN_S_ARRAY
#define SL  NGX_HTTP_MODEL_SCAN_S_ELEMENT
#define AX  NGX_HTTP_MODEL_SCAN_S_ARRAY_NEXT

static const u_char  ngx_http_model_scan_next[] = {
/*  scalar  string  :       ,       [       {       ]       }  */
    SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, /* error */
    SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SO, SO, SE, SE, SE, SE, /* start */
    SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, /* end */
    SE, SE, SC, SC, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, AX, OX, /* { */
    SE, SE, SC, SC, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, /* key */
    SE, SE, SE, SE, SM, SM, SE, SE, SE, SE, SE, SE, SE, SE, SE, SE, /* : */
    OX, OX, OX, OX, SE, SE, SE, SE, SA, SA, SO, SO, SE, SE, SE, SE, /* value */
    SE, SE, SE, SE, SE, SE, SK, SK, SE, SE, SE, SE, SE, SE, AX, OX, /* , } */
    AX, AX, AX, AX, SE, SE, SE, SE, SA, SA, SO, SO, AX, OX, SE, SE, /* [ */
    AX, AX, AX, AX, SE, SE, SE, SE, SA, SA, SO, SO, SE, SE, SE, SE, /* value */
    SE, SE, SE, SE, SE, SE, SL, SL, SE, SE, SE, SE, AX, OX, SE, SE  /* , ] */
};

#undef SE
#undef SO
#undef SK
#undef SC
#undef SM
#undef OX
#undef SA
#undef SL
#undef AX


/* bytes of numbers and literals by class */

static const u_char  ngx_http_model_scan_classes[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 2, ['3'] = 2, ['4'] = 2, ['5'] = 2,
    ['6'] = 2, ['7'] = 2, ['8'] = 2, ['9'] = 2, ['-'] = 3, ['+'] = 4,
    ['.'] = 5, ['e'] = 6, ['E'] = 7, ['t'] = 8, ['r'] = 9, ['u'] = 10,
    ['f'] = 11, ['a'] = 12, ['l'] = 13, ['s'] = 14, ['n'] = 15
};


static const u_char  ngx_http_model_scan_dfa[][16] = {
/*  -  0     1-9   -  +  .  e  E  t  r   u   f   a   l   s   n */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0},
    {0, 0x23, 0x24, 2, 0, 0, 0, 0, 8, 0,  0,  11, 0,  0,  0,  15},  /* start */
    {0, 0x23, 0x24, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0},   /* - */
    {0, 0,    0,    0, 0, 5, 6, 6, 0, 0,  0,  0,  0,  0,  0,  0},   /* 0 */
    {0, 0x24, 0x24, 0, 0, 5, 6, 6, 0, 0,  0,  0,  0,  0,  0,  0},   /* 1 */
    {0, 0x32, 0x32, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0},   /* . */
    {0, 0x33, 0x33, 7, 7, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0},   /* e */
    {0, 0x33, 0x33, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0},   /* e+ */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 9,  0,  0,  0,  0,  0,  0},   /* t */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 0,  10, 0,  0,  0,  0,  0},   /* tr */
    {0, 0,    0,    0, 0, 0, 52, 0, 0, 0, 0,  0,  0,  0,  0,  0},   /* tru */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 0,  0,  0,  12, 0,  0,  0},   /* f */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  13, 0,  0},   /* fa */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  14, 0},   /* fal */
    {0, 0,    0,    0, 0, 0, 52, 0, 0, 0, 0,  0,  0,  0,  0,  0},   /* fals */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 0,  16, 0,  0,  0,  0,  0},   /* n */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  17, 0,  0},   /* nu */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  52, 0,  0},   /* nul */
    {0, 0x32, 0x32, 0, 0, 0, 6, 6, 0, 0,  0,  0,  0,  0,  0,  0},   /* 1.0 */
    {0, 0x33, 0x33, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0},   /* 1e0 */
    {0, 0,    0,    0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0}    /* null */
};


void
ngx_http_model_scan_init(ngx_http_model_scan_t *scan,
    const ngx_http_model_scan_key_t *keys, ngx_uint_t nkeys)
{
    ngx_memzero(scan, offsetof(ngx_http_model_scan_t, tail));
    ngx_memzero(scan->members, nkeys * sizeof(ngx_http_model_scan_member_t));

    scan->error_key = NGX_HTTP_MODEL_SCAN_NONE;
    scan->member = NGX_HTTP_MODEL_SCAN_NONE;
    scan->open_scalar = NGX_HTTP_MODEL_SCAN_NONE;

    scan->keys = keys;
    scan->nkeys = nkeys;
    scan->state = NGX_HTTP_MODEL_SCAN_S_START;

    /* depth 0 and, for a bracket that closes nothing, the one below */

    scan->types[0] = 0;
    scan->types[1] = 0;

    /* so that the root comes to the event handler */

    scan->low = 2;

    (void) ngx_http_model_scan_use(scan, NGX_HTTP_MODEL_SCAN_BEST);
}


ngx_int_t
ngx_http_model_scan_use(ngx_http_model_scan_t *scan, ngx_uint_t block)
{
#if (NGX_HTTP_MODEL_SCAN_X86)

    if (block == NGX_HTTP_MODEL_SCAN_AVX2
        || block == NGX_HTTP_MODEL_SCAN_BEST)
    {
        if (__builtin_cpu_supports("avx2")) {
            scan->block = &ngx_http_model_scan_avx2;
            return NGX_OK;
        }
    }

    if (block == NGX_HTTP_MODEL_SCAN_SSE2
        || block == NGX_HTTP_MODEL_SCAN_BEST)
    {
        scan->block = &ngx_http_model_scan_sse2;
        return NGX_OK;
    }

#endif

    if (block == NGX_HTTP_MODEL_SCAN_PORTABLE
        || block == NGX_HTTP_MODEL_SCAN_BEST)
    {
        scan->block = &ngx_http_model_scan_portable;
        return NGX_OK;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_model_scan_feed(ngx_http_model_scan_t *scan, u_char *p, size_t len)
{
    size_t  n;

    if (scan->error) {
        return NGX_ERROR;
    }

    if (scan->ntail) {
        n = ngx_min(NGX_HTTP_MODEL_SCAN_BLOCK - scan->ntail, len);

        ngx_memcpy(scan->tail + scan->ntail, p, n);
        scan->ntail += n;
        p += n;
        len -= n;

        if (scan->ntail < NGX_HTTP_MODEL_SCAN_BLOCK) {
            return NGX_OK;
        }

        scan->ntail = 0;

        if (ngx_http_model_scan_blocks(scan, scan->tail, 1) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    n = len / NGX_HTTP_MODEL_SCAN_BLOCK;

    if (n && ngx_http_model_scan_blocks(scan, p, n) != NGX_OK) {
        return NGX_ERROR;
    }

    p += n * NGX_HTTP_MODEL_SCAN_BLOCK;
    scan->ntail = len % NGX_HTTP_MODEL_SCAN_BLOCK;

    if (scan->ntail) {
        ngx_memcpy(scan->tail, p, scan->ntail);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_scan_finish(ngx_http_model_scan_t *scan)
{
    off_t       size;
    size_t      n;
    ngx_uint_t  error;

    if (scan->error) {
        return NGX_ERROR;
    }

    n = scan->ntail;
    size = scan->offset + (off_t) n;

    if (n) {
        ngx_memset(scan->tail + n, ' ', NGX_HTTP_MODEL_SCAN_BLOCK - n);
        scan->ntail = 0;

        if (ngx_http_model_scan_blocks(scan, scan->tail, 1) != NGX_OK) {

            if (scan->error_offset >= size) {
                scan->error = NGX_HTTP_MODEL_SCAN_UNEXPECTED_END;
                scan->error_offset = size;
            }

            return NGX_ERROR;
        }
    }

    if (scan->in_string || scan->state != NGX_HTTP_MODEL_SCAN_S_END) {
        error = (scan->state == NGX_HTTP_MODEL_SCAN_S_START)
                ? NGX_HTTP_MODEL_SCAN_EMPTY
                : NGX_HTTP_MODEL_SCAN_UNEXPECTED_END;

        return ngx_http_model_scan_error(scan, error, size,
                                         NGX_HTTP_MODEL_SCAN_NONE);
    }

    if (scan->variant) {
        return ngx_http_model_scan_error(scan, NGX_HTTP_MODEL_SCAN_CASE,
                     scan->variant_start, (ngx_int_t) scan->variant_key);
    }

    return NGX_OK;
}


const char *
ngx_http_model_scan_strerror(ngx_uint_t error)
{
    if (error > NGX_HTTP_MODEL_SCAN_NAME_UTF8) {
        return "request body is not valid";
    }

    return ngx_http_model_scan_errors[error];
}


/* a bit for each byte that a run of backslashes of odd length escapes */

static ngx_inline uint64_t
ngx_http_model_scan_escaped(ngx_http_model_scan_t *scan, uint64_t backslash)
{
    uint64_t  first, starts, even, odd;

    first = scan->escape;
    starts = (backslash << 1) | first;

    if ((backslash & starts) == 0) {
        scan->escape = backslash >> 63;
        return starts;
    }

    backslash &= ~first;

    /* adding its first bit to a run sets the bit after it */

    starts = backslash & ~(backslash << 1);
    even = backslash + (starts & NGX_HTTP_MODEL_SCAN_EVEN);
    odd = backslash + (starts & NGX_HTTP_MODEL_SCAN_ODD);

    scan->escape = (odd < backslash);

    return (((even & NGX_HTTP_MODEL_SCAN_ODD)
             | (odd & NGX_HTTP_MODEL_SCAN_EVEN)) & ~backslash) | first;
}


/* checks what is escaped, and the digits of \u; a bit for each wrong byte */

static ngx_inline uint64_t
ngx_http_model_scan_escapes(ngx_http_model_scan_t *scan, u_char *p,
    uint64_t escaped)
{
    uint64_t                       u, other, digits;
    ngx_http_model_scan_unicode_t  unicode;

    other = scan->block->letters(p, escaped);

    if ((other | scan->hex) == 0) {
        return 0;
    }

    scan->block->unicode(p, &unicode);

    u = other & unicode.u;
    digits = scan->hex | (u << 1) | (u << 2) | (u << 3) | (u << 4);
    scan->hex = (u >> 63) | (u >> 62) | (u >> 61) | (u >> 60);

    return (other & ~u) | (digits & ~unicode.hex);
}


static ngx_int_t
ngx_http_model_scan_blocks(ngx_http_model_scan_t *scan, u_char *p, size_t n)
{
    size_t                       i, batch;
    uint64_t                     bad, escaped;
    ngx_http_model_scan_text_t  *t, text[NGX_HTTP_MODEL_SCAN_BATCH];

    for ( /* void */ ; n; n -= batch) {
        batch = ngx_min(n, NGX_HTTP_MODEL_SCAN_BATCH);

        scan->block->text(p, batch, text);

        for (i = 0; i < batch; i++) {
            t = &text[i];
            escaped = 0;

            if (t->backslash | scan->escape) {
                escaped = ngx_http_model_scan_escaped(scan, t->backslash);
                t->quote &= ~escaped;
            }

            if ((t->quote | t->control | ~scan->text) == 0) {

                /* nothing but text that nobody wants */

                if (escaped | scan->hex) {
                    bad = ngx_http_model_scan_escapes(scan, p, escaped);

                    if (bad) {
                        return ngx_http_model_scan_text_error(scan, p, bad);
                    }
                }

            } else if (ngx_http_model_scan_block(scan, p, t, escaped)
                       != NGX_OK)
            {
                return NGX_ERROR;
            }

            scan->offset += NGX_HTTP_MODEL_SCAN_BLOCK;
            p += NGX_HTTP_MODEL_SCAN_BLOCK;
        }
    }

    return NGX_OK;
}


/* bits from each quote that opens up to the one that closes, exclusive */

static ngx_inline uint64_t
ngx_http_model_scan_inside(uint64_t quote)
{
    quote ^= quote << 1;
    quote ^= quote << 2;
    quote ^= quote << 4;
    quote ^= quote << 8;
    quote ^= quote << 16;
    quote ^= quote << 32;

    return quote;
}


static ngx_int_t
ngx_http_model_scan_block(ngx_http_model_scan_t *scan, u_char *p,
    ngx_http_model_scan_text_t *t, uint64_t escaped)
{
    uint64_t                     bad, out, inside, tokens, structure;
    ngx_uint_t                   i;
    ngx_http_model_scan_view_t   v;
    ngx_http_model_scan_token_t  token;

    inside = scan->in_string;

    if (t->quote) {
        inside ^= ngx_http_model_scan_inside(t->quote);
    }

    bad = t->control & inside;
    escaped &= inside;

    if (escaped | scan->hex) {
        bad |= ngx_http_model_scan_escapes(scan, p, escaped);
    }

    v.p = p;
    v.size = NGX_HTTP_MODEL_SCAN_BLOCK;
    v.offset = scan->offset;
    v.backslash = t->backslash;
    v.quote = t->quote;
    v.scalar = 0;
    v.bad = bad;

    if (scan->string.target
        && ngx_http_model_scan_continue(scan, &v) != NGX_OK)
    {
        return NGX_ERROR;
    }

    scan->in_string = 0 - (inside >> 63);

    tokens = t->quote & inside;
    out = ~(inside | t->quote);

    if (out) {
        scan->block->tokens(p, &token);

        structure = token.structure & out & ~t->control;
        v.scalar = out & ~(structure | token.space);
        tokens |= structure | (v.scalar & ~((v.scalar << 1)
                                            | (scan->scalar != 0)));
    }

    if (v.scalar | scan->scalar) {
        bad |= ngx_http_model_scan_scalars(scan, p, v.offset, v.scalar);
    }

    if (ngx_http_model_scan_tokens(scan, &v,
                                   tokens & ngx_http_model_scan_before(bad))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (bad) {
        i = ngx_http_model_scan_bit(bad);

        if (((inside | t->quote) >> i) & 1) {
            return ngx_http_model_scan_text_error(scan, p, bad);
        }

        return ngx_http_model_scan_syntax(scan, p[i], v.offset + (off_t) i);
    }

    scan->text = scan->string.target ? 0 : scan->in_string;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_scan_text_error(ngx_http_model_scan_t *scan, u_char *p,
    uint64_t bad)
{
    ngx_uint_t  i, error;

    i = ngx_http_model_scan_bit(bad);
    error = (p[i] < 0x20) ? NGX_HTTP_MODEL_SCAN_CONTROL
                          : NGX_HTTP_MODEL_SCAN_ESCAPE;

    return ngx_http_model_scan_error(scan, error, scan->offset + (off_t) i,
                                     NGX_HTTP_MODEL_SCAN_NONE);
}


/*
 * Checks the numbers and literals of a block.  Those that begin or end
 * outside of it go byte by byte, the others together.
 */

static uint64_t
ngx_http_model_scan_scalars(ngx_http_model_scan_t *scan, u_char *p,
    off_t offset, uint64_t scalar)
{
    uint64_t    bad;
    ngx_uint_t  i, n;

    bad = 0;

    if (scan->scalar) {
        n = ngx_http_model_scan_run(scalar);
        i = ngx_http_model_scan_scalar(p, 0, n, &scan->scalar);

        if (i < n) {
            return (uint64_t) 1 << i;
        }

        if (n == 64) {
            return 0;
        }

        if (!(scan->scalar & NGX_HTTP_MODEL_SCAN_N_DONE)) {
            return (uint64_t) 1 << n;
        }

        if (scan->open_scalar != NGX_HTTP_MODEL_SCAN_NONE) {
            scan->members[scan->open_scalar].end = offset + (off_t) n;
            scan->open_scalar = NGX_HTTP_MODEL_SCAN_NONE;
        }

        scan->scalar = 0;
        scalar &= ~(uint64_t) 0 << n;
    }

    if (scalar >> 63) {
        n = (~scalar == 0) ? 0 : 64 - (ngx_uint_t) __builtin_clzll(~scalar);

        scan->scalar = NGX_HTTP_MODEL_SCAN_N_START;
        i = ngx_http_model_scan_scalar(p, n, 64, &scan->scalar);

        if (i < 64) {
            bad = (uint64_t) 1 << i;
        }

        scalar &= ((uint64_t) 1 << n) - 1;
    }

    if (scalar) {
        bad |= ngx_http_model_scan_inner(scan, p, scalar);
    }

    return bad;
}


/* scalars that begin and end in the block */

static uint64_t
ngx_http_model_scan_inner(ngx_http_model_scan_t *scan, u_char *p,
    uint64_t scalar)
{
    uint64_t                      bad, starts, words;
    ngx_uint_t                    i, n, state;
    ngx_http_model_scan_number_t  number;

    starts = scalar & ~(scalar << 1);

    if ((starts & (starts - 1)) == 0) {
        bad = starts;

    } else {
        scan->block->numbers(p, &number);

        bad = 0;
        words = starts & ~(number.digit | number.minus);

        for ( /* void */ ; words; words &= words - 1) {
            i = ngx_http_model_scan_bit(words);
            n = ngx_http_model_scan_run(scalar >> i);

            if ((n == 4 && (ngx_memcmp(p + i, "true", 4) == 0
                            || ngx_memcmp(p + i, "null", 4) == 0))
                || (n == 5 && ngx_memcmp(p + i, "false", 5) == 0))
            {
                scalar &= ~((uint64_t) 0x1f << i);
                continue;
            }

            bad |= (uint64_t) 1 << i;
        }

        bad |= ngx_http_model_scan_numbers(&number, scalar);

        if (bad == 0) {
            return 0;
        }

        /* the byte by byte check tells where exactly it goes wrong */

        i = ngx_http_model_scan_bit(bad);
        bad = starts & (((uint64_t) 2 << i) - 1);
        bad = (uint64_t) 1 << (63 - __builtin_clzll(bad));
    }

    i = ngx_http_model_scan_bit(bad);
    n = i + ngx_http_model_scan_run(scalar >> i);

    state = NGX_HTTP_MODEL_SCAN_N_START;
    i = ngx_http_model_scan_scalar(p, i, n, &state);

    if (i == n && (state & NGX_HTTP_MODEL_SCAN_N_DONE)) {
        return 0;
    }

    return (uint64_t) 1 << i;
}


/*
 * Checks all numbers of a block at once: a bit starts at each and moves over
 * what the grammar wants next, a run of digits by one addition.
 */

static uint64_t
ngx_http_model_scan_numbers(ngx_http_model_scan_number_t *n, uint64_t scalar)
{
    uint64_t  bad, digit, starts, at, zero, dot, exponent, sign;

    digit = n->digit & scalar;
    starts = scalar & ~(scalar << 1);

    sign = starts & n->minus;
    starts = (starts & ~sign) | (sign << 1);

    bad = starts & ~digit;
    zero = starts & n->zero;
    at = (((starts & digit & ~zero) + digit) & ~digit) | (zero << 1);

    dot = at & n->dot & scalar;
    starts = dot << 1;

    bad |= starts & ~digit;
    at = (at & ~dot) | (((starts & digit) + digit) & ~digit);

    exponent = at & n->exponent & scalar;
    starts = exponent << 1;
    sign = starts & (n->plus | n->minus) & scalar;
    starts = (starts & ~sign) | (sign << 1);

    bad |= starts & ~digit;
    at = (at & ~exponent) | (((starts & digit) + digit) & ~digit);

    return bad | (at & scalar);
}


/* follows a scalar from i to end, returns where it goes wrong or end */

static ngx_uint_t
ngx_http_model_scan_scalar(u_char *p, ngx_uint_t i, ngx_uint_t end,
    ngx_uint_t *state)
{
    ngx_uint_t  s;

    s = *state;

    for ( /* void */ ; i < end; i++) {
        s = ngx_http_model_scan_dfa[s & 0x1f]
                                   [ngx_http_model_scan_classes[p[i]]];

        if (s == 0) {
            break;
        }
    }

    *state = s;

    return i;
}


static ngx_int_t
ngx_http_model_scan_tokens(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, uint64_t tokens)
{
    u_char      *types;
    ngx_uint_t   i, kind, state, prev, depth, low, room;

    low = scan->low;
    room = NGX_HTTP_MODEL_SCAN_DEPTH - low;
    depth = scan->depth;
    state = scan->state;
    types = scan->types + 1;

    for ( /* void */ ; tokens; tokens &= tokens - 1) {
        i = ngx_http_model_scan_bit(tokens);
        kind = ngx_http_model_scan_kinds[v->p[i]];

        /* above the innermost bracket is free room: no need to ask */

        types[depth + 1] = (kind >> 1) & 1;
        depth += ngx_http_model_scan_deltas[kind];

        prev = state;
        state = ngx_http_model_scan_next[state + kind
                                         + scan->types[depth + 1]];

        if (state == NGX_HTTP_MODEL_SCAN_S_ERROR) {
            scan->state = prev;
            return ngx_http_model_scan_syntax(scan, v->p[i],
                                              v->offset + (off_t) i);
        }

        if (depth - low <= room) {
            continue;
        }

        scan->depth = depth;
        scan->state = state;

        if (ngx_http_model_scan_event(scan, v, i, kind, prev) != NGX_OK) {
            return NGX_ERROR;
        }

        low = scan->low;
        room = NGX_HTTP_MODEL_SCAN_DEPTH - low;
        state = scan->state;
    }

    scan->depth = depth;
    scan->state = state;

    return NGX_OK;
}


/* what a byte means that the grammar does not allow where it stands */

static ngx_int_t
ngx_http_model_scan_syntax(ngx_http_model_scan_t *scan, u_char c,
    off_t offset)
{
    ngx_uint_t  error;

    error = NGX_HTTP_MODEL_SCAN_SYNTAX;

    if (c == '\0') {
        error = NGX_HTTP_MODEL_SCAN_ENCODING;

    } else if (scan->state == NGX_HTTP_MODEL_SCAN_S_START) {

        /* of UTF-8 and of UTF-16 in both byte orders */

        error = (offset == 0 && (c == 0xef || c == 0xfe || c == 0xff))
                ? NGX_HTTP_MODEL_SCAN_BOM : NGX_HTTP_MODEL_SCAN_ROOT;

    } else if (scan->state == NGX_HTTP_MODEL_SCAN_S_END) {
        error = NGX_HTTP_MODEL_SCAN_TRAILING;
    }

    return ngx_http_model_scan_error(scan, error, offset,
                                     NGX_HTTP_MODEL_SCAN_NONE);
}
