
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_anthropic.h"
#include "ngx_http_model_bridge_claude.h"


#define NGX_HTTP_MODEL_ANTHROPIC_OUTPUT_TOKENS  4096
#define NGX_HTTP_MODEL_ANTHROPIC_LEAST_BUDGET   1024


/* members of a request, by the bit of what was written */

#define NGX_HTTP_MODEL_ANTHROPIC_SYSTEM       0
#define NGX_HTTP_MODEL_ANTHROPIC_TOOLS        1
#define NGX_HTTP_MODEL_ANTHROPIC_TOOL_CHOICE  2
#define NGX_HTTP_MODEL_ANTHROPIC_THINK        3
#define NGX_HTTP_MODEL_ANTHROPIC_CONFIG       4
#define NGX_HTTP_MODEL_ANTHROPIC_TEMPERATURE  5
#define NGX_HTTP_MODEL_ANTHROPIC_TOP_P        6
#define NGX_HTTP_MODEL_ANTHROPIC_TOP_K        7
#define NGX_HTTP_MODEL_ANTHROPIC_STOPS        8
#define NGX_HTTP_MODEL_ANTHROPIC_USER         9
#define NGX_HTTP_MODEL_ANTHROPIC_MODEL        10
#define NGX_HTTP_MODEL_ANTHROPIC_MAX          11
#define NGX_HTTP_MODEL_ANTHROPIC_STREAM       12
#define NGX_HTTP_MODEL_ANTHROPIC_MESSAGES     13
#define NGX_HTTP_MODEL_ANTHROPIC_NMEMBERS     14


/* what a request says of thinking, and what follows from it */

typedef struct {
    ngx_uint_t    model;        /* NGX_HTTP_MODEL_CLAUDE_* */
    const char   *thinking;     /* "type", or NULL */
    int64_t       budget;       /* with "enabled" */
    int64_t       max;          /* max_tokens, or -1: as the client has it */
    ngx_str_t     effort;
    ngx_uint_t    written;      /* bits of members */
    unsigned      thinks:1;
} ngx_http_model_anthropic_plan_t;


static ngx_int_t ngx_http_model_anthropic_check(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_anthropic_plan(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan);
static void ngx_http_model_anthropic_plan_off(
    ngx_http_model_anthropic_plan_t *plan);
static void ngx_http_model_anthropic_plan_on(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan);
static void ngx_http_model_anthropic_plan_max(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan);
static int64_t ngx_http_model_anthropic_budget(ngx_str_t *effort);
static ngx_uint_t ngx_http_model_anthropic_forced(ngx_http_model_bridge_t *b);
static ngx_uint_t ngx_http_model_anthropic_in_loop(
    ngx_http_model_bridge_t *b);
static void ngx_http_model_anthropic_key(ngx_http_model_anthropic_plan_t *plan,
    ngx_http_model_json_writer_t *w, ngx_uint_t n);
static void ngx_http_model_anthropic_write_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w);
static void ngx_http_model_anthropic_parameters(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *schema);
static void ngx_http_model_anthropic_write_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w);
static void ngx_http_model_anthropic_write_thinking(
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w);
static void ngx_http_model_anthropic_write_config(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w);
static void ngx_http_model_anthropic_write_schema(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *schema);
static ngx_uint_t ngx_http_model_anthropic_schema_in(ngx_str_t *key);
static void ngx_http_model_anthropic_write_sampling(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w);
static void ngx_http_model_anthropic_write_rest(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_anthropic_write_extra(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_plan_t *plan,
    ngx_http_model_json_writer_t *w);


static const char  *ngx_http_model_anthropic_members[] = {
    "system", "tools", "tool_choice", "thinking", "output_config",
    "temperature", "top_p", "top_k", "stop_sequences", "metadata", "model",
    "max_tokens", "stream", "messages"
};


ngx_int_t
ngx_http_model_anthropic_write_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t                        rc;
    ngx_str_t                       *number;
    ngx_uint_t                       any;
    ngx_http_model_anthropic_plan_t  plan;

    rc = ngx_http_model_anthropic_check(b);

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_plan(b, &plan);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_json_object(w);

    ngx_http_model_anthropic_key(&plan, w, NGX_HTTP_MODEL_ANTHROPIC_MODEL);
    ngx_http_model_json_str(w, &b->name);

    ngx_http_model_anthropic_key(&plan, w, NGX_HTTP_MODEL_ANTHROPIC_MAX);

    number = &b->talk.numbers[NGX_HTTP_MODEL_TALK_MAX];

    if (plan.max == -1) {
        ngx_http_model_json_raw(w, number);

    } else {
        ngx_http_model_json_int(w, plan.max);
    }

    ngx_http_model_anthropic_key(&plan, w, NGX_HTTP_MODEL_ANTHROPIC_STREAM);
    ngx_http_model_json_bool(w, b->talk.stream);

    rc = ngx_http_model_anthropic_write_system(b, w,
                             b->talk.format == NGX_HTTP_MODEL_FORMAT_JSON,
                             &any);
    if (rc != NGX_OK) {
        return rc;
    }

    if (any) {
        plan.written |= 1 << NGX_HTTP_MODEL_ANTHROPIC_SYSTEM;
    }

    plan.written |= 1 << NGX_HTTP_MODEL_ANTHROPIC_MESSAGES;

    rc = ngx_http_model_anthropic_write_messages(b, w);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_anthropic_write_tools(b, &plan, w);
    ngx_http_model_anthropic_write_choice(b, &plan, w);
    ngx_http_model_anthropic_write_thinking(&plan, w);
    ngx_http_model_anthropic_write_config(b, &plan, w);
    ngx_http_model_anthropic_write_sampling(b, &plan, w);
    ngx_http_model_anthropic_write_rest(b, &plan, w);

    rc = ngx_http_model_anthropic_write_extra(b, &plan, w);

    ngx_http_model_json_object_end(w);

    return rc;
}


