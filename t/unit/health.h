
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The functions of health with plain strings, on the zone at hand; those with
 * a model for the vendor "v".
 */


#ifndef _TEST_HEALTH_H_INCLUDED_
#define _TEST_HEALTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_health.h"
#include "zone.h"


static ngx_shm_zone_t              *shm_zone;
static ngx_http_model_catalogue_t  *cat;


static ngx_str_t *
text(const char *value)
{
    static ngx_uint_t  n;
    static ngx_str_t   texts[8];

    ngx_str_t  *s;

    s = &texts[n++ % 8];

    s->data = (u_char *) value;
    s->len = ngx_strlen(value);

    return s;
}


static ngx_uint_t
failed(const char *vendor, const char *server)
{
    return ngx_http_model_health_failed(cat, text(vendor), text(server));
}


static void
answered(const char *vendor, const char *server)
{
    ngx_http_model_health_answered(cat, text(vendor), text(server));
}


static ngx_uint_t
failures(const char *vendor, const char *server)
{
    return ngx_http_model_health_failures(cat, text(vendor), text(server));
}


static ngx_uint_t
cool(const char *server, const char *model, ngx_msec_t ms)
{
    return ngx_http_model_health_cool(cat, text("v"), text(server),
                                      text(model), ms);
}


static ngx_msec_t
out(const char *server, const char *model)
{
    return ngx_http_model_health_out(cat, text("v"), text(server), text(model));
}


static ngx_uint_t
probe(const char *server, const char *model)
{
    ngx_uint_t  lease;

    (void) ngx_http_model_health_probe(cat, text("v"), text(server),
                                       text(model), &lease);

    return lease;
}


static ngx_uint_t
probed(const char *server, const char *model, ngx_int_t good)
{
    return ngx_http_model_health_probed(cat, text("v"), text(server),
                                        text(model), good);
}


static ngx_uint_t
note(const char *server)
{
    return ngx_http_model_health_note(cat, text("v"), text(server));
}


static ngx_uint_t
read_all(void)
{
    return ngx_http_model_health_read(cat, pool)->nelts;
}


static ngx_uint_t
keep_none(ngx_str_t *vendor, ngx_str_t *server, void *data)
{
    (void) vendor;
    (void) server;
    (void) data;

    return 0;
}


#endif /* _TEST_HEALTH_H_INCLUDED_ */
