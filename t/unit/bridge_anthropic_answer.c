/* unit: src/ngx_http_model_bridge_anthropic_answer.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Anthropic's answers over bridges: messages and events read, messages and
 * events written.  Each stream is cut at every byte.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "bridge_script.h"


#define MESSAGES  (&ngx_http_model_bridge_messages)

/* an event of a server */
#define EV(type, rest)                                                        \
    "event: " type "\ndata: {'type':'" type "'" rest "}\n\n"

#define M_START(usage)                                                        \
    EV("message_start", ",'message':{'id':'msg_1','type':'message','role':"   \
       "'assistant','model':'claude','content':[],'stop_reason':null,"        \
       "'stop_sequence':null,'usage':" usage "}")
#define B_START(i, block)                                                     \
    EV("content_block_start", ",'index':" i ",'content_block':" block)
#define B_DELTA(i, delta)                                                     \
    EV("content_block_delta", ",'index':" i ",'delta':" delta)
#define B_STOP(i)                                                             \
    EV("content_block_stop", ",'index':" i)
#define M_DELTA(reason, usage)                                                \
    EV("message_delta", ",'delta':{'stop_reason':'" reason "'"                \
       ",'stop_sequence':null},'usage':" usage)
#define M_STOP     EV("message_stop", "")

#define TEXT(i, s)  B_DELTA(i, "{'type':'text_delta','text':'" s "'}")
#define JSON(i, s)  B_DELTA(i, "{'type':'input_json_delta','partial_json':"   \
                               "'" s "'}")


/* a stream of Anthropic's as events */

static void
events(const char *in, const char *want, const char *name)
{
    ngx_str_t   text, got;
    ngx_uint_t  good;

    bridge_case();

    text = q(in);
    good = bridge_stream(&bridge_script, MESSAGES, &text, NULL);

    got.data = bridge_out;
    got.len = bridge_len;

    is(&got, want, name);
    ok(good, "the same when cut");
}


static void
test_events(void)
{
    events(M_START("{'input_tokens':25,'cache_read_input_tokens':100,"
                   "'cache_creation_input_tokens':7,'output_tokens':1}")
           B_START("0", "{'type':'thinking','thinking':'','signature':''}")
           EV("ping", "")
           B_DELTA("0", "{'type':'thinking_delta','thinking':'hm'}")
           B_DELTA("0", "{'type':'signature_delta','signature':'SIG'}")
           B_STOP("0")
           B_START("1", "{'type':'redacted_thinking','data':'D'}")
           B_STOP("1")
           B_START("2", "{'type':'text','text':''}")
           TEXT("2", "Hel") TEXT("2", "lo\xc3\xa9")
           B_DELTA("2", "{'type':'citations_delta','citation':{}}")
           B_STOP("2")
           M_DELTA("end_turn", "{'output_tokens':15,'output_tokens_details':"
                   "{'thinking_tokens':4}}")
           M_STOP,
           "start(msg_1,claude) ping think(hm) sign(SIG) redacted(D) "
           "text(Hel) text(lo\xc3\xa9) end1() 132/15 100+7 4 ",
           "thinking, text, usage with caches");

    events(M_START("{'input_tokens':5,'output_tokens':0}")
           B_START("0", "{'type':'tool_use','id':'toolu_1','name':'f',"
                   "'input':{}}")
           JSON("0", "") JSON("0", "{\\\"a\\\":") JSON("0", "1}")
           B_STOP("0")
           B_START("1", "{'type':'tool_use','id':'toolu_2','name':'g',"
                   "'input':{'x':1.50}}")
           JSON("1", "{\\\"x\\\":1.50}")
           B_STOP("1")
           B_START("2", "{'type':'tool_use','id':'toolu_3','name':'h',"
                   "'input':{}}")
           M_DELTA("tool_use", "{'input_tokens':0,'output_tokens':3}")
           M_STOP,
           "start(msg_1,claude) call0(toolu_1,f) args0({\"a\":) args0(1}) "
           "done0 call1(toolu_2,g) args1({\"x\":1.50}) done1 "
           "call2(toolu_3,h) done2 end4() 5/3 -1+-1 -1 ", "calls");

    events(M_START("{'input_tokens':5,'output_tokens':0}")
           TEXT("0", "a")
           EV("message_delta", ",'delta':{'stop_reason':'stop_sequence',"
              "'stop_sequence':'##'},'usage':{'output_tokens':2}"),
           "start(msg_1,claude) text(a) end2(##) 5/2 -1+-1 -1 ",
           "a stop string; the connection ends early");

    events(M_START("{}") M_DELTA("max_tokens", "{}") M_STOP,
           "start(msg_1,claude) end3() -1/-1 -1+-1 -1 ", "too long");

    events(M_START("{}") EV("message_delta", ",'delta':{'stop_reason':"
           "'refusal','stop_details':{'type':'refusal','explanation':'no'}}")
           M_STOP, "start(msg_1,claude) refuse(no) end5() -1/-1 -1+-1 -1 ",
           "a refusal");

    events(M_START("{}") M_DELTA("pause_turn", "{}") M_STOP,
           "start(msg_1,claude) end6() -1/-1 -1+-1 -1 ", "a pause");
    events(M_START("{}") M_DELTA("news", "{}") M_STOP,
           "start(msg_1,claude) end1() -1/-1 -1+-1 -1 ", "another reason");

    events(M_START("{}") TEXT("0", "a")
           EV("error", ",'error':{'type':'overloaded_error','message':"
              "'Over\\nloaded'}") TEXT("0", "b"),
           "start(msg_1,claude) text(a) error503(Over loaded) ", "an error");
    events("data: {'error':{'message':'no key'}}\n\n", "error502(no key) ",
           "an error of another kind");
    events("event: error\ndata: {'type':'error','error':{'type':"
           "'rate_limit_error'}}\n\n",
           "error429(the server reports an error) ", "an error without text");

    events(M_START("{}") TEXT("0", "a"),
           "start(msg_1,claude) text(a) error502(cut) ", "cut");
    events(M_START("{}") "event: content_block_delta\ndata: {'type':\n\n",
           "start(msg_1,claude) error502(the answer has an event that is not "
           "JSON) ", "not JSON");

    events(M_START("{}")
           "event: news\ndata: nothing\n\nevent: ping\ndata: x\n\n"
           "data: [DONE]\n\nevent: content_block_delta\ndata: {}\n\n"
           B_START("0", "{'type':'server_tool_use','id':'s','name':'w',"
                   "'input':{'q':1}}")
           JSON("0", "{}") B_STOP("0")
           B_START("1", "7") B_START("99999999999999999999", "{}")
           B_DELTA("1", "[]") B_DELTA("1", "{'type':7}") TEXT("-1", "t")
           B_DELTA("1", "{'type':'text_delta','text':{}}") B_STOP("'x'")
           M_DELTA("end_turn", "{'output_tokens':-5,'input_tokens':'x',"
                   "'output_tokens_details':[1]}")
           M_STOP M_START("{}") TEXT("0", "late"),
           "start(msg_1,claude) text(t) end1() -1/-1 -1+-1 -1 ",
           "what makes no sense");
}


