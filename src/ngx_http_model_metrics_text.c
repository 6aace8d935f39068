
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_json.h"
#include "ngx_http_model_metrics_text.h"


#define NGX_HTTP_MODEL_TEXT_BUFFER  32768
#define NGX_HTTP_MODEL_TEXT_LINE    2048   /* more than any line has: two or
                                              three labels with names, whose
                                              bytes may be escaped */


/* labels of a row, made once */

typedef struct {
    ngx_str_t                         own;      /* vendor, model, operation */
    ngx_str_t                         genai;
} ngx_http_model_text_labels_t;


typedef struct {
    ngx_pool_t                       *pool;
    ngx_chain_t                      *first;
    ngx_chain_t                      *chain;    /* NULL: memory ran out */
    ngx_uint_t                        n;        /* of models */
    ngx_http_model_metrics_model_t   *models;
    ngx_http_model_text_labels_t     *labels;
} ngx_http_model_writer_t;


/* one number of a model */

typedef struct {
    const char                       *name;
    const char                       *type;
    const char                       *help;
    size_t                            offset;   /* of an uint64_t in numbers */
    uint64_t                          unit;     /* of it in one of the metric's,
                                                   a power of ten */
    const char                       *label;    /* or NULL */
    ngx_str_t                        *values;   /* of the label, one a number */
    ngx_uint_t                        nvalues;
} ngx_http_model_text_number_t;


/* one histogram of a model */

typedef struct {
    const char                       *name;
    const char                       *help;
    size_t                            offset;   /* in numbers */
    ngx_uint_t                        kind;     /* NGX_HTTP_MODEL_HISTOGRAM_* */
    ngx_uint_t                        genai;
    const char                       *label;
    ngx_str_t                        *values;
    ngx_uint_t                        nvalues;
} ngx_http_model_text_histogram_t;


/* what is told of a server, in this order */

typedef enum {
    NGX_HTTP_MODEL_TEXT_UP = 0,
    NGX_HTTP_MODEL_TEXT_IN_FLIGHT,
    NGX_HTTP_MODEL_TEXT_BREAKER,
    NGX_HTTP_MODEL_TEXT_COOLDOWN,
    NGX_HTTP_MODEL_TEXT_COOLING,
    NGX_HTTP_MODEL_TEXT_IN_A_ROW,
    NGX_HTTP_MODEL_TEXT_MODELS,
    NGX_HTTP_MODEL_TEXT_AGE,
    NGX_HTTP_MODEL_TEXT_TRIES,
    NGX_HTTP_MODEL_TEXT_FAILURES,
    NGX_HTTP_MODEL_TEXT_TIME,
    NGX_HTTP_MODEL_TEXT_NFACTS
} ngx_http_model_text_fact_e;


static ngx_int_t ngx_http_model_text_labels(ngx_http_model_writer_t *w);
static u_char *ngx_http_model_text_escape(u_char *p, ngx_str_t *s);
static u_char *ngx_http_model_text_line(ngx_http_model_writer_t *w);
static void ngx_http_model_text_done(ngx_http_model_writer_t *w, u_char *p);
static void ngx_http_model_text_head(ngx_http_model_writer_t *w,
    const char *name, const char *type, const char *help);
static u_char *ngx_http_model_text_decimal(u_char *p, u_char *last,
    uint64_t n, uint64_t unit);
static void ngx_http_model_text_requests(ngx_http_model_writer_t *w);
static void ngx_http_model_text_numbers(ngx_http_model_writer_t *w,
    ngx_http_model_text_number_t *number);
static void ngx_http_model_text_gauges(ngx_http_model_writer_t *w);
static void ngx_http_model_text_histograms(ngx_http_model_writer_t *w,
    ngx_http_model_text_histogram_t *histogram);
static void ngx_http_model_text_histogram(ngx_http_model_writer_t *w,
    ngx_http_model_text_histogram_t *histogram, ngx_str_t *labels,
    ngx_str_t *value, ngx_http_model_histogram_t *from);
static ngx_int_t ngx_http_model_text_servers(ngx_http_model_writer_t *w,
    ngx_array_t *servers);
static void ngx_http_model_text_reasons(ngx_http_model_writer_t *w,
    ngx_array_t *servers, ngx_str_t *labels);
static ngx_uint_t ngx_http_model_text_fact(
    ngx_http_model_text_server_t *server, ngx_uint_t fact, uint64_t *n,
    uint64_t *unit);


