/* unit: + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Embeddings over a bridge: OpenAI's of Ollama's servers, and Ollama's of
 * OpenAI's; floats as text and as base64.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "exchange.h"
#include "ngx_http_model_bridge_vectors.h"


#define OLLAMA     NGX_HTTP_MODEL_OLLAMA
#define OPENAI     NGX_HTTP_MODEL_OPENAI
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC

#define VECTORS    (&ngx_http_model_bridge_vectors)
#define EMBED      (&ngx_http_model_bridge_embed)
#define OLDER      (&ngx_http_model_bridge_embeddings)


typedef struct {
    const char                         *name;
    const ngx_http_model_bridge_api_t  *client;
    const char                         *request;
    const char                         *sent;     /* NULL: it is not */
    const char                         *answer;   /* NULL: is not tried */
    const char                         *want;     /* NULL: an error */
} case_t;


static void test_exchanges(void);
static void test_nothing(void);
static void test_anthropic(void);
static void test_floats(void);
static void test_many(void);


int
main(void)
{
    tap_init();

    test_exchanges();
    test_nothing();
    test_anthropic();
    test_floats();
    test_many();

    return tap_done();
}


#define TWO     "{\"model\":\"acme:small\",\"input\":[\"a\",\"b\"]"
#define SENT    "{\"model\":\"small\",\"input\":[\"a\",\"b\"]"
#define FLOAT   ",\"encoding_format\":\"float\"}"

#define DATA(rest)                                                            \
    "{\"object\":\"list\",\"data\":[" rest "],\"model\":\"acme:small\","

#define ONE(i, vector)                                                        \
    "{\"object\":\"embedding\",\"index\":" i ",\"embedding\":" vector "}"