/* a whole message of Anthropic's as one of it: a way through the events */

static void
message(const char *in, const char *want, const char *name)
{
    ngx_str_t                text, out;
    ngx_http_model_bridge_t  b;

    bridge_case();
    bridge_init(&b, MESSAGES, NGX_HTTP_MODEL_OPENAI);

    b.server = MESSAGES;
    text = q(in);

    if (ngx_http_model_bridge_answer(&b, &text, &out) == NGX_OK) {
        same(&out, want, name);

    } else {
        is(&b.text, want, name);
    }

    bridge_done(&b);
}


#define HEAD                                                                  \
    "{'id':'msg_0123456789abcdef01234567','type':'message','role':"           \
    "'assistant','model':'acme:m','container':null,'diagnostics':null,"       \
    "'stop_details':null,"

#define USAGE(input, written, read, output, details)                          \
    "'usage':{'input_tokens':" input ",'cache_creation_input_tokens':"        \
    written ",'cache_read_input_tokens':" read ",'output_tokens':" output     \
    ",'output_tokens_details':" details ",'server_tool_use':null,"            \
    "'cache_creation':null,'inference_geo':null,'service_tier':null,"         \
    "'speed':null}}"


static void
test_message(void)
{
    message("{'id':'msg_9','type':'message','role':'assistant','model':'c',"
            "'content':[{'type':'thinking','thinking':'hm','signature':'S'},"
            "{'type':'redacted_thinking','data':'D'},"
            "{'type':'text','text':'a'},{'type':'text','text':'b'},"
            "{'type':'server_tool_use','id':'x'},7,"
            "{'type':'tool_use','id':'t.1','name':'f','input':{'n':"
            "12345678901234567890,'f':1.0}},{'type':'tool_use','name':'g',"
            "'input':[1]},{'type':'text','text':'c'}],"
            "'stop_reason':'tool_use','usage':{'input_tokens':50,"
            "'cache_read_input_tokens':100,'output_tokens':7,"
            "'output_tokens_details':{'thinking_tokens':3}}}",
            HEAD "'content':[{'type':'thinking','thinking':'hm','signature':"
            "'S'},{'type':'redacted_thinking','data':'D'},{'type':'text',"
            "'text':'ab','citations':null},{'type':'tool_use','id':"
            "'bridge_t_2e1','name':'f','caller':{'type':'direct'},'input':{'n'"
            ":12345678901234567890,'f':1.0}},{'type':'tool_use','id':"
            "'toolu_0123456789abcdef01234567_1','name':'g','caller':{'type':"
            "'direct'},'input':{'_raw':'[1]'}},{'type':'text','text':'c',"
            "'citations':null}],'stop_reason':'tool_use','stop_sequence':null,"
            USAGE("50", "null", "100", "7", "{'thinking_tokens':3}"),
            "a message with everything");

    message("{'content':[],'stop_reason':'stop_sequence','stop_sequence':'#'}",
            HEAD "'content':[],'stop_reason':'stop_sequence','stop_sequence':"
            "'#'," USAGE("0", "null", "null", "0", "null"),
            "a message with nothing");

    message("{'content':[{'type':'text','text':'no'}],'stop_reason':'refusal'"
            "}", HEAD "'content':[{'type':'text','text':'no','citations':null}"
            "],'stop_reason':'refusal','stop_sequence':null,"
            USAGE("0", "null", "null", "0", "null"), "a refusal");

    message("{'type':'error','error':{'type':'not_found_error','message':"
            "'model: x'}}", "model: x", "an error");
    message("{'object':'list'}", "the answer is not a message",
            "another document");
    message("[]", "the answer is not a JSON object", "no object");
    message("{'content':{}}", "the answer is not a message", "no content");
}