/* what Anthropic's servers cannot do at all */

static ngx_int_t
ngx_http_model_anthropic_check(ngx_http_model_bridge_t *b)
{
    ngx_str_t              *stop;
    ngx_uint_t              i;
    ngx_http_model_talk_t  *talk;

    talk = &b->talk;

    if (talk->completion) {
        return ngx_http_model_bridge_refuse(b, "prompt", "vendor \"%V\" "
                                            "continues no raw text: its "
                                            "servers have messages only",
                                            &b->vendor);
    }

    if (talk->logprobs == NGX_HTTP_MODEL_ON) {
        return ngx_http_model_bridge_refuse(b, "logprobs", "vendor \"%V\" "
                                            "gives no logprobs", &b->vendor);
    }

    stop = talk->stop.elts;

    for (i = 0; i < talk->stop.nelts; i++) {
        if (ngx_http_model_anthropic_blank(&stop[i])) {
            return ngx_http_model_bridge_refuse(b, "stop", "vendor \"%V\" "
                                  "does not stop at blanks alone: each stop "
                                  "string must have another character",
                                  &b->vendor);
        }
    }

    if (ngx_http_model_anthropic_forced(b) && talk->tools.nelts == 0) {
        return ngx_http_model_bridge_refuse(b, "tool_choice", "there are no "
                                            "tools that could be called");
    }

    return NGX_OK;
}


/*
 * Thinking.  An effort becomes "adaptive" and output_config.effort, as does
 * "on" with models that have nothing else; "on" alone becomes "enabled" with a
 * budget.  Models that are known to have one form only get that.
 */

static ngx_int_t
ngx_http_model_anthropic_plan(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan)
{
    ngx_http_model_talk_t  *talk;

    talk = &b->talk;

    ngx_memzero(plan, sizeof(ngx_http_model_anthropic_plan_t));

    plan->model = ngx_http_model_claude(&b->name);
    plan->budget = -1;

    if (talk->think == NGX_HTTP_MODEL_OFF) {
        ngx_http_model_anthropic_plan_off(plan);

    } else if (talk->think == NGX_HTTP_MODEL_ON) {

        if (ngx_http_model_anthropic_forced(b) && !talk->effort_only) {
            return ngx_http_model_bridge_refuse(b, "tool_choice", "vendor "
                             "\"%V\" cannot be told both to think and to call "
                             "a tool: leave the choice of the tool, or "
                             "thinking, to the model", &b->vendor);
        }

        ngx_http_model_anthropic_plan_on(b, plan);
    }

    ngx_http_model_anthropic_plan_max(b, plan);

    return NGX_OK;
}


