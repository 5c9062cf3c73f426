import type { DepositAuthorization } from '../../domain/authorization.ts'
import type { Hex } from '../../domain/bytes.ts'
import type { ChannelState, Voucher } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { Chain, Clock, DocumentStore } from '../../ports/index.ts'
import { chainShows } from '../common/chain-shows.ts'

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

/** A deposit that the chain has shown. Structured-clone values only. */
type MadeDeposit = { signed: SignedDeposit; madeAtMs: number }

const collection = 'signed-deposits'
const madeCollection = 'made-deposits'
/** The chain undoes no block that is older, and what was signed is valid for no longer, in milliseconds. */
const finalMs = 3600_000
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
  if (state === 'used') {
    await chainShows(isMade, visibleTimeoutMs, clock)
    const madeAtMs = clock.nowMs()
    await documents.put(madeCollection, `${channelId} ${madeAtMs}`, {
      signed: kept,
      madeAtMs,
    } satisfies MadeDeposit)
  }
  await documents.change(collection, channelId, (now) => (isSame(asSigned(now), kept) ? undefined : now))
  return null
}

/**
 * Returns the deposits of a channel that the chain has shown within the hour and shows no more: a reorganisation undid
 * them, and whoever was paid on their strength is not covered. Each may be sent again as it was signed.
 */
export async function undoneDeposits(channelId: Hex, deps: SignedDepositDeps): Promise<SignedDeposit[]> {
  const { chain, documents, clock } = deps
  const undone: SignedDeposit[] = []
  for (const key of await documents.keys(madeCollection)) {
    if (!key.startsWith(`${channelId} `)) continue
    const { signed, madeAtMs } = (await documents.get(madeCollection, key)) as MadeDeposit
    const state = await chain.authorizationState(signed.deposit)
    const isFinal = state === 'ended' || clock.nowMs() - madeAtMs >= finalMs
    if (isFinal) await documents.delete(madeCollection, key)
    else if (state === 'open' && !madeIn(signed)(await chain.channel(channelId))) undone.push(signed)
  }
  return undone
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
