import type { Answer } from '../../state/exchange.svelte.ts'
import type { ReceiptRow } from '../../state/receipts.svelte.ts'
import { exactUsd, formatShare, formatUsd, plural } from '../format.ts'
import type { Fact } from '../parts/fact.ts'
import { finishWords } from './finish-words.ts'

const perMillion = (amount: bigint) => `${formatUsd(amount)} per million`

/** What was asked, of whom, and at what price. */
export function jobFacts({ terms, offer, tokens, finishReason }: Answer, modelName: string): Fact[] {
  const { sampler, price } = terms
  return [
    ['Model', modelName],
    ['Answered by', offer.provider],
    ['Prompt', `${plural(tokens.promptTokens, 'token')} at ${perMillion(price.promptMicroUsdPerMillion)}`],
    [
      'Answer',
      `${plural(tokens.completionTokens, 'token')} at ${perMillion(price.completionMicroUsdPerMillion)}`,
    ],
    ['Ended because', finishWords[finishReason]],
    [
      'Sampling',
      `temperature ${sampler.temperature}, top-k ${sampler.topK}, top-p ${sampler.topP}, min-p ${sampler.minP}`,
    ],
    ['Seed', terms.seed],
  ]
}

/** Who got how much, the channel that paid, and the last voucher given. */
export function paymentFacts(answer: Answer, row: ReceiptRow): Fact[] {
  const { hub, handedOnMicroUsd, channel, terms, voucher } = answer
  const onTop = hub && formatShare(hub.spreadMillionths)
  return [
    ['Paid', `$${exactUsd(row.amountMicroUsd)}`],
    ['For the answer', hub && `$${exactUsd(row.chargeMicroUsd)}, to the tab that gave it`],
    ['For the relay', row.relayMicroUsd === null ? null : `$${exactUsd(row.relayMicroUsd)}, ${onTop} on top`],
    ['Relay', hub && hub.account],
    [
      'Handed on',
      hub && `$${exactUsd(handedOnMicroUsd)} as far as the relay has confirmed, by a voucher of its own`,
    ],
    ['Channel', terms.channelId],
    ['Payer', channel.payer],
    ['Receiver', hub ? null : channel.receiver],
    [
      'Voucher up to',
      voucher ? `$${exactUsd(voucher.maxClaimableAmount)}, over all answers of this channel` : null,
    ],
    ['Voucher signature', voucher?.signature ?? null],
  ]
}

/** What the provider swore to. */
export function proofFacts({ receipt, terms, offer }: Answer): Fact[] {
  return [
    ['Job', terms.jobId],
    ['Model id', terms.modelId],
    ['Arithmetic', offer.arithmeticId],
    ['Terms hash', receipt?.receipt.termsHash ?? null],
    ['Prompt hash', receipt?.receipt.promptHash ?? null],
    ['Output hash', receipt?.receipt.outputHead ?? null],
    ['Issued', receipt ? new Date(receipt.receipt.issuedAtSeconds * 1000).toLocaleString() : null],
    ['Signature', receipt?.signature ?? null],
  ]
}
