import type { ChatMessage } from '../../domain/job.ts'
import type { ModelId } from '../../domain/model.ts'

/** What a model's text is known by before it is used. */
export type OpenedText = { embeddingWidth: number }

/** What the worker that reads and writes a model's text can be asked. */
export type TextCalls = {
  /** Makes sure that a model can be run, from the head of its file. */
  check: { input: { head: Blob }; event: never; output: void }
  /** Reads tokenizer and template from the head of a GGUF file. Opening a model twice changes nothing. */
  open: { input: { modelId: ModelId; head: Blob }; event: never; output: OpenedText }
  encodeForEmbedding: { input: { modelId: ModelId; text: string }; event: never; output: number[] }
  encodeChat: { input: { modelId: ModelId; messages: ChatMessage[] }; event: never; output: number[] }
  decode: { input: { modelId: ModelId; tokenIds: number[] }; event: never; output: string }
}
