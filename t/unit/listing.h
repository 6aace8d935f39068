
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A catalogue as discovery leaves it, and looks into the documents that the
 * gateway makes of it.
 */


#ifndef _LISTING_H_INCLUDED_
#define _LISTING_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <sys/mman.h>

#include "ngx_http_model_listing.h"
#include "tap.h"


#define OLLAMA     ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)
#define OPENAI     ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OPENAI)
#define ANTHROPIC  ngx_http_model_dialect_bit(NGX_HTTP_MODEL_ANTHROPIC)

#define UP         NGX_HTTP_MODEL_SERVER_UP
#define DOWN       NGX_HTTP_MODEL_SERVER_DOWN

#define SIZE       (1024 * 1024)

#define DIGEST                                                               \
    "365c0bd3c000a25d28ddbf732fe1c6add414de7275464c4e4d1c3b5fcb5d8ad1"


static ngx_pool_t               *pool;
static void                     *zone_memory;
static ngx_array_t               vendors;
static ngx_http_model_views_t    views;
static ngx_http_model_scope_t    scope;
static ngx_http_model_json_t    *doc;      /* what was written last */
static ngx_str_t                 bytes;


static void begin(void);
static void look(void);
static void end(void);
static ngx_http_model_vendor_t *vendor(const char *id, ngx_uint_t dialects);
static ngx_http_model_declared_t *declare(ngx_http_model_vendor_t *v,
    const char *name);
static void server(const char *id, const char *name, ngx_uint_t state,
    const char *version, const char *list, const char *loaded);
static ngx_http_model_model_t *model(const char *listed);
static ngx_str_t text(const char *value);
static void read_document(ngx_int_t rc, const char *name);
static ngx_http_model_json_t *at(const char *path);
static void want(const char *path, const char *value);
static void names(const char *array, const char *member, const char *value);
static void fixture(void);


/* as Ollama lists it, with members that are not known here */

#define LLAMA3                                                               \
    "{\"name\":\"llama3:latest\",\"model\":\"llama3:latest\","               \
    "\"remote_host\":\"https://ollama.com:443\","                            \
    "\"modified_at\":\"2026-08-20T10:11:12.123456789+02:00\","               \
    "\"size\":4661224676,\"digest\":\"" DIGEST "\","                         \
    "\"details\":{\"parent_model\":\"\",\"format\":\"gguf\","                \
    "\"family\":\"llama\",\"families\":null,\"parameter_size\":\"8.0B\","    \
    "\"quantization_level\":\"Q4_0\",\"embedding_length\":4096},"            \
    "\"future\":[1,{\"a\":1.50}]}"

#define LLAMA3_SHOW                                                          \
    "{\"parameters\":\"stop                           \\\"<|eot|>\\\"\\n"    \
    "stop                           \\\"<|end|>\\\"\\n"                      \
    "temperature                    0.7\","                                  \
    "\"template\":\"{{ .Suffix }}\",\"details\":{\"format\":\"gguf\","       \
    "\"family\":\"llama\"},\"model_info\":{"                                 \
    "\"general.architecture\":\"llama\",\"general.basename\":\"Meta\","      \
    "\"general.parameter_count\":8030261248,"                                \
    "\"llama.context_length\":131072},"                                      \
    "\"capabilities\":[\"completion\",\"tools\",\"novel\"],"                 \
    "\"modified_at\":\"2026-08-20T10:11:12Z\",\"requires\":\"0.6.0\"}"

#define OLLAMA_LIST                                                          \
    "{\"models\":[{\"name\":\"llama3:latest\",\"entry\":" LLAMA3             \
    ",\"show\":" LLAMA3_SHOW "},"                                            \
    "{\"name\":\"nomic-embed-text:latest\",\"entry\":{"                      \
    "\"name\":\"nomic-embed-text:latest\","                                  \
    "\"model\":\"nomic-embed-text:latest\",\"digest\":\"\"}}]}"

