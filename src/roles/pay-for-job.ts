import { maxPromptTokens } from '../domain/admit-job.ts'
import type { Voucher } from '../domain/channel.ts'
import type { JobTerms } from '../domain/job.ts'
import type { MicroUsd } from '../domain/price.ts'
import { LedgerError } from '../errors/index.ts'
import { promptHashOf } from '../ledger/output-chain.ts'
import type { PayerChannel } from '../ledger/payer-channel.ts'
import type { ModelText } from '../ports/index.ts'
import type { ProviderFrame, RequesterFrame } from '../protocol/infer-messages.ts'
import type { MessageStream } from './frames.ts'
import type { Witness } from './witness.ts'

type Accepted = Extract<ProviderFrame, { type: 'accepted' }>

/** A job under way and the channel that pays for it. */
export type JobPaymentDeps = {
  end: MessageStream<ProviderFrame, RequesterFrame>
  channel: PayerChannel
  witness: Witness
  chunkTokens: number
}

/** What one job has been paid: for tokens that came, a chunk at a time, never ahead. */
export class JobPayment {
  /** Last voucher given. */
  voucher: Voucher | null = null
  paidMicroUsd: MicroUsd = 0n
  #paidTokens = 0
  #promisedBefore: MicroUsd = 0n
  #promptChecked: Promise<void> = Promise.resolve()
  readonly #deps: JobPaymentDeps

  constructor(deps: JobPaymentDeps) {
    this.#deps = deps
  }

  /**
   * Takes the provider's count of the prompt, to be checked before the first voucher, and catches up with
   * a voucher that the provider holds and this tab forgot.
   * @throws LedgerError `ledger/overcharged`, or when the voucher is not this tab's own
   */
  async open(terms: JobTerms, accepted: Accepted, text: Promise<ModelText | null>): Promise<void> {
    const { channel, witness } = this.#deps
    if (accepted.promptTokens > maxPromptTokens(terms)) {
      throw new LedgerError('ledger/overcharged', 'The provider counts more prompt tokens than there can be.')
    }
    witness.promptTokens = accepted.promptTokens
    witness.promptHash = accepted.promptHash
    const held = accepted.heldVoucher
    if (held && held.maxClaimableAmount > (await channel.promised())) await channel.adopt(held)
    this.#promisedBefore = await channel.promised()
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
    const { channel, end, witness } = this.#deps
    const charge = witness.chargeMicroUsd
    this.#paidTokens = witness.tokenIds.length
    if (charge <= this.paidMicroUsd) return
    this.voucher = await channel.promise(this.#promisedBefore + charge)
    this.paidMicroUsd = charge
    await end.write({ type: 'voucher', voucher: this.voucher })
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
