import type { Hex } from '../domain/bytes.ts'
import type { ChatMessage, FinishReason, SamplerSettings } from '../domain/job.ts'
import type { KnownAnswer, ModelId, ModelManifest } from '../domain/model.ts'

/** What computes: the GPU, or the processor through WebAssembly. */
export type Backend = 'webgpu' | 'wasm'

/** What this machine can run a model with, and why the first choice is first. */
export type EngineProbe = {
  webgpu: {
    adapter: string
    shaderF16: boolean
    /** Longest buffer, and the longest part of one that a computation can be given. */
    maxBufferBytes: number
    maxBindingBytes: number
  } | null
  crossOriginIsolated: boolean
  threads: number
  /** Memory of the whole computer, rounded by the browser, and at most what it cares to tell; null where it does not. */
  memoryBytes: number | null
  /** Bytes this origin may still store. */
  storageBytes: number | null
  /** Best first; never empty unless WebAssembly is missing. */
  backends: Backend[]
  /** One sentence for people. */
  reason: string
}

/** Reading the file, preparing weights, compiling the graph, running the known answer. */
export type LoadStage = 'read' | 'prepare' | 'compile' | 'self-test'

/** How far a load has come. */
export type LoadProgress = {
  stage: LoadStage
  /** From 0 to 1 within the stage. */
  fraction: number
}

/** A model of which no file is here yet. */
export type ComingModel = { id: ModelId; manifest: ModelManifest }

/** A model whose bytes were verified. */
export type VerifiedModel = ComingModel & {
  /** Its files in the manifest's order, or the beginning of the first alone. */
  files: Blob[]
  /**
   * Brings the whole files, where there is a beginning alone: of what was prepared at an earlier visit no more is read.
   * @throws StorageError
   */
  whole?: (signal?: AbortSignal) => Promise<Blob[]>
}

/** Some verified bytes of one of a model's files. */
export type ModelPart = {
  /** Its place in the manifest's list. */
  file: number
  /** Where it begins in the file, in bytes. */
  start: number
  content: Blob
}

/** Reading the head, preparing weights, watching it answer prompts, running it as volunteers will. */
export type MeasureStage = 'check' | 'prepare' | 'observe' | 'test'

/** How far a measurement has come. */
export type MeasureProgress = {
  stage: MeasureStage
  /** From 0 to 1 within the stage. */
  fraction: number
}

/** How a model file is measured. */
export type MeasureOptions = { signal?: AbortSignal; onProgress?: (progress: MeasureProgress) => void }

/** What a manifest says of a model file, as far as the file and its arithmetic tell. */
export type MeasuredModel = {
  /** What the file calls the model; null where it says nothing, here and below. */
  name: string | null
  license: string | null
  family: string
  contextTokens: number
  knownAnswer: KnownAnswer
  /** Scales that keep 8-bit products close: a file of the model. */
  smoothing: Uint8Array<ArrayBuffer>
}

/** How a model is to be loaded. */
export type LoadOptions = {
  /** Tried in order; by default what the probe found. */
  backends?: Backend[]
  signal?: AbortSignal
  onProgress?: (progress: LoadProgress) => void
  /** For a check beside serving: the model goes with the last hold, and another load goes before this one. */
  whileHeld?: boolean
}

/** What an engine is warmed for. */
export type WarmOptions = Pick<LoadOptions, 'backends' | 'signal'> & {
  model?: ComingModel
}

/** A model that passed its known answer, and what the machine does with it. */
export type LoadedModel = {
  id: ModelId
  backend: Backend
  /** Why this back end: what was chosen, and what was tried before and failed. */
  reason: string
  arithmeticId: Hex
  /** Short name of the arithmetic for people, such as `wasm-int8-6`. */
  arithmetic: string
  /** Whether equal arithmetic ids mean equal bits, on any machine and in any company: then one difference is proof. */
  exact: boolean
  contextTokens: number
  /** Requests it can run side by side. */
  slots: number
  /** Decode speed measured in the self-test. */
  tokensPerSecond: number
  /** Whether the prepared weights were found from an earlier visit. */
  fromCache: boolean
}

/** Which files a model has, and in which order; without it, a single GGUF file. */
export type FileLayout = Pick<ModelManifest, 'format' | 'files'>

/** A prompt as token ids, and how to answer it. */
export type GenerateRequest = {
  promptIds: number[]
  sampler: SamplerSettings
  /** 128 bits. */
  seed: Hex
  maxTokens: number
  stop: string[]
  /** For whom it is: whoever asks for more gets no larger share of the time. All that names nobody is one's. */
  owner?: string
}

/** One decoded token. `text` may be empty while a character or a stop string is incomplete. */
export type TokenEvent = { tokenId: number; text: string }

/** How an answer ended. */
export type GenerateResult = {
  finishReason: Exclude<FinishReason, 'unpaid' | 'failed'>
  /** Text held back until the end was known, to be shown after the last token's. */
  text: string
}

/** An answer to be repeated under the settings and the seed it was made with. */
export type RecomputeRequest = Omit<GenerateRequest, 'maxTokens' | 'stop' | 'owner'> & {
  /** The answer as claimed. */
  tokenIds: number[]
}

