import type { Hex } from '../../domain/bytes.ts'
import type { Deal, Task, Work } from '../../domain/job.ts'
import type { ModelId } from '../../domain/model.ts'
import type { Offer } from '../../domain/offer.ts'
import type { Price } from '../../domain/price.ts'
import type { ModelText } from '../../ports/index.ts'
import type { OutputProgress, Settled } from './answer.ts'
import type { OutputFrame } from './make-output.ts'

/** What has come in of one job, counted by the requester itself. */
export interface Witness<result> {
  /** Tokens of the result; those of the prompt are counted elsewhere. */
  readonly completionTokens: number
  /** Whether what came is worth its price: then it is paid for, and kept also if the rest stays out. */
  readonly isWorthPaying: boolean
  /** Longest silence until the next frame, in milliseconds, where the provider does not say that it goes on. */
  readonly silenceMs: number
  /** @throws ProtocolError `protocol/unexpected-frame` for what does not follow, or is not what was asked for */
  take(frame: OutputFrame, nowMs: number): OutputProgress | Promise<OutputProgress>
  /** @throws ProtocolError `protocol/unexpected-frame` when something is missing at the end */
  requireWhole(): void
  /** Head of the hash chain over what came, which the receipt has to name. */
  outputHead(): Hex
  result(settled: Settled): result
}

/** A task as whoever asks for it sees it: a third one is another of these. */
export type RequestedTask<work extends Work, result> = {
  task: Task
  modelId: ModelId
  /** The most that it may cost in all per million tokens, a hub's spread included; any price when left out. */
  atMost?: Price | undefined
  /** What is asked of one provider. */
  work(offer: Offer): work
  /** `text` is the model's tokenizer; null where the model is unknown here. */
  witness(terms: Deal & work, offer: Offer, text: Promise<ModelText | null>): Witness<result>
}