#define CLOUD_LIST                                                           \
    "{\"models\":[{\"name\":\"gpt-4o\",\"entry\":{\"id\":\"gpt-4o\","        \
    "\"object\":\"model\",\"created\":1715367049,"                           \
    "\"owned_by\":\"system\"}},"                                             \
    "{\"name\":\"meta/llama-3-8b\",\"entry\":{\"id\":\"meta/llama-3-8b\","   \
    "\"name\":\"Meta: Llama 3 8B\",\"context_length\":8192,"                 \
    "\"top_provider\":{\"max_completion_tokens\":2048},\"pricing\":{"        \
    "\"prompt\":\"0.0000025\",\"completion\":\"0.00001\"},"                  \
    "\"supported_parameters\":[\"tools\",\"top_k\"]}}]}"


static void
begin(void)
{
    ngx_str_t         name;
    ngx_conf_t        cf;
    ngx_cycle_t       cycle;
    ngx_shm_zone_t   *zone;
    ngx_slab_pool_t  *sp;

    ngx_str_set(&name, "model");

    if (zone_memory == NULL) {
        zone_memory = mmap(NULL, SIZE, PROT_READ|PROT_WRITE,
                           MAP_ANON|MAP_SHARED, -1, 0);
    }

    pool = ngx_create_pool(4096, &tap_log);

    ngx_memzero(&cycle, sizeof(ngx_cycle_t));
    ngx_memzero(&cf, sizeof(ngx_conf_t));
    ngx_memzero(&views, sizeof(ngx_http_model_views_t));
    ngx_memzero(&scope, sizeof(ngx_http_model_scope_t));

    cycle.log = &tap_log;
    cf.cycle = &cycle;
    cf.pool = pool;

    (void) ngx_list_init(&cycle.shared_memory, pool, 1,
                         sizeof(ngx_shm_zone_t));
    (void) ngx_array_init(&vendors, pool, 4,
                          sizeof(ngx_http_model_vendor_t *));

    views.catalogue = ngx_http_model_catalogue_add(&cf, &name, SIZE, &cf);
    views.vendors = &vendors;
    ngx_str_set(&views.separator, ":");

    ngx_memzero(zone_memory, SIZE);

    sp = zone_memory;
    sp->end = (u_char *) sp + SIZE;
    sp->min_shift = 3;
    sp->addr = sp;
    (void) ngx_shmtx_create(&sp->mutex, &sp->lock, NULL);
    ngx_slab_init(sp);

    zone = cycle.shared_memory.part.elts;
    zone->shm.addr = (u_char *) sp;

    if (zone->init(zone, NULL) != NGX_OK) {
        ok(0, "zone");
    }
}


static void
look(void)
{
    scope.view = ngx_http_model_view(&views, &tap_log);
    scope.vendors = &vendors;

    if (scope.view == NULL) {
        ok(0, "view");
    }
}


static void
end(void)
{
    ngx_http_model_view_cleanup(&views);
    ngx_destroy_pool(pool);
}


static ngx_http_model_vendor_t *
vendor(const char *id, ngx_uint_t dialects)
{
    ngx_http_model_vendor_t  *v, **p;

    v = ngx_pcalloc(pool, sizeof(ngx_http_model_vendor_t));
    p = ngx_array_push(&vendors);

    *p = v;

    v->id = text(id);
    v->label = text("A <label>");
    v->index = vendors.nelts - 1;
    v->hosting = (dialects & OLLAMA) ? NGX_HTTP_MODEL_HOSTING_LOCAL
                                     : NGX_HTTP_MODEL_HOSTING_CLOUD;
    v->dialects = dialects;
    v->prefix = 1;
    v->discover = 1;

    (void) ngx_array_init(&v->declared, pool, 4,
                          sizeof(ngx_http_model_declared_t));

    return v;
}


static ngx_http_model_declared_t *
declare(ngx_http_model_vendor_t *v, const char *name)
{
    ngx_http_model_declared_t  *d;

    d = ngx_array_push(&v->declared);
    ngx_memzero(d, sizeof(ngx_http_model_declared_t));

    d->name = text(name);
    d->context = -1;
    d->output = -1;

    return d;
}