static ngx_str_t  ngx_http_model_text_no_error[] = {
    ngx_string(""),
    ngx_string("client_error"),
    ngx_string("server_error"),
    ngx_string("canceled"),
    ngx_string("incomplete")
};


#define ngx_http_model_text_at(field)                                         \
    offsetof(ngx_http_model_numbers_t, field)


static ngx_http_model_text_number_t  ngx_http_model_text_counters[] = {
    { "model_errors_total", "counter",
      "Requests that did not end well, by kind.",
      ngx_http_model_text_at(errors), 1,
      "kind", ngx_http_model_errors, NGX_HTTP_MODEL_NERRORS },
    { "model_tries_total", "counter",
      "Servers that were asked, the first one of a request too.",
      ngx_http_model_text_at(tries), 1, NULL, NULL, 1 },
    { "model_failovers_total", "counter",
      "Servers that were asked after another one had failed.",
      ngx_http_model_text_at(failovers), 1, NULL, NULL, 1 },
    { "model_tokens_total", "counter",
      "Tokens by type, as the servers told them.",
      ngx_http_model_text_at(tokens), 1,
      "type", ngx_http_model_tokens, NGX_HTTP_MODEL_NTOKENS },
    { "model_cost_total", "counter",
      "Cost of the tokens by declared prices, in the vendor's currency.",
      ngx_http_model_text_at(cost), 1000000000, NULL, NULL, 1 },
    { "model_unobserved_total", "counter",
      "Answers that could not be looked into for their tokens, by why.",
      ngx_http_model_text_at(unobserved), 1,
      "reason", ngx_http_model_unobserved, NGX_HTTP_MODEL_NUNOBSERVED },
    { NULL, NULL, NULL, 0, 0, NULL, NULL, 0 }
};


static ngx_http_model_text_histogram_t  ngx_http_model_text_all[] = {
    { "model_queue_wait_seconds",
      "Time that requests waited for a free slot, where there is a queue.",
      ngx_http_model_text_at(queued), NGX_HTTP_MODEL_HISTOGRAM_DURATION, 0,
      NULL, NULL, 1 },
    { "gen_ai_client_token_usage",
      "Number of input and output tokens of a request.",
      ngx_http_model_text_at(usage), NGX_HTTP_MODEL_HISTOGRAM_TOKENS, 1,
      "gen_ai_token_type", ngx_http_model_tokens, 2 },
    { "gen_ai_server_request_duration_seconds",
      "Time from the first byte of a request to the last of its answer.",
      ngx_http_model_text_at(duration), NGX_HTTP_MODEL_HISTOGRAM_DURATION, 1,
      "error_type", ngx_http_model_text_no_error, NGX_HTTP_MODEL_NOUTCOMES },
    { "gen_ai_server_time_to_first_token_seconds",
      "Time to the first token of an answer that ended well.",
      ngx_http_model_text_at(first_token),
      NGX_HTTP_MODEL_HISTOGRAM_FIRST_TOKEN, 1, NULL, NULL, 1 },
    { "gen_ai_server_time_per_output_token_seconds",
      "Time per output token after the first, of an answer that ended well.",
      ngx_http_model_text_at(token_time),
      NGX_HTTP_MODEL_HISTOGRAM_TOKEN_TIME, 1, NULL, NULL, 1 },
    { NULL, NULL, 0, 0, 0, NULL, NULL, 0 }
};


static struct {
    const char  *name;
    const char  *type;
    const char  *help;
} ngx_http_model_text_facts[] = {
    { "model_server_up", "gauge",
      "1 when the server is up, 0 when it is down; absent until that is "
      "known." },
    { "model_server_in_flight", "gauge",
      "Requests that the server has at this moment." },
    { "model_server_breaker", "gauge",
      "Breaker of the server: 0 closed, 1 open, 2 half open." },
    { "model_server_cooldown_seconds", "gauge",
      "Time that the server is still kept out, for all its models." },
    { "model_server_cooling_models", "gauge",
      "Models that the server is kept out for, one by one." },
    { "model_server_consecutive_failures", "gauge",
      "Failures of the server since it last answered." },
    { "model_server_models", "gauge",
      "Models that the server has." },
    { "model_server_list_age_seconds", "gauge",
      "Age of the list of the server's models." },
    { "model_server_tries_total", "counter",
      "Requests that were sent to the server and are over." },
    { "model_server_failures_total", "counter",
      "Requests that the server failed: no answer, cut, timed out, 5xx." },
    { "model_server_request_seconds_total", "counter",
      "Time that the server had requests, summed up." }
};


