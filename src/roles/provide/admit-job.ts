import type { Hex } from '../../domain/bytes.ts'
import type { ChannelConfig } from '../../domain/channel.ts'
import { owesTooMuch, windowAfterDebt } from '../../domain/debt.ts'
import { type JobTerms, mostCompletionTokens, taskOf } from '../../domain/job.ts'
import type { Offer } from '../../domain/offer.ts'
import { chargeMicroUsd } from '../../domain/price.ts'
import { refuseFunds, refuseTerms } from '../../domain/refuse-job.ts'
import { isSessionOver } from '../../domain/session.ts'
import { LedgerError, MarketError } from '../../errors/index.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { verifyJob } from '../../ledger/sign-job.ts'
import type { ModelText } from '../../ports/index.ts'
import type { HubLines } from '../earn/hub-lines.ts'
import type { JobPayments } from '../earn/job-payments.ts'
import type { MakeableJob } from '../tasks/make-output.ts'
import { type Prompt, readPrompt } from '../tasks/read-prompt.ts'
import { type Debts, hubOnDay } from './debts.ts'
import {
  type AnnouncedJob,
  type JobFunds,
  type JobFundsDeps,
  announcedJob,
  directFunds,
  hubFunds,
} from './job-funds.ts'
import { refuse } from './refuse.ts'
import type { ServedJobs } from './served-jobs.ts'

/** What a job is checked with. */
export type AdmitDeps = JobFundsDeps & {
  text: ModelText
  debts: Debts
  served: ServedJobs
  hubs: Pick<HubLines, 'lineTo'>
}

/** A job as it comes in. */
export type OfferedJob = { terms: JobTerms; channel: ChannelConfig; signature: Hex }

/** A job that may be served, and the money behind it. */
export type AdmittedJob = MakeableJob & {
  /** How far it may run ahead of its payment. */
  windowTokens: number
  funds: JobFunds
  payments: JobPayments
}

/** A job that its channel's own key has signed, and that its hub, where one pays, has announced. */
export type ScreenedJob = OfferedJob & { viaHub: AnnouncedJob | null }

/**
 * Checks what takes nothing of this tab: the terms, the signature, and the hub's announcement, which is waited for.
 * @throws MarketError or LedgerError that says why the job is refused
 */
export async function screenJob(job: OfferedJob, offer: Offer, deps: AdmitDeps): Promise<ScreenedJob> {
  refuse(refuseTerms(job.terms, offer))
  await checkSigner(job, deps)
  const line = deps.hubs.lineTo(job.channel.receiver)
  return { ...job, viaHub: line && (await announcedJob(job.terms, line)) }
}

/**
 * Checks the rest, cheapest first, and opens the provider's end of what pays for the job. `running` is how many
 * other answers its channel pays for now.
 * @throws MarketError that says why the job is refused
 */
export async function admitJob(
  { terms, channel: config, viaHub }: ScreenedJob,
  offer: Offer,
  running: number,
  deps: AdmitDeps,
): Promise<AdmittedJob> {
  const windowTokens = windowAfterDebt(await deps.debts.of(terms.channelId), running, offer)
  // The vouchers of a direct channel cannot tell which of two answers they pay for.
  if (running > 0 && (viaHub === null || windowTokens === 0)) refuse('channel-busy')
  if (windowTokens === 0) refuse('unpaid-before')
  if (viaHub) await refuseHubInDebt(viaHub, offer, deps)
  const funds = viaHub ? hubFunds(terms, viaHub) : await directFunds(config, terms, offer, deps)
  const prompt = await readPrompt(terms, deps.text)
  const maxTokens = roomFor(terms, prompt, offer)
  const atStake = { promptTokens: prompt.tokens, completionTokens: Math.min(windowTokens, maxTokens) }
  const free = await funds.freeMicroUsd(chargeMicroUsd(atStake, terms.price))
  refuse(refuseFunds(free, prompt.tokens, terms, offer))
  // Last, so that a job that was refused may come again.
  if (!(await deps.served.take(terms.jobId))) refuse('served-before')
  return { terms, prompt, maxTokens, owner: ownerOf(config), windowTokens, funds, payments: funds.open() }
}

/** Returns who pays from a channel, spelled in one way: whoever asks through several tabs or hubs is one. */
export const ownerOf = ({ payer }: ChannelConfig): string => payer.toLowerCase()

/** @throws MarketError when the hub left too much unpaid today */
async function refuseHubInDebt({ channel }: AnnouncedJob, offer: Offer, deps: AdmitDeps): Promise<void> {
  const debt = await deps.debts.of(hubOnDay(channel.channelId, deps.clock.nowMs()))
  if (owesTooMuch(debt, offer)) refuse('hub-unpaid')
}

/** @throws LedgerError unless the key that owns the channel signed the job, MarketError once the key has ended */
async function checkSigner({ terms, channel, signature }: OfferedJob, deps: AdmitDeps): Promise<void> {
  const { network } = deps.chain
  if (channelIdOf(channel, network) !== terms.channelId) {
    throw new LedgerError('ledger/bad-channel', 'The channel id does not belong to these channel terms.')
  }
  await verifyJob(terms, signature, channel.payerAuthorizer, network)
  if (isSessionOver(channel, deps.clock.nowMs() / 1000)) refuse('session-over')
}

/**
 * Returns how many tokens an answer may have.
 * @throws MarketError when the prompt leaves no room for one, or embeddings have no room themselves
 */
function roomFor(terms: JobTerms, prompt: Prompt, { contextTokens }: Offer): number {
  const wanted = mostCompletionTokens(terms)
  const room = contextTokens - prompt.tokens
  if (room >= Math.min(wanted, 1)) return Math.min(wanted, room)
  const what = taskOf(terms) === 'embed' ? 'The texts are' : 'The conversation is'
  throw new MarketError('market/job-refused', `${what} longer than the model's memory.`, {
    fault: 'user',
    retryable: false,
  })
}
