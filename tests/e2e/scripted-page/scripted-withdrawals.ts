import type { Hex } from '../../../src/domain/bytes.ts'
import type { Offer } from '../../../src/domain/offer.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import type { SetAside, Withdrawals } from '../../../src/roles/withdraw.ts'

const delayMs = 15 * 60_000
const channelId = (at: number): Hex => `0x${String(at).padStart(64, '0')}`

/** Money set aside for three tabs: one to take back, one on its way, one that is ready. */
export function createScriptedWithdrawals(offers: Offer[], receive: (amount: MicroUsd) => void): Withdrawals {
  const amounts = [999_982n, 420_000n, 250_000n]
  const waits = [null, { readyAtMs: Date.now() + delayMs, isReady: false }, { readyAtMs: 0, isReady: true }]
  let kept: SetAside[] = offers.slice(0, amounts.length).map(({ provider }, at) => ({
    channelId: channelId(at),
    provider,
    amountMicroUsd: amounts[at] ?? 0n,
    spendableUntilMs: Date.now() + 12 * 24 * 3_600_000,
    withdrawal: waits[at] ?? null,
  }))
  return {
    list: async () => kept,
    async takeBack(id) {
      const withdrawal = { readyAtMs: Date.now() + delayMs, isReady: false }
      kept = kept.map((item) => (item.channelId === id ? { ...item, withdrawal } : item))
    },
    async finish(id) {
      const amount = kept.find((item) => item.channelId === id)?.amountMicroUsd ?? 0n
      kept = kept.filter((item) => item.channelId !== id)
      receive(amount)
      return amount
    },
  }
}
