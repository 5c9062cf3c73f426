import type { Hex } from '../../domain/bytes.ts'
import type {
  Backend,
  ComingModel,
  Distribution,
  GenerateRequest,
  GenerateResult,
  LoadProgress,
  ModelPart,
  Recomputation,
  RecomputeRequest,
  TokenEvent,
  VerifiedModel,
} from '../../ports/engine.ts'
import type { RecipeName } from '../graph/recipe.ts'

/** What decides which runtime a model needs. */
export type RuntimeInput = { recipe: RecipeName; threads: number }

/** A model that is on its way; without one only the runtime is started. */
export type WarmInput = RuntimeInput & { model?: ComingModel }

/** One model, on one back end. */
export type LoadInput = RuntimeInput & {
  /** With the beginning of its first file alone, if that may do. */
  model: Omit<VerifiedModel, 'whole'>
  /** Memory of the whole computer; null where its browser does not say. */
  memoryBytes?: number | null
  /** Tokens in one slice of a prefill; by default what suits the back end. */
  sliceTokens?: number
  /** Whether to guess tokens and check several in one step, where that changes no bit; by default yes. */
  guess?: boolean
}

/** What a worker found out about the model it loaded. */
export type LoadOutput = {
  backend: Backend
  arithmeticId: Hex
  arithmetic: string
  exact: boolean
  contextTokens: number
  tokensPerSecond: number
  fromCache: boolean
  weightBytes: number
  /** Keys and values of one token of one answer. */
  cacheBytesPerToken: number
  /** Longest texts for which one step has room; null where nothing but memory bounds them. */
  stepPlaces: number | null
}

/** The `top` likeliest tokens at each of the last `count` positions. */
export type DistributionsInput = { tokenIds: number[]; count: number; top: number }

/** An answer, and its tokens that another worker made before it was lost. */
export type GenerateInput = { request: GenerateRequest; madeIds: number[] }

/** A text to be embedded, and for whom. */
export type EmbedInput = { tokenIds: readonly number[]; owner: string | undefined }

/** What the worker that runs a model can be asked. */
export type ModelCalls = {
  /** Starts the runtime, and prepares what comes of the model. */
  warm: { input: WarmInput; event: never; output: void }
  /** Brings a part of that model. */
  deliver: { input: ModelPart; event: never; output: void }
  load: { input: LoadInput; event: LoadProgress; output: LoadOutput }
  generate: { input: GenerateInput; event: TokenEvent; output: GenerateResult }
  /** Share of the time that steps may take. */
  throttle: { input: number; event: never; output: void }
  recompute: { input: RecomputeRequest; event: never; output: Recomputation }
  embed: { input: EmbedInput; event: never; output: Float32Array<ArrayBuffer> }
  distributions: { input: DistributionsInput; event: never; output: Distribution[] }
}
