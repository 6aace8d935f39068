/* unit: src/ngx_http_model_bridge_responses_event.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * OpenAI's responses API of a client, and servers of each dialect: what they
 * are asked, and what becomes of their streams, cut at every byte.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "bridge_exchange.h"
#include "bridge_responses_told.h"


#define OLLAMA     NGX_HTTP_MODEL_OLLAMA
#define OPENAI     NGX_HTTP_MODEL_OPENAI
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC

#define BEGUN      "created(in_progress) in_progress(in_progress) "

#define SCHEMA                                                                \
    "{'type':'object','properties':{'input':{'type':'string',"                \
    "'description':'The whole input, as it is.'}},"                           \
    "'required':['input'],'additionalProperties':false}"


static ngx_http_model_bridge_t  b;


/* a turn of tools, as agents send it */

static const char  *turn =
    "{'model':'acme:m','instructions':'be','input':["
    "{'role':'user','content':[{'type':'input_text','text':'q'},"
    "{'type':'input_image','image_url':'data:image/png;base64,iVBORw0K'}]},"
    "{'type':'reasoning','id':'rs_1','summary':[{'type':'summary_text',"
    "'text':'hm'}],'encrypted_content':'signature:c2ln'},"
    "{'type':'function_call','call_id':'c1','name':'get',"
    "'arguments':'{\\'n\\':12345678901234567890}'},"
    "{'type':'custom_tool_call','call_id':'c2','name':'run','input':'ls'},"
    "{'type':'function_call_output','call_id':'c1','output':'1'},"
    "{'type':'custom_tool_call_output','call_id':'c2','output':'2'}],"
    "'tools':[{'type':'function','name':'get','strict':true,"
    "'description':'gets','parameters':{'type':'object'}},"
    "{'type':'custom','name':'run'},{'type':'namespace','name':'n',"
    "'description':'d','tools':[{'type':'function','name':'f',"
    "'parameters':{}}]}],'max_output_tokens':99,'stream':true,'store':false}";

static const char  *plain =
    "{'model':'acme:m','input':'hi','stream':true,'tools':["
    "{'type':'function','name':'get','parameters':{}},"
    "{'type':'custom','name':'run'}]}";


static const char  *single =
    "{'model':'acme:m','input':'hi','stream':true,'tools':["
    "{'type':'function','name':'get','parameters':{}}],"
    "'parallel_tool_calls':false}";


static ngx_int_t
ask(ngx_uint_t to, const char *body, ngx_str_t *request)
{
    u_char        *p;
    ngx_int_t      rc;
    ngx_str_t      text, *piece;
    ngx_uint_t     i;
    ngx_array_t   *pieces;

    bridge_case();
    bridge_init(&b, &ngx_http_model_bridge_responses, to);
    words(bridge_pool);

    text = q(body);
    ngx_str_null(request);

    rc = ngx_http_model_bridge_request(&b, &text, &pieces);

    if (rc != NGX_OK) {
        printf("# %d: %.*s\n", (int) rc, STR(b.text));
        return rc;
    }

    piece = pieces->elts;
    p = ngx_pnalloc(bridge_pool, 2 * text.len + 4096);
    request->data = p;

    for (i = 0; i < pieces->nelts; i++) {
        p = ngx_cpymem(p, piece[i].data, piece[i].len);
    }

    request->len = p - request->data;

    return NGX_OK;
}


static void
asks(ngx_uint_t to, const char *body, const char *want, const char *name)
{
    ngx_str_t  request;

    (void) ask(to, body, &request);
    same(&request, want, name);
    bridge_done(&b);
}


static void
feed(const char *text, size_t len)
{
    u_char  *p;

    /* bytes that are not there any more when the next ones come */

    p = malloc(len + 1);
    ngx_memcpy(p, text, len);

    if (ngx_http_model_bridge_feed(&b, p, len) != NGX_OK) {
        printf("# feed failed\n");
    }

    free(p);
}


/* a stream becomes the same however it is cut */

