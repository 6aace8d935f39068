/* unit: src/ngx_http_model_bridge_anthropic_write.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Requests written for Anthropic's Messages API, of conversations that clients
 * of other APIs have; what its servers cannot do.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "bridge_pieces.h"
#include "ngx_http_model_bridge_claude.h"


#define HI      "'messages':[{'role':'user','content':'hi'}]"


static ngx_http_model_bridge_t  b;


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


/* a conversation that set() makes, and the request that it becomes */

static void
written(void (*set)(ngx_http_model_talk_t *talk), const char *model,
    const char *want, const char *name)
{
    ngx_str_t                  got;
    ngx_http_model_part_t     *part;
    ngx_http_model_message_t  *m;

    bridge_case();
    bridge_init(&b, &ngx_http_model_bridge_messages,
                NGX_HTTP_MODEL_ANTHROPIC);

    if (model) {
        b.name.data = (u_char *) model;
        b.name.len = ngx_strlen(model);
    }

    m = ngx_http_model_talk_message(&b.talk, NGX_HTTP_MODEL_ROLE_USER);
    part = ngx_http_model_talk_part(&m->parts, NGX_HTTP_MODEL_PART_TEXT);
    ngx_str_set(&part->text, "hi");

    set(&b.talk);

    got = write_request();

    if (got.len == 4) {
        is(&b.text, want, name);

    } else {
        same(&got, want, name);
    }

    bridge_done(&b);
}


static void
plain(ngx_http_model_talk_t *talk)
{
    (void) talk;
}


static void
known_output(ngx_http_model_talk_t *talk)
{
    (void) talk;

    b.output = 8192;
}


static void
json_mode(ngx_http_model_talk_t *talk)
{
    talk->format = NGX_HTTP_MODEL_FORMAT_JSON;
    talk->stream = 1;
}


static void
think_on(ngx_http_model_talk_t *talk)
{
    talk->think = NGX_HTTP_MODEL_ON;
    ngx_str_set(&talk->numbers[NGX_HTTP_MODEL_TALK_TEMPERATURE], "0.5");
    ngx_str_set(&talk->numbers[NGX_HTTP_MODEL_TALK_TOP_K], "5");
}


static void
think_off(ngx_http_model_talk_t *talk)
{
    talk->think = NGX_HTTP_MODEL_OFF;
}


static void
think_effort(ngx_http_model_talk_t *talk)
{
    talk->think = NGX_HTTP_MODEL_ON;
    talk->effort_only = 1;
    ngx_str_set(&talk->effort, "minimal");
    ngx_str_set(&talk->numbers[NGX_HTTP_MODEL_TALK_MAX], "2000");
    ngx_str_set(&talk->numbers[NGX_HTTP_MODEL_TALK_TEMPERATURE], "1.5");
}


static void
think_budget(ngx_http_model_talk_t *talk)
{
    talk->think = NGX_HTTP_MODEL_ON;
    talk->budget = 2048;
    ngx_str_set(&talk->numbers[NGX_HTTP_MODEL_TALK_MAX], "100");
    ngx_str_set(&talk->numbers[NGX_HTTP_MODEL_TALK_TOP_P], "0.95");
}


static void
think_forced(ngx_http_model_talk_t *talk)
{
    ngx_http_model_tool_t  *tool;

    think_effort(talk);

    talk->choice = NGX_HTTP_MODEL_CHOICE_ANY;

    tool = ngx_http_model_talk_tool(talk);
    ngx_str_set(&tool->name, "f");
}


static void
think_and_force(ngx_http_model_talk_t *talk)
{
    think_forced(talk);
    talk->effort_only = 0;
}


static void
forced(ngx_http_model_talk_t *talk)
{
    talk->choice = NGX_HTTP_MODEL_CHOICE_ANY;
}


static void
sampling(ngx_http_model_talk_t *talk)
{
    ngx_str_t  *n;

    n = talk->numbers;

    ngx_str_set(&n[NGX_HTTP_MODEL_TALK_TEMPERATURE], "1.7");
    ngx_str_set(&n[NGX_HTTP_MODEL_TALK_TOP_P], "0.5");
    ngx_str_set(&n[NGX_HTTP_MODEL_TALK_SEED], "1");
    ngx_str_set(&n[NGX_HTTP_MODEL_TALK_MIN_P], "0.1");
    ngx_str_set(&n[NGX_HTTP_MODEL_TALK_PRESENCE], "1");
    ngx_str_set(&n[NGX_HTTP_MODEL_TALK_FREQUENCY], "1");
}