/*
 * Frames of a stream by their short names: M(prompt) message_start, +type
 * content_block_start, t k s j deltas, - content_block_stop, D(..)
 * message_delta, END message_stop; each with its index.
 */

static u_char *
brief_block(u_char *out, ngx_http_model_json_t *block)
{
    ngx_str_t  s;

    (void) ngx_http_model_json_get_str(block, "type", &s);
    out = ngx_sprintf(out, "+%V", &s);

    if (ngx_http_model_json_get_str(block, "id", &s) == NGX_OK) {
        out = ngx_sprintf(out, "(%V", &s);
        (void) ngx_http_model_json_get_str(block, "name", &s);
        out = ngx_sprintf(out, ",%V)", &s);
    }

    if (ngx_http_model_json_get_str(block, "data", &s) == NGX_OK) {
        out = ngx_sprintf(out, "(%V)", &s);
    }

    return out;
}


static u_char *
brief_frame(u_char *out, ngx_str_t *name, ngx_http_model_json_t *root)
{
    int64_t                 n;
    ngx_str_t               type, text;
    ngx_http_model_json_t  *v, *u;

    n = ngx_http_model_json_get_int(root, "index");

    if (ngx_strncmp(name->data, "message_start", 13) == 0) {
        u = ngx_http_model_json_get(ngx_http_model_json_get(root, "message"),
                                    "usage");

        return ngx_sprintf(out, "M(%L)",
                           ngx_http_model_json_get_int(u, "input_tokens"));
    }

    if (ngx_strncmp(name->data, "content_block_start", 19) == 0) {
        out = ngx_sprintf(out, " %L", n);

        return brief_block(out, ngx_http_model_json_get(root,
                                                        "content_block"));
    }

    if (ngx_strncmp(name->data, "content_block_stop", 18) == 0) {
        return ngx_sprintf(out, " %L-", n);
    }

    v = ngx_http_model_json_get(root, "delta");

    if (ngx_strncmp(name->data, "content_block_delta", 19) == 0) {
        out = ngx_sprintf(out, " %L%V", n, &v->child->value);

        return ngx_sprintf(out - (sizeof("_delta") - 1), "(%V)",
                           &v->child->next->value);
    }

    if (ngx_strncmp(name->data, "message_delta", 13) == 0) {
        u = ngx_http_model_json_get(root, "usage");

        return ngx_sprintf(out, " D(%V %V %L+%L+%L/%L)", &v->child->value,
                    &v->child->next->value,
                    ngx_http_model_json_get_int(u, "input_tokens"),
                    ngx_http_model_json_get_int(u, "cache_read_input_tokens"),
                    ngx_http_model_json_get_int(u,
                                              "cache_creation_input_tokens"),
                    ngx_http_model_json_get_int(u, "output_tokens"));
    }

    if (ngx_strncmp(name->data, "error", 5) == 0) {
        v = ngx_http_model_json_get(root, "error");

        (void) ngx_http_model_json_get_str(v, "type", &type);
        (void) ngx_http_model_json_get_str(v, "message", &text);

        return ngx_sprintf(out, " error(%V: %V)", &type, &text);
    }

    return ngx_sprintf(out, " %V", name);
}


