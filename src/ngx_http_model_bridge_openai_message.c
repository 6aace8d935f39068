
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"
#include "ngx_http_model_error.h"


#define MAP     NGX_HTTP_MODEL_FIELD_MAP
#define DROP    NGX_HTTP_MODEL_FIELD_DROP
#define REFUSE  NGX_HTTP_MODEL_FIELD_REFUSE
#define SAME    NGX_HTTP_MODEL_FIELD_SAME

#define TAKEN   ngx_http_model_openai_taken


/* how far the call that a result belongs to is looked for */
#define NGX_HTTP_MODEL_OPENAI_NEAR  256


/* what messages have said so far */

typedef struct {
    ngx_uint_t                     caller;   /* the message with the calls
                                                that results are of, from 1 */
    ngx_uint_t                     next;     /* its part that comes next */
    ngx_uint_t                     functions;  /* function_call: how many */
    ngx_str_t                      function;   /* the id of the last one */
} ngx_http_model_openai_story_t;


static ngx_int_t ngx_http_model_openai_message(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_openai_story_t *story);
static ngx_int_t ngx_http_model_openai_assistant(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_message_t *message,
    ngx_http_model_openai_story_t *story);
static ngx_int_t ngx_http_model_openai_reasoning(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_message_t *message);
static ngx_int_t ngx_http_model_openai_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_message_t *message);
static ngx_int_t ngx_http_model_openai_called(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_function_call(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *object,
    ngx_http_model_message_t *message, ngx_http_model_openai_story_t *story);
static ngx_int_t ngx_http_model_openai_result(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_message_t *message,
    ngx_http_model_openai_story_t *story);
static void ngx_http_model_openai_result_name(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_openai_story_t *story);


/* towards Ollama, OpenAI, Anthropic */

const ngx_http_model_field_t  ngx_http_model_openai_message_rows[] = {
    { "role", TAKEN, { MAP, SAME, MAP },
      "developer is system; function becomes the result of a tool" },
    { "content", TAKEN, { MAP, SAME, MAP }, "texts, images, files" },
    { "name", TAKEN, { MAP, SAME, MAP },
      "of the speaker: left out; of a function: the tool" },
    { "refusal", TAKEN, { MAP, SAME, MAP }, "becomes text" },
    { "tool_calls", TAKEN, { MAP, SAME, MAP }, "calls, with their ids" },
    { "tool_call_id", TAKEN, { MAP, SAME, MAP },
      "the call that a result is of" },
    { "function_call", TAKEN, { MAP, SAME, MAP },
      "becomes a call with an id of its own" },
    { "audio", NULL, { REFUSE, SAME, REFUSE },
      "an earlier spoken answer is kept by OpenAI alone" },
    { "reasoning_content", TAKEN, { MAP, SAME, MAP },
      "becomes thinking; Anthropic takes none without its signature" },
    { "reasoning", TAKEN, { MAP, SAME, MAP },
      "the same, as newer servers name it" },
    { "reasoning_details", NULL, { DROP, SAME, DROP },
      "what reasoning says already" },
    { "annotations", NULL, { DROP, SAME, DROP },
      "citations of an earlier answer" },
    { "cache_control", NULL, { DROP, SAME, DROP },
      "a hint for caches; taken from parts" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_openai_call_rows[] = {
    { "id", TAKEN, { MAP, SAME, MAP }, "id" },
    { "type", TAKEN, { MAP, SAME, MAP }, "function" },
    { "function", TAKEN, { MAP, SAME, MAP }, "name and arguments" },
    { "custom", NULL, { REFUSE, SAME, REFUSE },
      "tools are called with arguments of JSON only" },
    { "index", NULL, { DROP, SAME, DROP }, "calls are in their order" },
    { "extra_content", NULL, { DROP, SAME, DROP },
      "what another vendor left there for itself" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_openai_called_rows[] = {
    { "name", TAKEN, { MAP, SAME, MAP }, "name" },
    { "arguments", TAKEN, { MAP, SAME, MAP },
      "an object, keys and numbers as they are" },
    { "parsed_arguments", NULL, { DROP, SAME, DROP },
      "what the SDKs make of arguments" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


ngx_int_t
ngx_http_model_openai_read_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t                       rc;
    ngx_http_model_json_t          *object;
    ngx_http_model_openai_story_t   story;

    ngx_memzero(&story, sizeof(ngx_http_model_openai_story_t));

    for (object = value->child; object; object = object->next) {

        rc = ngx_http_model_bridge_is(b, object, NGX_HTTP_MODEL_JSON_OBJECT,
                                      "messages[]");
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_http_model_openai_message(b, object, &story);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_message(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_openai_story_t *story)
{
    ngx_int_t                  rc;
    ngx_str_t                  word;
    ngx_uint_t                 i;
    ngx_array_t               *extra;
    ngx_http_model_message_t  *message;

    static const struct {
        ngx_str_t   name;
        ngx_uint_t  role;
    } roles[] = {
        { ngx_string("user"), NGX_HTTP_MODEL_ROLE_USER },
        { ngx_string("assistant"), NGX_HTTP_MODEL_ROLE_ASSISTANT },
        { ngx_string("tool"), NGX_HTTP_MODEL_ROLE_TOOL },
        { ngx_string("system"), NGX_HTTP_MODEL_ROLE_SYSTEM },
        { ngx_string("developer"), NGX_HTTP_MODEL_ROLE_SYSTEM },
        { ngx_string("function"), NGX_HTTP_MODEL_ROLE_TOOL },
        { ngx_null_string, 0 }
    };

    extra = NULL;

    rc = ngx_http_model_bridge_fields(b,
             &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_MESSAGE],
             object, NULL, &extra);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, object, "role", "messages.role",
                                       &word);
    if (rc != NGX_OK) {
        return rc;
    }

    for (i = 0; roles[i].name.len; i++) {
        if (roles[i].name.len == word.len
            && ngx_memcmp(roles[i].name.data, word.data, word.len) == 0)
        {
            break;
        }
    }

    if (roles[i].name.len == 0) {
        word = ngx_http_model_error_quote(b->pool, &word);

        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages.role\" \"%V\" is not "
                                            "known, it must be one of system, "
                                            "developer, user, assistant, tool",
                                            &word);
    }

    message = ngx_http_model_talk_message(&b->talk, roles[i].role);
    if (message == NULL) {
        return NGX_ERROR;
    }

    message->extra = extra;

    if (message->role == NGX_HTTP_MODEL_ROLE_TOOL) {
        return ngx_http_model_openai_result(b, object, message, story);
    }

    rc = ngx_http_model_openai_get_str(b, object, "name", "messages.name",
                                       &message->name);
    if (rc != NGX_OK) {
        return rc;
    }

    if (message->role == NGX_HTTP_MODEL_ROLE_ASSISTANT) {
        return ngx_http_model_openai_assistant(b, object, message, story);
    }

    return ngx_http_model_openai_read_content(b, object, &message->parts,
                                              message->role);
}


static ngx_int_t
ngx_http_model_openai_assistant(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_message_t *message,
    ngx_http_model_openai_story_t *story)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    ngx_http_model_part_t  *part;

    rc = ngx_http_model_openai_reasoning(b, object, message);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_read_content(b, object, &message->parts,
                                            message->role);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, object, "refusal",
                                       "messages.refusal", &text);
    if (rc != NGX_OK) {
        return rc;
    }

    if (text.len) {
        part = ngx_http_model_talk_part(&message->parts,
                                        NGX_HTTP_MODEL_PART_REFUSAL);
        if (part == NULL) {
            return NGX_ERROR;
        }

        part->text = text;
    }

    story->caller = b->talk.messages.nelts;
    story->next = 0;

    rc = ngx_http_model_openai_calls(b, object, message);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_model_openai_function_call(b, object, message, story);
}


static ngx_int_t
ngx_http_model_openai_reasoning(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_message_t *message)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    ngx_http_model_part_t  *part;

    rc = ngx_http_model_openai_get_str(b, object, "reasoning_content",
                                       "messages.reasoning_content", &text);

    if (rc == NGX_OK && text.len == 0) {
        rc = ngx_http_model_openai_get_str(b, object, "reasoning",
                                           "messages.reasoning", &text);
    }

    if (rc != NGX_OK || text.len == 0) {
        return rc;
    }

    part = ngx_http_model_talk_part(&message->parts,
                                    NGX_HTTP_MODEL_PART_THINKING);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->text = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_message_t *message)
{
    ngx_int_t               rc;
    ngx_str_t               type;
    ngx_http_model_part_t  *part;
    ngx_http_model_json_t  *calls, *call, *function;

    rc = ngx_http_model_openai_get(b, object, "tool_calls",
                                   NGX_HTTP_MODEL_JSON_ARRAY,
                                   "messages.tool_calls", &calls);
    if (rc != NGX_OK || calls == NULL) {
        return rc;
    }

    for (call = calls->child; call; call = call->next) {

        rc = ngx_http_model_bridge_is(b, call, NGX_HTTP_MODEL_JSON_OBJECT,
                                      "messages.tool_calls[]");
        if (rc != NGX_OK) {
            return rc;
        }

        part = ngx_http_model_talk_part(&message->parts,
                                        NGX_HTTP_MODEL_PART_CALL);
        if (part == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_http_model_bridge_fields(b,
                 &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_CALL],
                 call, NULL, &part->extra);

        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_http_model_openai_get_str(b, call, "type",
                                           "messages.tool_calls.type", &type);
        if (rc != NGX_OK) {
            return rc;
        }

        if (type.len
            && (type.len != 8 || ngx_memcmp(type.data, "function", 8) != 0))
        {
            return ngx_http_model_bridge_refuse(b, "messages",
                                                "\"messages.tool_calls.type\" "
                                                "must be \"function\" for "
                                                "vendor \"%V\"", &b->vendor);
        }

        rc = ngx_http_model_openai_get_str(b, call, "id",
                                           "messages.tool_calls.id",
                                           &part->id);
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_http_model_openai_get(b, call, "function",
                                       NGX_HTTP_MODEL_JSON_OBJECT,
                                       "messages.tool_calls.function",
                                       &function);

        if (rc == NGX_OK && function) {
            rc = ngx_http_model_openai_called(b, function, part);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        if (part->name.len == 0) {
            return ngx_http_model_bridge_refuse(b, "messages",
                                                "\"messages.tool_calls\" has "
                                                "a call without a name");
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_called(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_part_t *part)
{
    u_char                        *p, *last;
    ngx_int_t                      rc;
    ngx_str_t                      err;
    ngx_http_model_json_t         *root;
    ngx_http_model_json_writer_t  *w;

    rc = ngx_http_model_bridge_fields(b,
             &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_CALLED],
             value, NULL, &part->extra);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, value, "name",
                                       "messages.tool_calls.function.name",
                                       &part->name);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, value, "arguments",
                                       "messages.tool_calls.function."
                                       "arguments", &part->text);
    if (rc != NGX_OK) {
        return rc;
    }

    if (part->text.len == 0) {
        return NGX_OK;
    }

    /* nothing but blanks is no arguments */

    p = part->text.data;
    last = p + part->text.len;

    while (p < last && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }

    if (p == last) {
        part->text.len = 0;
        return NGX_OK;
    }

    root = ngx_http_model_json_slices(b->pool, part->text.data,
                                      part->text.len, 1, &err);

    if (root && root->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        return NGX_OK;
    }

    /* what a model wrote wrongly is history, too */

    w = ngx_http_model_json_writer(b->pool);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "_raw");
    ngx_http_model_json_str(w, &part->text);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, &part->text);
}


/* of before tools: no id, at most one */

static ngx_int_t
ngx_http_model_openai_function_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_message_t *message,
    ngx_http_model_openai_story_t *story)
{
    ngx_int_t               rc;
    ngx_http_model_part_t  *part;
    ngx_http_model_json_t  *function;

    rc = ngx_http_model_openai_get(b, object, "function_call",
                                   NGX_HTTP_MODEL_JSON_OBJECT,
                                   "messages.function_call", &function);
    if (rc != NGX_OK || function == NULL) {
        return rc;
    }

    part = ngx_http_model_talk_part(&message->parts, NGX_HTTP_MODEL_PART_CALL);
    if (part == NULL) {
        return NGX_ERROR;
    }

    story->function = ngx_http_model_bridge_id(b, "call_",
                                               story->functions++);
    if (story->function.len == 0) {
        return NGX_ERROR;
    }

    part->id = story->function;

    return ngx_http_model_openai_called(b, function, part);
}


