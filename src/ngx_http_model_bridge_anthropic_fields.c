
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_anthropic.h"


/*
 * A reader and what becomes of it towards servers of Ollama's, of OpenAI's, of
 * Anthropic's API.  Members that are taken are so in an order of their reader's
 * own, once the table has been gone through.
 */

#define MAP        ngx_http_model_anthropic_later,                            \
                   { NGX_HTTP_MODEL_FIELD_MAP, NGX_HTTP_MODEL_FIELD_MAP,      \
                     NGX_HTTP_MODEL_FIELD_SAME }
#define DROP       NULL,                                                      \
                   { NGX_HTTP_MODEL_FIELD_DROP, NGX_HTTP_MODEL_FIELD_DROP,    \
                     NGX_HTTP_MODEL_FIELD_SAME }
#define REFUSE     UNLESS(NULL)
#define UNLESS(f)  f,                                                         \
                   { NGX_HTTP_MODEL_FIELD_REFUSE,                             \
                     NGX_HTTP_MODEL_FIELD_REFUSE, NGX_HTTP_MODEL_FIELD_SAME }
#define END        { NULL, NULL, { 0, 0, 0 }, NULL }

#define CACHE      { "cache_control", DROP,                                   \
                     "other servers cache prompts by themselves" }
#define TYPE       { "type", MAP, "says which block it is" }


static ngx_int_t ngx_http_model_anthropic_later(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);


