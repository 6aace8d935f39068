/* unit: src/ngx_http_model_metrics_text.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Metrics as text: labels escaped, decimals exact, histograms cumulative.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_metrics_text.h"
#include "tap.h"


#define NMANY  500


static ngx_pool_t             *pool;
static ngx_http_model_text_t   text;


static void test_empty(void);
static void test_labels(void);
static void test_numbers(void);
static void test_servers(void);
static void test_many(void);


static void
fresh(void)
{
    text.models = ngx_array_create(pool, 4,
                                   sizeof(ngx_http_model_metrics_model_t));
    text.servers = ngx_array_create(pool, 4,
                                    sizeof(ngx_http_model_text_server_t));
    text.generation = 7;
    text.nginx = "1.22.1";
}


static ngx_http_model_metrics_model_t *
add_model(const char *name, size_t len)
{
    ngx_http_model_metrics_model_t  *m;

    m = ngx_array_push(text.models);
    ngx_memzero(m, sizeof(*m));

    ngx_str_set(&m->vendor, "v");
    m->model.data = (u_char *) name;
    m->model.len = len;
    m->operation = NGX_HTTP_MODEL_OP_CHAT;

    return m;
}


/* the whole text, with a zero at its end */

static char *
whole(void)
{
    char         *all, *p;
    size_t        len;
    ngx_chain_t  *out, *cl;

    out = ngx_http_model_metrics_text(&text, pool);
    len = 0;

    for (cl = out; cl; cl = cl->next) {
        len += cl->buf->last - cl->buf->pos;
        ok(cl->buf->last_buf == (cl->next == NULL), "the last one is marked");
    }

    all = ngx_palloc(pool, len + 1);
    p = all;

    for (cl = out; cl; cl = cl->next) {
        p = (char *) ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    *p = '\0';

    return all;
}


static void
has(const char *line, const char *name)
{
    char       *at;
    ngx_str_t   got;

    at = ngx_strstr(whole(), line);

    got.data = (u_char *) at;
    got.len = at ? ngx_strlen(line) : 0;

    is(&got, line, name);
}


int
main(void)
{
    tap_init();
    pool = ngx_create_pool(4096, &tap_log);

    test_empty();
    test_labels();
    test_numbers();
    test_servers();
    test_many();

    ngx_destroy_pool(pool);

    return tap_done();
}


static void
test_empty(void)
{
    fresh();

    has("\nmodel_build_info{version=\"" NGX_HTTP_MODEL_VERSION
        "\",nginx=\"1.22.1\"} 1\n", "versions");
    has("\nmodel_catalogue_generation 7\n", "generation");
    has("\n# TYPE gen_ai_client_token_usage histogram\n", "a type");
    ok(ngx_strstr(whole(), "{vendor") == NULL, "no samples");
}


static void
test_labels(void)
{
    size_t  len;
    char    name[600];

    fresh();

    (void) add_model("a\"b\\c\nd\x01\xff\xc3\xa4", 11);
    has("\nmodel_tries_total{vendor=\"v\",model=\"a\\\"b\\\\c?d??\xc3\xa4\","
        "operation=\"chat\"} 0\n", "escaped");

    fresh();

    ngx_memset(name, '"', sizeof(name));
    (void) add_model(name, sizeof(name));
    len = ngx_strlen(whole());
    ok(len > 0 && len < 200000, "a name of quotes");
}


static void
test_numbers(void)
{
    ngx_http_model_metrics_model_t  *m;

    fresh();

    m = add_model("m", 1);
    m->in_flight = 2;
    m->waiting = 3;
    m->numbers.cost = 18446744073709551615u;
    m->numbers.tokens[NGX_HTTP_MODEL_TOKENS_CACHED] = 9007199254740993u;
    m->numbers.errors[NGX_HTTP_MODEL_ERROR_TIMEOUT] = 4;
    m->numbers.duration[0].sum = 12345;
    m->numbers.duration[0].counts[0] = 1;
    m->numbers.duration[0].counts[2] = 5;
    m->numbers.duration[0].counts[14] = 1;
    m->numbers.token_time.sum = 25000;
    m->numbers.token_time.counts[1] = 1;

    has("\nmodel_cost_total{vendor=\"v\",model=\"m\",operation=\"chat\"} "
        "18446744073.709551615\n", "to 1e-9");
    has(",type=\"cached\"} 9007199254740993\n", "all digits");
    has(",kind=\"timeout\"} 4\n", "errors");
    has("\nmodel_requests_total{vendor=\"v\",model=\"m\",operation=\"chat\","
        "outcome=\"ok\"} 7\n", "requests");
    has("\nmodel_requests_in_flight{vendor=\"v\",model=\"m\","
        "operation=\"chat\"} 2\n", "in flight");
    has("\nmodel_queue_length{vendor=\"v\",model=\"m\",operation=\"chat\"} 3\n",
        "waiting");
    has("error_type=\"\",le=\"0.01\"} 1\n", "the first bucket");
    has("error_type=\"\",le=\"0.04\"} 6\n", "those before are in it");
    has("error_type=\"\",le=\"81.92\"} 6\n", "the last bound");
    has("error_type=\"\",le=\"+Inf\"} 7\n", "without bound");
    has("\ngen_ai_server_request_duration_seconds_sum{gen_ai_operation_name="
        "\"chat\",gen_ai_provider_name=\"v\",gen_ai_request_model=\"m\","
        "error_type=\"\"} 12.345\n", "its sum");
    has("error_type=\"\"} 7\n", "its count");
    has("gen_ai_request_model=\"m\",le=\"0.025\"} 1\n", "microseconds");
    has("gen_ai_request_model=\"m\"} 0.025\n", "and their sum");
    ok(ngx_strstr(whole(), "first_token_seconds_bucket") == NULL,
       "nothing seen, nothing told");

    ngx_str_set(&m->vendor, "");
    ok(ngx_strstr(whole(), "duration_seconds_bucket") == NULL,
       "of no vendor");
}


static void
test_servers(void)
{
    ngx_http_model_text_server_t     *s;
    ngx_http_model_metrics_server_t   counts;

    fresh();

    s = ngx_array_push(text.servers);
    ngx_memzero(s, sizeof(*s));
    ngx_str_set(&s->vendor, "v");
    ngx_str_set(&s->server, "127.0.0.1:1");
    s->age = -1;

    has("\nmodel_server_tries_total{vendor=\"v\",server=\"127.0.0.1:1\"} 0\n",
        "no tries");
    ok(ngx_strstr(whole(), "\nmodel_server_up{") == NULL
       && ngx_strstr(whole(), "\nmodel_server_models{") == NULL
       && ngx_strstr(whole(), "\nmodel_server_list_age_seconds{") == NULL,
       "not known");

    ngx_memzero(&counts, sizeof(counts));
    counts.in_flight = 4;
    counts.time = 1500;

    s->counts = &counts;
    s->state = NGX_HTTP_MODEL_SERVER_DOWN;
    ngx_str_set(&s->reason, "HTTP 500: \"x\"");
    s->age = 12;
    s->models = 3;
    s->cooldown = 30250;

    has("\nmodel_server_up{vendor=\"v\",server=\"127.0.0.1:1\"} 0\n", "down");
    has("\nmodel_server_down_reason{vendor=\"v\",server=\"127.0.0.1:1\","
        "reason=\"HTTP 500: \\\"x\\\"\"} 1\n", "why");
    has("\nmodel_server_models{vendor=\"v\",server=\"127.0.0.1:1\"} 3\n",
        "models");
    has("\nmodel_server_list_age_seconds{vendor=\"v\",server=\"127.0.0.1:1\"}"
        " 12\n", "age");
    has("\nmodel_server_cooldown_seconds{vendor=\"v\",server=\"127.0.0.1:1\"}"
        " 30.25\n", "cooldown");
    has("\nmodel_server_in_flight{vendor=\"v\",server=\"127.0.0.1:1\"} 4\n",
        "in flight");
    has("\nmodel_server_request_seconds_total{vendor=\"v\","
        "server=\"127.0.0.1:1\"} 1.5\n", "time");
}


static void
test_many(void)
{
    char         name[NMANY][8], *all, *p;
    ngx_uint_t   i, n;

    fresh();

    for (i = 0; i < NMANY; i++) {
        (void) snprintf(name[i], sizeof(name[i]), "m%lu", (unsigned long) i);
        (void) add_model(name[i], ngx_strlen(name[i]));
    }

    all = whole();
    n = 0;

    for (p = all; *p; p++) {
        n += (*p == '\n');
    }

    ok(n > NMANY * 20 && p[-1] == '\n', "over many buffers");
    ok(ngx_strstr(all, "model=\"m499\",operation=\"chat\"} 0\n") != NULL,
       "up to the last");
}
