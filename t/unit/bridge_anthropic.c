/* unit: src/ngx_http_model_bridge_anthropic_request.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Anthropic's Messages API over bridges: requests read and written, what is
 * refused.  Of a request that is read and written again nothing is lost but
 * what the tables drop.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "bridge_pieces.h"


#define OPENAI  NGX_HTTP_MODEL_OPENAI

#define HEAD    "'model':'x','max_tokens':9,"
#define HI      "'messages':[{'role':'user','content':'hi'}]"


static ngx_http_model_bridge_t  b;


/* a talk as one line */

static u_char *
bridge_parts(u_char *p, ngx_array_t *parts)
{
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    static const char  *kinds[] = {
        "text", "image", "audio", "file", "think", "redacted", "refusal",
        "call", "result"
    };

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        p = ngx_sprintf(p, "%s%s(", i ? " " : "", kinds[part[i].type]);

        if (part[i].id.len || part[i].name.len) {
            p = ngx_sprintf(p, "%V,%V:", &part[i].id, &part[i].name);
        }

        if (part[i].media.len) {
            p = ngx_sprintf(p, "%V;", &part[i].media);
        }

        p = ngx_sprintf(p, "%V%V", &part[i].url, &part[i].text);

        if (part[i].signature.len) {
            p = ngx_sprintf(p, ";%V", &part[i].signature);
        }

        if (part[i].parts) {
            p = bridge_parts(p, part[i].parts);
        }

        p = ngx_sprintf(p, "%s)%s", part[i].error ? "!" : "",
                        part[i].extra ? "+" : "");
    }

    return p;
}


static ngx_str_t
bridge_talk(ngx_http_model_talk_t *talk)
{
    u_char                    *p;
    ngx_str_t                  s;
    ngx_uint_t                 i;
    ngx_http_model_message_t  *m;

    static u_char       buf[64 * 1024];
    static const char  *roles[] = { "system", "user", "assistant", "tool" };

    p = buf;
    m = talk->messages.elts;

    for (i = 0; i < talk->messages.nelts; i++) {
        p = ngx_sprintf(p, "%s%s[", i ? " " : "", roles[m[i].role]);
        p = bridge_parts(p, &m[i].parts);
        p = ngx_sprintf(p, "]%s", m[i].extra ? "+" : "");
    }

    s.data = buf;
    s.len = p - buf;

    return s;
}


static ngx_int_t
read_request(const char *body, ngx_uint_t to)
{
    ngx_str_t               text, err;
    ngx_http_model_json_t  *root;

    bridge_case();

    text = q(body);

    bridge_init(&b, &ngx_http_model_bridge_messages, to);

    root = ngx_http_model_json_slices(bridge_pool, text.data, text.len, 0,
                                      &err);
    if (root == NULL) {
        printf("# %.*s: %s\n", (int) err.len, err.data, body);
        return NGX_ERROR;
    }

    return ngx_http_model_bridge_messages.read_request(&b, root);
}


static ngx_str_t
write_request(void)
{
    ngx_str_t                      out;
    ngx_array_t                   *pieces;
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(bridge_pool);
    ngx_http_model_json_sliced(w);

    if (ngx_http_model_bridge_messages.write_request(&b, w) != NGX_OK
        || ngx_http_model_json_finish_pieces(w, &pieces) != NGX_OK)
    {
        ngx_str_set(&out, "null");
        return out;
    }

    return bridge_join(pieces);
}


/* the messages of a request as a line */

static void
talk(const char *messages, const char *want, const char *name)
{
    char       body[8192];
    ngx_str_t  got;

    ngx_sprintf((u_char *) body, "{" HEAD "%s}%Z", messages);

    if (read_request(body, OPENAI) != NGX_OK) {
        got = b.text;

    } else {
        got = bridge_talk(&b.talk);
    }

    is(&got, want, name);
    bridge_done(&b);
}


/* members, besides the usual, that are refused with a text */