ngx_chain_t *
ngx_http_model_metrics_text(ngx_http_model_text_t *text, ngx_pool_t *pool)
{
    u_char                           *p;
    ngx_http_model_writer_t           w;
    ngx_http_model_text_number_t     *number;
    ngx_http_model_text_histogram_t  *histogram;

    ngx_memzero(&w, sizeof(ngx_http_model_writer_t));

    w.pool = pool;
    w.n = text->models->nelts;
    w.models = text->models->elts;

    w.chain = ngx_alloc_chain_link(pool);
    if (w.chain == NULL) {
        return NULL;
    }

    w.first = w.chain;
    w.chain->next = NULL;
    w.chain->buf = ngx_create_temp_buf(pool, NGX_HTTP_MODEL_TEXT_BUFFER);

    if (w.chain->buf == NULL || ngx_http_model_text_labels(&w) != NGX_OK) {
        return NULL;
    }

    ngx_http_model_text_head(&w, "model_build_info", "gauge",
                             "Versions of the module and of nginx.");

    p = ngx_http_model_text_line(&w);
    p = ngx_sprintf(p, "model_build_info{version=\"%s\",nginx=\"%s\"} 1\n",
                    NGX_HTTP_MODEL_VERSION, text->nginx);
    ngx_http_model_text_done(&w, p);

    ngx_http_model_text_head(&w, "model_catalogue_generation", "gauge",
                             "Changes of what is known of servers.");

    p = ngx_http_model_text_line(&w);
    p = ngx_sprintf(p, "model_catalogue_generation %ui\n", text->generation);
    ngx_http_model_text_done(&w, p);

    ngx_http_model_text_requests(&w);

    for (number = ngx_http_model_text_counters; number->name; number++) {
        ngx_http_model_text_numbers(&w, number);
    }

    ngx_http_model_text_gauges(&w);

    for (histogram = ngx_http_model_text_all; histogram->name; histogram++) {
        ngx_http_model_text_histograms(&w, histogram);
    }

    if (ngx_http_model_text_servers(&w, text->servers) != NGX_OK
        || w.chain == NULL)
    {
        return NULL;
    }

    w.chain->buf->last_buf = 1;
    w.chain->buf->last_in_chain = 1;

    return w.first;
}