static ngx_str_t
brief(void)
{
    u_char                 *p, *q, *out, *last;
    ngx_str_t               s, name, type, err;
    ngx_http_model_json_t  *root;

    p = bridge_out;
    last = p + bridge_len;
    out = ngx_pnalloc(bridge_pool, bridge_len + 1);
    s.data = out;

    *last = '\0';

    while (p < last) {

        q = (u_char *) ngx_strstr(p, "\n\n");

        if (q == NULL || ngx_strncmp(p, "event: ", 7) != 0) {
            out = ngx_sprintf(out, "[no frame: %s]", p);
            break;
        }

        name.data = p + 7;
        p = (u_char *) ngx_strchr(p, '\n');
        name.len = p - name.data;
        p += sizeof("\ndata: ") - 1;

        root = ngx_http_model_json_parse(bridge_pool, p, q - p, &err);
        p = q + 2;

        if (root == NULL) {
            out = ngx_sprintf(out, "[not JSON: %V]", &err);
            break;
        }

        (void) ngx_http_model_json_get_str(root, "type", &type);

        if (type.len != name.len
            || ngx_memcmp(type.data, name.data, name.len) != 0)
        {
            out = ngx_sprintf(out, "[%V is %V]", &name, &type);
        }

        out = brief_frame(out, &name, root);
    }

    s.len = out - s.data;

    return s;
}


static void
frames(const char *in, void (*set)(ngx_http_model_bridge_t *b),
    const char *want, const char *name)
{
    ngx_str_t   text, got;
    ngx_uint_t  good;

    bridge_case();

    text = q(in);
    good = bridge_stream(MESSAGES, &bridge_script, &text, set);

    got = brief();

    is(&got, want, name);
    ok(good, "the same when cut");
}


/* 16 bytes are 4 tokens */

static void
prompt(ngx_http_model_bridge_t *b)
{
    ngx_http_model_part_t     *part;
    ngx_http_model_message_t  *m;

    m = ngx_http_model_talk_message(&b->talk, NGX_HTTP_MODEL_ROLE_USER);
    part = ngx_http_model_talk_part(&m->parts, NGX_HTTP_MODEL_PART_TEXT);
    ngx_str_set(&part->text, "0123456789abcdef");

    part = ngx_http_model_talk_part(&m->parts, NGX_HTTP_MODEL_PART_IMAGE);
    ngx_str_set(&part->text, "0123456789abcdef");
}


static void
narrow(ngx_http_model_bridge_t *b)
{
    b->limit = 700;
}


