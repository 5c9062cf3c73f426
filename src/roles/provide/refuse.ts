import type { Refusal } from '../../domain/refuse-job.ts'
import { MarketError, type MarketErrorCode } from '../../errors/index.ts'

const sentences: Record<Refusal, string> = {
  'provider-full': 'This tab is answering as many people as it can.',
  'channel-busy': 'This channel is paying for another answer now.',
  'price-changed': 'The price has changed since the offer.',
  'wrong-provider': 'The job or its channel names another provider.',
  'wrong-model': 'This tab runs another model now.',
  'wrong-task': 'This tab does not do that.',
  'owes-royalty': "This model's publisher is paid through a hub only.",
  'wrong-token': 'The channel holds a token that this tab does not take.',
  'short-delay': 'The channel could be emptied before a claim.',
  'session-over': "The channel's session key has ended.",
  'withdrawal-pending': "The channel's money is about to be withdrawn.",
  underfunded: 'The channel holds too little for this answer.',
  'not-announced': 'The hub that shall pay for this answer does not know of it.',
  'unpaid-before': 'This channel left earlier answers unpaid.',
  'hub-unpaid': 'The hub left too many answers unpaid today.',
  'served-before': 'This job was sent before.',
}

/** Refusals that a requester can do something about; the rest are `market/job-refused`. */
const codes: Partial<Record<Refusal, MarketErrorCode>> = {
  'provider-full': 'market/provider-full',
  'channel-busy': 'market/channel-busy',
  'price-changed': 'market/price-changed',
}

/** @throws MarketError that says why a job is not taken; nothing for null */
export function refuse(refusal: Refusal): never
export function refuse(refusal: Refusal | null): void
export function refuse(refusal: Refusal | null): void {
  if (refusal === null) return
  throw new MarketError(codes[refusal] ?? 'market/job-refused', sentences[refusal], { details: refusal })
}