static ngx_int_t
ngx_http_model_text_labels(ngx_http_model_writer_t *w)
{
    u_char                          *p;
    size_t                           len;
    ngx_str_t                       *operation;
    ngx_uint_t                       i;
    ngx_http_model_metrics_model_t  *m;

    w->labels = ngx_palloc(w->pool, (w->n + 1)
                                    * sizeof(ngx_http_model_text_labels_t));
    if (w->labels == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < w->n; i++) {
        m = &w->models[i];
        operation = &ngx_http_model_operations[m->operation];

        /* an escape has two bytes for one */

        len = 128 + operation->len + 2 * (m->vendor.len + m->model.len);

        p = ngx_pnalloc(w->pool, 2 * len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        w->labels[i].own.data = p;
        p = ngx_cpymem(p, "vendor=\"", 8);
        p = ngx_http_model_text_escape(p, &m->vendor);
        p = ngx_cpymem(p, "\",model=\"", 9);
        p = ngx_http_model_text_escape(p, &m->model);
        p = ngx_sprintf(p, "\",operation=\"%V\"", operation);
        w->labels[i].own.len = p - w->labels[i].own.data;

        w->labels[i].genai.data = p;
        p = ngx_sprintf(p, "gen_ai_operation_name=\"%V\","
                        "gen_ai_provider_name=\"", operation);
        p = ngx_http_model_text_escape(p, &m->vendor);
        p = ngx_sprintf(p, "\",gen_ai_request_model=\"");
        p = ngx_http_model_text_escape(p, &m->model);
        *p++ = '"';
        w->labels[i].genai.len = p - w->labels[i].genai.data;
    }

    return NGX_OK;
}


/* a label's value; what is no text comes out as "?" */

static u_char *
ngx_http_model_text_escape(u_char *p, ngx_str_t *s)
{
    u_char  *c, *last;
    size_t   len;

    last = s->data + ngx_min(s->len, NGX_HTTP_MODEL_METRICS_NAME);

    for (c = s->data; c < last; c += len) {

        len = ngx_http_model_json_utf8(c, last);

        if (len == 0 || *c < 0x20 || *c == 0x7f) {
            *p++ = '?';
            len = 1;
            continue;
        }

        if (*c == '"' || *c == '\\') {
            *p++ = '\\';
        }

        p = ngx_cpymem(p, c, len);
    }

    return p;
}


/* room for a line; NULL when memory ran out, which stays so */

static u_char *
ngx_http_model_text_line(ngx_http_model_writer_t *w)
{
    static u_char  lost[NGX_HTTP_MODEL_TEXT_LINE];

    ngx_chain_t  *cl;

    if (w->chain == NULL) {
        return lost;
    }

    if (w->chain->buf->end - w->chain->buf->last >= NGX_HTTP_MODEL_TEXT_LINE) {
        return w->chain->buf->last;
    }

    cl = ngx_alloc_chain_link(w->pool);

    if (cl == NULL) {
        w->chain = NULL;
        return lost;
    }

    cl->next = NULL;
    cl->buf = ngx_create_temp_buf(w->pool, NGX_HTTP_MODEL_TEXT_BUFFER);

    if (cl->buf == NULL) {
        w->chain = NULL;
        return lost;
    }

    w->chain->next = cl;
    w->chain = cl;

    return cl->buf->last;
}


static void
ngx_http_model_text_done(ngx_http_model_writer_t *w, u_char *p)
{
    if (w->chain) {
        w->chain->buf->last = p;
    }
}


static void
ngx_http_model_text_head(ngx_http_model_writer_t *w, const char *name,
    const char *type, const char *help)
{
    u_char  *p;

    p = ngx_http_model_text_line(w);
    p = ngx_sprintf(p, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    ngx_http_model_text_done(w, p);
}


/* n / unit, exact; unit is a power of ten, at most 1e9 */

static u_char *
ngx_http_model_text_decimal(u_char *p, u_char *last, uint64_t n,
    uint64_t unit)
{
    if (n % unit == 0) {
        return ngx_slprintf(p, last, "%uL", n / unit);
    }

    p = ngx_slprintf(p, last, "%uL.%09uL", n / unit,
                     n % unit * (1000000000 / unit));

    while (p[-1] == '0') {
        p--;
    }

    return p;
}


static void
ngx_http_model_text_requests(ngx_http_model_writer_t *w)
{
    u_char      *p;
    uint64_t     n;
    ngx_uint_t   i, k;

    ngx_http_model_text_head(w, "model_requests_total", "counter",
                             "Requests that have ended, by how they did.");

    for (i = 0; i < w->n; i++) {
        for (k = 0; k < NGX_HTTP_MODEL_NOUTCOMES; k++) {

            n = ngx_http_model_metrics_total(
                                       &w->models[i].numbers.duration[k]);

            p = ngx_http_model_text_line(w);
            p = ngx_sprintf(p, "model_requests_total{%V,outcome=\"%V\"} %uL\n",
                            &w->labels[i].own, &ngx_http_model_outcomes[k], n);
            ngx_http_model_text_done(w, p);
        }
    }
}


static void
ngx_http_model_text_numbers(ngx_http_model_writer_t *w,
    ngx_http_model_text_number_t *number)
{
    u_char      *p, *last;
    uint64_t    *from;
    ngx_uint_t   i, k;

    ngx_http_model_text_head(w, number->name, number->type, number->help);

    for (i = 0; i < w->n; i++) {

        from = (uint64_t *) ((u_char *) &w->models[i].numbers
                             + number->offset);

        for (k = 0; k < number->nvalues; k++) {

            p = ngx_http_model_text_line(w);
            last = p + NGX_HTTP_MODEL_TEXT_LINE;

            p = ngx_sprintf(p, "%s{%V", number->name, &w->labels[i].own);

            if (number->label) {
                p = ngx_sprintf(p, ",%s=\"%V\"", number->label,
                                &number->values[k]);
            }

            *p++ = '}';
            *p++ = ' ';

            p = ngx_http_model_text_decimal(p, last, from[k], number->unit);
            *p++ = '\n';

            ngx_http_model_text_done(w, p);
        }
    }
}


static void
ngx_http_model_text_gauges(ngx_http_model_writer_t *w)
{
    u_char      *p;
    ngx_uint_t   i;

    ngx_http_model_text_head(w, "model_requests_in_flight", "gauge",
                             "Requests that a vendor has at this moment.");

    for (i = 0; i < w->n; i++) {
        p = ngx_http_model_text_line(w);
        p = ngx_sprintf(p, "model_requests_in_flight{%V} %ui\n",
                        &w->labels[i].own, w->models[i].in_flight);
        ngx_http_model_text_done(w, p);
    }

    ngx_http_model_text_head(w, "model_queue_length", "gauge",
                             "Requests that wait for a free slot.");

    for (i = 0; i < w->n; i++) {
        p = ngx_http_model_text_line(w);
        p = ngx_sprintf(p, "model_queue_length{%V} %ui\n",
                        &w->labels[i].own, w->models[i].waiting);
        ngx_http_model_text_done(w, p);
    }
}


/* those that have seen nothing are left out: they are many lines */

static void
ngx_http_model_text_histograms(ngx_http_model_writer_t *w,
    ngx_http_model_text_histogram_t *histogram)
{
    ngx_uint_t                   i, k;
    ngx_http_model_histogram_t  *from;

    ngx_http_model_text_head(w, histogram->name, "histogram",
                             histogram->help);

    for (i = 0; i < w->n; i++) {

        /* what has no vendor was for no model */

        if (histogram->genai && w->models[i].vendor.len == 0) {
            continue;
        }

        from = (ngx_http_model_histogram_t *)
                   ((u_char *) &w->models[i].numbers + histogram->offset);

        for (k = 0; k < histogram->nvalues; k++) {

            if (ngx_http_model_metrics_total(&from[k]) == 0) {
                continue;
            }

            ngx_http_model_text_histogram(w, histogram,
                                          histogram->genai
                                              ? &w->labels[i].genai
                                              : &w->labels[i].own,
                                          histogram->label
                                              ? &histogram->values[k] : NULL,
                                          &from[k]);
        }
    }
}


static void
ngx_http_model_text_histogram(ngx_http_model_writer_t *w,
    ngx_http_model_text_histogram_t *histogram, ngx_str_t *labels,
    ngx_str_t *value, ngx_http_model_histogram_t *from)
{
    u_char                         *p, *last;
    uint64_t                        n;
    ngx_str_t                       all;
    ngx_uint_t                      i;
    const ngx_http_model_bounds_t  *bounds;

    bounds = &ngx_http_model_bounds[histogram->kind];
    n = 0;

    all = *labels;

    if (value) {
        all.data = ngx_pnalloc(w->pool, labels->len + value->len + 64);
        if (all.data == NULL) {
            w->chain = NULL;
            return;
        }

        p = ngx_sprintf(all.data, "%V,%s=\"%V\"", labels, histogram->label,
                        value);
        all.len = p - all.data;
    }

    for (i = 0; i <= bounds->n; i++) {

        n += from->counts[i];

        p = ngx_http_model_text_line(w);
        last = p + NGX_HTTP_MODEL_TEXT_LINE;

        p = ngx_sprintf(p, "%s_bucket{%V,le=\"", histogram->name, &all);

        if (i < bounds->n) {
            p = ngx_http_model_text_decimal(p, last, bounds->bounds[i],
                                            bounds->unit);

        } else {
            p = ngx_cpymem(p, "+Inf", 4);
        }

        p = ngx_sprintf(p, "\"} %uL\n", n);
        ngx_http_model_text_done(w, p);
    }

    p = ngx_http_model_text_line(w);
    last = p + NGX_HTTP_MODEL_TEXT_LINE;

    p = ngx_sprintf(p, "%s_sum{%V} ", histogram->name, &all);
    p = ngx_http_model_text_decimal(p, last, from->sum, bounds->unit);
    *p++ = '\n';
    ngx_http_model_text_done(w, p);

    p = ngx_http_model_text_line(w);
    p = ngx_sprintf(p, "%s_count{%V} %uL\n", histogram->name, &all, n);
    ngx_http_model_text_done(w, p);
}


static ngx_int_t
ngx_http_model_text_servers(ngx_http_model_writer_t *w, ngx_array_t *servers)
{
    u_char                        *p, *last;
    uint64_t                       n, unit;
    ngx_str_t                     *labels;
    ngx_uint_t                     i, k;
    ngx_http_model_text_server_t  *server;

    server = servers->elts;

    labels = ngx_palloc(w->pool, (servers->nelts + 1) * sizeof(ngx_str_t));
    if (labels == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < servers->nelts; i++) {

        p = ngx_pnalloc(w->pool, 64 + 2 * (server[i].vendor.len
                                           + server[i].server.len));
        if (p == NULL) {
            return NGX_ERROR;
        }

        labels[i].data = p;
        p = ngx_cpymem(p, "vendor=\"", 8);
        p = ngx_http_model_text_escape(p, &server[i].vendor);
        p = ngx_cpymem(p, "\",server=\"", 10);
        p = ngx_http_model_text_escape(p, &server[i].server);
        *p++ = '"';
        labels[i].len = p - labels[i].data;
    }

    for (k = 0; k < NGX_HTTP_MODEL_TEXT_NFACTS; k++) {

        ngx_http_model_text_head(w, ngx_http_model_text_facts[k].name,
                                 ngx_http_model_text_facts[k].type,
                                 ngx_http_model_text_facts[k].help);

        for (i = 0; i < servers->nelts; i++) {

            if (!ngx_http_model_text_fact(&server[i], k, &n, &unit)) {
                continue;
            }

            p = ngx_http_model_text_line(w);
            last = p + NGX_HTTP_MODEL_TEXT_LINE;

            p = ngx_sprintf(p, "%s{%V} ", ngx_http_model_text_facts[k].name,
                            &labels[i]);
            p = ngx_http_model_text_decimal(p, last, n, unit);
            *p++ = '\n';
            ngx_http_model_text_done(w, p);
        }
    }

    ngx_http_model_text_reasons(w, servers, labels);

    return NGX_OK;
}


static void
ngx_http_model_text_reasons(ngx_http_model_writer_t *w, ngx_array_t *servers,
    ngx_str_t *labels)
{
    u_char                        *p;
    ngx_uint_t                     i;
    ngx_http_model_text_server_t  *server;

    server = servers->elts;

    ngx_http_model_text_head(w, "model_server_down_reason", "gauge",
                             "1 for a server that is down, with the reason.");

    for (i = 0; i < servers->nelts; i++) {

        if (server[i].state != NGX_HTTP_MODEL_SERVER_DOWN) {
            continue;
        }

        p = ngx_http_model_text_line(w);
        p = ngx_sprintf(p, "model_server_down_reason{%V,reason=\"", &labels[i]);
        p = ngx_http_model_text_escape(p, &server[i].reason);
        p = ngx_cpymem(p, "\"} 1\n", sizeof("\"} 1\n") - 1);
        ngx_http_model_text_done(w, p);
    }
}


/* 1 when the fact is known: it is *n / *unit */

static ngx_uint_t
ngx_http_model_text_fact(ngx_http_model_text_server_t *server,
    ngx_uint_t fact, uint64_t *n, uint64_t *unit)
{
    ngx_http_model_metrics_server_t  *counts;

    static ngx_http_model_metrics_server_t  none;

    counts = server->counts ? server->counts : &none;

    *unit = 1;

    switch (fact) {

    case NGX_HTTP_MODEL_TEXT_UP:
        *n = (server->state == NGX_HTTP_MODEL_SERVER_UP);
        return server->state != NGX_HTTP_MODEL_SERVER_UNKNOWN;

    case NGX_HTTP_MODEL_TEXT_IN_FLIGHT:
        *n = counts->in_flight;
        break;

    case NGX_HTTP_MODEL_TEXT_BREAKER:
        *n = server->breaker;
        break;

    case NGX_HTTP_MODEL_TEXT_COOLDOWN:
        *n = server->cooldown;
        *unit = 1000;
        break;

    case NGX_HTTP_MODEL_TEXT_COOLING:
        *n = server->cooling;
        break;

    case NGX_HTTP_MODEL_TEXT_IN_A_ROW:
        *n = server->failures;
        break;

    case NGX_HTTP_MODEL_TEXT_MODELS:
        *n = server->models;
        return server->age >= 0;

    case NGX_HTTP_MODEL_TEXT_AGE:
        *n = server->age;
        return server->age >= 0;

    case NGX_HTTP_MODEL_TEXT_TRIES:
        *n = counts->tries;
        break;

    case NGX_HTTP_MODEL_TEXT_FAILURES:
        *n = counts->failures;
        break;

    default: /* NGX_HTTP_MODEL_TEXT_TIME */
        *n = counts->time;
        *unit = 1000;
    }

    return 1;
}
