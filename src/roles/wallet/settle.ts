import type { BondAccount } from '../../domain/bond.ts'
import { type Address, sameAddress } from '../../domain/bytes.ts'
import { promisedBy } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type {
  Chain,
  ChannelRecord,
  ClaimResult,
  Clock,
  DocumentStore,
  Signer,
  VoucherStore,
} from '../../ports/index.ts'
import { canPayGas } from '../common/can-pay-gas.ts'
import { channelsHere } from '../common/channels-here.ts'
import type { KnownHubs } from '../hub/known-hubs.ts'
import { SponsorFees } from '../hub/sponsor-fees.ts'
import type { ServedJobs } from '../provide/served-jobs.ts'
import { ClaimQuotes, type SentClaim } from './claim-through-hub.ts'
import { type EarnedChannel, atStake, claimable, earnedChannels, firstEndMs } from './earned-channels.ts'
import { type GuardRules, guardEarnings } from './guard-earnings.ts'
import { type ClaimSlice, type FeeLimit, claimedBy, sendSlice, sliceClaims } from './send-claims.ts'

/** What a provider's bond contract holds of its earnings. */
export type BondOverview = {
  /** Held against dishonest answers. */
  heldMicroUsd: MicroUsd
  /** Credited and free to be paid out. */
  freeMicroUsd: MicroUsd
  /** Unix time in milliseconds when the last of it is released; null while nothing is held. */
  untilMs: number | null
  /** Most that is ever held. */
  targetMicroUsd: MicroUsd
  /** Longest time that earnings are held, in milliseconds. */
  holdMs: number
}

/** What the wallet shows. */
export type WalletOverview = {
  /** Of the account that earns, read from the chain: claims arrive there, and their fees are taken from it. */
  balanceMicroUsd: MicroUsd
  /** Of the account that pays, where that is another; null where it is the same. */
  payerMicroUsd: MicroUsd | null
  /** Native coin for gas. */
  gasWei: bigint
  /** Whether that pays for a claim. */
  claimsItself: boolean
  /** Vouchers received, claimed or not. */
  earnedMicroUsd: MicroUsd
  /** Received, not yet claimed, and covered by its payer's deposit. */
  claimableMicroUsd: MicroUsd
  /** Claimed of what was received, by the chain's word. */
  claimedMicroUsd: MicroUsd
  /** Vouchers given by the account that pays. */
  spentMicroUsd: MicroUsd
  /** What payers' withdrawals would leave uncovered, and until when it must be claimed; null where nothing is. */
  threatened: { amountMicroUsd: MicroUsd; untilMs: number } | null
  /** Hubs that took a fee for a claim or a payment and did nothing for it; they are handed none any more. */
  faithlessHubs: Address[]
  /** Null on a network without a bond contract. */
  bond: BondOverview | null
}

/** Where the money is, and whose. */
export type SettleDeps = {
  chain: Chain
  vouchers: VoucherStore
  /** Account that earns. */
  wallet: Signer
  /** Account that pays, asked for when it is shown; the one that earns when left out. */
  payer?: () => Promise<Pick<Signer, 'address'>>
  clock: Clock
  hubs: Pick<KnownHubs, 'byAccount' | 'connected' | 'client'>
  /** Keeps the fees that hubs were handed. */
  documents: DocumentStore
  served: Pick<ServedJobs, 'keepClaim'>
  /** Left out, the account is never locked, and claims only what it must without being asked. */
  rules?: GuardRules
}

/** What this tab has, and how earnings become money. */
export interface Settlement {
  overview(): Promise<WalletOverview>
  /**
   * What hubs ask for sending a claim now; null where this account's own gas pays for all of it.
   * @throws HubError when a hub cannot be asked, or asks too much
   */
  claimFee(): Promise<MicroUsd | null>
  /**
   * Claims every voucher that is worth more than what was claimed before. Channels that could not be claimed are
   * named, and lose nothing by it.
   * @throws ChainError or HubError when nothing could be claimed
   */
  claim(): Promise<ClaimResult>
  /**
   * Claims without being asked: what a payer's withdrawal would leave uncovered, and by the rules what is well worth its
   * fee.
   */
  guard(signal: AbortSignal): Promise<void>
}

const unattended: GuardRules = { isLocked: async () => false, claimsByItself: async () => false }

const promised = ({ voucher }: ChannelRecord) => promisedBy(voucher)
const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)

