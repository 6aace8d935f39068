/* unit: + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Exchanges between OpenAI's dialect and the two others, from the client's
 * request to the end of its answer.  Of frames and documents is told what
 * matters: members that are not in what is wanted may be there.  Each stream
 * is cut at every byte.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "exchange.h"


#define OLLAMA     NGX_HTTP_MODEL_OLLAMA
#define OPENAI     NGX_HTTP_MODEL_OPENAI
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC

#define CHAT       (&ngx_http_model_bridge_chat)
#define GENERATE   (&ngx_http_model_bridge_generate)
#define COMPLETE   (&ngx_http_model_bridge_completions)
#define TEXT       (&ngx_http_model_bridge_text)
#define MESSAGES   (&ngx_http_model_bridge_messages)


typedef struct {
    const char                         *name;
    const ngx_http_model_bridge_api_t  *client;
    const ngx_http_model_bridge_api_t  *server;
    ngx_uint_t                          to;
    const char                         *request;
    const char                         *sent;      /* to the server */
    const char                         *answer;    /* of it */
    const char                         *want;      /* documents, one a line */
} pair_t;


static char *quotes(const char *text);
static ngx_uint_t within(ngx_http_model_json_t *want,
    ngx_http_model_json_t *got);
static char *documents(exchange_t *x, char *text);
static ngx_uint_t told(exchange_t *x, const char *want);
static void pair(pair_t *p);
static ngx_int_t ask(exchange_t *x, pair_t *p);
static void test_pairs(pair_t *p);


/* of OpenAI's servers */

#define CHUNK(delta)                                                          \
    "data: {'id':'x','object':'chat.completion.chunk','choices':[{'index':0," \
    "'delta':" delta ",'finish_reason':null}]}\n\n"

#define STOP(why)                                                             \
    "data: {'id':'x','choices':[{'index':0,'delta':{},'finish_reason':'" why  \
    "'}]}\n\n"

#define USAGE                                                                 \
    "data: {'id':'x','choices':[],'usage':{'prompt_tokens':150,"              \
    "'completion_tokens':2,'total_tokens':152,'prompt_tokens_details':"       \
    "{'cached_tokens':100}}}\n\n"

#define DONE  "data: [DONE]\n\n"

/* of Anthropic's */

#define EVENT(type, rest)                                                     \
    "event: " type "\ndata: {'type':'" type "'" rest "}\n\n"

/* what a client of OpenAI's gets */

#define DELTA(delta)  "{'choices':[{'delta':" delta "}]}\n"

#define HI  "'messages':[{'role':'user','content':'hi'}]"


