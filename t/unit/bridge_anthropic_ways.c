/* unit: src/ngx_http_model_bridge_apis.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Requests to servers of Anthropic's API from clients of the others, and the
 * other way; and there and back again.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "bridge_pieces.h"


#define OLLAMA     NGX_HTTP_MODEL_OLLAMA
#define OPENAI     NGX_HTTP_MODEL_OPENAI
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC

#define CHAT         (&ngx_http_model_bridge_chat)
#define COMPLETIONS  (&ngx_http_model_bridge_completions)
#define MESSAGES     (&ngx_http_model_bridge_messages)


/* a request on its way: the body, or why there is none */

static ngx_str_t
request(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    ngx_str_t *body)
{
    ngx_int_t                 rc;
    ngx_array_t              *pieces;
    ngx_http_model_bridge_t   b;

    bridge_init(&b, client, to);

    rc = ngx_http_model_bridge_request(&b, body, &pieces);

    bridge_done(&b);

    return (rc == NGX_OK) ? bridge_join(pieces) : b.text;
}


static void
becomes(const ngx_http_model_bridge_api_t *client, ngx_uint_t to,
    const char *body, const char *want, const char *name)
{
    ngx_str_t  text, got;

    bridge_case();

    text = q(body);
    got = request(client, to, &text);

    if (got.len && got.data[0] == '{') {
        same(&got, want, name);

    } else {
        is(&got, want, name);
    }
}


/* a request that is the same when it came through another dialect */

static void
returns(const ngx_http_model_bridge_api_t *client,
    const ngx_http_model_bridge_api_t *server, const char *body,
    const char *name)
{
    ngx_str_t  text;

    bridge_case();

    text = q(body);
    text = request(client, server->dialect, &text);
    text = request(server, client->dialect, &text);

    same(&text, body, name);
}


static void
test_to_anthropic(void)
{
    becomes(COMPLETIONS, ANTHROPIC,
            "{'model':'acme:m','messages':[{'role':'developer','content':'s'},"
            "{'role':'user','content':[{'type':'text','text':'hi'},{'type':"
            "'image_url','image_url':{'url':'data:image/png;base64,"
            "iVBORw0KGgo='}}]},{'role':'assistant','content':null,'tool_calls'"
            ":[{'id':'call_1','type':'function','function':{'name':'f',"
            "'arguments':'{ }'}}]},{'role':'tool','tool_call_id':'call_1',"
            "'content':'r'},{'role':'user','content':'go on'}],"
            "'max_completion_tokens':77,'temperature':1.9,'top_p':0.3,'stop':"
            "'END','user':'u','tools':[{'type':'function','function':{'name':"
            "'f','description':'d','parameters':{'type':'object'}}}],"
            "'tool_choice':{'type':'function','function':{'name':'f'}},"
            "'parallel_tool_calls':false,'stream':true}",
            "{'model':'m','max_tokens':77,'stream':true,'system':'s',"
            "'messages':[{'role':'user','content':[{'type':'text','text':'hi'}"
            ",{'type':'image','source':{'type':'base64','media_type':"
            "'image/png','data':'iVBORw0KGgo='}}]},{'role':'assistant',"
            "'content':[{'type':'tool_use','id':'call_1','name':'f','input':{}"
            "}]},{'role':'user','content':[{'type':'tool_result','tool_use_id'"
            ":'call_1','content':'r'},{'type':'text','text':'go on'}]}],"
            "'temperature':1,'stop_sequences':['END'],'metadata':{'user_id':"
            "'u'},'tools':[{'name':'f','description':'d','input_schema':{"
            "'type':'object'}}],'tool_choice':{'type':'tool','name':'f',"
            "'disable_parallel_tool_use':true}}", "chat completions");

    becomes(CHAT, ANTHROPIC,
            "{'model':'acme:m','think':'high','options':{'num_predict':50,"
            "'temperature':0.2,'num_ctx':4096},'format':{'type':'object',"
            "'properties':{'a':{'type':'string'}}},'messages':[{'role':'user',"
            "'content':'hi','images':['/9j/4AAQ']}],'keep_alive':'5m'}",
            "{'model':'m','max_tokens':50,'stream':true,'messages':[{'role':"
            "'user','content':[{'type':'image','source':{'type':'base64',"
            "'media_type':'image/jpeg','data':'/9j/4AAQ'}},{'type':'text',"
            "'text':'hi'}]}],'thinking':{'type':'adaptive'},'output_config':{"
            "'effort':'high','format':{'type':'json_schema','schema':{'type':"
            "'object','properties':{'a':{'type':'string'}},"
            "'additionalProperties':false}}}}", "Ollama's chat");
}


