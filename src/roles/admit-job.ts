import { type Refusal, refuseChannel, refuseFunds, refuseTerms } from '../domain/admit-job.ts'
import { type ChannelConfig, type Voucher, usedOf } from '../domain/channel.ts'
import type { Hex } from '../domain/bytes.ts'
import type { JobTerms } from '../domain/job.ts'
import type { Offer } from '../domain/offer.ts'
import { LedgerError, MarketError } from '../errors/index.ts'
import { channelIdOf } from '../ledger/channel-id.ts'
import { promptHashOf } from '../ledger/output-chain.ts'
import { type ReceiverChannel, createReceiverChannel } from '../ledger/receiver-channel.ts'
import { verifyJob } from '../ledger/sign-job.ts'
import type { Chain, Clock, ModelText, VoucherStore } from '../ports/index.ts'

const sentences: Record<Refusal, string> = {
  'provider-full': 'This tab is answering as many people as it can.',
  'price-changed': 'The price has changed since the offer.',
  'wrong-provider': 'The job or its channel names another provider.',
  'wrong-model': 'This tab runs another model now.',
  'wrong-token': 'The channel holds a token that this tab does not take.',
  'short-delay': 'The channel could be emptied before a claim.',
  'withdrawal-pending': "The channel's money is about to be withdrawn.",
  underfunded: 'The channel holds too little for this answer.',
}

function refuse(refusal: Refusal | null): void {
  if (refusal === null) return
  const code =
    refusal === 'provider-full' || refusal === 'price-changed'
      ? (`market/${refusal}` as const)
      : 'market/job-refused'
  throw new MarketError(code, sentences[refusal], { details: refusal })
}

/** What a job is checked with. */
export type AdmitDeps = { chain: Chain; vouchers: VoucherStore; text: ModelText; clock: Clock }

/** A job that may be served: its prompt as tokens, and the channel that pays for it. */
export type AdmittedJob = {
  terms: JobTerms
  promptIds: number[]
  promptHash: Hex
  maxTokens: number
  held: Voucher | null
  channel: ReceiverChannel
}

/**
 * Checks a job from the outside in, cheapest first, and opens the provider's end of its channel.
 * @throws MarketError or LedgerError that says why the job is refused
 */
export async function admitJob(
  job: { terms: JobTerms; channel: ChannelConfig; signature: Hex },
  offer: Offer,
  { chain, vouchers, text, clock }: AdmitDeps,
): Promise<AdmittedJob> {
  const { terms, channel: config } = job
  const { network } = chain
  refuse(refuseTerms(terms, offer))
  const channelId = channelIdOf(config, network)
  if (channelId !== terms.channelId) {
    throw new LedgerError('ledger/bad-channel', 'The channel id does not belong to these channel terms.')
  }
  await verifyJob(terms, job.signature, config.payerAuthorizer, network)
  const [record, state] = await Promise.all([
    vouchers.channel(channelId, 'receiver'),
    chain.channel(channelId),
  ])
  const held = record?.voucher ?? null
  const baselineMicroUsd = usedOf(held, state)
  refuse(refuseChannel(config, state, baselineMicroUsd, terms, offer))
  if (record === null) {
    await vouchers.addChannel({
      channelId,
      config,
      chainId: network.chainId,
      settlement: network.settlement,
      side: 'receiver',
      voucher: null,
      claimedMicroUsd: state.totalClaimed,
    })
  }
  const promptIds = await text.encodeChat(terms.messages)
  const room = offer.contextTokens - promptIds.length
  if (room < 1) {
    throw new MarketError('market/job-refused', "The conversation is longer than the model's memory.", {
      fault: 'user',
      retryable: false,
    })
  }
  refuse(refuseFunds(state.balance - baselineMicroUsd, promptIds.length, terms, offer))
  return {
    terms,
    promptIds,
    promptHash: promptHashOf(promptIds),
    maxTokens: Math.min(terms.maxTokens, room),
    held,
    channel: createReceiverChannel({
      channelId,
      config,
      network,
      vouchers,
      limitMicroUsd: state.balance,
      baselineMicroUsd,
      nowSeconds: () => Math.floor(clock.nowMs() / 1000),
    }),
  }
}