static void
test_frames(void)
{
    ngx_str_t  got;

    frames("start\nthink||hm\nthink||,\ntext||Hel\ntext||lo\nping\nfinish|1\n"
           "usage|150|9|100|20|0\nend\n", prompt,
           "M(4) 0+thinking 0thinking(hm) 0thinking(,) 0- 1+text 1text(Hel) "
           "1text(lo) ping 1- D(end_turn  30+100+20/9) message_stop",
           "thinking and text; counts without what caches had");

    frames("usage|10|0|0|0|0\ntext||\nfinish|1\nend\n", prompt,
           "M(10) D(end_turn  10+0+0/0) message_stop", "nothing at all");

    frames("text||a\nfinish|2|##\nend\n", NULL, "M(1) 0+text 0text(a) 0- "
           "D(stop_sequence ## -1+-1+-1/0) message_stop", "a stop string");
    frames("text||a\nfinish|3\nend\n", NULL, "M(1) 0+text 0text(a) 0- "
           "D(max_tokens  -1+-1+-1/0) message_stop", "too long");
    frames("refuse||no\nfinish|1\nend\n", NULL, "M(1) 0+text 0text(no) 0- "
           "D(refusal  -1+-1+-1/0) message_stop", "a refusal");
    frames("finish|5\nend\n", NULL,
           "M(1) D(refusal  -1+-1+-1/0) message_stop", "a filter");

    frames("think||hm\nsign||S\nthink||x\nredacted||D\nsign||T\nend\n", NULL,
           "M(1) 0+thinking 0thinking(hm) 0signature(S) 0- 1+thinking "
           "1thinking(x) 1- 2+redacted_thinking(D) 2- 3+thinking "
           "3signature(T) 3- D(end_turn  -1+-1+-1/0) message_stop",
           "signatures");

    frames("text||a\ncall|0||c.1|f\nargs|0|{\nargs|0|}\ndone|0\ncall|1|||g\n"
           "done|1\ntext||b\nfinish|1\nend\n", NULL,
           "M(1) 0+text 0text(a) 0- 1+tool_use(bridge_c_2e1,f) 1input_json({) "
           "1input_json(}) 1- 2+tool_use(toolu_0123456789abcdef01234567_1,g) "
           "2- 3+text 3text(b) 3- D(tool_use  -1+-1+-1/0) message_stop",
           "calls in turn");

    frames("think||hm\ntext||t\ncall|0||c0|f\nargs|0|{\"a\"\ncall|7||c7|g\n"
           "args|7|[\nargs|0|:1}\nargs|7|1]\nargs|3|lost\ntext||x\ntext||y\n"
           "think||z\ncall|8||c8|h\ndone|7\nargs|7|late\nargs|8|8\ndone|0\n"
           "args|8|9\nfinish|4\nend\n", NULL,
           "M(1) 0+thinking 0thinking(hm) 0- 1+text 1text(t) 1- "
           "2+tool_use(c0,f) 2input_json({\"a\") 2input_json(:1}) 2- "
           "3+tool_use(c7,g) 3input_json([1]) 3- 4+text 4text(xy) 4- "
           "5+thinking 5thinking(z) 5- 6+tool_use(c8,h) 6input_json(8) "
           "6input_json(9) 6- D(tool_use  -1+-1+-1/0) message_stop",
           "calls at a time");

    frames("call|0||c0|f\ncall|1||c1|g\nargs|1|{}\nsign||S\nredacted||D\n"
           "end\n", NULL,
           "M(1) 0+tool_use(c0,f) 0- 1+tool_use(c1,g) 1input_json({}) 1- "
           "2+thinking 2signature(S) 2- 3+redacted_thinking(D) 3- "
           "D(tool_use  -1+-1+-1/0) message_stop", "calls that do not end");

    frames("text||a\nerror|429|slow\ntext||b\n", NULL,
           "M(1) 0+text 0text(a) error(rate_limit_error: slow)", "an error");
    frames("error|503|busy\n", NULL, " error(overloaded_error: busy)",
           "an error alone");
    frames("text||a\n", NULL, "M(1) 0+text 0text(a) error(api_error: cut)",
           "cut");

    frames("call|0||c0|f\ncall|1||c1|g\nargs|1|0123456789\ncall|2||c2|h\n"
           "call|3||c3|i\ncall|4||c4|j\ncall|5||c5|k\nend\n", narrow,
           "M(1) 0+tool_use(c0,f) error(api_error: the answer has too many "
           "calls at a time)", "too many that wait");

    /* two of a kind, as they are sent */

    frames("start\ntext||Hi\nusage|9|2|0|0|0\nend\n", NULL,
           "M(1) 0+text 0text(Hi) 0- D(end_turn  9+0+0/2) message_stop",
           "a short one");

    got.data = bridge_out;
    got.len = ngx_strlen("event: message_start\ndata: ");
    is(&got, "event: message_start\ndata: ", "its first bytes");

    got.data = (u_char *) ngx_strstr(bridge_out, "event: content_block_delta");
    got.len = ngx_strlen("event: content_block_delta\ndata: {\"type\":\"conten"
                         "t_block_delta\",\"index\":0,\"delta\":{\"type\":\"te"
                         "xt_delta\",\"text\":\"Hi\"}}\n\n");
    is(&got, "event: content_block_delta\ndata: {\"type\":\"content_block_del"
       "ta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}"
       "\n\n", "a delta");
}


/* many calls at a time cost no more than their number */

static void
test_many(void)
{
    u_char      *p;
    ngx_str_t    text;
    ngx_uint_t   i, n;

    n = 20000;

    bridge_case();

    text.data = ngx_pnalloc(bridge_pool, n * 32);
    p = text.data;

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "call|%ui||c|f\n", i);
        p = ngx_sprintf(p, "args|%ui|{}\n", i / 2);
    }

    text.len = p - text.data;

    {
        ngx_http_model_bridge_t  b;

        bridge_init(&b, MESSAGES, NGX_HTTP_MODEL_OPENAI);

        b.server = &bridge_script;
        b.stream = 1;
        b.limit = 64 * 1024 * 1024;

        (void) ngx_http_model_bridge_feed(&b, text.data, text.len);

        ok(!b.ended && b.calls == n, "20000 calls at a time");
        bridge_done(&b);
    }
}


int
main(void)
{
    tap_init();

    test_events();
    test_message();
    test_frames();
    test_many();

    return tap_done();
}