function bondOverview(account: BondAccount): BondOverview {
  const { heldMicroUsd, lockedMicroUsd, freeMicroUsd, held, targetMicroUsd, holdSeconds } = account
  const releases = held.map(({ releaseAtSeconds }) => releaseAtSeconds * 1000)
  const untilMs = releases.length > 0 ? Math.max(...releases) : null
  const holdMs = holdSeconds * 1000
  return { heldMicroUsd: heldMicroUsd + lockedMicroUsd, freeMicroUsd, untilMs, targetMicroUsd, holdMs }
}

function threatenedOf(channels: EarnedChannel[]): WalletOverview['threatened'] {
  const untilMs = firstEndMs(channels)
  return untilMs === null ? null : { amountMicroUsd: sum(channels.map(atStake)), untilMs }
}

/** Returns the settlement of one account. */
export function createSettlement(deps: SettleDeps): Settlement {
  const { chain, vouchers, wallet, clock, hubs, served, rules = unattended } = deps
  const quotes = new ClaimQuotes(clock)
  const fees = new SponsorFees(deps)
  const earned = () => earnedChannels(wallet.address, chain, vouchers)

  const send = async (slice: ClaimSlice): Promise<SentClaim> => {
    const sent = await sendSlice(slice, { ...deps, fees, quotes })
    const { transaction, settledMicroUsd, feeMicroUsd } = sent
    const channels = claimedBy(slice, sent)
    for (const { channelId, totalClaimedMicroUsd } of channels) {
      await vouchers.raiseClaimed(channelId, totalClaimedMicroUsd)
    }
    if (transaction !== null) {
      await served.keepClaim({ atMs: clock.nowMs(), transaction, settledMicroUsd, feeMicroUsd, channels })
    }
    return sent
  }

  /** What was claimed but not settled, in another tab or by somebody else, and what the bond holds free: royalties. */
  const claimRest = async (): Promise<ClaimResult> => {
    const claimed = await chain.claim([], wallet)
    const free = (await chain.bond(wallet.address))?.freeMicroUsd ?? 0n
    if (free === 0n) return claimed
    const { transaction, paidMicroUsd } = await chain.withdrawBond([], wallet.address, wallet)
    return { ...claimed, transaction, settledMicroUsd: claimed.settledMicroUsd + paidMicroUsd }
  }

  const claimAll = async (channels: EarnedChannel[], mostFee?: FeeLimit): Promise<ClaimResult> => {
    const slices = await sliceClaims(channels, { chain, wallet, hubs, fees, quotes }, mostFee)
    if (slices.length === 0) return claimRest()
    const result: ClaimResult = { transaction: null, settledMicroUsd: 0n, skipped: [] }
    const failures: unknown[] = []
    for (const slice of slices) {
      const sent = await send(slice).catch((error: unknown) => void failures.push(error))
      result.transaction = sent?.transaction ?? result.transaction
      result.settledMicroUsd += sent?.settledMicroUsd ?? 0n
      const left = sent ? sent.skipped : slice.claims.map(({ voucher }) => voucher.channelId)
      result.skipped.push(...left)
    }
    if (failures.length === slices.length) throw failures[0]
    return result
  }

  return {
    async overview() {
      const { address: payer } = (await deps.payer?.()) ?? wallet
      const [balanceMicroUsd, payerMicroUsd, gasWei, claimsItself, faithlessHubs, channels, paying, bond] =
        await Promise.all([
          chain.balance(wallet.address),
          sameAddress(payer, wallet.address) ? null : chain.balance(payer),
          chain.gasBalance(wallet.address),
          canPayGas('claim', wallet, chain),
          fees.faithless(),
          earned(),
          channelsHere(vouchers, 'payer', chain.network),
          chain.bond(wallet.address),
        ])
      const ownPaying = paying.filter(({ config }) => sameAddress(config.payer, payer))
      return {
        balanceMicroUsd,
        payerMicroUsd,
        gasWei,
        claimsItself,
        faithlessHubs,
        earnedMicroUsd: sum(channels.map(({ record }) => promised(record))),
        claimableMicroUsd: sum(channels.map(claimable)),
        claimedMicroUsd: sum(channels.map(({ state }) => state.totalClaimed)),
        spentMicroUsd: sum(ownPaying.map(promised)),
        threatened: threatenedOf(channels),
        bond: bond && bondOverview(bond),
      }
    },
    async claimFee() {
      const slices = await sliceClaims(await earned(), { chain, wallet, hubs, fees, quotes })
      const asked = slices.flatMap(({ hub, claims }) =>
        hub ? [quotes.fee(hubs.client(hub.peerId), claims.length)] : [],
      )
      return asked.length > 0 ? sum(await Promise.all(asked)) : null
    },
    claim: async () => claimAll(await earned()),
    guard: (signal) => guardEarnings({ ...rules, ...deps, fees, quotes, earned, claim: claimAll }, signal),
  }
}
