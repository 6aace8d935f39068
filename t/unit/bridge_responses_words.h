
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What tests of the responses API put together, to be compared.
 */


#ifndef _BRIDGE_RESPONSES_WORDS_H_INCLUDED_
#define _BRIDGE_RESPONSES_WORDS_H_INCLUDED_


#include "tap.h"


#define LONG       65536

#define STR(s)     (int) (s).len, (s).len ? (char *) (s).data : ""


static char         told[LONG];
static char        *told_end;
static ngx_pool_t  *told_pool;


/* from the start, with memory of pool */

static void
words(ngx_pool_t *pool)
{
    told_pool = pool;
    told_end = told;
    *told_end = '\0';
}


static void
put(const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    told_end += vsnprintf(told_end, told + LONG - told_end, fmt, args);
    va_end(args);

    if (told_end >= told + LONG) {
        told_end = told + LONG - 1;
    }
}


static void
told_is(const char *want, const char *name)
{
    ngx_str_t  s;

    s.data = (u_char *) told;
    s.len = told_end - told;

    is(&s, want, name);
}


#endif /* _BRIDGE_RESPONSES_WORDS_H_INCLUDED_ */