static pair_t  streams[] = {

    { "calls of Ollama, whose numbers begin again", COMPLETE, CHAT, OLLAMA,
      "{'model':'m','stream':true,'stream_options':{'include_usage':true},"
      "'tools':[{'type':'function','function':{'name':'f','parameters':{}}}],"
      HI "}",
      "{'model':'small','stream':true,'tools':[{'function':{'name':'f'}}]}",
      "{'message':{'role':'assistant','content':'','tool_calls':[{'function':"
      "{'index':0,'name':'f','arguments':{'n':12345678901234567890,'f':1.0,"
      "'u':'\\u00e9'}}}]},'done':false}\n"
      "{'message':{'content':'','tool_calls':[{'id':'call_b','function':"
      "{'index':0,'name':'f','arguments':{}}}]},'done':true,"
      "'done_reason':'stop','prompt_eval_count':9,'eval_count':2}",
      DELTA("{'role':'assistant'}")
      DELTA("{'tool_calls':[{'index':0,'type':'function','function':"
            "{'name':'f'}}]}")
      DELTA("{'tool_calls':[{'index':0,'function':{'arguments':"
            "'{\\'n\\':12345678901234567890,\\'f\\':1.0,\\'u\\':\\'\xc3\xa9"
            "\\'}'}}]}")
      DELTA("{'tool_calls':[{'index':1,'id':'call_b','function':"
            "{'name':'f'}}]}")
      DELTA("{'tool_calls':[{'index':1,'function':{'arguments':'{}'}}]}")
      "{'choices':[{'delta':{},'finish_reason':'tool_calls'}]}\n"
      "{'choices':[],'usage':{'prompt_tokens':9,'completion_tokens':2,"
      "'total_tokens':11}}\n" },

    { "thinking of Ollama", COMPLETE, CHAT, OLLAMA,
      "{'model':'m','stream':true,'reasoning_effort':'high'," HI "}",
      "{'think':'high','stream':true}",
      "{'message':{'thinking':'a','content':''},'done':false}\n"
      "{'message':{'content':'b'},'done':false}\n"
      "{'error':'out of memory'}\n",
      DELTA("{'role':'assistant'}") DELTA("{'reasoning_content':'a'}")
      DELTA("{'content':'b'}") "{'error':{'message':'out of memory'}}\n" },

    { "text for Ollama's client", CHAT, COMPLETE, OPENAI,
      "{'model':'m'," HI ",'options':{'temperature':0.70,'num_predict':5,"
      "'stop':['x']}}",
      "{'model':'small','temperature':0.70,'max_tokens':5,'stop':['x'],"
      "'stream':true,'stream_options':{'include_usage':true}}",
      CHUNK("{'role':'assistant','content':''}") CHUNK("{'content':'Hel'}")
      CHUNK("{'content':'lo\\u2028\\u0085'}") STOP("stop") USAGE DONE,
      "{'model':'acme:small','message':{'role':'assistant','content':'Hel'},"
      "'done':false}\n"
      "{'message':{'content':'lo\\u2028\\u0085'},'done':false}\n"
      "{'message':{'content':''},'done':true,'done_reason':'stop',"
      "'prompt_eval_count':150,'eval_count':2}\n" },

    { "calls for Ollama's client", CHAT, COMPLETE, OPENAI,
      "{'model':'m'," HI ",'tools':[{'type':'function','function':{"
      "'name':'f','parameters':{}}}]}",
      "{'tools':[{'type':'function','function':{'name':'f'}}]}",
      CHUNK("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f',"
            "'arguments':''}}]}")
      CHUNK("{'tool_calls':[{'index':1,'id':'b','function':{'name':'f',"
            "'arguments':'{'}}]}")
      CHUNK("{'tool_calls':[{'index':0,'function':{'arguments':"
            "'{\\'n\\':12345678901234567890,\\'f\\':1.0}'}}]}")
      CHUNK("{'tool_calls':[{'index':1,'function':{'arguments':'}'}}]}")
      STOP("stop") DONE,
      "{'message':{'tool_calls':[{'function':{'name':'f','arguments':"
      "{'n':12345678901234567890,'f':1.0}}}]},'done':false}\n"
      "{'message':{'tool_calls':[{'function':{'name':'f','arguments':{}}}]},"
      "'done':false}\n"
      "{'message':{'content':''},'done':true,'done_reason':'stop'}\n" },

    { "an error for Ollama's client", CHAT, COMPLETE, OPENAI,
      "{'model':'m'," HI "}", "{'stream':true}",
      CHUNK("{'content':'a'}") "data: {'error':{'message':'gone'}}\n\n",
      "{'message':{'content':'a'},'done':false}\n{'error':'gone'}\n" },

    { "everything for Anthropic's client", MESSAGES, COMPLETE, OPENAI,
      "{'model':'m','max_tokens':9,'stream':true," HI ",'tools':[{"
      "'name':'f','input_schema':{'type':'object'}}]}",
      "{'max_tokens':9,'stream':true,'tools':[{'type':'function','function':{"
      "'name':'f','parameters':{'type':'object'}}}]}",
      CHUNK("{'role':'assistant','reasoning_content':'t'}")
      CHUNK("{'content':'a'}")
      CHUNK("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f',"
            "'arguments':''}}]}")
      CHUNK("{'tool_calls':[{'index':1,'id':'b','function':{'name':'f',"
            "'arguments':'{'}}]}")
      CHUNK("{'tool_calls':[{'index':0,'function':{'arguments':'{}'}}]}")
      CHUNK("{'tool_calls':[{'index':1,'function':{'arguments':'}'}}]}")
      STOP("stop") USAGE DONE,
      "{'type':'message_start'}\n"
      "{'type':'content_block_start','index':0,'content_block':{"
      "'type':'thinking'}}\n"
      "{'delta':{'thinking':'t'}}\n"
      "{'type':'content_block_stop','index':0}\n"
      "{'index':1,'content_block':{'type':'text'}}\n"
      "{'delta':{'text':'a'}}\n"
      "{'type':'content_block_stop','index':1}\n"
      "{'index':2,'content_block':{'type':'tool_use','id':'a','name':'f'}}\n"
      "{'delta':{'partial_json':'{}'}}\n"
      "{'type':'content_block_stop','index':2}\n"
      "{'index':3,'content_block':{'type':'tool_use','id':'b'}}\n"
      "{'delta':{'partial_json':'{'}}\n"
      "{'delta':{'partial_json':'}'}}\n"
      "{'type':'content_block_stop','index':3}\n"
      "{'type':'message_delta','delta':{'stop_reason':'tool_use'},'usage':{"
      "'input_tokens':50,'cache_read_input_tokens':100,'output_tokens':2}}\n"
      "{'type':'message_stop'}\n" },

    { "an error for Anthropic's client", MESSAGES, COMPLETE, OPENAI,
      "{'model':'m','max_tokens':9,'stream':true," HI "}", "{'stream':true}",
      CHUNK("{'content':'a'}") "data: {'error':{'message':'gone'}}\n\n",
      "{'type':'message_start'}\n{'type':'content_block_start'}\n"
      "{'delta':{'text':'a'}}\n"
      "{'type':'error','error':{'message':'gone'}}\n" },

    { "everything of Anthropic", COMPLETE, MESSAGES, ANTHROPIC,
      "{'model':'m','stream':true,'stream_options':{'include_usage':true},"
      "'max_tokens':7,'stop':'x','user':'u','tools':[{'type':'function',"
      "'function':{'name':'f'}}],'parallel_tool_calls':false," HI "}",
      "{'model':'small','max_tokens':7,'stop_sequences':['x'],'stream':true,"
      "'metadata':{'user_id':'u'},'tools':[{'name':'f','input_schema':{"
      "'type':'object'}}],'tool_choice':{'disable_parallel_tool_use':true}}",
      EVENT("message_start", ",'message':{'id':'msg_1','usage':{"
            "'input_tokens':50,'cache_read_input_tokens':100,"
            "'output_tokens':1}}")
      EVENT("ping", "")
      EVENT("content_block_start", ",'index':0,'content_block':{"
            "'type':'thinking','thinking':'','signature':''}")
      EVENT("content_block_delta", ",'index':0,'delta':{"
            "'type':'thinking_delta','thinking':'t'}")
      EVENT("content_block_delta", ",'index':0,'delta':{"
            "'type':'signature_delta','signature':'s'}")
      EVENT("content_block_stop", ",'index':0")
      EVENT("content_block_start", ",'index':1,'content_block':{"
            "'type':'text','text':''}")
      EVENT("content_block_delta", ",'index':1,'delta':{"
            "'type':'text_delta','text':'a'}")
      EVENT("content_block_stop", ",'index':1")
      EVENT("content_block_start", ",'index':2,'content_block':{"
            "'type':'tool_use','id':'toolu_1','name':'f','input':{}}")
      EVENT("content_block_delta", ",'index':2,'delta':{"
            "'type':'input_json_delta','partial_json':'{\\'a\\':'}")
      EVENT("content_block_delta", ",'index':2,'delta':{"
            "'type':'input_json_delta','partial_json':'1}'}")
      EVENT("content_block_stop", ",'index':2")
      EVENT("content_block_start", ",'index':3,'content_block':{"
            "'type':'tool_use','id':'toolu_2','name':'f','input':{}}")
      EVENT("content_block_stop", ",'index':3")
      EVENT("message_delta", ",'delta':{'stop_reason':'tool_use'},'usage':{"
            "'output_tokens':15}")
      EVENT("message_stop", ""),
      DELTA("{'role':'assistant'}") DELTA("{'reasoning_content':'t'}")
      DELTA("{'content':'a'}")
      DELTA("{'tool_calls':[{'index':0,'id':'toolu_1','function':{"
            "'name':'f','arguments':''}}]}")
      DELTA("{'tool_calls':[{'index':0,'function':{'arguments':"
            "'{\\'a\\':'}}]}")
      DELTA("{'tool_calls':[{'index':0,'function':{'arguments':'1}'}}]}")
      DELTA("{'tool_calls':[{'index':1,'id':'toolu_2','function':{"
            "'name':'f','arguments':''}}]}")
      DELTA("{'tool_calls':[{'index':1,'function':{'arguments':'{}'}}]}")
      "{'choices':[{'finish_reason':'tool_calls'}],'usage':null}\n"
      "{'choices':[],'usage':{'prompt_tokens':150,'completion_tokens':15,"
      "'total_tokens':165,'prompt_tokens_details':{'cached_tokens':100}}}\n" },

    { "a raw prompt", GENERATE, TEXT, OPENAI,
      "{'model':'m','prompt':'def f(','raw':true,'options':{'seed':3}}",
      "{'model':'small','prompt':'def f(','max_tokens':2048,'seed':3,"
      "'stream':true,'stream_options':{'include_usage':true}}",
      "data: {'choices':[{'index':0,'text':'x)','finish_reason':null}]}\n\n"
      "data: {'choices':[{'index':0,'text':'','finish_reason':'length'}],"
      "'usage':{'prompt_tokens':4,'completion_tokens':2}}\n\n" DONE,
      "{'model':'acme:small','response':'x)','done':false}\n"
      "{'response':'','done':true,'done_reason':'length',"
      "'prompt_eval_count':4,'eval_count':2}\n" },

    { NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL }
};


