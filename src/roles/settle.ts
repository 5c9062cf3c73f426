import type { ChannelClaim, ChannelState } from '../domain/channel.ts'
import { sameAddress } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Chain, ChannelRecord, ClaimResult, Clock, Signer, VoucherStore } from '../ports/index.ts'

export type WalletOverview = {
  /** Read from the chain. */
  balanceMicroUsd: MicroUsd
  /** Native coin for gas. */
  gasWei: bigint
  /** Vouchers received, claimed or not. */
  earnedMicroUsd: MicroUsd
  /** Received, not yet claimed, and covered by its payer's deposit. */
  claimableMicroUsd: MicroUsd
  /** Vouchers given. */
  spentMicroUsd: MicroUsd
  /** Deposited in channels and not promised to anybody. */
  depositedMicroUsd: MicroUsd
}

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

/** What a claim of this channel brings now, as far as its deposit covers the voucher. */
function claimable({ record, state }: Unclaimed): MicroUsd {
  const covered = promised(record) < state.balance ? promised(record) : state.balance
  return covered > state.totalClaimed ? covered - state.totalClaimed : 0n
}

const promised = ({ voucher }: ChannelRecord) => voucher?.maxClaimableAmount ?? 0n
const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)

export function createSettlement({ chain, vouchers, wallet, clock }: SettleDeps): Settlement {
  const { network } = chain
  const here = async (side: ChannelRecord['side']) =>
    (await vouchers.channels(side)).filter(
      ({ chainId, settlement }) => chainId === network.chainId && sameAddress(settlement, network.settlement),
    )

  const unclaimed = async (): Promise<Unclaimed[]> => {
    const records = (await here('receiver')).filter(
      (record) =>
        promised(record) > record.claimedMicroUsd && sameAddress(record.config.receiver, wallet.address),
    )
    return Promise.all(
      records.map(async (record) => ({ record, state: await chain.channel(record.channelId) })),
    )
  }

  const claimRecords = async (records: ChannelRecord[]): Promise<ClaimResult> => {
    const claims: ChannelClaim[] = records.flatMap(({ config, voucher }) =>
      voucher ? [{ config, voucher, totalClaimed: voucher.maxClaimableAmount }] : [],
    )
    const result = await chain.claim(claims, wallet)
    for (const { voucher } of claims) {
      if (result.skipped.includes(voucher.channelId)) continue
      await vouchers.raiseClaimed(voucher.channelId, voucher.maxClaimableAmount)
    }
    return result
  }

  return {
    async overview() {
      const [balanceMicroUsd, gasWei, receiving, open, paying] = await Promise.all([
        chain.balance(wallet.address),
        chain.gasBalance(wallet.address),
        here('receiver'),
        unclaimed(),
        here('payer'),
      ])
      const deposits = await Promise.all(
        paying.map(async (record) => (await chain.channel(record.channelId)).balance - promised(record)),
      )
      return {
        balanceMicroUsd,
        gasWei,
        earnedMicroUsd: sum(receiving.map(promised)),
        claimableMicroUsd: sum(open.map(claimable)),
        spentMicroUsd: sum(paying.map(promised)),
        depositedMicroUsd: sum(deposits.map((amount) => (amount > 0n ? amount : 0n))),
      }
    },
    async claim() {
      return claimRecords((await unclaimed()).map(({ record }) => record))
    },
    async guard(signal) {
      while (!signal.aborted) {
        const threatened = await unclaimed().then(
          (channels) => channels.filter(({ state }) => state.withdrawal !== null),
          () => [],
        )
        if (threatened.length > 0) await claimRecords(threatened.map(({ record }) => record)).catch(() => {})
        await clock.sleep(guardIntervalMs, signal).catch(() => {})
      }
    },
  }
}
