import { maxPromptTokens } from '../domain/admit-job.ts'
import type { JobTerms } from '../domain/job.ts'
import { LedgerError } from '../errors/index.ts'
import { promptHashOf } from '../ledger/output-chain.ts'
import type { ModelText } from '../ports/index.ts'
import type { Accepted, PaymentRoute } from './payment-route.ts'
import type { Witness } from './witness.ts'

/** A job under way and the way of its payments. */
export type JobPaymentDeps = { route: PaymentRoute; witness: Witness; chunkTokens: number }

/** Pays one job: for tokens that came, a chunk at a time, never ahead. */
export class JobPayment {
  #paidTokens = 0
  #promptChecked: Promise<void> = Promise.resolve()
  readonly #deps: JobPaymentDeps

  constructor(deps: JobPaymentDeps) {
    this.#deps = deps
  }

  /**
   * Takes the provider's count of the prompt, to be checked before the first voucher.
   * @throws LedgerError `ledger/overcharged`, or when the provider shows a voucher that is not this tab's own
   */
  async open(terms: JobTerms, accepted: Accepted, text: Promise<ModelText | null>): Promise<void> {
    const { route, witness } = this.#deps
    if (accepted.promptTokens > maxPromptTokens(terms)) {
      throw new LedgerError('ledger/overcharged', 'The provider counts more prompt tokens than there can be.')
    }
    witness.promptTokens = accepted.promptTokens
    witness.promptHash = accepted.promptHash
    await route.accepted(accepted)
    this.#promptChecked = checkPrompt(terms, witness, text)
    this.#promptChecked.catch(() => {})
  }

  /** Pays with the first token, which proves that the prompt was read, and after each chunk. */
  async payIfDue(): Promise<void> {
    const unpaid = this.#deps.witness.tokenIds.length - this.#paidTokens
    if (this.#paidTokens === 0 || unpaid >= this.#deps.chunkTokens) await this.pay()
  }

  /** Pays for all that has come. */
  async pay(): Promise<void> {
    await this.#promptChecked
    const { route, witness } = this.#deps
    this.#paidTokens = witness.tokenIds.length
    await route.pay(witness.chargeMicroUsd)
  }
}

/** @throws LedgerError `ledger/overcharged` when the provider counts another prompt than we do */
async function checkPrompt(
  terms: JobTerms,
  witness: Witness,
  text: Promise<ModelText | null>,
): Promise<void> {
  const tokenizer = await text.catch(() => null)
  if (tokenizer === null) return
  const promptIds = await tokenizer.encodeChat(terms.messages)
  if (promptIds.length === witness.promptTokens && promptHashOf(promptIds) === witness.promptHash) return
  throw new LedgerError('ledger/overcharged', 'The provider counted other prompt tokens than this tab did.', {
    details: `theirs ${witness.promptTokens}, ours ${promptIds.length}`,
  })
}
