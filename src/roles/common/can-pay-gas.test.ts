import { expect, test } from 'vitest'
import { accounts, network } from '../../../tests/fixtures/jobs.ts'
import { canPayGas } from './can-pay-gas.ts'

const [account] = accounts

/** A chain whose claims cost a wei a channel, and the rest five, on which every account holds so much. */
const chainWith = (heldWei: bigint, chainId = 8453) => ({
  network: { ...network, chainId },
  gasBalance: async () => heldWei,
  gasCost: async (action: string, channels = 1) => (action === 'claim' ? BigInt(channels) : 5n),
})

test.each([
  ['nothing', 0n, false],
  ['a wei, which pays for nothing', 1n, false],
  ['just too little', 4n, false],
  ['as much as it costs', 5n, true],
])('an account that holds %s', async (_what, held, can) => {
  expect(await canPayGas('deposit', account, chainWith(held))).toBe(can)
})

test('more channels cost more', async () => {
  expect(await canPayGas('claim', account, chainWith(3n), 3)).toBe(true)
  expect(await canPayGas('claim', account, chainWith(3n), 4)).toBe(false)
})

test('on the local chain gas is given', async () => {
  expect(await canPayGas('deposit', account, chainWith(0n, 31_337))).toBe(true)
})
