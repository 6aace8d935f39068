
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Answers of servers, as events, and what clients of the responses API get.
 */


#ifndef _BRIDGE_RESPONSES_ANSWER_H_INCLUDED_
#define _BRIDGE_RESPONSES_ANSWER_H_INCLUDED_


#include "bridge_responses.h"


#define EV(t)      NGX_HTTP_MODEL_EVENT_##t
#define FIN(r)     { EV(FINISH), NGX_HTTP_MODEL_FINISH_##r, NULL, NULL }
#define END        { EV(END), 0, NULL, NULL }
#define TEXT(s)    { EV(TEXT), 0, NULL, s }
#define THINK(s)   { EV(THINKING), 0, NULL, s }
#define CALL(n, id, name)  { EV(CALL), n, id, name }
#define ARGS(n, s)         { EV(ARGUMENTS), n, NULL, s }
#define CALLED(n)          { EV(CALL_END), n, NULL, NULL }


/* an event as the tests write it; text: of CALL the name, of LOGPROBS JSON */

typedef struct {
    ngx_http_model_event_e   type;
    ngx_uint_t               n;        /* index, reason, status */
    const char              *id;
    const char              *text;
} event_t;


/* an answer: events up to END or ERROR, and what they become */

typedef struct {
    const char              *name;
    const char              *request;
    const event_t           *events;
    const char              *stream;
    const char              *whole;    /* NULL: there is no whole answer */
} answer_t;


#define REQUEST    "{\"model\":\"m\",\"input\":\"hi\"}"
#define STREAMED   "{\"model\":\"m\",\"input\":\"hi\",\"stream\":true}"

#define TOOLS                                                                 \
    "{\"model\":\"m\",\"input\":\"hi\",\"tools\":["                           \
    "{\"type\":\"function\",\"name\":\"get\",\"parameters\":{}},"             \
    "{\"type\":\"custom\",\"name\":\"patch\"},"                               \
    "{\"type\":\"namespace\",\"name\":\"crm\",\"description\":\"d\","         \
    "\"tools\":[{\"type\":\"function\",\"name\":\"list\"}]}]}"

#define BEGUN      "created(in_progress) in_progress(in_progress) "


static const event_t  text_events[] = {
    { EV(START), 0, "chatcmpl-1", NULL },
    TEXT("Hel"), TEXT("lo"), FIN(STOP), END
};

static const event_t  thinking_events[] = {
    THINK("Let me "), THINK("see"), TEXT("Hi"), FIN(STOP), END
};

static const event_t  signed_events[] = {
    THINK("one"), { EV(SIGNATURE), 0, NULL, "c2ln" },
    { EV(REDACTED), 0, NULL, "cmVk" },
    THINK("two"), { EV(SIGNATURE), 0, NULL, "bW9yZQ" }, THINK("three"),
    CALL(0, "toolu_1", "get"), ARGS(0, "{}"), CALLED(0), FIN(CALLS), END
};

static const event_t  call_events[] = {
    TEXT("I look"), CALL(0, "call_a", "get"), ARGS(0, "{\"a\":"),
    ARGS(0, "12345678901234567890}"), CALLED(0), FIN(STOP), END
};

static const event_t  side_events[] = {
    CALL(0, "call_a", "get"), CALL(1, "", "other"), ARGS(0, "{\"x\""),
    ARGS(1, "{\"y\""), ARGS(0, ":1}"), ARGS(1, ":2}"), CALLED(1), CALLED(0),
    FIN(CALLS), END
};

static const event_t  open_events[] = {
    CALL(0, "call_a", "get"), ARGS(7, "nobody's"), FIN(CALLS), END
};

static const event_t  custom_events[] = {
    CALL(0, "call_a", "patch"), ARGS(0, "{\"input\":\"*** Be"),
    ARGS(0, "gin\\n\\u00e9\"}"), CALLED(0),
    CALL(1, "call_b", "crm__list"), ARGS(1, "{\"n\":1}"), CALLED(1),
    CALL(2, "call_c", "patch"), ARGS(2, "plain"), CALLED(2), FIN(CALLS), END
};

static const event_t  refusal_events[] = {
    TEXT("Well"), { EV(REFUSAL), 0, NULL, "I can" },
    { EV(REFUSAL), 0, NULL, "not" }, FIN(STOP), END
};

static const event_t  length_events[] = {
    TEXT("Once"), FIN(LENGTH), END
};

static const event_t  length_call_events[] = {
    CALL(0, "call_a", "get"), ARGS(0, "{\"a"),
    CALL(1, "call_b", "patch"), ARGS(1, "{\"inp"), FIN(LENGTH), END
};

static const event_t  filter_events[] = {
    TEXT("No"), FIN(FILTER), END
};