static case_t  cases[] = {

    { "what is said already", EMBED,
      TWO ",\"encoding_format\":\"base64\"}", NULL, NULL, NULL },

    { "Ollama's client", EMBED,
      TWO ",\"truncate\":true,\"dimensions\":2,\"keep_alive\":\"5m\","
      "\"options\":{\"num_ctx\":1}}",
      SENT ",\"dimensions\":2" FLOAT,
      "{\"object\":\"list\",\"data\":["
      ONE("1", "[1e-7,0.30000001192092896]") "," ONE("0", "[-0.10,2]")
      "],\"model\":\"x\",\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}",
      "{\"model\":\"acme:small\",\"embeddings\":[[-0.10,2],"
      "[1e-7,0.30000001192092896]],\"total_duration\":1500000000,"
      "\"prompt_eval_count\":8}" },

    { "an answer of base64, which nobody asked for", EMBED, TWO "}",
      SENT FLOAT,
      "{\"data\":[{\"embedding\":\"AACAPwAAIMA=\"},"
      "{\"embedding\":\"zczMPQAAAAA=\"}]}",
      "{\"model\":\"acme:small\",\"embeddings\":[[1,-2.5],[0.1,0]],"
      "\"total_duration\":1500000000}" },

    { "one text", EMBED,
      "{\"model\":\"m\",\"input\":\"a\",\"dimensions\":0,\"extra\":[1]}",
      "{\"model\":\"small\",\"input\":\"a\",\"extra\":[1]" FLOAT,
      "{\"data\":[{\"embedding\":[]}]}",
      "{\"model\":\"acme:small\",\"embeddings\":[[]],"
      "\"total_duration\":1500000000}" },

    { "Ollama's older client", OLDER,
      "{\"model\":\"m\",\"prompt\":\"a\",\"keep_alive\":0,\"options\":{}}",
      "{\"model\":\"small\",\"input\":\"a\"" FLOAT,
      "{\"data\":[" ONE("0", "[1.50]") "]}", "{\"embedding\":[1.50]}" },

    { "OpenAI's client", VECTORS,
      TWO ",\"dimensions\":256,\"user\":\"u\",\"encoding_format\":\"float\"}",
      SENT ",\"truncate\":false,\"dimensions\":256}",
      "{\"model\":\"x\",\"embeddings\":[[1.0,2],[3e0,-4]],"
      "\"total_duration\":1,\"prompt_eval_count\":5}",
      DATA(ONE("0", "[1.0,2]") "," ONE("1", "[3e0,-4]"))
      "\"usage\":{\"prompt_tokens\":5,\"total_tokens\":5}}" },

    { "base64 for who wants it", VECTORS,
      TWO ",\"encoding_format\":\"base64\"}", SENT ",\"truncate\":false}",
      "{\"embeddings\":[[1,-2.5],[0.1,"
      "0.00000000000000000000000000000000000000000000000000000000000000000]]}",
      DATA(ONE("0", "\"AACAPwAAIMA=\"") "," ONE("1", "\"zczMPQAAAAA=\""))
      "\"usage\":{\"prompt_tokens\":0,\"total_tokens\":0}}" },

    { "tokens", VECTORS, "{\"model\":\"m\",\"input\":[1,2]}", NULL, NULL,
      NULL },
    { "lists of tokens", VECTORS, "{\"model\":\"m\",\"input\":[[1],[2]]}",
      NULL, NULL, NULL },
    { "no text", VECTORS, "{\"model\":\"m\"}", NULL, NULL, NULL },
    { "an empty list", VECTORS, "{\"model\":\"m\",\"input\":[]}", NULL, NULL,
      NULL },
    { "a number", VECTORS, "{\"model\":\"m\",\"input\":1}", NULL, NULL, NULL },
    { "a strange form", VECTORS,
      "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"int8\"}", NULL,
      NULL, NULL },
    { "dimensions of text", VECTORS,
      "{\"model\":\"m\",\"input\":\"a\",\"dimensions\":\"2\"}", NULL, NULL,
      NULL },
    { "the older one with a list", OLDER,
      "{\"model\":\"m\",\"prompt\":[\"a\"]}", NULL, NULL, NULL },

    { "an error", EMBED, TWO "}", SENT FLOAT,
      "{\"error\":{\"message\":\"no\"}}", NULL },
    { "no data", EMBED, TWO "}", SENT FLOAT, "{\"data\":{}}", NULL },
    { "a vector is lacking", EMBED, TWO "}", SENT FLOAT,
      "{\"data\":[" ONE("1", "[1]") "]}", NULL },
    { "the same vector twice", EMBED, TWO "}", SENT FLOAT,
      "{\"data\":[" ONE("1", "[1]") "," ONE("1", "[1]") "]}", NULL },
    { "too many vectors", EMBED, TWO "}", SENT FLOAT,
      "{\"data\":[" ONE("2", "[1]") "]}", NULL },
    { "a huge index", EMBED, TWO "}", SENT FLOAT,
      "{\"data\":[" ONE("9223372036854775807", "[1]") "]}", NULL },
    { "a vector of words", EMBED, TWO "}", SENT FLOAT,
      "{\"data\":[" ONE("0", "[\"x\"]") "]}", NULL },
    { "a vector of null", EMBED, TWO "}", SENT FLOAT,
      "{\"data\":[" ONE("0", "null") "]}", NULL },
    { "base64 that is none", EMBED, TWO "}", SENT FLOAT,
      "{\"data\":[" ONE("0", "\"AAC*Pw==\"") "]}", NULL },
    { "base64 of half a float", EMBED, TWO "}", SENT FLOAT,
      "{\"data\":[" ONE("0", "\"AACA\"") "]}", NULL },
    { "base64 of what is no number", EMBED, TWO "}", SENT FLOAT,
      "{\"data\":[" ONE("0", "\"AADAfw==\"") "]}", NULL },
    { "a number that no float is", VECTORS,
      TWO ",\"encoding_format\":\"base64\"}", SENT ",\"truncate\":false}",
      "{\"embeddings\":[[1e99],[1]]}", NULL },
    { "an error of Ollama", VECTORS, TWO "}", SENT ",\"truncate\":false}",
      "{\"error\":\"input length exceeds\"}", NULL },

    { NULL, NULL, NULL, NULL, NULL, NULL }
};


static void
test_exchanges(void)
{
    case_t      *c;
    ngx_int_t    rc;
    ngx_str_t    s, out;
    exchange_t   x;

    for (c = cases; c->name; c++) {

        if (c->client == VECTORS) {
            exchange_init(&x, VECTORS, EMBED, OLLAMA);

        } else {
            exchange_init(&x, c->client, VECTORS, OPENAI);
        }

        s = exchange_str(c->request);
        rc = exchange_request(&x, &s);

        if (c->sent == NULL) {
            ok(rc == NGX_DECLINED && x.b.status == 400, c->name);

            if (strcmp(c->name, "no text") == 0) {
                is(&x.b.text, "\"input\" must have a text at least",
                   "what a refusal says");
            }

            exchange_done(&x);
            continue;
        }

        json_is(&x.out, c->sent, c->name);

        s = exchange_str(c->answer);
        rc = ngx_http_model_bridge_answer(&x.b, &s, &out);

        if (c->want == NULL) {
            ok(rc == NGX_DECLINED && x.b.status == 502 && x.b.text.len,
               "its answer is an error");

        } else if (rc == NGX_OK) {
            json_is(&out, c->want, "its answer");

        } else {
            ok(0, "its answer");
        }

        exchange_done(&x);
    }
}