static void
ngx_http_model_anthropic_plan_off(ngx_http_model_anthropic_plan_t *plan)
{
    if (plan->model & NGX_HTTP_MODEL_CLAUDE_DISABLED) {
        plan->thinking = "disabled";

    } else if (plan->model & NGX_HTTP_MODEL_CLAUDE_BETWEEN) {
        plan->thinking = "between_tools";

    } else {

        /* it always thinks: as little as it can */

        ngx_str_set(&plan->effort, "low");
    }
}


static void
ngx_http_model_anthropic_plan_on(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan)
{
    ngx_uint_t              adaptive;
    ngx_http_model_talk_t  *talk;

    talk = &b->talk;

    plan->thinks = 1;
    plan->effort = talk->effort;

    if (plan->effort.len == 7
        && ngx_memcmp(plan->effort.data, "minimal", 7) == 0)
    {
        ngx_str_set(&plan->effort, "low");
    }

    if (!(plan->model & NGX_HTTP_MODEL_CLAUDE_BUDGET)) {
        adaptive = 1;

        if (talk->budget >= 0 && plan->effort.len == 0) {

            if (talk->budget <= 1024) {
                ngx_str_set(&plan->effort, "low");

            } else if (talk->budget < 4096) {
                ngx_str_set(&plan->effort, "medium");

            } else {
                ngx_str_set(&plan->effort, "high");
            }
        }

    } else if (talk->budget >= 0
               || !(plan->model & NGX_HTTP_MODEL_CLAUDE_ADAPTIVE))
    {
        adaptive = 0;

    } else {
        adaptive = plan->effort.len
                   || (plan->model & NGX_HTTP_MODEL_CLAUDE_KNOWN);
    }

    if (adaptive) {
        plan->thinking = "adaptive";

    } else {
        plan->thinking = "enabled";
        plan->budget = (talk->budget >= 0)
                       ? ngx_max(talk->budget,
                                 NGX_HTTP_MODEL_ANTHROPIC_LEAST_BUDGET)
                       : ngx_http_model_anthropic_budget(&plan->effort);

        ngx_str_null(&plan->effort);
    }

    /*
     * A forced call and thinking exclude each other: an effort of reasoning,
     * which is not a wish to see it, gives way.  So does "enabled" within a
     * turn whose thinking, with its signature, did not come back: the API
     * takes such a turn only without.
     */

    if (ngx_http_model_anthropic_forced(b)
        || (!adaptive && ngx_http_model_anthropic_in_loop(b)))
    {
        plan->thinks = 0;
        plan->thinking = NULL;
        plan->budget = -1;
    }
}


/* what thinking takes is a part of max_tokens there */

static void
ngx_http_model_anthropic_plan_max(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan)
{
    int64_t     max;
    ngx_str_t  *number;

    number = &b->talk.numbers[NGX_HTTP_MODEL_TALK_MAX];

    if (number->len) {
        max = (int64_t) ngx_min(ngx_http_model_talk_value(number), 1e15);
        plan->max = -1;

    } else {
        max = (b->output > 0) ? b->output
                              : NGX_HTTP_MODEL_ANTHROPIC_OUTPUT_TOKENS;
        plan->max = max;
    }

    if (plan->budget == -1 || plan->budget < max) {
        return;
    }

    max += plan->budget;

    if (b->output > 0 && max > b->output) {
        max = b->output;
        plan->budget = ngx_max(ngx_min(plan->budget, max / 2),
                               NGX_HTTP_MODEL_ANTHROPIC_LEAST_BUDGET);
    }

    plan->max = max;
}


static int64_t
ngx_http_model_anthropic_budget(ngx_str_t *effort)
{
    ngx_uint_t  i;

    static const struct {
        const char  *effort;
        int64_t      tokens;
    } budgets[] = {
        { "low", 1024 },
        { "medium", 2048 },
        { "high", 4096 },
        { "xhigh", 8192 },
        { "max", 16384 },
        { NULL, 4096 }
    };

    for (i = 0; budgets[i].effort; i++) {
        if (ngx_strlen(budgets[i].effort) == effort->len
            && ngx_memcmp(budgets[i].effort, effort->data, effort->len) == 0)
        {
            break;
        }
    }

    return budgets[i].tokens;
}


static ngx_uint_t
ngx_http_model_anthropic_forced(ngx_http_model_bridge_t *b)
{
    return b->talk.choice == NGX_HTTP_MODEL_CHOICE_ANY
           || b->talk.choice == NGX_HTTP_MODEL_CHOICE_NAMED;
}