static void
test_from_anthropic(void)
{
    const char  *body =
        "{'model':'acme:m','max_tokens':100,'system':[{'type':'text','text':"
        "'x-anthropic-billing-header: a'},{'type':'text','text':'s',"
        "'cache_control':{'type':'ephemeral'}}],'metadata':{'user_id':'u'},"
        "'context_management':{'edits':[]},'tools':[{'name':'f','input_schema'"
        ":{'$schema':'http://x','type':'object'}}],'messages':[{'role':'user',"
        "'content':'q'},{'role':'assistant','content':[{'type':'tool_use','id'"
        ":'t1','name':'f','input':{'n':12345678901234567890,'f':1.0}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'t1',"
        "'content':[{'type':'text','text':'r'}]},{'type':'text','text':''},"
        "{'type':'text','text':'now'}]}],'stream':true}";

    becomes(MESSAGES, OPENAI, body,
            "{'model':'m','max_tokens':100,'stream':true,'stream_options':{"
            "'include_usage':true},'user':'u','messages':[{'role':'system',"
            "'content':'s'},{'role':'user','content':'q'},{'role':'assistant',"
            "'content':null,'tool_calls':[{'id':'t1','type':'function',"
            "'function':{'name':'f','arguments':'{\\\"n\\\":"
            "12345678901234567890,\\\"f\\\":1.0}'}}]},{'role':'tool',"
            "'tool_call_id':'t1','content':'r'},{'role':'user','content':'now'"
            "}],'tools':[{'type':'function','function':{'name':'f',"
            "'parameters':{'$schema':'http://x','type':'object'}}}]}",
            "to chat completions");

    becomes(MESSAGES, OLLAMA, body,
            "{'model':'m','stream':true,'options':{'num_predict':100},"
            "'messages':[{'role':'system','content':'s'},{'role':'user',"
            "'content':'q'},{'role':'assistant','content':'','tool_calls':[{"
            "'id':'t1','function':{'index':0,'name':'f','arguments':{'n':"
            "12345678901234567890,'f':1.0}}}]},{'role':'tool','tool_name':'f',"
            "'tool_call_id':'t1','content':'r'},{'role':'user','content':'now'"
            "}],'tools':[{'type':'function','function':{'name':'f',"
            "'parameters':{'$schema':'http://x','type':'object'}}}]}",
            "to Ollama's chat");

    ok(!ngx_http_model_bridge_can(&ngx_http_model_bridge_count_tokens, OPENAI)
       && !ngx_http_model_bridge_can(&ngx_http_model_bridge_count_tokens,
                                     OLLAMA), "nobody counts tokens");
}


static void
test_returns(void)
{
    static const char  talk[] =
        "{'model':'m','max_tokens':9,'stream':true,'system':'s','messages':[{"
        "'role':'user','content':'q'},{'role':'assistant','content':[{'type':"
        "'text','text':'a'},{'type':'tool_use','id':'t1','name':'f','input':{"
        "'f':1.0}},{'type':'tool_use','id':'t2','name':'f','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'t1',"
        "'content':'r'},{'type':'tool_result','tool_use_id':'t2','content':'w'"
        "},{'type':'text','text':'go on'}]}],'temperature':0.5,"
        "'stop_sequences':['x'],'tools':[{'name':'f','description':'d',"
        "'input_schema':{'type':'object','properties':{'a':{'type':'integer'}}"
        "}}]}";

    returns(MESSAGES, COMPLETIONS, talk, "through chat completions");
    returns(MESSAGES, CHAT, talk, "through Ollama's chat");

    returns(MESSAGES, COMPLETIONS, "{'model':'m','max_tokens':9,'stream':false"
            ",'messages':[{'role':'user','content':[{'type':'image','source':{"
            "'type':'url','url':'https://x/y.png'}},{'type':'image','source':{"
            "'type':'base64','media_type':'image/png','data':'iVBORw0KGgo='}},"
            "{'type':'text','text':'what?'}]}],'metadata':{'user_id':'u'},"
            "'tools':[{'name':'f','input_schema':{'type':'object'}}],"
            "'tool_choice':{'type':'any','disable_parallel_tool_use':true}}",
            "images and a choice through chat completions");
}


int
main(void)
{
    tap_init();

    test_to_anthropic();
    test_from_anthropic();
    test_returns();

    return tap_done();
}