static void
refused(const char *members, const char *want)
{
    char       body[4096];
    ngx_int_t  rc;

    ngx_sprintf((u_char *) body, "{%s%s}%Z",
                ngx_strstr(members, "'messages'") ? HEAD : HEAD HI ",",
                members);

    rc = read_request(body, OPENAI);

    ok(rc == NGX_DECLINED && b.status == 400 && b.text.len
       && ngx_strlcasestrn(b.text.data, b.text.data + b.text.len,
                           (u_char *) want, ngx_strlen(want) - 1),
       members);

    if (rc != NGX_DECLINED) {
        printf("# %ld\n", (long) rc);

    } else {
        printf("# %.*s\n", (int) b.text.len, b.text.data);
    }

    bridge_done(&b);
}


/* members that are taken, and what is written of them again */

static void
again(const char *members, const char *want, const char *name)
{
    char       body[8192], text[8192];
    ngx_str_t  got;

    ngx_sprintf((u_char *) body, "{%s%s}%Z",
                ngx_strstr(members, "'messages'") ? HEAD : HEAD HI ",",
                members);

    ngx_sprintf((u_char *) text, "{'model':'m',%s'stream':false,%s%s}%Z",
                ngx_strstr(want, "'max_tokens'") ? "" : "'max_tokens':9,",
                ngx_strstr(want, "'messages'")
                ? "" : *want ? HI "," : HI, want);

    if (read_request(body, OPENAI) != NGX_OK) {
        is(&b.text, "", name);
        return;
    }

    got = write_request();

    same(&got, text, name);
    bridge_done(&b);
}


static void
keeps(const char *members)
{
    again(members, members, members);
}


static void
test_messages(void)
{
    talk("'system':'be brief'," HI,
         "system[text(be brief)] user[text(hi)]", "system as a string");

    talk(HI ",'system':[{'type':'text','text':'x-anthropic-billing-header: "
         "cc_version=2'},{'type':'text','text':'a','cache_control':{'type':"
         "'ephemeral'}},{'type':'text','text':'b'}]",
         "system[text(a) text(b)] user[text(hi)]",
         "system as blocks, its billing header left out");

    talk("'system':[{'type':'text','text':'x-anthropic-billing-header: 1'}],"
         HI, "user[text(hi)]", "nothing but the header");

    talk("'messages':[{'role':'user','content':[{'type':'text','text':''},"
         "{'type':'text','text':'now'},{'type':'tool_result','tool_use_id':"
         "'t1','content':'boom','is_error':true}]}]",
         "tool[result(t1,:text(boom)!)] user[text(now)]",
         "results first, no empty text");

    talk("'messages':[{'role':'user','content':'q'},{'role':'assistant',"
         "'content':[{'type':'thinking','thinking':'hm','signature':'S'},"
         "{'type':'thinking','thinking':'','signature':''},"
         "{'type':'redacted_thinking','data':'D'},{'type':'text','text':'ok'},"
         "{'type':'tool_use','id':'t1','name':'f','input':{'n':"
         "12345678901234567890,'f':1.0,'u':'\\u00e9'}},"
         "{'type':'tool_use','id':'t2','name':'g','input':{}}]},"
         "{'role':'user','content':[{'type':'tool_result','tool_use_id':'t2',"
         "'content':[{'type':'text','text':'r'},{'type':'image','source':{"
         "'type':'base64','media_type':'Image/PNG','data':'iVBORw'}}]},"
         "{'type':'tool_result','tool_use_id':'t1'}]}]",
         "user[text(q)] assistant[think(hm;S) redacted(D) text(ok) "
         "call(t1,f:{\"n\":12345678901234567890,\"f\":1.0,\"u\":\"\xc3\xa9\"})"
         " call(t2,g:{})] tool[result(t2,g:text(r) image(image/png;iVBORw)) "
         "result(t1,f:)]", "a loop of tools");

    talk("'messages':[{'role':'user','content':[{'type':'image','source':{"
         "'type':'url','url':'https://x/y.png'}},{'type':'document','source':"
         "{'type':'text','media_type':'text/plain','data':'D'},'title':'T',"
         "'context':'C','citations':{'enabled':false}},{'type':'document',"
         "'source':{'type':'base64','media_type':'application/pdf','data':"
         "'JVBERi'}},{'type':'document','source':{'type':'url','url':"
         "'https://x/y.pdf'}},{'type':'document','title':'N','source':{'type':"
         "'content','content':[{'type':'text','text':'in'}]}},"
         "{'type':'search_result','title':'W','source':'https://w',"
         "'content':[{'type':'text','text':'1'},{'type':'text','text':'2'}]}"
         "]}]",
         "user[image(https://x/y.png) text(C) file(,T:text/plain;D) "
         "file(application/pdf;JVBERi) file(application/pdf;https://x/y.pdf) "
         "text(N) text(in) text(W\nhttps://w\n\n1\n2)]",
         "images, documents, search results");

    talk("'messages':[{'role':'user','content':[{'type':'tool_result',"
         "'tool_use_id':'t','content':[{'type':'document','title':'T','source'"
         ":{'type':'text','media_type':'text/plain','data':'D'}}]}]}]",
         "tool[result(t,:text(T) text(D))]", "a document in a result");

    talk("'messages':[{'role':'user','content':'a'},{'role':'system',"
         "'content':'s','clear_at':'never'},{'role':'system','output_config':"
         "{'effort':'low'}},{'role':'assistant','content':''}]",
         "user[text(a)] system[text(s)]", "system in between, an empty answer");

    talk("'messages':[{'role':'user','content':[{'type':'text','text':'a',"
         "'foo':1}],'bar':2},{'role':'assistant','content':[{'type':'fallback'"
         ",'from':{},'to':{}},{'type':'text','text':'b','citations':[{}]}]}]",
         "user[text(a)+]+ assistant[text(b)]", "what is not known is kept");
}