static void
answers(ngx_uint_t to, const char *body, const char *stream, const char *want,
    const char *name)
{
    size_t      cut, len, first_len;
    char       *first;
    ngx_str_t   request, end;
    ngx_uint_t  good;

    static ngx_str_t  closed = ngx_string("the server went away");

    first = NULL;
    first_len = 0;
    good = 1;
    len = ngx_strlen(stream);

    for (cut = 0; cut <= len + 1 && good; cut++) {

        if (ask(to, body, &request) != NGX_OK) {
            good = 0;
            bridge_done(&b);
            break;
        }

        end = q(stream);

        if (cut <= len) {
            feed((char *) end.data, cut);
            feed((char *) end.data + cut, len - cut);

        } else {
            for (cut = 0; cut < len; cut++) {
                feed((char *) end.data + cut, 1);
            }

            cut = len + 1;
        }

        (void) ngx_http_model_bridge_close(&b, 502, &closed);

        if (first == NULL) {
            first_len = bridge_len;
            first = malloc(bridge_len);
            ngx_memcpy(first, bridge_out, bridge_len);

            bridge_out[bridge_len] = '\0';

            if (tell_stream((char *) bridge_out)) {
                told_is(want, name);

            } else {
                good = 0;
            }

        } else {
            good = bridge_len == first_len
                   && ngx_memcmp(bridge_out, first, first_len) == 0;
        }

        bridge_done(&b);
    }

    free(first);

    ok(good, "however it is cut");

    if (!good) {
        printf("# %s, cut at %d\n", name, (int) cut);
    }
}


/* a whole answer */

static void
whole(ngx_uint_t to, const char *answer, const char *want, const char *name)
{
    ngx_str_t  request, text, out, err;

    (void) ask(to, "{'model':'acme:m','input':'hi','tools':["
               "{'type':'function','name':'get','parameters':{}},"
               "{'type':'custom','name':'run'}]}", &request);

    text = q(answer);

    if (ngx_http_model_bridge_answer(&b, &text, &out) != NGX_OK) {
        printf("# %.*s\n", STR(b.text));
        ok(0, name);

    } else {
        tell_response(ngx_http_model_json_parse(bridge_pool, out.data,
                                                out.len, &err));
        told_is(want, name);
    }

    bridge_done(&b);
}


static void
test_asked(void)
{
    asks(OPENAI, turn,
         "{'model':'m','messages':[{'role':'system','content':'be'},"
         "{'role':'user','content':[{'type':'text','text':'q'},"
         "{'type':'image_url','image_url':{'url':"
         "'data:image/png;base64,iVBORw0K'}}]},"
         "{'role':'assistant','content':null,'reasoning_content':'hm',"
         "'tool_calls':[{'id':'c1','type':'function','function':"
         "{'name':'get','arguments':'{\\'n\\':12345678901234567890}'}},"
         "{'id':'c2','type':'function','function':{'name':'run',"
         "'arguments':'{\\'input\\':\\'ls\\'}'}}]},"
         "{'role':'tool','tool_call_id':'c1','content':'1'},"
         "{'role':'tool','tool_call_id':'c2','content':'2'}],"
         "'max_tokens':99,'tools':[{'type':'function','function':"
         "{'name':'get','description':'gets','parameters':"
         "{'type':'object'},'strict':true}},"
         "{'type':'function','function':{'name':'run','parameters':"
         SCHEMA "}},{'type':'function','function':{'name':'n__f',"
         "'parameters':{}}}],'stream':true,"
         "'stream_options':{'include_usage':true}}",
         "OpenAI's chat is asked");

    asks(ANTHROPIC, turn,
         "{'model':'m','system':'be','messages':["
         "{'role':'user','content':[{'type':'text','text':'q'},"
         "{'type':'image','source':{'type':'base64','media_type':"
         "'image/png','data':'iVBORw0K'}}]},"
         "{'role':'assistant','content':[{'type':'thinking',"
         "'thinking':'hm','signature':'c2ln'},"
         "{'type':'tool_use','id':'c1','name':'get','input':"
         "{'n':12345678901234567890}},"
         "{'type':'tool_use','id':'c2','name':'run','input':"
         "{'input':'ls'}}]},"
         "{'role':'user','content':[{'type':'tool_result',"
         "'tool_use_id':'c1','content':'1'},{'type':'tool_result',"
         "'tool_use_id':'c2','content':'2'}]}],"
         "'max_tokens':99,'tools':[{'name':'get','description':'gets',"
         "'input_schema':{'type':'object'},'strict':true},"
         "{'name':'run','input_schema':" SCHEMA "},"
         "{'name':'n__f','input_schema':{'type':'object','properties':{}}}],"
         "'stream':true}",
         "Anthropic is asked");

    asks(OLLAMA, turn,
         "{'model':'m','messages':[{'role':'system','content':'be'},"
         "{'role':'user','content':'q','images':['iVBORw0K']},"
         "{'role':'assistant','content':'','thinking':'hm','tool_calls':["
         "{'id':'c1','function':{'index':0,'name':'get','arguments':"
         "{'n':12345678901234567890}}},{'id':'c2','function':{'index':1,"
         "'name':'run','arguments':{'input':'ls'}}}]},"
         "{'role':'tool','content':'1','tool_name':'get',"
         "'tool_call_id':'c1'},"
         "{'role':'tool','content':'2','tool_name':'run',"
         "'tool_call_id':'c2'}],"
         "'tools':[{'type':'function','function':{'name':'get',"
         "'description':'gets','parameters':{'type':'object'}}},"
         "{'type':'function','function':{'name':'run','parameters':"
         SCHEMA "}},{'type':'function','function':{'name':'n__f',"
         "'parameters':{}}}],'options':{'num_predict':99},'stream':true}",
         "Ollama is asked");
}


