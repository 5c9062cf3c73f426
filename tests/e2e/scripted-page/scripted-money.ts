import type { Hex } from '../../../src/domain/bytes.ts'
import { ChainError } from '../../../src/errors/index.ts'
import type { Tab } from '../../../src/state/tab.ts'
import type { WalletOverview } from '../../../src/roles/wallet/settle.ts'
import { createScriptedServed, scriptedJobs } from './scripted-earnings.ts'
import type { Scene } from './scripted-tab.ts'
import { hubAccount, offers, ownAddress } from './scripted-market.ts'
import { createScriptedWithdrawals } from './scripted-withdrawals.ts'

/** The parts of a tab that are about money. */
export type ScriptedMoney = Pick<
  Tab,
  'account' | 'settlement' | 'withdrawals' | 'payOut' | 'served' | 'trace' | 'addTestFunds'
>

const dayMs = 24 * 3_600_000
const feeMicroUsd = 2_100n
const nothing: WalletOverview = {
  balanceMicroUsd: 0n,
  payerMicroUsd: null,
  gasWei: 0n,
  claimsItself: false,
  earnedMicroUsd: 0n,
  claimableMicroUsd: 0n,
  claimedMicroUsd: 0n,
  spentMicroUsd: 0n,
  threatened: null,
  faithlessHubs: [],
  bond: null,
}

function overviewOf(scene: Scene, earnedMicroUsd: bigint, claimedMicroUsd: bigint): WalletOverview {
  if (scene === 'empty') return nothing
  return {
    balanceMicroUsd: 4_999_982n,
    payerMicroUsd: null,
    gasWei: 0n,
    claimsItself: false,
    earnedMicroUsd,
    claimableMicroUsd: earnedMicroUsd - claimedMicroUsd,
    claimedMicroUsd,
    spentMicroUsd: 18n,
    threatened: null,
    faithlessHubs: [],
    bond:
      scene === 'bonded'
        ? {
            heldMicroUsd: 2_900n,
            freeMicroUsd: 0n,
            untilMs: Date.now() + 54 * dayMs,
            targetMicroUsd: 5_000_000n,
            holdMs: 63 * dayMs,
          }
        : null,
  }
}

/** What every account but the browser's own holds. */
export const othersMicroUsd = 2_500_000n

/** A wallet that is a script: claims, takes back and is filled as a real one. `isBeside`: whether another account pays. */
export function createScriptedMoney(scene: Scene, isBeside: () => Promise<boolean>): ScriptedMoney {
  const noChain = new ChainError('chain/unreachable', 'The chain at 127.0.0.1:8545 does not answer.')
  const unlessAlone = async <value>(value: value): Promise<value> => {
    if (scene === 'alone') throw noChain
    return value
  }
  const earns = scene === 'lively' || scene === 'bonded'
  const served = createScriptedServed(earns ? scriptedJobs(Date.now()) : [])
  let overview = overviewOf(scene, served.earnedMicroUsd, served.claimedMicroUsd)
  let payerMicroUsd = othersMicroUsd
  const receive = (amount: bigint) => {
    overview = { ...overview, balanceMicroUsd: overview.balanceMicroUsd + amount }
  }
  const withdrawals = createScriptedWithdrawals(earns ? offers : [], receive)
  const signature: Hex = `0x${'5c'.repeat(65)}`
  return {
    account: async () => ownAddress,
    settlement: () =>
      unlessAlone({
        overview: async () => ({ ...overview, payerMicroUsd: (await isBeside()) ? payerMicroUsd : null }),
        claimFee: async () => feeMicroUsd,
        async claim() {
          const settledMicroUsd = overview.claimableMicroUsd
          receive(settledMicroUsd - feeMicroUsd)
          const claimedMicroUsd = overview.claimedMicroUsd + settledMicroUsd
          overview = { ...overview, claimedMicroUsd, claimableMicroUsd: 0n }
          return { transaction: served.claim().transaction, settledMicroUsd, skipped: [] }
        },
        guard: async () => {},
      }),
    withdrawals: () => unlessAlone(withdrawals),
    payOut: () =>
      unlessAlone({
        quote: async () => ({
          hub: { peerId: '12D3KooWRelay', account: hubAccount },
          feeMicroUsd,
          mostMicroUsd: overview.balanceMicroUsd - feeMicroUsd,
        }),
        async send(to, amountMicroUsd) {
          receive(-amountMicroUsd - feeMicroUsd)
          return { to: to as Hex, amountMicroUsd, feeMicroUsd, transaction: `0x${'5e'.repeat(32)}` as const }
        },
        arrived: async () => [],
      }),
    served: async () => served,
    async trace({ channelId, receipt }) {
      const voucher = { channelId, maxClaimableAmount: 98_765n, signature }
      return { isSigned: receipt && true, config: null, voucher, claimedMicroUsd: 0n }
    },
    async addTestFunds(amount) {
      if (scene === 'alone') throw noChain
      if (await isBeside()) payerMicroUsd += amount
      else receive(amount)
    },
  }
}