static const event_t  nothing_events[] = {
    { EV(START), 0, NULL, NULL }, FIN(STOP), END
};

static const event_t  none_events[] = {
    { EV(START), 0, NULL, NULL }, FIN(FILTER), END
};

static const event_t  again_events[] = {
    TEXT("a"), CALL(0, "call_a", "get"), ARGS(0, "{}"), CALLED(0), TEXT("b"),
    { EV(PING), 0, NULL, NULL }, FIN(CALLS), END
};

static const event_t  logprob_events[] = {
    { EV(LOGPROBS), 0, NULL, "[{\"token\":\"H\",\"logprob\":-0.5,"
      "\"bytes\":[72],\"top_logprobs\":[{\"token\":\"G\",\"logprob\":-2}]}]" },
    TEXT("H"), TEXT("i!"),
    { EV(LOGPROBS), 0, NULL, "[{\"token\":\"i\",\"logprob\":-1e-5},"
      "{\"token\":\"!\",\"logprob\":-2,\"bytes\":null},{\"token\":\"?\"},7]" },
    FIN(STOP), END
};

static const event_t  error_events[] = {
    TEXT("Hel"), CALL(0, "call_a", "get"), ARGS(0, "{"),
    { EV(ERROR), 502, NULL, "the vendor \"broke\"" }
};

static const event_t  limit_events[] = {
    { EV(ERROR), 429, NULL, "slow down" }
};


