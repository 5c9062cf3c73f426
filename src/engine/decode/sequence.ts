import type { TokenBytes } from '../text/text-stream.ts'
import type { StepMeter } from './step-meter.ts'

/** Receives the logits that follow the token at `position`. The array is valid during the call only. */
export type OnLogits = (logits: Float32Array, position: number) => void

/** One growing text inside a model: its tokens and their KV cache. */
export type Sequence = {
  /** Tokens so far. */
  readonly length: number
  /** For whom it is read and written; owners share the time evenly. */
  owner?: string | undefined
  /**
   * Appends tokens in slices and hands over the logits after each token from position `from` on.
   * The signal is looked at between slices.
   */
  append(tokenIds: readonly number[], from: number, onLogits: OnLogits, signal?: AbortSignal): Promise<void>
  /** Appends tokens in slices and returns the state after the last one: what its logits would be computed from. */
  readState(tokenIds: readonly number[], signal?: AbortSignal): Promise<Float32Array>
  /** Forgets the tokens from `length` on. */
  truncate(length: number): void
  /** Returns a new sequence that begins with this one's first `length` tokens. */
  fork(length: number): Sequence
  /** Memory that its cache takes. */
  readonly cacheBytes: number
  /** Gives its memory back. */
  close(): void
}

/** A model that predicts tokens, whatever computes it. */
export type LanguageModel = {
  contextTokens: number
  vocabularySize: number
  /** Numbers in a state. */
  embeddingWidth: number
  /** Tokens that end an answer. */
  endIds: ReadonlySet<number>
  tokenBytes: TokenBytes
  openSequence(): Sequence
  /**
   * What steps cost, where guessed tokens may be checked: a row has the same bits alone and beside others.
   */
  steps?: StepMeter | undefined
}