static void
test_stream_openai(void)
{
    answers(OPENAI, plain,
        "data: {'id':'chatcmpl-1','choices':[{'index':0,'delta':"
        "{'role':'assistant','content':''}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':"
        "{'reasoning_content':'hm'}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':{'content':'Hé'}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':{'tool_calls':[{'index':0,"
        "'id':'c1','type':'function','function':{'name':'get',"
        "'arguments':''}}]}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':{'tool_calls':[{'index':1,"
        "'id':'c2','type':'function','function':{'name':'run',"
        "'arguments':'{\\'inp'}}]}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':{'tool_calls':[{'index':0,"
        "'function':{'arguments':'{\\'a\\':1}'}},{'index':1,"
        "'function':{'arguments':'ut\\':\\'l\\\\ns\\'}'}}]}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':{},'finish_reason':"
        "'tool_calls'}]}\n\n"
        "data: {'choices':[],'usage':{'prompt_tokens':9,"
        "'completion_tokens':4,'total_tokens':13}}\n\n"
        "data: [DONE]\n\n",
        BEGUN "output_item.added@0(reasoning:) "
        "reasoning_summary_part.added@0(summary_text ) "
        "reasoning_summary_text.delta@0(hm) "
        "reasoning_summary_text.done@0(hm) "
        "reasoning_summary_part.done@0(summary_text hm) "
        "output_item.done@0(reasoning:[hm]) "
        "output_item.added@1(message:in_progress) "
        "content_part.added@1.0(output_text ) output_text.delta@1.0(Hé) "
        "output_text.done@1.0(Hé) content_part.done@1.0(output_text Hé) "
        "output_item.done@1(message:completed[Hé]) "
        "output_item.added@2(function_call:in_progress,c1,get) "
        "output_item.added@3(custom_tool_call:,c2,run) "
        "function_call_arguments.delta@2({\"a\":1}) "
        "function_call_arguments.done@2({\"a\":1}) "
        "output_item.done@2(function_call:completed,c1,get,{\"a\":1}) "
        "custom_tool_call_input.delta@3(l\ns) "
        "custom_tool_call_input.done@3(l\ns) "
        "output_item.done@3(custom_tool_call:,c2,run,l\ns) "
        "completed(completed reasoning:[hm] message:completed[Hé] "
        "function_call:completed,c1,get,{\"a\":1} "
        "custom_tool_call:,c2,run,l\ns 13) ",
        "a stream of OpenAI's chat");
}