static pair_t  answers[] = {

    { "a whole answer of Ollama", COMPLETE, CHAT, OLLAMA,
      "{'model':'m'," HI ",'response_format':{'type':'json_schema',"
      "'json_schema':{'name':'n','schema':{'type':'object'}}}}",
      "{'stream':false,'format':{'type':'object'}}",
      "{'message':{'role':'assistant','content':'{}','thinking':'t'},"
      "'done':true,'done_reason':'length','prompt_eval_count':3}",
      "{'object':'chat.completion','model':'acme:small','choices':[{"
      "'index':0,'message':{'role':'assistant','content':'{}',"
      "'refusal':null,'reasoning_content':'t'},'logprobs':null,"
      "'finish_reason':'length'}],'usage':{'prompt_tokens':3}}\n" },

    { "a whole answer of Anthropic", COMPLETE, MESSAGES, ANTHROPIC,
      "{'model':'m','messages':[{'role':'system','content':'s'},"
      "{'role':'user','content':[{'type':'text','text':'what'},"
      "{'type':'image_url','image_url':{'url':"
      "'data:image/png;base64,iVBORw0KGgo='}}]}]}",
      "{'system':'s','max_tokens':4096,'messages':[{'role':'user',"
      "'content':[{'type':'text','text':'what'},{'type':'image','source':{"
      "'type':'base64','media_type':'image/png','data':'iVBORw0KGgo='}}]}]}",
      "{'id':'msg_1','type':'message','role':'assistant','content':[{"
      "'type':'text','text':'a'},{'type':'tool_use','id':'t','name':'f',"
      "'input':{'z':1.0,'a':2}}],'stop_reason':'tool_use','usage':{"
      "'input_tokens':5,'output_tokens':6}}",
      "{'choices':[{'message':{'content':'a','tool_calls':[{'id':'t',"
      "'type':'function','function':{'name':'f','arguments':"
      "'{\\'z\\':1.0,\\'a\\':2}'}}]},'finish_reason':'tool_calls'}],"
      "'usage':{'prompt_tokens':5,'completion_tokens':6,"
      "'total_tokens':11}}\n" },

    { "results of tools, of Anthropic's client", MESSAGES, COMPLETE, OPENAI,
      "{'model':'m','max_tokens':9,'messages':[{'role':'user',"
      "'content':'go'},{'role':'assistant','content':[{'type':'tool_use',"
      "'id':'t1','name':'f','input':{'b':1.0}}]},{'role':'user','content':["
      "{'type':'tool_result','tool_use_id':'t1','is_error':true,"
      "'content':'no'},{'type':'text','text':'and?'}]}]}",
      "{'messages':[{'role':'user','content':'go'},{'role':'assistant',"
      "'content':null,'tool_calls':[{'id':'t1','function':{'name':'f',"
      "'arguments':'{\\'b\\':1.0}'}}]},{'role':'tool','tool_call_id':'t1',"
      "'content':'Error: no'},{'role':'user','content':'and?'}]}",
      "{'choices':[{'message':{'content':'ok'},'finish_reason':'stop'}],"
      "'usage':{'prompt_tokens':150,'completion_tokens':2,"
      "'prompt_tokens_details':{'cached_tokens':100}}}",
      "{'type':'message','role':'assistant','model':'acme:small','content':[{"
      "'type':'text','text':'ok'}],'stop_reason':'end_turn','usage':{"
      "'input_tokens':50,'cache_read_input_tokens':100,"
      "'output_tokens':2}}\n" },

    { "results of tools, of Ollama's client", CHAT, COMPLETE, OPENAI,
      "{'model':'m','stream':false,'messages':[{'role':'user',"
      "'content':'go','images':['iVBORw0KGgo=']},{'role':'assistant',"
      "'content':'','tool_calls':[{'function':{'name':'f','arguments':{"
      "'n':12345678901234567890}}}]},{'role':'tool','tool_name':'f',"
      "'content':'1'}]}",
      "{'messages':[{'role':'user'},{'role':'assistant','content':null,"
      "'tool_calls':[{'function':{'name':'f','arguments':"
      "'{\\'n\\':12345678901234567890}'}}]},{'role':'tool',"
      "'content':'1'}]}",
      "{'choices':[{'message':{'content':'ok','reasoning':'r'},"
      "'finish_reason':'stop'}]}",
      "{'model':'acme:small','message':{'role':'assistant','content':'ok',"
      "'thinking':'r'},'done':true,'done_reason':'stop'}\n" },

    { NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL }
};


