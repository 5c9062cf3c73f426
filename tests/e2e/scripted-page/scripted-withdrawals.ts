import type { Hex } from '../../../src/domain/bytes.ts'
import type { Offer } from '../../../src/domain/offer.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { StorageError } from '../../../src/errors/index.ts'
import type { SetAside, TakenBack, Withdrawals } from '../../../src/roles/wallet/withdraw.ts'
import { hubAccount } from './scripted-market.ts'

const delayMs = 15 * 60_000
const sessionMs = 30 * 24 * 60 * 60_000
const feeMicroUsd = 2_100n
const channelId = (at: number): Hex => `0x${String(at).padStart(64, '0')}`

/** Money set aside for a relay, which gives it back at once, and for tabs: to take back, on its way, ready. */
export function createScriptedWithdrawals(offers: Offer[], receive: (amount: MicroUsd) => void): Withdrawals {
  const rows: Omit<SetAside, 'channelId' | 'provider' | 'spendableUntilMs'>[] = [
    { amountMicroUsd: 1_500_000n, withdrawal: null, refund: { feeMicroUsd } },
    { amountMicroUsd: 999_982n, withdrawal: null, refund: null },
    {
      amountMicroUsd: 420_000n,
      withdrawal: { readyAtMs: Date.now() + delayMs, isReady: false },
      refund: null,
    },
    { amountMicroUsd: 250_000n, withdrawal: { readyAtMs: 0, isReady: true }, refund: null },
  ]
  const receivers = [hubAccount, ...offers.map(({ provider }) => provider)]
  let kept: SetAside[] = (offers.length > 0 ? rows : []).map((row, at) => ({
    ...row,
    channelId: channelId(at),
    provider: receivers[at] ?? hubAccount,
    spendableUntilMs: Date.now() + sessionMs,
  }))
  const release = (item: SetAside, fee: MicroUsd): TakenBack => {
    kept = kept.filter((other) => other !== item)
    receive(item.amountMicroUsd - fee)
    const transaction: Hex = `0x${'7b'.repeat(32)}`
    return { amountMicroUsd: item.amountMicroUsd - fee, feeMicroUsd: fee, transaction }
  }
  const find = (id: Hex) => kept.find((item) => item.channelId === id)
  return {
    list: async () => kept,
    async takeBack(id) {
      const item = find(id)
      if (item?.refund) return release(item, item.refund.feeMicroUsd)
      const withdrawal = { readyAtMs: Date.now() + delayMs, isReady: false }
      kept = kept.map((other) => (other === item ? { ...other, withdrawal } : other))
      return null
    },
    async finish(id) {
      const item = find(id)
      if (!item) throw new StorageError('storage/not-found', 'This tab knows no such channel.')
      return release(item, 0n)
    },
  }
}
