/* unit: src/ngx_http_model_bridge_apis.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The tables of what becomes of a request's members: that they can be printed
 * and say what they must; with "docs" as argument, they are printed as the
 * end of docs/bridges.md.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_bridge_field.h"
#include "tap.h"


static const char  *dialects[] = { "Ollama", "OpenAI", "Anthropic" };

static const char  *words[] = { "taken", "dropped", "**refused**",
                                "as it is", "-" };


static void
print(const ngx_http_model_bridge_api_t *api,
    const ngx_http_model_field_table_t *table)
{
    ngx_uint_t                     d;
    const ngx_http_model_field_t  *f;

    printf("\n#### %.*s: %s\n\n| member |", (int) api->path.len,
           api->path.data, table->title);

    for (d = 0; d < NGX_HTTP_MODEL_NDIALECTS; d++) {
        if (d != api->dialect || ngx_http_model_bridge_can(api, d)) {
            printf(" to %s |", dialects[d]);
        }
    }

    printf(" |\n|---|");

    for (d = 0; d < NGX_HTTP_MODEL_NDIALECTS; d++) {
        if (d != api->dialect || ngx_http_model_bridge_can(api, d)) {
            printf("---|");
        }
    }

    printf("---|\n");

    for (f = table->fields; f->name; f++) {
        printf("| `%s%s` |", table->prefix, f->name);

        for (d = 0; d < NGX_HTTP_MODEL_NDIALECTS; d++) {
            if (d != api->dialect || ngx_http_model_bridge_can(api, d)) {
                printf(" %s |", words[f->to[d]]);
            }
        }

        printf(" %s |\n", f->note ? f->note : "");
    }
}


static ngx_uint_t
sound(const ngx_http_model_bridge_api_t *api,
    const ngx_http_model_field_table_t *table)
{
    ngx_uint_t                     d, good;
    const ngx_http_model_field_t  *f, *other;

    good = 1;

    for (f = table->fields; f->name; f++) {

        for (other = table->fields; other != f; other++) {
            if (ngx_strcmp(other->name, f->name) == 0) {
                printf("# %s%s is there twice\n", table->prefix, f->name);
                good = 0;
            }
        }

        for (d = 0; d < NGX_HTTP_MODEL_NDIALECTS; d++) {

            if (f->to[d] == NGX_HTTP_MODEL_FIELD_MAP
                && f->read == NULL && ngx_http_model_bridge_can(api, d))
            {
                printf("# %s%s is taken by nobody\n", table->prefix, f->name);
                good = 0;
            }

            if (f->to[d] == NGX_HTTP_MODEL_FIELD_REFUSE && f->note == NULL) {
                printf("# %s%s is refused without a word\n", table->prefix,
                       f->name);
                good = 0;
            }
        }

        if (f->note && strpbrk(f->note, "|\n")) {
            printf("# %s%s breaks the table\n", table->prefix, f->name);
            good = 0;
        }
    }

    return good;
}


int
main(int argc, char **argv)
{
    ngx_str_t                            path;
    ngx_uint_t                           i, n, tables;
    const ngx_http_model_bridge_api_t  **apis;
    const ngx_http_model_field_table_t  *table;

    (void) tap_init();

    apis = ngx_http_model_bridge_apis(&n);
    tables = 0;

    for (i = 0; i < n; i++) {

        if (apis[i]->fields == NULL) {
            continue;
        }

        for (table = apis[i]->fields; table->title; table++) {
            tables++;

            if (argc > 1) {
                print(apis[i], table);

            } else {
                ok(sound(apis[i], table), table->title);
            }
        }
    }

    if (argc > 1) {
        return 0;
    }

    (void) argv;

    path = apis[0]->path;

    is(&path, "/api/chat", "the first of them");
    ok(tables > 10, "there are tables");

    return tap_done();
}
