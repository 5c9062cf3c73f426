import { type ChannelClaim, type ChannelState, promisedBy } from '../domain/channel.ts'
import { sameAddress } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Chain, ChannelRecord, ClaimResult, Clock, Signer, VoucherStore } from '../ports/index.ts'
import { channelsHere } from './channels-here.ts'

/** What a provider's bond contract holds of its earnings. */
export type BondOverview = {
  /** Held against dishonest answers. */
  heldMicroUsd: MicroUsd
  /** Credited and free to be paid out. */
  freeMicroUsd: MicroUsd
  /** Unix time in milliseconds when the last of it is released; null while nothing is held. */
  untilMs: number | null
}

/** What the wallet shows. */
export type WalletOverview = {
  /** Read from the chain. */
  balanceMicroUsd: MicroUsd
  /** Native coin for gas. */
  gasWei: bigint
  /** Vouchers received, claimed or not. */
  earnedMicroUsd: MicroUsd
  /** Received, not yet claimed, and covered by its payer's deposit. */
  claimableMicroUsd: MicroUsd
  /** Claimed of what was received, by the chain's word. */
  claimedMicroUsd: MicroUsd
  /** Vouchers given. */
  spentMicroUsd: MicroUsd
  /** Put into channels and not taken back; what was spent of it is included. */
  depositedMicroUsd: MicroUsd
  /** Null on a network without a bond contract. */
  bond: BondOverview | null
}

/** Where the money is, and whose. */
export type SettleDeps = { chain: Chain; vouchers: VoucherStore; wallet: Signer; clock: Clock }

/** What this tab has, and how earnings become money. */
export interface Settlement {
  overview(): Promise<WalletOverview>
  /** Claims every voucher that is worth more than what was claimed before. */
  claim(): Promise<ClaimResult>
  /** Claims at once when a payer announces a withdrawal from a channel with unclaimed vouchers. */
  guard(signal: AbortSignal): Promise<void>
}

const guardIntervalMs = 30_000

type Unclaimed = { record: ChannelRecord; state: ChannelState }

/** What a claim of this channel can take in total: its voucher, as far as the deposit covers it. */
function covered({ record, state }: Unclaimed): MicroUsd {
  return promised(record) < state.balance ? promised(record) : state.balance
}

/** What a claim of this channel brings now. */
function claimable(channel: Unclaimed): MicroUsd {
  const rise = covered(channel) - channel.state.totalClaimed
  return rise > 0n ? rise : 0n
}

const promised = ({ voucher }: ChannelRecord) => promisedBy(voucher)
const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)

/** Returns the settlement of one account. */
export function createSettlement({ chain, vouchers, wallet, clock }: SettleDeps): Settlement {
  const { network } = chain
  const here = (side: ChannelRecord['side']) => channelsHere(vouchers, side, network)

  // Asks the chain for every channel: what this tab remembers as claimed, a reorganisation may have undone.
  const read = (records: ChannelRecord[]): Promise<Unclaimed[]> =>
    Promise.all(records.map(async (record) => ({ record, state: await chain.channel(record.channelId) })))

  const unclaimed = (receiving: ChannelRecord[]): Promise<Unclaimed[]> =>
    read(
      receiving.filter(
        (record) => record.voucher !== null && sameAddress(record.config.receiver, wallet.address),
      ),
    )

  const claimChannels = async (channels: Unclaimed[]): Promise<ClaimResult> => {
    const claims = channels.flatMap((channel): ChannelClaim[] => {
      const { config, voucher } = channel.record
      return voucher ? [{ config, voucher, totalClaimed: covered(channel) }] : []
    })
    const result = await chain.claim(claims, wallet)
    for (const { voucher, totalClaimed } of claims) {
      if (result.skipped.includes(voucher.channelId)) continue
      await vouchers.raiseClaimed(voucher.channelId, totalClaimed)
    }
    return result
  }

  return {
    async overview() {
      const [receiving, paying] = await Promise.all([here('receiver'), here('payer')])
      const [balanceMicroUsd, gasWei, open, funded] = await Promise.all([
        chain.balance(wallet.address),
        chain.gasBalance(wallet.address),
        unclaimed(receiving),
        read(paying),
      ])
      return {
        balanceMicroUsd,
        gasWei,
        earnedMicroUsd: sum(receiving.map(promised)),
        claimableMicroUsd: sum(open.map(claimable)),
        claimedMicroUsd: sum(open.map(({ state }) => state.totalClaimed)),
        spentMicroUsd: sum(paying.map(promised)),
        depositedMicroUsd: sum(funded.map(({ state }) => state.balance)),
        bond: null,
      }
    },
    async claim() {
      return claimChannels(await unclaimed(await here('receiver')))
    },
    async guard(signal) {
      while (!signal.aborted) {
        const threatened = await here('receiver')
          .then(unclaimed)
          .then(
            (channels) => channels.filter(({ state }) => state.withdrawal !== null),
            () => [],
          )
        if (threatened.length > 0) await claimChannels(threatened).catch(() => {})
        await clock.sleep(guardIntervalMs, signal).catch(() => {})
      }
    },
  }
}