int
main(void)
{
    tap_init();

    test_pairs(streams);
    test_pairs(answers);

    return tap_done();
}


/* ' for ", in memory of its own */

static char *
quotes(const char *text)
{
    char  *copy, *p;

    copy = strdup(text);

    for (p = copy; *p; p++) {
        if (*p == '\'') {
            *p = '"';
        }
    }

    return copy;
}


/* all that is wanted is there; arrays are as long as they are wanted */

static ngx_uint_t
within(ngx_http_model_json_t *want, ngx_http_model_json_t *got)
{
    ngx_http_model_json_t  *w, *g;

    if (want == NULL || got == NULL || want->type != got->type) {
        return 0;
    }

    if (want->type < NGX_HTTP_MODEL_JSON_ARRAY) {
        return exchange_same(want, got);
    }

    g = got->child;

    for (w = want->child; w; w = w->next) {

        if (want->type == NGX_HTTP_MODEL_JSON_OBJECT) {
            for (g = got->child; g; g = g->next) {
                if (g->key.len == w->key.len
                    && ngx_memcmp(g->key.data, w->key.data, w->key.len) == 0)
                {
                    break;
                }
            }
        }

        if (!within(w, g)) {
            return 0;
        }

        g = g->next;
    }

    return want->type == NGX_HTTP_MODEL_JSON_OBJECT || g == NULL;
}


