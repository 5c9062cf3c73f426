import type { ChatMessage } from '../../domain/job.ts'
import type { ModelId } from '../../domain/model.ts'
import type { FileLayout } from '../../ports/engine.ts'

/** What a model's text is known by before it is used. */
export type OpenedText = { embeddingWidth: number }

/** What the worker that reads and writes a model's text can be asked. */
export type TextCalls = {
  /** Makes sure that a model can be run, from the head of its file. */
  check: { input: { head: Blob; layout: FileLayout | undefined }; event: never; output: void }
  /** Reads tokenizer and template from the head of a model. Opening a model twice changes nothing. */
  open: { input: { modelId: ModelId; head: Blob; layout: FileLayout }; event: never; output: OpenedText }
  encodeForEmbedding: { input: { modelId: ModelId; text: string }; event: never; output: number[] }
  encodeChat: { input: { modelId: ModelId; messages: ChatMessage[] }; event: never; output: number[] }
  decode: { input: { modelId: ModelId; tokenIds: number[] }; event: never; output: string }
}