static void
test_stream_anthropic(void)
{
    answers(ANTHROPIC, plain,
        "event: message_start\ndata: {'type':'message_start','message':"
        "{'id':'msg_1','usage':{'input_tokens':9,'output_tokens':1}}}\n\n"
        "event: content_block_start\ndata: {'type':'content_block_start',"
        "'index':0,'content_block':{'type':'thinking','thinking':''}}\n\n"
        "event: content_block_delta\ndata: {'type':'content_block_delta',"
        "'index':0,'delta':{'type':'thinking_delta','thinking':'hm'}}\n\n"
        "event: content_block_delta\ndata: {'type':'content_block_delta',"
        "'index':0,'delta':{'type':'signature_delta',"
        "'signature':'c2ln'}}\n\n"
        "event: content_block_stop\ndata: {'type':'content_block_stop',"
        "'index':0}\n\n"
        "event: ping\ndata: {'type':'ping'}\n\n"
        "event: content_block_start\ndata: {'type':'content_block_start',"
        "'index':1,'content_block':{'type':'tool_use','id':'toolu_1',"
        "'name':'get','input':{}}}\n\n"
        "event: content_block_delta\ndata: {'type':'content_block_delta',"
        "'index':1,'delta':{'type':'input_json_delta',"
        "'partial_json':'{\\'a\\':1}'}}\n\n"
        "event: content_block_stop\ndata: {'type':'content_block_stop',"
        "'index':1}\n\n"
        "event: message_delta\ndata: {'type':'message_delta','delta':"
        "{'stop_reason':'tool_use'},'usage':{'output_tokens':4}}\n\n"
        "event: message_stop\ndata: {'type':'message_stop'}\n\n",
        BEGUN "output_item.added@0(reasoning:) "
        "reasoning_summary_part.added@0(summary_text ) "
        "reasoning_summary_text.delta@0(hm) ping "
        "reasoning_summary_text.done@0(hm) "
        "reasoning_summary_part.done@0(summary_text hm) "
        "output_item.done@0(reasoning:,signature:c2ln[hm]) "
        "output_item.added@1(function_call:in_progress,toolu_1,get) "
        "function_call_arguments.delta@1({\"a\":1}) "
        "function_call_arguments.done@1({\"a\":1}) "
        "output_item.done@1(function_call:completed,toolu_1,get,"
        "{\"a\":1}) "
        "completed(completed reasoning:,signature:c2ln[hm] "
        "function_call:completed,toolu_1,get,{\"a\":1} 13) ",
        "a stream of Anthropic's");
}


static void
test_stream_ollama(void)
{
    answers(OLLAMA, plain,
        "{'model':'m','message':{'role':'assistant','content':'',"
        "'thinking':'hm'},'done':false}\n"
        "{'model':'m','message':{'role':'assistant','content':'Hi'},"
        "'done':false}\n"
        "{'model':'m','message':{'role':'assistant','content':'',"
        "'tool_calls':[{'function':{'name':'get','arguments':{'a':1.50}}},"
        "{'function':{'name':'run','arguments':{'input':'ls'}}}]},"
        "'done':false}\n"
        "{'model':'m','message':{'role':'assistant','content':''},"
        "'done':true,'done_reason':'stop','prompt_eval_count':9,"
        "'eval_count':4}\n",
        BEGUN "output_item.added@0(reasoning:) "
        "reasoning_summary_part.added@0(summary_text ) "
        "reasoning_summary_text.delta@0(hm) "
        "reasoning_summary_text.done@0(hm) "
        "reasoning_summary_part.done@0(summary_text hm) "
        "output_item.done@0(reasoning:[hm]) "
        "output_item.added@1(message:in_progress) "
        "content_part.added@1.0(output_text ) output_text.delta@1.0(Hi) "
        "output_text.done@1.0(Hi) content_part.done@1.0(output_text Hi) "
        "output_item.done@1(message:completed[Hi]) "
        "output_item.added@2(function_call:in_progress,"
        "call_0123456789abcdef01234567_2,get) "
        "function_call_arguments.delta@2({\"a\":1.50}) "
        "function_call_arguments.done@2({\"a\":1.50}) "
        "output_item.done@2(function_call:completed,"
        "call_0123456789abcdef01234567_2,get,{\"a\":1.50}) "
        "output_item.added@3(custom_tool_call:,"
        "call_0123456789abcdef01234567_3,run) "
        "custom_tool_call_input.delta@3(ls) "
        "custom_tool_call_input.done@3(ls) "
        "output_item.done@3(custom_tool_call:,"
        "call_0123456789abcdef01234567_3,run,ls) "
        "completed(completed reasoning:[hm] message:completed[Hi] "
        "function_call:completed,call_0123456789abcdef01234567_2,get,"
        "{\"a\":1.50} custom_tool_call:,call_0123456789abcdef01234567_3,"
        "run,ls 13) ",
        "a stream of Ollama's");

    /* one call at a time, which Ollama cannot be told */

    answers(OLLAMA, single,
        "{'model':'m','message':{'role':'assistant','content':'',"
        "'tool_calls':[{'function':{'name':'get','arguments':{'a':1.50}}},"
        "{'function':{'name':'get','arguments':{}}}]},'done':false}\n"
        "{'model':'m','message':{'role':'assistant','content':''},"
        "'done':true,'done_reason':'stop'}\n",
        BEGUN "output_item.added@0(function_call:in_progress,"
        "call_0123456789abcdef01234567_0,get) "
        "function_call_arguments.delta@0({\"a\":1.50}) "
        "function_call_arguments.done@0({\"a\":1.50}) "
        "output_item.done@0(function_call:completed,"
        "call_0123456789abcdef01234567_0,get,{\"a\":1.50}) "
        "completed(completed function_call:completed,"
        "call_0123456789abcdef01234567_0,get,{\"a\":1.50}) ",
        "a single call of Ollama's");
}


