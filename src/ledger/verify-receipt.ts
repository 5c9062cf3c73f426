import type { JobTerms } from '../domain/job.ts'
import type { Network } from '../domain/network.ts'
import { type TokenCount, chargeMicroUsd } from '../domain/price.ts'
import type { SignedReceipt } from '../domain/receipt.ts'
import type { Hex } from '../domain/bytes.ts'
import { sameAddress } from '../domain/bytes.ts'
import { LedgerError } from '../errors/index.ts'
import { jobHash } from './job-hash.ts'
import { verifyReceiptSignature } from './sign-receipt.ts'

/** What the requester saw with its own eyes. */
export type Witnessed = {
  terms: JobTerms
  arithmeticId: Hex
  promptHash: Hex
  tokens: TokenCount
  /** Head of the hash chain over what came. */
  outputHead: Hex
}

/**
 * Checks that a receipt is signed and says exactly what the requester saw.
 * @throws LedgerError `ledger/bad-signature`, or `ledger/bad-receipt` naming the first field that differs
 */
export async function verifyReceipt(
  signed: SignedReceipt,
  seen: Witnessed,
  network: Pick<Network, 'chainId' | 'settlement'>,
): Promise<void> {
  await verifyReceiptSignature(signed, network)
  const { receipt } = signed
  const { tokens } = seen
  const checks: Record<string, boolean> = {
    jobId: receipt.jobId === seen.terms.jobId,
    terms: receipt.termsHash === jobHash(seen.terms),
    provider: sameAddress(receipt.provider, seen.terms.provider),
    channel: receipt.channelId === seen.terms.channelId,
    model: receipt.modelId === seen.terms.modelId,
    arithmetic: receipt.arithmeticId === seen.arithmeticId,
    prompt: receipt.promptHash === seen.promptHash,
    'prompt tokens': receipt.tokens.promptTokens === tokens.promptTokens,
    'answer tokens': receipt.tokens.completionTokens === tokens.completionTokens,
    answer: receipt.outputHead === seen.outputHead,
    charge: receipt.chargeMicroUsd === chargeMicroUsd(tokens, seen.terms.price),
  }
  const wrong = Object.keys(checks).filter((name) => !checks[name])
  if (wrong.length > 0) {
    throw new LedgerError('ledger/bad-receipt', `The receipt does not match the answer: ${wrong.join(', ')}.`)
  }
}