static const answer_t  answers[] = {

    { "a text", STREAMED, text_events,
      BEGUN "output_item.added@0(message:in_progress) "
      "content_part.added@0.0(output_text ) "
      "output_text.delta@0.0(Hel) output_text.delta@0.0(lo) "
      "output_text.done@0.0(Hello) content_part.done@0.0(output_text Hello) "
      "output_item.done@0(message:completed[Hello]) "
      "completed(completed message:completed[Hello] 13) ",
      "completed message:completed[Hello] 13" },

    { "thinking before a text", REQUEST, thinking_events,
      BEGUN "output_item.added@0(reasoning:) "
      "reasoning_summary_part.added@0(summary_text ) "
      "reasoning_summary_text.delta@0(Let me ) "
      "reasoning_summary_text.delta@0(see) "
      "reasoning_summary_text.done@0(Let me see) "
      "reasoning_summary_part.done@0(summary_text Let me see) "
      "output_item.done@0(reasoning:[Let me see]) "
      "output_item.added@1(message:in_progress) "
      "content_part.added@1.0(output_text ) output_text.delta@1.0(Hi) "
      "output_text.done@1.0(Hi) content_part.done@1.0(output_text Hi) "
      "output_item.done@1(message:completed[Hi]) "
      "completed(completed reasoning:[Let me see] message:completed[Hi] 13) ",
      "completed reasoning:[Let me see] message:completed[Hi] 13" },

    { "thinking that is signed, and some that is redacted", TOOLS,
      signed_events,
      BEGUN "output_item.added@0(reasoning:) "
      "reasoning_summary_part.added@0(summary_text ) "
      "reasoning_summary_text.delta@0(one) "
      "reasoning_summary_text.done@0(one) "
      "reasoning_summary_part.done@0(summary_text one) "
      "output_item.done@0(reasoning:,signature:c2ln[one]) "
      "output_item.added@1(reasoning:) "
      "output_item.done@1(reasoning:,redacted:cmVk) "
      "output_item.added@2(reasoning:) "
      "reasoning_summary_part.added@2(summary_text ) "
      "reasoning_summary_text.delta@2(two) "
      "reasoning_summary_text.done@2(two) "
      "reasoning_summary_part.done@2(summary_text two) "
      "output_item.done@2(reasoning:,signature:bW9yZQ[two]) "
      "output_item.added@3(reasoning:) "
      "reasoning_summary_part.added@3(summary_text ) "
      "reasoning_summary_text.delta@3(three) "
      "reasoning_summary_text.done@3(three) "
      "reasoning_summary_part.done@3(summary_text three) "
      "output_item.done@3(reasoning:[three]) "
      "output_item.added@4(function_call:in_progress,toolu_1,get) "
      "function_call_arguments.delta@4({}) function_call_arguments.done@4({}) "
      "output_item.done@4(function_call:completed,toolu_1,get,{}) "
      "completed(completed reasoning:,signature:c2ln[one] "
      "reasoning:,redacted:cmVk reasoning:,signature:bW9yZQ[two] "
      "reasoning:[three] function_call:completed,toolu_1,get,{} 13) ",
      NULL },

    { "a call after a text", TOOLS, call_events,
      BEGUN "output_item.added@0(message:in_progress) "
      "content_part.added@0.0(output_text ) output_text.delta@0.0(I look) "
      "output_text.done@0.0(I look) content_part.done@0.0(output_text I look) "
      "output_item.done@0(message:completed[I look]) "
      "output_item.added@1(function_call:in_progress,call_a,get) "
      "function_call_arguments.delta@1({\"a\":) "
      "function_call_arguments.delta@1(12345678901234567890}) "
      "function_call_arguments.done@1({\"a\":12345678901234567890}) "
      "output_item.done@1(function_call:completed,call_a,get,"
      "{\"a\":12345678901234567890}) "
      "completed(completed message:completed[I look] "
      "function_call:completed,call_a,get,{\"a\":12345678901234567890} 13) ",
      "completed message:completed[I look] "
      "function_call:completed,call_a,get,{\"a\":12345678901234567890} 13" },

    { "calls side by side, one without an id", TOOLS, side_events,
      BEGUN "output_item.added@0(function_call:in_progress,call_a,get) "
      "output_item.added@1(function_call:in_progress,call_" ID "_1,other) "
      "function_call_arguments.delta@0({\"x\") "
      "function_call_arguments.delta@1({\"y\") "
      "function_call_arguments.delta@0(:1}) "
      "function_call_arguments.delta@1(:2}) "
      "function_call_arguments.done@1({\"y\":2}) "
      "output_item.done@1(function_call:completed,call_" ID "_1,other,"
      "{\"y\":2}) "
      "function_call_arguments.done@0({\"x\":1}) "
      "output_item.done@0(function_call:completed,call_a,get,{\"x\":1}) "
      "completed(completed function_call:completed,call_a,get,{\"x\":1} "
      "function_call:completed,call_" ID "_1,other,{\"y\":2} 13) ",
      "completed function_call:completed,call_a,get,{\"x\":1} "
      "function_call:completed,call_" ID "_1,other,{\"y\":2} 13" },

    { "a call without arguments that nobody ends", TOOLS, open_events,
      BEGUN "output_item.added@0(function_call:in_progress,call_a,get) "
      "function_call_arguments.delta@0({}) "
      "function_call_arguments.done@0({}) "
      "output_item.done@0(function_call:completed,call_a,get,{}) "
      "completed(completed function_call:completed,call_a,get,{} 13) ",
      "completed function_call:completed,call_a,get,{} 13" },

    { "custom tools and those of a namespace", TOOLS, custom_events,
      BEGUN "output_item.added@0(custom_tool_call:,call_a,patch) "
      "custom_tool_call_input.delta@0(*** Begin\n\xc3\xa9) "
      "custom_tool_call_input.done@0(*** Begin\n\xc3\xa9) "
      "output_item.done@0(custom_tool_call:,call_a,patch,"
      "*** Begin\n\xc3\xa9) "
      "output_item.added@1(function_call:in_progress,call_b,crm,list) "
      "function_call_arguments.delta@1({\"n\":1}) "
      "function_call_arguments.done@1({\"n\":1}) "
      "output_item.done@1(function_call:completed,call_b,crm,list,{\"n\":1}) "
      "output_item.added@2(custom_tool_call:,call_c,patch) "
      "custom_tool_call_input.delta@2(plain) "
      "custom_tool_call_input.done@2(plain) "
      "output_item.done@2(custom_tool_call:,call_c,patch,plain) "
      "completed(completed custom_tool_call:,call_a,patch,"
      "*** Begin\n\xc3\xa9 "
      "function_call:completed,call_b,crm,list,{\"n\":1} "
      "custom_tool_call:,call_c,patch,plain 13) ",
      "completed custom_tool_call:,call_a,patch,*** Begin\n\xc3\xa9 "
      "function_call:completed,call_b,crm,list,{\"n\":1} "
      "custom_tool_call:,call_c,patch,plain 13" },

    { "a refusal after a text", REQUEST, refusal_events,
      BEGUN "output_item.added@0(message:in_progress) "
      "content_part.added@0.0(output_text ) output_text.delta@0.0(Well) "
      "output_text.done@0.0(Well) content_part.done@0.0(output_text Well) "
      "content_part.added@0.1(refusal ) refusal.delta@0.1(I can) "
      "refusal.delta@0.1(not) refusal.done@0.1(I cannot) "
      "content_part.done@0.1(refusal I cannot) "
      "output_item.done@0(message:completed[Well][I cannot]) "
      "completed(completed message:completed[Well][I cannot] 13) ",
      "completed message:completed[Well][I cannot] 13" },

    { "a text that is cut", REQUEST, length_events,
      BEGUN "output_item.added@0(message:in_progress) "
      "content_part.added@0.0(output_text ) output_text.delta@0.0(Once) "
      "output_text.done@0.0(Once) content_part.done@0.0(output_text Once) "
      "output_item.done@0(message:incomplete[Once]) "
      "incomplete(incomplete max_output_tokens message:incomplete[Once] 13) ",
      "incomplete max_output_tokens message:incomplete[Once] 13" },

    { "calls that are cut", TOOLS, length_call_events,
      BEGUN "output_item.added@0(function_call:in_progress,call_a,get) "
      "function_call_arguments.delta@0({\"a) "
      "output_item.added@1(custom_tool_call:,call_b,patch) "
      "function_call_arguments.done@0({\"a) "
      "output_item.done@0(function_call:incomplete,call_a,get,{\"a) "
      "custom_tool_call_input.done@1() "
      "output_item.done@1(custom_tool_call:,call_b,patch) "
      "incomplete(incomplete max_output_tokens "
      "function_call:incomplete,call_a,get,{\"a "
      "custom_tool_call:,call_b,patch 13) ",
      NULL },

    { "a text that is filtered", REQUEST, filter_events,
      BEGUN "output_item.added@0(message:in_progress) "
      "content_part.added@0.0(output_text ) output_text.delta@0.0(No) "
      "output_text.done@0.0(No) content_part.done@0.0(output_text No) "
      "output_item.done@0(message:incomplete[No]) "
      "incomplete(incomplete content_filter message:incomplete[No] 13) ",
      "incomplete content_filter message:incomplete[No] 13" },

    { "an answer of nothing", REQUEST, nothing_events,
      BEGUN "output_item.added@0(message:in_progress) "
      "content_part.added@0.0(output_text ) output_text.done@0.0() "
      "content_part.done@0.0(output_text ) "
      "output_item.done@0(message:completed[]) "
      "completed(completed message:completed[] 13) ",
      "completed message:completed[] 13" },

    { "nothing, since it was filtered", REQUEST, none_events,
      BEGUN "incomplete(incomplete content_filter 13) ",
      "incomplete content_filter 13" },

    { "a text after a call, and a sign of life", TOOLS, again_events,
      BEGUN "output_item.added@0(message:in_progress) "
      "content_part.added@0.0(output_text ) output_text.delta@0.0(a) "
      "output_text.done@0.0(a) content_part.done@0.0(output_text a) "
      "output_item.done@0(message:completed[a]) "
      "output_item.added@1(function_call:in_progress,call_a,get) "
      "function_call_arguments.delta@1({}) function_call_arguments.done@1({}) "
      "output_item.done@1(function_call:completed,call_a,get,{}) "
      "output_item.added@2(message:in_progress) "
      "content_part.added@2.0(output_text ) output_text.delta@2.0(b) ping "
      "output_text.done@2.0(b) content_part.done@2.0(output_text b) "
      "output_item.done@2(message:completed[b]) "
      "completed(completed message:completed[a] "
      "function_call:completed,call_a,get,{} message:completed[b] 13) ",
      "completed message:completed[a] "
      "function_call:completed,call_a,get,{} message:completed[b] 13" },

    { "logprobs before and after their text",
      "{\"model\":\"m\",\"input\":\"hi\",\"top_logprobs\":1,"
      "\"include\":[\"message.output_text.logprobs\"]}", logprob_events,
      BEGUN "output_item.added@0(message:in_progress) "
      "content_part.added@0.0(output_text ) output_text.delta@0.0(H|H) "
      "output_text.delta@0.0(i!) output_text.delta@0.0(|i|!) "
      "output_text.done@0.0(Hi!|H|i|!) "
      "content_part.done@0.0(output_text Hi!) "
      "output_item.done@0(message:completed[Hi!]) "
      "completed(completed message:completed[Hi!] 13) ",
      "completed message:completed[Hi!] 13" },

    { "an error amid an answer", TOOLS, error_events,
      BEGUN "output_item.added@0(message:in_progress) "
      "content_part.added@0.0(output_text ) output_text.delta@0.0(Hel) "
      "output_text.done@0.0(Hel) content_part.done@0.0(output_text Hel) "
      "output_item.done@0(message:completed[Hel]) "
      "output_item.added@1(function_call:in_progress,call_a,get) "
      "function_call_arguments.delta@1({) error(the vendor \"broke\") "
      "failed(failed server_error message:completed[Hel] "
      "function_call:incomplete,call_a,get,{ 13) ",
      NULL },

    { "an error in place of an answer", REQUEST, limit_events,
      "error(slow down) failed(failed rate_limit_exceeded 13) ", NULL },

    { NULL, NULL, NULL, NULL, NULL }
};


#endif /* _BRIDGE_RESPONSES_ANSWER_H_INCLUDED_ */