/* 1 if the assistant's last turn made calls and has no thinking of Claude's */

static ngx_uint_t
ngx_http_model_anthropic_in_loop(ngx_http_model_bridge_t *b)
{
    ngx_uint_t                 i, n, calls;
    ngx_http_model_part_t     *part;
    ngx_http_model_message_t  *message;

    message = b->talk.messages.elts;

    calls = 0;

    for (i = b->talk.messages.nelts; i-- > 0; /* void */) {

        if (message[i].role == NGX_HTTP_MODEL_ROLE_USER) {
            break;
        }

        part = message[i].parts.elts;

        for (n = 0; n < message[i].parts.nelts; n++) {

            if (part[n].type == NGX_HTTP_MODEL_PART_CALL) {
                calls = 1;

            } else if (part[n].type == NGX_HTTP_MODEL_PART_REDACTED
                       || (part[n].type == NGX_HTTP_MODEL_PART_THINKING
                           && part[n].signature.len))
            {
                return 0;
            }
        }
    }

    return calls;
}


static void
ngx_http_model_anthropic_key(ngx_http_model_anthropic_plan_t *plan,
    ngx_http_model_json_writer_t *w, ngx_uint_t n)
{
    plan->written |= 1 << n;

    ngx_http_model_json_key(w, ngx_http_model_anthropic_members[n]);
}


static void
ngx_http_model_anthropic_write_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w)
{
    ngx_uint_t              i;
    ngx_http_model_tool_t  *tool;

    if (b->talk.tools.nelts == 0) {
        return;
    }

    ngx_http_model_anthropic_key(plan, w, NGX_HTTP_MODEL_ANTHROPIC_TOOLS);
    ngx_http_model_json_array(w);

    tool = b->talk.tools.elts;

    for (i = 0; i < b->talk.tools.nelts; i++) {

        ngx_http_model_json_object(w);
        ngx_http_model_anthropic_put(w, "name", &tool[i].name);

        if (tool[i].description.len) {
            ngx_http_model_anthropic_put(w, "description",
                                         &tool[i].description);
        }

        ngx_http_model_json_key(w, "input_schema");
        ngx_http_model_anthropic_parameters(w, tool[i].parameters);

        if (tool[i].strict == NGX_HTTP_MODEL_ON) {
            ngx_http_model_json_key(w, "strict");
            ngx_http_model_json_bool(w, 1);
        }

        ngx_http_model_bridge_extra(w, tool[i].extra);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);
}


/* a schema of arguments must be of type object, and say so */

