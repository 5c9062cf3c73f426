import type { DepositAuthorization } from '../domain/authorization.ts'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelState, Voucher } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Chain, Clock, DocumentStore } from '../ports/index.ts'
import { chainShows } from './chain-shows.ts'

/** A deposit that its wallet has signed. Structured-clone values only. */
export type SignedDeposit = {
  deposit: DepositAuthorization
  /** What the channel held when it was signed. */
  beforeMicroUsd: MicroUsd
  /** What was promised to the hub that sends it; null where the payer's side does. */
  fee: { feeMicroUsd: MicroUsd; voucher: Voucher } | null
}

/** Where signed deposits are kept, and what tells their end. */
export type SignedDepositDeps = { chain: Chain; documents: DocumentStore; clock: Clock }

const collection = 'signed-deposits'
/** A node may lag behind the one that told of the deposit. */
const visibleTimeoutMs = 10_000

/**
 * Returns the deposit that was signed for a channel, here or in another tab, before a reload too, and may still be
 * made. While there is one, nothing else may be signed for the channel: it is sent again as it is, and so made once.
 * Null once the chain has told its end; the channel shows it then, if it was made.
 */
export async function openDeposit(channelId: Hex, deps: SignedDepositDeps): Promise<SignedDeposit | null> {
  const { chain, documents, clock } = deps
  const kept = asSigned(await documents.get(collection, channelId))
  if (!kept) return null
  const state = await chain.authorizationState(kept.deposit)
  if (state === 'open') return kept
  const isMade = async () => madeIn(kept)(await chain.channel(channelId))
  if (state === 'used') await chainShows(isMade, visibleTimeoutMs, clock)
  await documents.change(collection, channelId, (now) => (isSame(asSigned(now), kept) ? undefined : now))
  return null
}

/** Keeps a signed deposit before anybody is given it. Returns the one that counts, where another tab was first. */
export async function keepDeposit(
  channelId: Hex,
  signed: SignedDeposit,
  { documents }: Pick<SignedDepositDeps, 'documents'>,
): Promise<SignedDeposit> {
  let counts = signed
  await documents.change(collection, channelId, (now) => (counts = asSigned(now) ?? signed))
  return counts
}

/** Writes down that a signed deposit has been promised a higher fee. */
export async function keepFee(
  channelId: Hex,
  signed: SignedDeposit,
  { documents }: Pick<SignedDepositDeps, 'documents'>,
): Promise<void> {
  await documents.change(collection, channelId, (now) => (isSame(asSigned(now), signed) ? signed : now))
}

/** Whether a channel shows that a deposit was made. */
export function madeIn({ beforeMicroUsd, deposit }: SignedDeposit): (state: ChannelState) => boolean {
  return ({ balance }) => balance >= beforeMicroUsd + deposit.amount
}

const asSigned = (kept: unknown) => kept as SignedDeposit | undefined

const isSame = (one: SignedDeposit | undefined, other: SignedDeposit) =>
  one?.deposit.collectorData === other.deposit.collectorData
