// What answers are to their SDKs: "make sdk" makes a JSON Schema of each type,
// against which ./wire.js holds what the gateway sends.

import type Anthropic from '@anthropic-ai/sdk';
import type * as Ollama from 'ollama';
import type OpenAI from 'openai';

export type Chat = Ollama.ChatResponse;
export type Generate = Ollama.GenerateResponse;
export type Embed = Ollama.EmbedResponse;
export type Embeddings = Ollama.EmbeddingsResponse;

export type Completion = OpenAI.ChatCompletion;
export type Chunk = OpenAI.ChatCompletionChunk;
export type Vectors = OpenAI.CreateEmbeddingResponse;
export type OpenAIResponse = OpenAI.Responses.Response;
export type ResponseEvent = OpenAI.Responses.ResponseStreamEvent;

export type AnthropicMessage = Anthropic.Message;
export type MessageEvent = Anthropic.RawMessageStreamEvent;
export type MessageError = Anthropic.ErrorResponse;