static void
blank_stop(ngx_http_model_talk_t *talk)
{
    ngx_str_t  *stop;

    stop = ngx_array_push(&talk->stop);
    ngx_str_set(stop, " \n");
}


static void
logprobs(ngx_http_model_talk_t *talk)
{
    talk->logprobs = NGX_HTTP_MODEL_ON;
}


static void
raw(ngx_http_model_talk_t *talk)
{
    talk->completion = 1;
}


static ngx_http_model_part_t *
add(ngx_http_model_talk_t *talk, ngx_uint_t role, ngx_uint_t type)
{
    ngx_http_model_message_t  *m;

    m = ngx_http_model_talk_message(talk, role);

    return ngx_http_model_talk_part(&m->parts, type);
}


static void
audio(ngx_http_model_talk_t *talk)
{
    add(talk, NGX_HTTP_MODEL_ROLE_USER, NGX_HTTP_MODEL_PART_AUDIO);
}


static void
bmp(ngx_http_model_talk_t *talk)
{
    ngx_http_model_part_t  *part;

    part = add(talk, NGX_HTTP_MODEL_ROLE_USER, NGX_HTTP_MODEL_PART_IMAGE);
    ngx_str_set(&part->media, "image/bmp");
    ngx_str_set(&part->text, "Qk0=");
}


static void
images(ngx_http_model_talk_t *talk)
{
    ngx_http_model_part_t  *part;

    part = add(talk, NGX_HTTP_MODEL_ROLE_USER, NGX_HTTP_MODEL_PART_IMAGE);
    ngx_str_set(&part->media, "image/png");
    ngx_str_set(&part->text, "/9j/4AAQ");

    part = add(talk, NGX_HTTP_MODEL_ROLE_USER, NGX_HTTP_MODEL_PART_IMAGE);
    ngx_str_set(&part->url, "data:image/jpg;base64,AAAA");

    part = add(talk, NGX_HTTP_MODEL_ROLE_USER, NGX_HTTP_MODEL_PART_FILE);
    ngx_str_set(&part->url, "data:application/pdf;base64,JVBERi");
    ngx_str_set(&part->name, "a.pdf");
}


static void
calls(ngx_http_model_talk_t *talk)
{
    ngx_uint_t              i;
    ngx_http_model_part_t  *part, *inner;

    static const char  *ids[] = { "call.1", "call_2e1", "bridge_call_2e1" };
    static const char  *arguments[] = { "", "{ \"b\":1.50,\"a\":[] }", "[1" };

    for (i = 0; i < 3; i++) {
        part = add(talk, NGX_HTTP_MODEL_ROLE_ASSISTANT,
                   NGX_HTTP_MODEL_PART_CALL);
        part->id.data = (u_char *) ids[i];
        part->id.len = ngx_strlen(ids[i]);
        part->text.data = (u_char *) arguments[i];
        part->text.len = ngx_strlen(arguments[i]);
        ngx_str_set(&part->name, "f");
    }

    part = add(talk, NGX_HTTP_MODEL_ROLE_ASSISTANT,
               NGX_HTTP_MODEL_PART_THINKING);
    ngx_str_set(&part->text, "unsigned");

    part = add(talk, NGX_HTTP_MODEL_ROLE_USER, NGX_HTTP_MODEL_PART_TEXT);
    ngx_str_set(&part->text, "and?");

    for (i = 0; i < 3; i++) {
        part = add(talk, NGX_HTTP_MODEL_ROLE_TOOL,
                   NGX_HTTP_MODEL_PART_RESULT);
        part->id.data = (u_char *) ids[i];
        part->id.len = ngx_strlen(ids[i]);
        part->parts = ngx_array_create(bridge_pool, 1,
                                       sizeof(ngx_http_model_part_t));

        inner = ngx_http_model_talk_part(part->parts,
                                         NGX_HTTP_MODEL_PART_TEXT);

        if (i) {
            ngx_str_set(&inner->text, "r");
            inner = ngx_http_model_talk_part(part->parts,
                                             NGX_HTTP_MODEL_PART_TEXT);
        }
    }
}


static void
think_in_loop(ngx_http_model_talk_t *talk)
{
    ngx_http_model_part_t  *part;

    talk->think = NGX_HTTP_MODEL_ON;

    part = add(talk, NGX_HTTP_MODEL_ROLE_ASSISTANT, NGX_HTTP_MODEL_PART_CALL);
    ngx_str_set(&part->id, "c");
    ngx_str_set(&part->name, "f");

    part = add(talk, NGX_HTTP_MODEL_ROLE_TOOL, NGX_HTTP_MODEL_PART_RESULT);
    ngx_str_set(&part->id, "c");
}