static void
test_ends(void)
{
    answers(OPENAI, plain,
        "data: {'choices':[{'index':0,'delta':{'content':'Hel'}}]}\n\n",
        BEGUN "output_item.added@0(message:in_progress) "
        "content_part.added@0.0(output_text ) output_text.delta@0.0(Hel) "
        "error(the server went away) "
        "failed(failed server_error message:incomplete[Hel]) ",
        "a stream that breaks off");

    answers(OPENAI, plain,
        "data: {'choices':[{'index':0,'delta':{'content':'Hel'}}]}\n\n"
        "data: {'error':{'message':'slow down','type':'requests',"
        "'code':'rate_limit_exceeded'}}\n\ndata: [DONE]\n\n",
        BEGUN "output_item.added@0(message:in_progress) "
        "content_part.added@0.0(output_text ) output_text.delta@0.0(Hel) "
        "error(slow down) "
        "failed(failed rate_limit_exceeded message:incomplete[Hel]) ",
        "an error of OpenAI's in a stream");

    answers(OLLAMA, plain, "{'error':'out of memory'}\n",
        "error(out of memory) failed(failed server_error) ",
        "an error of Ollama's at once");

    whole(OPENAI, "{'id':'chatcmpl-1','choices':[{'index':0,'message':"
          "{'role':'assistant','content':null,'refusal':'no'},"
          "'finish_reason':'stop'}],'usage':{'prompt_tokens':9,"
          "'completion_tokens':4}}",
          "completed message:completed[no] 13", "a whole refusal of OpenAI's");

    whole(ANTHROPIC, "{'type':'message','role':'assistant','content':["
          "{'type':'thinking','thinking':'hm','signature':'c2ln'},"
          "{'type':'redacted_thinking','data':'cmVk'},"
          "{'type':'text','text':'Once'}],'stop_reason':'max_tokens',"
          "'usage':{'input_tokens':9,'output_tokens':4}}",
          "incomplete max_output_tokens reasoning:,signature:c2ln[hm] "
          "reasoning:,redacted:cmVk message:incomplete[Once] 13",
          "a whole answer of Anthropic's that is cut");

    whole(OLLAMA, "{'model':'m','message':{'role':'assistant','content':'',"
          "'tool_calls':[{'id':'c9','function':{'name':'run','arguments':"
          "{'input':'ls'}}}]},'done':true,'done_reason':'stop'}",
          "completed custom_tool_call:,c9,run,ls",
          "a whole call of Ollama's");
}


int
main(void)
{
    tap_init();

    test_asked();
    test_stream_openai();
    test_stream_anthropic();
    test_stream_ollama();
    test_ends();

    return tap_done();
}