static void
test_refused(void)
{
    ngx_uint_t  i;

    static const struct {
        const char  *members;
        const char  *text;
    } cases[] = {
        { "'tools':[{'type':'web_search_20250305','name':'web_search'}]",
          "web_search_20250305" },
        { "'tools':[{'type':'mcp_toolset','mcp_server_name':'x'}]",
          "mcp_toolset" },
        { "'tools':[{'name':'f'}]", "tools[].input_schema: Field required" },
        { "'tools':[{'name':'f','input_schema':[]}]", "must be an object" },
        { "'tool_choice':{'type':'some'}", "tool_choice.type" },
        { "'tool_choice':{'type':'tool'}", "tool_choice.name: Field" },
        { "'tool_choice':'auto'", "must be an object" },
        { "'mcp_servers':[{'type':'url'}]", "mcp_servers" },
        { "'container':'c1'", "acme" },
        { "'thread':{'type':'create'}", "send it whole" },
        { "'compaction':{'type':'summarize'}", "compaction" },
        { "'inference_geo':'eu'", "inference_geo" },
        { "'billing_policy':{'type':'billing_policy','bill_to':"
          "'user_profile'}", "billing_policy" },
        { "'thinking':{'type':'enabled'}", "budget_tokens: Field required" },
        { "'thinking':{'type':'enabled','budget_tokens':5}", "1024" },
        { "'thinking':{'type':'on'}", "thinking.type" },
        { "'output_config':{'effort':'huge'}", "output_config.effort" },
        { "'output_config':{'format':{'type':'xml'}}", "json_schema" },
        { "'output_config':{'format':{'type':'json_schema'}}",
          "schema: Field required" },
        { "'metadata':{'other':1}", "metadata.other" },
        { "'stop_sequences':'x'", "must be an array" },
        { "'stop_sequences':[1]", "must be a string" },
        { "'temperature':'hot'", "must be a number" },
        { "'stream':1", "must be a boolean" },
        { "'stream':true,'stream':false", "given twice" },
        { "'messages':[]", "at least one message" },
        { "'messages':{}", "must be an array" },
        { "'messages':['x']", "must be an object" },
        { "'messages':[{'content':'x'}]", "role: Field required" },
        { "'messages':[{'role':'user'}]", "content: Field required" },
        { "'messages':[{'role':'tool','content':'x'}]", "messages[].role" },
        { "'messages':[{'role':'user','content':1}]", "content: Input" },
        { "'messages':[{'role':'user','content':[1]}]", "must be an object" },
        { "'messages':[{'role':'user','content':[{'text':'x'}]}]",
          "type: Field required" },
        { "'messages':[{'role':'user','content':[{'type':'text'}]}]",
          "text: Field required" },
        { "'messages':[{'role':'user','content':[{'type':'text','text':1}]}]",
          "valid string" },
        { "'messages':[{'role':'user','content':[{'type':'tool_use','id':'x'"
          "}]}]", "assistant messages" },
        { "'messages':[{'role':'assistant','content':[{'type':'tool_use','id'"
          ":'x','name':'f','input':'{}'}]}]", "must be an object" },
        { "'messages':[{'role':'assistant','content':[{'type':'tool_result'"
          "}]}]", "user messages" },
        { "'messages':[{'role':'system','content':[{'type':'image'}]}]",
          "user messages" },
        { "'messages':[{'role':'user','content':[{'type':'image'}]}]",
          "source: Field required" },
        { "'messages':[{'role':'user','content':[{'type':'image','source':{"
          "'type':'file','file_id':'f'}}]}]", "send it as base64" },
        { "'messages':[{'role':'user','content':[{'type':'image','source':{"
          "'type':'base64','media_type':'image/png'}}]}]",
          "data: Field required" },
        { "'messages':[{'role':'user','content':[{'type':'document','source':"
          "{'type':'text','data':'x'},'citations':{'enabled':true}}]}]",
          "citations" },
        { "'messages':[{'role':'user','content':[{'type':'tool_result',"
          "'tool_use_id':'t','content':[{'type':'document','source':{'type':"
          "'base64','media_type':'application/pdf','data':'x'}}]}]}]",
          "unless it is text" },
        { "'messages':[{'role':'assistant','content':[{'type':"
          "'server_tool_use','id':'x'}]}]", "server_tool_use" },
        { "'messages':[{'role':'user','content':[{'type':'container_upload'"
          "}]}]", "container_upload" },
        { "'messages':[{'role':'user','content':[{'type':'ne\\u0001w'}]}]",
          "\"ne?w\"" },
        { "'messages':[{'role':'system','content':'x','clear_at':"
          "'next_user_message'}]", "clear_at" },
        { NULL, NULL }
    };

    for (i = 0; cases[i].members; i++) {
        refused(cases[i].members, cases[i].text);
    }

    ok(read_request("{'model':'x'," HI "}", OPENAI) == NGX_DECLINED
       && ngx_strncmp(b.text.data, "max_tokens: Field required",
                      b.text.len) == 0, "max_tokens is required");
    bridge_done(&b);

    ok(read_request("{'max_tokens':0.5," HI "}", OPENAI) == NGX_DECLINED,
       "max_tokens is an integer");
    bridge_done(&b);

    ok(read_request("{'max_tokens':1}", OPENAI) == NGX_DECLINED
       && ngx_strncmp(b.text.data, "messages: Field required", b.text.len)
          == 0, "messages are required");
    bridge_done(&b);
}