static void
twice(ngx_http_model_talk_t *talk)
{
    ngx_http_model_json_t  *member;

    think_off(talk);

    member = ngx_pcalloc(bridge_pool, sizeof(ngx_http_model_json_t));
    ngx_str_set(&member->key, "thinking");

    ngx_http_model_talk_extra(bridge_pool, &talk->extra, member);
}


#define ASK(model, max)  "{'model':'" model "','max_tokens':" max              \
                         ",'stream':false," HI


static void
test_written(void)
{
    written(plain, NULL, ASK("m", "4096") "}", "nothing but a message");

    written(known_output, NULL, ASK("m", "8192") "}",
            "the model's largest output");

    written(json_mode, NULL, "{'model':'m','max_tokens':4096,'stream':true,"
            HI ",'system':'Answer with one JSON object and nothing else: no "
            "text before or after it, no code fence around it.'}",
            "JSON is asked for");

    written(sampling, NULL, ASK("m", "4096") ",'temperature':1}",
            "temperature of 1 at most, no penalties");
    written(sampling, "claude-opus-4-7", ASK("claude-opus-4-7", "4096") "}",
            "models that sample by themselves");

    written(think_on, NULL, ASK("m", "8192")
            ",'thinking':{'type':'enabled','budget_tokens':4096}}",
            "on: a budget, and max_tokens above it");
    written(think_on, "claude-opus-4-6", ASK("claude-opus-4-6", "4096")
            ",'thinking':{'type':'adaptive'}}", "on: adaptive");
    written(think_on, "claude-sonnet-5", ASK("claude-sonnet-5", "4096")
            ",'thinking':{'type':'adaptive','display':'summarized'}}",
            "on: to be seen");

    written(think_off, "claude-haiku-4-5-20251001",
            ASK("claude-haiku-4-5-20251001", "4096")
            ",'thinking':{'type':'disabled'}}", "off");
    written(think_off, "claude-sonnet-5-5", ASK("claude-sonnet-5-5", "4096")
            ",'thinking':{'type':'between_tools'}}", "off, as far as it goes");
    written(think_off, "claude-opus-5-5", ASK("claude-opus-5-5", "4096")
            ",'output_config':{'effort':'low'}}", "cannot be off");

    written(think_effort, NULL, ASK("m", "2000") ",'thinking':{'type':"
            "'adaptive'},'output_config':{'effort':'low'},'temperature':1}",
            "an effort");
    written(think_effort, "claude-haiku-4-5", ASK("claude-haiku-4-5", "2000")
            ",'thinking':{'type':'enabled','budget_tokens':1024},"
            "'temperature':1}", "an effort as a budget");

    written(think_budget, NULL, ASK("m", "2148") ",'thinking':{'type':"
            "'enabled','budget_tokens':2048},'top_p':0.95}",
            "a budget beyond max_tokens");
    written(think_budget, "claude-opus-5", ASK("claude-opus-5", "100")
            ",'thinking':{'type':'adaptive','display':'summarized'},"
            "'output_config':{'effort':'medium'}}", "a budget as an effort");

    written(think_forced, NULL, ASK("m", "2000") ",'output_config':{'effort':"
            "'low'},'temperature':1,'tools':[{'name':'f','input_schema':{"
            "'type':'object','properties':{}}}],'tool_choice':{'type':'any'}}",
            "a forced call and an effort");
    written(think_and_force, NULL, "vendor \"acme\" cannot be told both to "
            "think and to call a tool: leave the choice of the tool, or "
            "thinking, to the model", "a forced call and thinking");
    written(forced, NULL, "there are no tools that could be called",
            "a forced call of nothing");

    written(think_in_loop, NULL, "{'model':'m','max_tokens':4096,'stream':"
            "false,'messages':[{'role':'user','content':'hi'},{'role':"
            "'assistant','content':[{'type':'tool_use','id':'c','name':'f',"
            "'input':{}}]},{'role':'user','content':[{'type':'tool_result',"
            "'tool_use_id':'c'}]}]}", "no budget within a turn");

    written(blank_stop, NULL, "vendor \"acme\" does not stop at blanks alone: "
            "each stop string must have another character", "a blank to stop");
    written(logprobs, NULL, "vendor \"acme\" gives no logprobs", "logprobs");
    written(raw, NULL, "vendor \"acme\" continues no raw text: its servers "
            "have messages only", "raw text");
    written(audio, NULL, "vendor \"acme\" takes no audio: send text or images",
            "audio");
    written(bmp, NULL, "vendor \"acme\" takes images of PNG, JPEG, GIF and "
            "WebP only", "an image of another type");
    written(twice, NULL, "\"thinking\" is given twice towards vendor \"acme\":"
            " other members say it, too", "a member from two sides");

    written(images, NULL, "{'model':'m','max_tokens':4096,'stream':false,"
            "'messages':[{'role':'user','content':[{'type':'text','text':'hi'"
            "},{'type':'image','source':{'type':'base64','media_type':"
            "'image/jpeg','data':'/9j/4AAQ'}},{'type':'image','source':{'type'"
            ":'base64','media_type':'image/jpeg','data':'AAAA'}},{'type':"
            "'document','source':{'type':'base64','media_type':"
            "'application/pdf','data':'JVBERi'},'title':'a.pdf'}]}]}",
            "images and files");

    written(calls, NULL, "{'model':'m','max_tokens':4096,'stream':false,"
            "'messages':[{'role':'user','content':'hi'},{'role':'assistant',"
            "'content':[{'type':'tool_use','id':'bridge_call_2e1','name':'f',"
            "'input':{}},{'type':'tool_use','id':'call_2e1','name':'f',"
            "'input':{'b':1.50,'a':[]}},{'type':'tool_use','id':"
            "'bridge_bridge_5fcall_5f2e1','name':'f','input':{'_raw':'[1'}}]},"
            "{'role':'user','content':[{'type':'tool_result','tool_use_id':"
            "'bridge_call_2e1','content':''},{'type':'tool_result',"
            "'tool_use_id':'call_2e1','content':[{'type':'text','text':'r'}]},"
            "{'type':'tool_result','tool_use_id':'bridge_bridge_5fcall_5f2e1',"
            "'content':[{'type':'text','text':'r'}]},{'type':'text','text':"
            "'and?'}]}]}", "calls: ids that fit and differ, results first");
}