/* what only loads a model at Ollama */

static void
test_nothing(void)
{
    ngx_str_t   s;
    exchange_t  x;

    exchange_init(&x, EMBED, VECTORS, OPENAI);
    x.b.clock = x.b.started;

    s = exchange_str("{\"model\":\"m\",\"input\":[]}");

    ok(exchange_request(&x, &s) == NGX_DONE, "no texts");
    json_is(&x.b.text, "{\"model\":\"acme:small\",\"embeddings\":[]}",
            "and no vectors");

    exchange_done(&x);

    exchange_init(&x, OLDER, VECTORS, OPENAI);

    s = exchange_str("{\"model\":\"m\",\"prompt\":\"\"}");

    ok(exchange_request(&x, &s) == NGX_DONE, "no text");
    json_is(&x.b.text, "{\"embedding\":[]}", "and an empty vector");

    exchange_done(&x);
}


static void
test_anthropic(void)
{
    ngx_str_t   s;
    exchange_t  x;

    static const char  *requests[] = {
        "{\"model\":\"m\"}", "{\"input\":\"a\"}", "{\"dimensions\":1}"
    };

    ngx_uint_t  i;

    for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        exchange_init(&x, VECTORS, VECTORS, ANTHROPIC);

        s = exchange_str(requests[i]);

        ok(exchange_request(&x, &s) == NGX_DECLINED
           && strstr((char *) x.b.text.data, "Anthropic has no embeddings"),
           requests[i]);

        exchange_done(&x);
    }
}


/* to base64 and back: the same float, in few digits */

static void
test_floats(void)
{
    char                           text[256];
    ngx_str_t                      s, first, second;
    ngx_uint_t                     i;
    exchange_t                     x, y;
    ngx_http_model_bridge_embed_t *embed;

    static const char  *floats[] = {
        "0", "1", "-1", "0.1", "-0.3333333", "3.4028235e+38", "1.4013e-45",
        "1.17549435e-38", "123456.79", "1e+10", "0.012345679", "16777216"
    };

    for (i = 0; i < sizeof(floats) / sizeof(floats[0]); i++) {

        exchange_init(&x, VECTORS, EMBED, OLLAMA);
        s = exchange_str("{\"input\":\"a\",\"encoding_format\":\"base64\"}");
        (void) exchange_request(&x, &s);

        sprintf(text, "{\"embeddings\":[[%s]]}", floats[i]);
        s = exchange_str(text);
        (void) ngx_http_model_bridge_answer(&x.b, &s, &first);

        embed = x.b.embed;
        sprintf(text, "{\"data\":[{\"embedding\":\"%.*s\"}]}",
                (int) embed->vectors[0].base64.len,
                embed->vectors[0].base64.data);

        exchange_init(&y, OLDER, VECTORS, OPENAI);
        s = exchange_str("{\"prompt\":\"a\"}");
        (void) exchange_request(&y, &s);

        s = exchange_str(text);
        (void) ngx_http_model_bridge_answer(&y.b, &s, &second);

        ok(second.len > 15
           && strtof((char *) second.data + 14, NULL)
              == strtof(floats[i], NULL)
           && second.len - 16 <= ngx_strlen(floats[i]) + 2, floats[i]);

        exchange_done(&x);
        exchange_done(&y);
    }
}


/* large answers take time in proportion */

static void
test_many(void)
{
    char        *text, *p;
    ngx_int_t    rc;
    ngx_str_t    s, out;
    ngx_uint_t   i, j;
    exchange_t   x;

    text = malloc(8 * 1024 * 1024);

    p = text + sprintf(text, "{\"input\":[");

    for (i = 0; i < 2000; i++) {
        p += sprintf(p, "%s\"text %lu\"", i ? "," : "", (unsigned long) i);
    }

    sprintf(p, "],\"encoding_format\":\"base64\"}");

    exchange_init(&x, VECTORS, EMBED, OLLAMA);

    s = exchange_str(text);
    ok(exchange_request(&x, &s) > 0, "many texts");

    p = text + sprintf(text, "{\"embeddings\":[");

    for (i = 0; i < 2000; i++) {
        p += sprintf(p, "%s[0", i ? "," : "");

        for (j = 0; j < 100; j++) {
            p += sprintf(p, ",%lu.%lu", (unsigned long) i, (unsigned long) j);
        }

        p += sprintf(p, "]");
    }

    sprintf(p, "]}");

    s = exchange_str(text);
    rc = ngx_http_model_bridge_answer(&x.b, &s, &out);

    ok(rc == NGX_OK && out.len > 2000 * 101 * 16 / 3, "and their vectors");

    exchange_done(&x);
    free(text);
}