static const ngx_http_model_field_t  ngx_http_model_messages_request[] = {

    { "model", MAP, "becomes the name that the server knows" },
    { "messages", MAP, "becomes messages" },
    { "system", MAP, "becomes the first message, of role system; a "
      "first block that begins \"x-anthropic-billing-header:\" is left out" },
    { "max_tokens", MAP, "most tokens of the answer; required" },
    { "stream", MAP, "whether the answer is a stream" },
    { "stop_sequences", MAP, "becomes the stop strings" },
    { "temperature", MAP, "as it is" },
    { "top_p", MAP, "as it is" },
    { "top_k", MAP, "as it is, where servers have it" },
    { "tools", MAP, "becomes functions; the tools that Anthropic "
      "defines, such as web_search_20250305, are refused" },
    { "tool_choice", MAP, "which tool is to be called" },
    { "thinking", MAP, "becomes reasoning" },
    { "output_config", MAP, "becomes effort and form of the answer" },
    { "output_format", MAP, "an older name of output_config.format" },
    { "metadata", MAP, "becomes the end user's id" },

    CACHE,
    { "service_tier", DROP, "which of Anthropic's capacity is used" },
    { "speed", DROP, "other servers are as fast as they are" },
    { "context_management", DROP,
      "the conversation is sent whole, nothing is cleared from it" },
    { "diagnostics", DROP, "tells about Anthropic's prompt cache" },
    { "fallbacks", DROP,
      "there is nothing to fall back from; aliases of the gateway do so" },
    { "fallback_credit_token", DROP, "is of Anthropic's billing" },
    { "betas", DROP, "names features of Anthropic's servers" },
    { "anthropic_beta", DROP, "names features of Anthropic's servers" },
    { "anthropic_version", DROP, "the version of Anthropic's API" },
    { "user_profile_id", DROP, "is of Anthropic's accounts" },
    { "workspace_id", DROP, "is of Anthropic's accounts" },

    { "container", REFUSE, "code runs on Anthropic's servers only" },
    { "mcp_servers", REFUSE,
      "only Anthropic's servers ask MCP servers; put their tools into "
      "\"tools\"" },
    { "compaction", REFUSE,
      "ask for a summary in a message instead" },
    { "thread", UNLESS(ngx_http_model_anthropic_thread),
      "no conversation is kept there; send it whole" },
    { "inference_geo", REFUSE,
      "where the vendor computes cannot be chosen" },
    { "billing_policy", UNLESS(ngx_http_model_anthropic_billing),
      "nobody but the gateway's owner is billed" },
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_message[] = {

    { "role", MAP, "user, assistant or system, wherever it stands" },
    { "content", MAP, "text or blocks; results of tools become messages "
      "of role tool, before the rest of the message" },
    { "output_config", DROP, "the request's own effort stays" },
    { "clear_at", UNLESS(ngx_http_model_anthropic_clear),
      "a message stays in the conversation" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_blocks[] = {

    { "text", MAP, "becomes text; what is empty is left out" },
    { "image", MAP, "becomes an image" },
    { "document", MAP, "becomes text or a file" },
    { "search_result", MAP, "becomes text: title, source, content" },
    { "tool_use", MAP, "becomes a call of a function" },
    { "tool_result", MAP, "becomes a message of role tool" },
    { "thinking", MAP,
      "becomes reasoning, where servers take it back" },
    { "redacted_thinking", MAP,
      "is left out where nobody can read it" },
    { "fallback", DROP, "marks where Anthropic changed the model" },

    { "server_tool_use", REFUSE, "it is of a tool of Anthropic's servers" },
    { "web_search_tool_result", REFUSE,
      "it is of a tool of Anthropic's servers" },
    { "web_fetch_tool_result", REFUSE,
      "it is of a tool of Anthropic's servers" },
    { "code_execution_tool_result", REFUSE,
      "it is of a tool of Anthropic's servers" },
    { "bash_code_execution_tool_result", REFUSE,
      "it is of a tool of Anthropic's servers" },
    { "text_editor_code_execution_tool_result", REFUSE,
      "it is of a tool of Anthropic's servers" },
    { "tool_search_tool_result", REFUSE,
      "it is of a tool of Anthropic's servers" },
    { "advisor_tool_result", REFUSE,
      "it is of a tool of Anthropic's servers" },
    { "tool_reference", REFUSE, "it is of a tool of Anthropic's servers" },
    { "browser_state", REFUSE, "it is of a tool that Anthropic defines" },
    { "mcp_tool_use", REFUSE,
      "only Anthropic's servers ask MCP servers" },
    { "mcp_tool_result", REFUSE,
      "only Anthropic's servers ask MCP servers" },
    { "mcp_tool_listing", REFUSE,
      "only Anthropic's servers ask MCP servers" },
    { "container_upload", REFUSE,
      "code runs on Anthropic's servers only" },
    { "compaction", REFUSE, "only Anthropic's servers can read it" },
    { "tool_addition", REFUSE,
      "tools cannot change within a conversation" },
    { "tool_removal", REFUSE,
      "tools cannot change within a conversation" },
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_text[] = {

    TYPE,
    { "text", MAP, "as it is" },
    { "citations", DROP, "where an earlier answer found it" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_image[] = {

    TYPE,
    { "source", MAP, "base64, or a URL where servers fetch images" },
    { "transformations", DROP, "servers fit images by themselves" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_document[] = {

    TYPE,
    { "source", MAP, "text becomes text, the rest a file" },
    { "title", MAP, "becomes the name of the file" },
    { "context", MAP, "becomes text before it" },
    { "citations", UNLESS(ngx_http_model_anthropic_citations),
      "answers have no citations there" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_source[] = {

    { "type", MAP, "base64, url, text or content" },
    { "media_type", MAP, "the type of what is in it" },
    { "data", MAP, "base64, or text" },
    { "url", MAP, "where it is" },
    { "content", MAP, "text or blocks" },
    { "file_id", REFUSE,
      "the file is on Anthropic's servers; send it as base64" },
    END
};


static const ngx_http_model_field_t
    ngx_http_model_messages_search_result[] = {

    TYPE,
    { "title", MAP, "becomes the first line" },
    { "source", MAP, "becomes the second line" },
    { "content", MAP, "becomes the lines after it" },
    { "citations", UNLESS(ngx_http_model_anthropic_citations),
      "answers have no citations there" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_tool_use[] = {

    TYPE,
    { "id", MAP, "as it is" },
    { "name", MAP, "as it is" },
    { "input", MAP, "becomes the arguments" },
    { "caller", DROP, "the model itself calls" },
    { "toolset_name", DROP, "is of tools that Anthropic defines" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_tool_result[] = {

    TYPE,
    { "tool_use_id", MAP, "as it is" },
    { "content", MAP, "text or blocks" },
    { "is_error", MAP, "is told in the text" },
    { "toolset_name", DROP, "is of tools that Anthropic defines" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_thought[] = {

    TYPE,
    { "thinking", MAP, "becomes reasoning, where servers take it back" },
    { "signature", MAP, "only its maker can use it" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_redacted[] = {

    TYPE,
    { "data", MAP, "only its maker can use it" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_tool[] = {

    { "type", MAP, "custom; other ones are Anthropic's and refused" },
    { "name", MAP, "as it is" },
    { "description", MAP, "as it is" },
    { "input_schema", MAP, "becomes the parameters, as it is" },
    { "strict", MAP, "as it is, where servers have it" },
    { "allowed_callers", DROP, "the model itself calls" },
    { "defer_loading", DROP, "the tool is there from the start" },
    { "eager_input_streaming", DROP,
      "arguments come as the server sends them" },
    { "input_examples", DROP,
      "the schema and the description stay" },
    CACHE,
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_choice[] = {

    { "type", MAP, "auto, any (required), tool (by name), none" },
    { "name", MAP, "the tool that is to be called" },
    { "disable_parallel_tool_use", MAP,
      "at most one call: of Ollama's only the first is told" },
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_thinking[] = {

    { "type", MAP, "enabled is on, disabled and between_tools are off; "
      "with adaptive it is the server's own choice, or an effort's" },
    { "budget_tokens", MAP, "becomes an effort, where servers have one" },
    { "display", DROP, "reasoning is shown as the server shows it" },
    { "block_binding", DROP, "is of Anthropic's signatures" },
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_output[] = {

    { "effort", MAP, "becomes the effort of reasoning" },
    { "format", MAP, "becomes the form of the answer" },
    { "task_budget", DROP, "max_tokens stays" },
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_format[] = {

    { "type", MAP, "json_schema" },
    { "schema", MAP, "as it is" },
    { "name", MAP, "the name of the schema" },
    END
};


static const ngx_http_model_field_t  ngx_http_model_messages_metadata[] = {

    { "user_id", MAP, "becomes the end user's id, where there is one" },
    END
};


const ngx_http_model_field_table_t
    ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_NTABLES + 1] =
{
    { "members", "", ngx_http_model_messages_request },
    { "messages", "messages[].", ngx_http_model_messages_message },
    { "types of blocks", "content[].type ", ngx_http_model_messages_blocks },
    { "text", "content[].", ngx_http_model_messages_text },
    { "image", "content[].", ngx_http_model_messages_image },
    { "document", "content[].", ngx_http_model_messages_document },
    { "source", "content[].source.", ngx_http_model_messages_source },
    { "search_result", "content[].", ngx_http_model_messages_search_result },
    { "tool_use", "content[].", ngx_http_model_messages_tool_use },
    { "tool_result", "content[].", ngx_http_model_messages_tool_result },
    { "thinking", "content[].", ngx_http_model_messages_thought },
    { "redacted_thinking", "content[].", ngx_http_model_messages_redacted },
    { "tools", "tools[].", ngx_http_model_messages_tool },
    { "tool_choice", "tool_choice.", ngx_http_model_messages_choice },
    { "thinking of the request", "thinking.",
      ngx_http_model_messages_thinking },
    { "output_config", "output_config.", ngx_http_model_messages_output },
    { "output_config.format", "output_config.format.",
      ngx_http_model_messages_format },
    { "metadata", "metadata.", ngx_http_model_messages_metadata },
    { NULL, NULL, NULL }
};


static ngx_int_t
ngx_http_model_anthropic_later(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) b;
    (void) value;
    (void) data;

    return NGX_OK;
}