/* what is dropped, and what is kept as it is */

static void
test_members(void)
{
    again("'stream':null,'cache_control':{'type':'ephemeral'},'service_tier':"
          "'standard_only','speed':'fast','context_management':{'edits':[]},"
          "'diagnostics':{},'fallbacks':'default','fallback_credit_token':'x',"
          "'betas':['a'],'anthropic_beta':['b'],'anthropic_version':'c',"
          "'user_profile_id':'d','workspace_id':'e','container':null,"
          "'mcp_servers':[],'inference_geo':null,'billing_policy':{'type':"
          "'billing_policy','bill_to':'self'}", "", "what is dropped");

    keeps("'stop_sequences':['a','b']");
    keeps("'temperature':0.70");
    keeps("'top_p':0.9");
    keeps("'top_k':40");
    keeps("'metadata':{'user_id':'u'}");
    keeps("'thinking':{'type':'disabled'}");
    keeps("'system':'s','unknown':{'a':[1.50,null]}");
    keeps("'output_config':{'format':{'type':'json_schema','schema':{'type':"
          "'object','properties':{},'additionalProperties':false}}}");
    keeps("'tools':[{'name':'f','description':'d','input_schema':{'$schema':"
          "'http://x','type':'object','properties':{'a':{'type':'string'}}},"
          "'strict':true,'new':1}],'tool_choice':{'type':'tool','name':'f',"
          "'disable_parallel_tool_use':true}");
    keeps("'tools':[{'name':'f','input_schema':{'type':'object'}}],"
          "'tool_choice':{'type':'none'}");
    keeps("'tools':[{'name':'f','input_schema':{'type':'object'}}],"
          "'tool_choice':{'type':'any'}");
    keeps("'tools':[{'name':'f','input_schema':{'type':'object'}}],"
          "'tool_choice':{'type':'auto','disable_parallel_tool_use':true}");
    keeps("'messages':[{'role':'user','content':'q'},{'role':'assistant',"
          "'content':[{'type':'thinking','thinking':'','signature':'S'},"
          "{'type':'redacted_thinking','data':'D'},"
          "{'type':'tool_use','id':'toolu_1','name':'f','input':{'n':"
          "12345678901234567890,'f':1.0}}]},{'role':'user','content':["
          "{'type':'tool_result','tool_use_id':'toolu_1','content':'r',"
          "'is_error':true},{'type':'text','text':'go on'}]}]");
    keeps("'messages':[{'role':'user','content':[{'type':'image','source':{"
          "'type':'url','url':'https://x/y.png'}},{'type':'image','source':{"
          "'type':'base64','media_type':'image/png','data':'iVBORw0KGgo='}},"
          "{'type':'document','source':{'type':'base64','media_type':"
          "'application/pdf','data':'JVBERi'},'title':'T'},{'type':'document',"
          "'source':{'type':'text','media_type':'text/plain','data':'D'}},"
          "{'type':'document','source':{'type':'url','url':'https://x/y'}},"
          "{'type':'text','text':'what?','foo':1}],'bar':2}]");

    again("'output_format':{'type':'json_schema','name':'n','schema':{'type':"
          "'object'}}", "'output_config':{'format':{'type':'json_schema',"
          "'schema':{'type':'object'}}}", "output_format");
    again("'tools':[{'type':'custom','name':'f','input_schema':{'type':"
          "'object'},'cache_control':{},'allowed_callers':['direct'],"
          "'defer_loading':true,'eager_input_streaming':true,"
          "'input_examples':[{}],'strict':false}]",
          "'tools':[{'name':'f','input_schema':{'type':'object'}}]",
          "what is dropped of a tool");
    again("'temperature':0.5,'top_p':0.9,'top_k':5",
          "'temperature':0.5,'top_k':5", "temperature without top_p");
    again("'thinking':{'type':'adaptive','display':'omitted'}", "",
          "adaptive: the server's choice");
    again("'messages':[{'role':'system','content':'a'},{'role':'user',"
          "'content':'b'},{'role':'system','content':[{'type':'text','text':"
          "'c'},{'type':'text','text':'d'}]},{'role':'user','content':'e'},"
          "{'role':'assistant','content':[{'type':'text','text':' \\n'}]},"
          "{'role':'user','content':'f'},{'role':'assistant','content':"
          "'so: \\n'}]",
          "'system':'a\\n\\nc\\nd','messages':[{'role':'user','content':["
          "{'type':'text','text':'b'},{'type':'text','text':'e'},{'type':"
          "'text','text':'f'}]},{'role':'assistant','content':'so:'}]",
          "turns: merged, none empty, system on top, no blanks at the end");
    again("'output_config':{'format':{'type':'json_schema','schema':{'type':"
          "'object','properties':{'properties':{'type':'object','properties':"
          "{'a':{}}},'l':{'type':'array','items':{'anyOf':[{'properties':{}},"
          "{'type':'null'}]}},'m':{'type':'object','additionalProperties':"
          "true,'properties':{}}},'$defs':{'d':{'properties':{}}}}}}",
          "'output_config':{'format':{'type':'json_schema','schema':{'type':"
          "'object','properties':{'properties':{'type':'object','properties':"
          "{'a':{}},'additionalProperties':false},'l':{'type':'array','items':"
          "{'anyOf':[{'properties':{},'additionalProperties':false},"
          "{'type':'null'}]}},'m':{'type':'object','additionalProperties':"
          "true,'properties':{}}},'$defs':{'d':{'properties':{},"
          "'additionalProperties':false}},'additionalProperties':false}}}",
          "a schema is closed");
}


int
main(void)
{
    tap_init();

    test_messages();
    test_refused();
    test_members();

    return tap_done();
}