static void
server(const char *id, const char *name, ngx_uint_t state,
    const char *version, const char *list, const char *loaded)
{
    ngx_http_model_catalogue_server_t  f;

    ngx_memzero(&f, sizeof(ngx_http_model_catalogue_server_t));

    f.vendor = text(id);
    f.server = text(name);
    f.state = state;
    f.version = text(version);
    f.list = text(list);
    f.loaded = text(loaded);

    if (ngx_http_model_catalogue_update(views.catalogue, &f, &tap_log)
        == NGX_ERROR)
    {
        ok(0, "update");
    }
}


static ngx_http_model_model_t *
model(const char *listed)
{
    ngx_uint_t               i;
    ngx_http_model_model_t  *m;

    m = scope.view->models.elts;

    for (i = 0; i < scope.view->models.nelts; i++) {
        if (m[i].listed.len == ngx_strlen(listed)
            && ngx_strncmp(m[i].listed.data, listed, m[i].listed.len) == 0)
        {
            return &m[i];
        }
    }

    printf("# no model %s\n", listed);
    exit(1);
}


static ngx_str_t
text(const char *value)
{
    ngx_str_t  s;

    s.data = (u_char *) value;
    s.len = ngx_strlen(value);

    return s;
}


static void
read_document(ngx_int_t rc, const char *name)
{
    ngx_str_t  err;

    doc = NULL;

    if (rc == NGX_OK) {
        doc = ngx_http_model_json_parse(pool, bytes.data, bytes.len, &err);
    }

    ok(doc != NULL, name);
}


/* a value by a path as "models.0.details.family"; "|" for a dot in a key */

static ngx_http_model_json_t *
at(const char *path)
{
    char                   *p, *dot, *slash, key[256];
    ngx_uint_t              i;
    ngx_http_model_json_t  *json;

    (void) snprintf(key, sizeof(key), "%s", path);

    json = doc;

    for (p = key; p != NULL && json != NULL; p = dot) {

        dot = strchr(p, '.');

        if (dot != NULL) {
            *dot++ = '\0';
        }

        for (slash = strchr(p, '|'); slash; slash = strchr(p, '|')) {
            *slash = '.';
        }

        if (json->type != NGX_HTTP_MODEL_JSON_ARRAY) {
            json = ngx_http_model_json_get(json, p);
            continue;
        }

        i = atoi(p);

        for (json = json->child; json != NULL && i > 0; i--) {
            json = json->next;
        }
    }

    return json;
}


/* the value there as JSON; NULL: there is none */

static void
want(const char *path, const char *value)
{
    ngx_str_t                      out;
    ngx_http_model_json_t         *json;
    ngx_http_model_json_writer_t  *w;

    json = at(path);

    if (json == NULL || value == NULL) {
        ok(json == NULL && value == NULL, path);
        return;
    }

    w = ngx_http_model_json_writer(pool);
    ngx_http_model_json_tree(w, json);
    (void) ngx_http_model_json_finish(w, &out);

    is(&out, value, path);
}


/* what the elements of an array have as member, or their keys, in order */

static void
names(const char *array, const char *member, const char *value)
{
    u_char                 *p;
    ngx_str_t               out, s;
    ngx_http_model_json_t  *json;

    out.data = ngx_pnalloc(pool, 4096);
    p = out.data;

    json = at(array);

    for (json = json ? json->child : NULL; json != NULL; json = json->next) {

        if (member == NULL) {
            s = json->key;

        } else {
            (void) ngx_http_model_json_get_str(json, member, &s);
        }

        p = ngx_sprintf(p, "%V ", &s);
    }

    out.len = p - out.data;

    is(&out, value, array);
}


static void
fixture(void)
{
    begin();

    (void) vendor("acme", OLLAMA);
    (void) vendor("cloud", OPENAI);

    server("cloud", "c:443", UP, "", CLOUD_LIST, "");
    server("acme", "a:1", UP, "0.12.3", OLLAMA_LIST, "");

    look();
}


#endif /* _LISTING_H_INCLUDED_ */
