import type { Network } from '../../domain/network.ts'
import type { ReceiptRow } from '../../state/receipts.svelte.ts'
import { exactUsd, plural } from '../format.ts'
import { explorerLink } from '../parts/explorer.ts'
import type { Fact } from '../parts/fact.ts'
import { finishWords } from './finish-words.ts'

/** What was answered. */
export function servedJobFacts({ jobId, tokens, finishReason, atMs }: ReceiptRow, modelName: string): Fact[] {
  return [
    ['Job', jobId],
    ['Model', modelName],
    ['Prompt', plural(tokens.promptTokens, 'token')],
    ['Answer', plural(tokens.completionTokens, 'token')],
    ['Ended because', finishWords[finishReason]],
    ['Ended', new Date(atMs).toLocaleString()],
  ]
}

/** Who paid it, and how. */
export function servedPaymentFacts(row: ReceiptRow, network: Network | null): Fact[] {
  const { chargeMicroUsd, amountMicroUsd, hub, channelId } = row
  return [
    ['You charged', `$${exactUsd(chargeMicroUsd)}`],
    ['You were paid', `$${exactUsd(amountMicroUsd)}`],
    [
      'Paid through',
      hub ? `the relay’s account ${hub}` : 'a channel of the tab that asked',
      hub ? explorerLink(network, 'address', hub) : undefined,
    ],
    ['Channel', channelId],
  ]
}

/** What this tab swore to. */
export function servedProofFacts({ modelId, receipt: signed }: ReceiptRow): Fact[] {
  if (!signed) return []
  const { receipt, signature } = signed
  return [
    ['Model id', modelId],
    ['Arithmetic', receipt.arithmeticId],
    ['Terms hash', receipt.termsHash],
    ['Prompt hash', receipt.promptHash],
    ['Output hash', receipt.outputHead],
    ['Issued', new Date(receipt.issuedAtSeconds * 1000).toLocaleString()],
    ['Signature', signature],
  ]
}
