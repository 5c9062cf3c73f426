import type { Hex } from '../../domain/bytes.ts'
import type { JobTerms } from '../../domain/job.ts'
import { maxPromptTokens } from '../../domain/largest-charge.ts'
import { type Offer, dueTokens } from '../../domain/offer.ts'
import { type MicroUsd, type TokenCount, chargeMicroUsd } from '../../domain/price.ts'
import { LedgerError } from '../../errors/index.ts'
import type { ModelText } from '../../ports/index.ts'
import { readPrompt } from '../tasks/read-prompt.ts'
import type { Witness } from '../tasks/witness.ts'
import type { Accepted, PaymentRoute } from './payment-route.ts'

/** A job under way and the way of its payments. */
export type JobPayerDeps = {
  terms: JobTerms
  route: PaymentRoute
  witness: Pick<Witness<unknown>, 'completionTokens' | 'isWorthPaying'>
  offer: Pick<Offer, 'chunkTokens'>
}

/** Counts what one job costs and pays it: for what came, half a chunk at a time, never ahead. */
export class JobPayer {
  promptHash: Hex = '0x'
  #promptTokens = 0
  #paidTokens = 0
  #promptChecked: Promise<void> = Promise.resolve()
  readonly #deps: JobPayerDeps

  constructor(deps: JobPayerDeps) {
    this.#deps = deps
  }

  /**
   * Takes the provider's count of the prompt, to be checked before the first voucher.
   * @throws LedgerError `ledger/overcharged`, or when the provider shows a voucher that is not this tab's own
   */
  async open(accepted: Accepted, text: Promise<ModelText | null>): Promise<void> {
    const { route, terms } = this.#deps
    if (accepted.promptTokens > maxPromptTokens(terms)) {
      throw new LedgerError('ledger/overcharged', 'The provider counts more prompt tokens than there can be.')
    }
    this.#promptTokens = accepted.promptTokens
    this.promptHash = accepted.promptHash
    await route.accepted(accepted)
    this.#promptChecked = checkPrompt(terms, accepted, text)
    this.#promptChecked.catch(() => {})
  }

  /** What has come so far. */
  get tokens(): TokenCount {
    return { promptTokens: this.#promptTokens, completionTokens: this.#deps.witness.completionTokens }
  }

  /** What it costs so far, without a hub's spread. */
  get chargeMicroUsd(): MicroUsd {
    return chargeMicroUsd(this.tokens, this.#deps.terms.price)
  }

  /** Pays with the first token, which proves that the prompt was read, and after each half of a chunk. */
  async payIfDue(): Promise<void> {
    const { witness, offer } = this.#deps
    if (!witness.isWorthPaying) return
    const unpaid = witness.completionTokens - this.#paidTokens
    if (this.#paidTokens === 0 || unpaid >= dueTokens(offer)) await this.pay()
  }

  /** Pays for all that has come. */
  async pay(): Promise<void> {
    await this.#promptChecked
    const { route, witness } = this.#deps
    this.#paidTokens = witness.completionTokens
    await route.pay(this.chargeMicroUsd)
  }
}

/** @throws LedgerError `ledger/overcharged` when the provider counts another prompt than we do */
async function checkPrompt(
  terms: JobTerms,
  theirs: Pick<Accepted, 'promptTokens' | 'promptHash'>,
  text: Promise<ModelText | null>,
): Promise<void> {
  const tokenizer = await text.catch(() => null)
  if (tokenizer === null) return
  const ours = await readPrompt(terms, tokenizer)
  if (ours.tokens === theirs.promptTokens && ours.hash === theirs.promptHash) return
  throw new LedgerError('ledger/overcharged', 'The provider counted other prompt tokens than this tab did.', {
    details: `theirs ${theirs.promptTokens}, ours ${ours.tokens}`,
  })
}