static ngx_int_t
ngx_http_model_openai_result(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_message_t *message,
    ngx_http_model_openai_story_t *story)
{
    ngx_int_t               rc;
    ngx_http_model_part_t  *part;

    part = ngx_http_model_talk_part(&message->parts,
                                    NGX_HTTP_MODEL_PART_RESULT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->parts = ngx_array_create(b->pool, 1, sizeof(ngx_http_model_part_t));
    if (part->parts == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_openai_read_content(b, object, part->parts,
                                            message->role);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, object, "tool_call_id",
                                       "messages.tool_call_id", &part->id);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, object, "name", "messages.name",
                                       &part->name);
    if (rc != NGX_OK) {
        return rc;
    }

    if (part->id.len == 0) {
        part->id = story->function;
    }

    if (part->id.len == 0) {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages.tool_call_id\" is "
                                            "missing in a message of a tool");
    }

    if (part->name.len == 0) {
        ngx_http_model_openai_result_name(b, part, story);
    }

    return NGX_OK;
}


/* results mostly come in the order of their calls */

static void
ngx_http_model_openai_result_name(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_openai_story_t *story)
{
    ngx_uint_t                 i, n;
    ngx_http_model_part_t     *call;
    ngx_http_model_message_t  *message;

    if (story->caller == 0) {
        return;
    }

    message = b->talk.messages.elts;
    message += story->caller - 1;

    call = message->parts.elts;
    n = ngx_min(message->parts.nelts, NGX_HTTP_MODEL_OPENAI_NEAR);

    for (i = story->next; n; i++, n--) {
        i %= message->parts.nelts;

        if (call[i].type == NGX_HTTP_MODEL_PART_CALL
            && call[i].id.len == part->id.len
            && ngx_memcmp(call[i].id.data, part->id.data, part->id.len) == 0)
        {
            part->name = call[i].name;
            story->next = i + 1;
            return;
        }
    }
}