/** A teacher-forced repetition of somebody's answer. */
export type Recomputation = {
  arithmeticId: Hex
  /**
   * For each claimed token, by how much it loses to this engine's own choice under the same noise,
   * in units of logit / temperature; 0 where they agree, infinite from the first id on that is no token of the model.
   */
  margins: number[]
  /** What this engine would have chosen at each place; -1 behind such an id. */
  choices: number[]
}

/** Natural log-probabilities of the likeliest tokens at one position. */
export type Distribution = { ids: number[]; logProbs: number[] }

/** Text of one model, without its weights: enough to count and to read tokens. */
export interface ModelText {
  /** Numbers in an embedding of this model; 0 where it cannot embed. */
  readonly embeddingWidth: number
  /** Tokenizes a text, ready to be embedded: inside words that have the model sum it up. */
  encodeForEmbedding(text: string): Promise<number[]>
  /** Applies the model's chat template and tokenizes, ready for an answer. */
  encodeChat(messages: ChatMessage[]): Promise<number[]>
  decode(tokenIds: number[]): Promise<string>
}

/** Runs models. Every error is an `EngineError`, or the store's, where it brings too little of a model. */
export interface Engine {
  probe(): Promise<EngineProbe>
  /**
   * Makes sure, before a model's weights are downloaded, that this engine has a graph and a tokenizer for it.
   * `head` must hold all that lies before the weights, of a folder its files one after the other up to the graph; `engine/malformed-model` says when it is too short.
   * @throws EngineError `engine/unsupported-model` naming what cannot be run
   */
  checkModel(head: Blob, layout?: FileLayout): Promise<void>
  /**
   * Finds out what a manifest needs to say of a model file, in a worker of its own; the loaded model goes on.
   * @throws EngineError `engine/unsupported-model` naming what cannot be run, `engine/malformed-model`,
   *   `engine/known-answer-failed` when 8-bit products come too far from float ones
   */
  measure(file: Blob, options?: MeasureOptions): Promise<MeasuredModel>
  /**
   * Starts what runs models, for one whose bytes are on their way: until the signal aborts, or a load takes it over.
   * Told which `model`, it prepares that as far as it is delivered. What cannot be done is found out by the load.
   */
  warm(options?: WarmOptions): Promise<void>
  /** Hands over a part of the model that the engine was warmed for, as soon as it is verified. One of another is left. */
  deliver(id: ModelId, part: ModelPart): void
  /**
   * Loads a model and runs its known-answer test; falls back to the next back end when one fails.
   * Replaces the model loaded before. Who asks for one that is there, or being loaded, for the same back ends, gets
   * that; a load `whileHeld` takes it on any.
   * @throws EngineError `engine/busy` while another model is being loaded; where the load is one `whileHeld`, also
   *   while another is loaded, and when another is wanted before it is done
   */
  load(model: VerifiedModel, options?: LoadOptions): Promise<LoadedModel>
  /** The model that is ready now, if any. */
  readonly loaded: LoadedModel | null
  /** Text functions of the loaded model. */
  readonly text: ModelText
  /**
   * Reads tokenizer and template from the head of a model, for a tab that does not run it.
   * `head` must hold what `checkModel` needs; `engine/malformed-model` says when it is too short.
   */
  openText(model: { id: ModelId; manifest: FileLayout }, head: Blob): Promise<ModelText>
  /** Streams an answer. Aborting the signal ends it within one token with `cancelled` as the reason. */
  generate(request: GenerateRequest, signal?: AbortSignal): AsyncGenerator<TokenEvent, GenerateResult, void>
  /** Repeats an answer token by token at the cost of a prefill. It takes no slot: repetitions wait for each other. */
  recompute(request: RecomputeRequest, signal?: AbortSignal): Promise<Recomputation>
  /**
   * Returns the embedding of a text: `[embeddingWidth]`, finite and of unit length. It is the direction of what the
   * output layer takes in at the last token, after the last norm. Texts that mean something alike point in similar
   * directions. The arithmetic id says of its bits what it says of an answer's. `owner` is for whom it is.
   */
  embed(tokenIds: readonly number[], signal?: AbortSignal, owner?: string): Promise<Float32Array<ArrayBuffer>>
  /** Returns the `top` likeliest tokens at each of the last `count` positions, given all the tokens before. */
  distributions(tokenIds: number[], count: number, top: number, signal?: AbortSignal): Promise<Distribution[]>
  /**
   * Sets the share of the time that the model may run, above 0 and at most 1. Answers under way keep to it at once; it
   * holds until the next call, for models loaded later too.
   */
  throttle(share: number): void
  /** Called when the model is lost (device, memory, worker) and cannot be brought back. Returns an unsubscribe. */
  watchLost(onLost: (error: Error) => void): () => void
  /** Called when the model was lost and is back, perhaps with fewer slots or on another back end. Returns an unsubscribe. */
  watchBack(onBack: (loaded: LoadedModel) => void): () => void
  /**
   * Keeps the model from being given up, also one that is loaded while it holds, until the function that it returns is
   * called. Work under way holds by itself.
   */
  hold(): () => void
  /** Gives the model's memory back, as soon as nobody holds the model. */
  unload(): Promise<void>
}
