import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testOffer } from '../../tests/fixtures/offer.ts'
import { type ChannelDebt, owesTooMuch, windowAfterDebt } from './debt.ts'
import { chargeMicroUsd } from './price.ts'

const price = { promptMicroUsdPerMillion: 1_000_000n, completionMicroUsdPerMillion: 2_000_000n }
const offer = testOffer('peer', { price, chunkTokens: 32 })

test.each<[string, number, bigint, bigint, number]>([
  ['a channel that owes nothing has the whole chunk', 32, 0n, 0n, 0],
  ['what it owes comes off', 22, 20n, 0n, 0],
  ['as much must be left as makes a voucher due', 16, 32n, 0n, 0],
  ['or the job is refused', 0, 33n, 0n, 0],
  ['a twentieth of what was paid is forgiven', 32, 2_100n, 2_000n, 0],
  ['and no more', 31, 2_101n, 2_000n, 0],
  ['what is paid too much counts too', 32, 0n, 50n, 0],
  ['a running job counts as unpaid', 0, 0n, 0n, 1],
  ['unless enough was paid before', 32, 1_280n, 1_280n, 1],
])('%s', (_name, left, chargedMicroUsd, paidMicroUsd, running) => {
  expect(windowAfterDebt({ chargedMicroUsd, paidMicroUsd }, running, offer)).toBe(left)
})

test.each<[string, boolean, bigint, bigint]>([
  ['nothing', false, 0n, 0n],
  ['eight chunks', false, 512n, 0n],
  ['more than eight chunks', true, 513n, 0n],
  ['no more than a twentieth of what it paid besides', false, 20_000n + 1_000n + 512n, 20_000n],
  ['more than that', true, 20_000n + 1_000n + 513n, 20_000n],
])('a hub that left unpaid %s', (_name, owes, chargedMicroUsd, paidMicroUsd) => {
  expect(owesTooMuch({ chargedMicroUsd, paidMicroUsd }, offer)).toBe(owes)
})

test('free tokens are no credit for unpaid prompts', () => {
  const free = { ...offer, price: { ...price, completionMicroUsdPerMillion: 0n } }
  expect(windowAfterDebt({ chargedMicroUsd: 0n, paidMicroUsd: 0n }, 0, free)).toBe(32)
  expect(windowAfterDebt({ chargedMicroUsd: 1n, paidMicroUsd: 0n }, 0, free)).toBe(0)
  expect(owesTooMuch({ chargedMicroUsd: 0n, paidMicroUsd: 0n }, free)).toBe(false)
})

test('whoever leaves again and again owes no more than leaving once would, and the twentieth', () => {
  const jobs = fc.array(fc.record({ promptTokens: fc.nat(300), paidTokens: fc.nat(500) }), { maxLength: 50 })
  fc.assert(
    fc.property(jobs, (list) => {
      const debt: ChannelDebt = { chargedMicroUsd: 0n, paidMicroUsd: 0n }
      let dearest = 0n
      for (const { promptTokens, paidTokens } of list) {
        const window = windowAfterDebt(debt, 0, offer)
        if (window === 0) continue
        const charge = (completionTokens: number) => chargeMicroUsd({ promptTokens, completionTokens }, price)
        debt.paidMicroUsd += paidTokens === 0 ? 0n : charge(paidTokens)
        debt.chargedMicroUsd += charge(paidTokens === 0 ? 1 : paidTokens + window)
        const once = charge(offer.chunkTokens)
        if (once > dearest) dearest = once
        const { chargedMicroUsd, paidMicroUsd } = debt
        expect(chargedMicroUsd - paidMicroUsd <= dearest + paidMicroUsd / 20n).toBe(true)
      }
    }),
  )
})