/* the frames' documents, one a line */

static char *
documents(exchange_t *x, char *text)
{
    char  *line, *end, *p;

    p = text;
    line = x->out.len ? (char *) x->out.data : "";

    while (*line) {
        end = strchr(line, '\n');

        if (end == NULL) {
            break;
        }

        if (strncmp(line, "data: {", 7) == 0) {
            line += 6;
        }

        if (*line == '{' && strncmp(line, "{\"type\":\"ping\"", 14) != 0) {
            p += sprintf(p, "%.*s", (int) (end + 1 - line), line);
        }

        line = end + 1;
    }

    *p = '\0';

    return text;
}


/* each line is within the client's of the same number */

static ngx_uint_t
told(exchange_t *x, const char *want)
{
    char                   *got, *text, *end;
    const char             *wanted;
    ngx_str_t               err;
    ngx_uint_t              good;
    ngx_http_model_json_t  *w, *g;

    text = malloc(x->out.len + 2);
    got = documents(x, text);
    good = 1;

    while (*want && good) {
        wanted = want + strcspn(want, "\n");
        end = strchr(got, '\n');

        if (end == NULL) {
            good = 0;
            break;
        }

        w = ngx_http_model_json_parse(x->b.pool, (u_char *) want,
                                      wanted - want, &err);
        g = ngx_http_model_json_parse(x->b.pool, (u_char *) got, end - got,
                                      &err);
        good = within(w, g);

        if (!good) {
            printf("# want %.*s\n# got  %.*s\n", (int) (wanted - want), want,
                   (int) (end - got), got);
        }

        want = *wanted ? wanted + 1 : wanted;
        got = end + 1;
    }

    if (*want || *got) {
        good = 0;
    }

    free(text);

    return good;
}