static void
ngx_http_model_anthropic_parameters(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *schema)
{
    if (schema && ngx_http_model_json_get(schema, "type")) {
        ngx_http_model_json_tree(w, schema);
        return;
    }

    ngx_http_model_anthropic_open(w, "object");

    if (schema && schema->child) {

        for (schema = schema->child; schema; schema = schema->next) {
            ngx_http_model_json_key_str(w, &schema->key);
            ngx_http_model_json_tree(w, schema);
        }

    } else {
        ngx_http_model_json_key(w, "properties");
        ngx_http_model_json_object(w);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_anthropic_write_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w)
{
    ngx_uint_t              single;
    ngx_http_model_talk_t  *talk;

    static const char  *types[] = { "auto", "auto", "none", "any", "tool" };

    talk = &b->talk;

    single = (talk->parallel == NGX_HTTP_MODEL_OFF
              && talk->choice != NGX_HTTP_MODEL_CHOICE_NONE);

    if (talk->tools.nelts == 0
        || (talk->choice == NGX_HTTP_MODEL_CHOICE_UNSET && !single))
    {
        return;
    }

    ngx_http_model_anthropic_key(plan, w,
                                 NGX_HTTP_MODEL_ANTHROPIC_TOOL_CHOICE);

    ngx_http_model_anthropic_open(w, types[talk->choice]);

    if (talk->choice == NGX_HTTP_MODEL_CHOICE_NAMED) {
        ngx_http_model_anthropic_put(w, "name", &talk->chosen);
    }

    if (single) {
        ngx_http_model_json_key(w, "disable_parallel_tool_use");
        ngx_http_model_json_bool(w, 1);
    }

    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_anthropic_write_thinking(ngx_http_model_anthropic_plan_t *plan,
    ngx_http_model_json_writer_t *w)
{
    if (plan->thinking == NULL) {
        return;
    }

    ngx_http_model_anthropic_key(plan, w, NGX_HTTP_MODEL_ANTHROPIC_THINK);
    ngx_http_model_anthropic_open(w, plan->thinking);

    if (plan->budget != -1) {
        ngx_http_model_json_key(w, "budget_tokens");
        ngx_http_model_json_int(w, plan->budget);
    }

    if (plan->thinks && (plan->model & NGX_HTTP_MODEL_CLAUDE_HIDES)) {
        ngx_http_model_json_key(w, "display");
        ngx_http_model_json_cstr(w, "summarized");
    }

    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_anthropic_write_config(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w)
{
    ngx_uint_t  schema;

    schema = (b->talk.format == NGX_HTTP_MODEL_FORMAT_SCHEMA
              && b->talk.schema);

    if (plan->effort.len == 0 && !schema) {
        return;
    }

    ngx_http_model_anthropic_key(plan, w, NGX_HTTP_MODEL_ANTHROPIC_CONFIG);
    ngx_http_model_json_object(w);

    if (plan->effort.len) {
        ngx_http_model_anthropic_put(w, "effort", &plan->effort);
    }

    if (schema) {
        ngx_http_model_json_key(w, "format");
        ngx_http_model_anthropic_open(w, "json_schema");
        ngx_http_model_json_key(w, "schema");
        ngx_http_model_anthropic_write_schema(w, b->talk.schema);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_object_end(w);
}


/*
 * A schema of answers.  Anthropic wants "additionalProperties": false with
 * every list of properties, which other servers take as said: where it is not
 * there it is added.  What fits such a schema fits the one that came.
 */

static void
ngx_http_model_anthropic_write_schema(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *schema)
{
    ngx_uint_t              in;
    ngx_http_model_json_t  *member, *child;

    if (schema->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        ngx_http_model_json_tree(w, schema);
        return;
    }

    ngx_http_model_json_object(w);

    for (member = schema->child; member; member = member->next) {

        ngx_http_model_json_key_str(w, &member->key);

        in = ngx_http_model_anthropic_schema_in(&member->key);

        if (in == NGX_HTTP_MODEL_JSON_OBJECT
            && member->type == NGX_HTTP_MODEL_JSON_OBJECT)
        {
            ngx_http_model_json_object(w);

            for (child = member->child; child; child = child->next) {
                ngx_http_model_json_key_str(w, &child->key);
                ngx_http_model_anthropic_write_schema(w, child);
            }

            ngx_http_model_json_object_end(w);

        } else if (in == NGX_HTTP_MODEL_JSON_ARRAY
                   && member->type == NGX_HTTP_MODEL_JSON_ARRAY)
        {
            ngx_http_model_json_array(w);

            for (child = member->child; child; child = child->next) {
                ngx_http_model_anthropic_write_schema(w, child);
            }

            ngx_http_model_json_array_end(w);

        } else if (in == NGX_HTTP_MODEL_JSON_NULL
                   && member->type == NGX_HTTP_MODEL_JSON_OBJECT)
        {
            ngx_http_model_anthropic_write_schema(w, member);

        } else {
            ngx_http_model_json_tree(w, member);
        }
    }

    if (ngx_http_model_json_get(schema, "properties")
        && ngx_http_model_json_get(schema, "additionalProperties") == NULL)
    {
        ngx_http_model_json_key(w, "additionalProperties");
        ngx_http_model_json_bool(w, 0);
    }

    ngx_http_model_json_object_end(w);
}


/* where a schema's member has schemas: in an object, in an array, itself
   (NULL), not at all (STRING) */

static ngx_uint_t
ngx_http_model_anthropic_schema_in(ngx_str_t *key)
{
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        ngx_uint_t   in;
    } members[] = {
        { "properties", NGX_HTTP_MODEL_JSON_OBJECT },
        { "$defs", NGX_HTTP_MODEL_JSON_OBJECT },
        { "definitions", NGX_HTTP_MODEL_JSON_OBJECT },
        { "anyOf", NGX_HTTP_MODEL_JSON_ARRAY },
        { "allOf", NGX_HTTP_MODEL_JSON_ARRAY },
        { "oneOf", NGX_HTTP_MODEL_JSON_ARRAY },
        { "prefixItems", NGX_HTTP_MODEL_JSON_ARRAY },
        { "items", NGX_HTTP_MODEL_JSON_NULL },
        { NULL, NGX_HTTP_MODEL_JSON_STRING }
    };

    for (i = 0; members[i].name; i++) {
        if (ngx_strlen(members[i].name) == key->len
            && ngx_memcmp(members[i].name, key->data, key->len) == 0)
        {
            break;
        }
    }

    return members[i].in;
}


/*
 * temperature is of 0 to 1; newer models take it or top_p, not both, and none
 * of them since 4.7.  With thinking only temperature 1 and a top_p of 0.95 and
 * more are taken.
 */

static void
ngx_http_model_anthropic_write_sampling(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w)
{
    double      value;
    ngx_str_t  *temperature, *top_p, *top_k;

    if (!(plan->model & NGX_HTTP_MODEL_CLAUDE_SAMPLING)) {
        return;
    }

    temperature = &b->talk.numbers[NGX_HTTP_MODEL_TALK_TEMPERATURE];
    top_p = &b->talk.numbers[NGX_HTTP_MODEL_TALK_TOP_P];
    top_k = &b->talk.numbers[NGX_HTTP_MODEL_TALK_TOP_K];

    if (temperature->len) {
        value = ngx_http_model_talk_value(temperature);

        if (value >= 1 || !plan->thinks) {
            ngx_http_model_anthropic_key(plan, w,
                                         NGX_HTTP_MODEL_ANTHROPIC_TEMPERATURE);

            if (value > 1) {
                ngx_http_model_json_int(w, 1);

            } else {
                ngx_http_model_json_raw(w, temperature);
            }
        }

    } else if (top_p->len
               && (!plan->thinks || ngx_http_model_talk_value(top_p) >= 0.95))
    {
        ngx_http_model_anthropic_key(plan, w, NGX_HTTP_MODEL_ANTHROPIC_TOP_P);
        ngx_http_model_json_raw(w, top_p);
    }

    if (top_k->len && !plan->thinks && ngx_http_model_talk_value(top_k) >= 1) {
        ngx_http_model_anthropic_key(plan, w, NGX_HTTP_MODEL_ANTHROPIC_TOP_K);
        ngx_http_model_json_raw(w, top_k);
    }
}


static void
ngx_http_model_anthropic_write_rest(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w)
{
    ngx_str_t   *stop;
    ngx_uint_t   i;

    if (b->talk.stop.nelts) {
        ngx_http_model_anthropic_key(plan, w, NGX_HTTP_MODEL_ANTHROPIC_STOPS);
        ngx_http_model_json_array(w);

        stop = b->talk.stop.elts;

        for (i = 0; i < b->talk.stop.nelts; i++) {
            ngx_http_model_json_str(w, &stop[i]);
        }

        ngx_http_model_json_array_end(w);
    }

    if (b->talk.user.len) {
        ngx_http_model_anthropic_key(plan, w, NGX_HTTP_MODEL_ANTHROPIC_USER);
        ngx_http_model_json_object(w);
        ngx_http_model_anthropic_put(w, "user_id", &b->talk.user);
        ngx_http_model_json_object_end(w);
    }
}


/* what the client's API does not know may be Anthropic's own; but not what
   has been said already */

static ngx_int_t
ngx_http_model_anthropic_write_extra(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_plan_t *plan, ngx_http_model_json_writer_t *w)
{
    ngx_uint_t               i, n;
    const char              *name;
    ngx_http_model_json_t  **member;

    if (b->talk.extra == NULL) {
        return NGX_OK;
    }

    member = b->talk.extra->elts;

    for (i = 0; i < b->talk.extra->nelts; i++) {
        for (n = 0; n < NGX_HTTP_MODEL_ANTHROPIC_NMEMBERS; n++) {

            name = ngx_http_model_anthropic_members[n];

            if ((plan->written & (1 << n))
                && ngx_strlen(name) == member[i]->key.len
                && ngx_memcmp(name, member[i]->key.data, member[i]->key.len)
                   == 0)
            {
                return ngx_http_model_bridge_refuse(b, name, "\"%s\" is given "
                                              "twice towards vendor \"%V\": "
                                              "other members say it, too",
                                              name, &b->vendor);
            }
        }
    }

    ngx_http_model_bridge_extra(w, b->talk.extra);

    return NGX_OK;
}