/* B budget, A adaptive, D disabled, T between_tools, S sampling, H hides */

static void
test_claude(void)
{
    char        got[8], *p;
    ngx_str_t   name;
    ngx_uint_t  i, n, flags;

    static const ngx_uint_t  bits[] = {
        NGX_HTTP_MODEL_CLAUDE_BUDGET, NGX_HTTP_MODEL_CLAUDE_ADAPTIVE,
        NGX_HTTP_MODEL_CLAUDE_DISABLED, NGX_HTTP_MODEL_CLAUDE_BETWEEN,
        NGX_HTTP_MODEL_CLAUDE_SAMPLING, NGX_HTTP_MODEL_CLAUDE_HIDES
    };

    static const char  *models[][2] = {
        { "", "BADS" },
        { "c", "BADS" },
        { "glm-4.6", "BADS" },
        { "claude", "BADS" },
        { "claude-latest", "BADS" },
        { "claude-2.1", "BDS" },
        { "anthropic.claude-v2:1", "BDS" },
        { "claude-3-7-sonnet-20250219", "BDS" },
        { "claude-opus-4-20250514", "BDS" },
        { "Claude-Haiku-4-5-20251001", "BDS" },
        { "anthropic/claude-opus-4.6", "BADS" },
        { "us.anthropic.claude-sonnet-4-6-v1:0", "BADS" },
        { "claude-opus-4-7", "ADH" },
        { "claude-sonnet-5", "ADH" },
        { "claude-sonnet-5-5", "ATH" },
        { "claude-opus-5@20260701", "ADH" },
        { "claude-opus-5-5", "AH" },
        { "claude-haiku-5-5", "ADH" },
        { "claude-fable-5", "AH" },
        { "claude-mythos-preview", "AH" },
        { NULL, NULL }
    };

    for (i = 0; models[i][0]; i++) {

        name.data = (u_char *) models[i][0];
        name.len = ngx_strlen(models[i][0]);

        flags = ngx_http_model_claude(&name);
        p = got;

        for (n = 0; n < sizeof(bits) / sizeof(bits[0]); n++) {
            if (flags & bits[n]) {
                *p++ = "BADTSH"[n];
            }
        }

        *p = '\0';

        ok(ngx_strcmp(got, models[i][1]) == 0, models[i][0]);
    }
}


int
main(void)
{
    tap_init();

    test_written();
    test_claude();

    return tap_done();
}