static ngx_int_t
ask(exchange_t *x, pair_t *p)
{
    char       *text;
    ngx_int_t   rc;
    ngx_str_t   s;

    exchange_init(x, p->client, p->server, p->to);

    text = quotes(p->request);

    s.len = ngx_strlen(text);
    s.data = ngx_pnalloc(x->b.pool, s.len);
    ngx_memcpy(s.data, text, s.len);

    rc = exchange_request(x, &s);

    free(text);

    return rc;
}


static void
pair(pair_t *p)
{
    char        *sent, *answer, *want;
    size_t       cut;
    ngx_str_t    s;
    ngx_uint_t   good;
    exchange_t   x;

    sent = quotes(p->sent);
    answer = quotes(p->answer);
    want = quotes(p->want);

    if (ask(&x, p) < 0) {
        is(&x.out, p->sent, p->name);

    } else {
        (void) exchange_sink(&x, (u_char *) "\n", 1);

        ok(told(&x, sent), p->name);
    }

    exchange_done(&x);

    s = exchange_str(answer);
    good = 1;

    for (cut = 0; cut <= s.len && good; cut++) {

        (void) ask(&x, p);

        if (x.b.stream) {
            exchange_stream(&x, &s, cut);

        } else {
            cut = s.len;
            x.out.len = 0;

            good = ngx_http_model_bridge_answer(&x.b, &s, &x.b.text)
                   == NGX_OK;

            (void) exchange_sink(&x, x.b.text.data, x.b.text.len);
            (void) exchange_sink(&x, (u_char *) "\n", 1);
        }

        good = good && told(&x, want);

        if (!good) {
            printf("# cut at %lu: %.*s\n", (unsigned long) cut,
                   (int) x.out.len, (char *) x.out.data);
        }

        exchange_done(&x);
    }

    ok(good, "its answer");

    free(sent);
    free(answer);
    free(want);
}


static void
test_pairs(pair_t *p)
{
    for ( /* void */ ; p->name; p++) {
        pair(p);
    }
}
