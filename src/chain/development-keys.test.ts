import { generatePrivateKey } from 'viem/accounts'
import { expect, test } from 'vitest'
import type { Hex } from '../domain/bytes.ts'
import { isDevelopmentAccount, isDevelopmentKey, refuseDevelopmentKey } from './development-keys.ts'

/** The first accounts of anvil and hardhat, and of truffle, as their documentation lists them. */
const anvilKey: Hex = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const truffleAccount = '0x627306090abaB3A6e1400e9345bC60c78a8BEf57'
const one: Hex = `0x${'1'.padStart(64, '0')}`

test('knows the keys that everybody knows', () => {
  expect(isDevelopmentKey(anvilKey)).toBe(true)
  expect(isDevelopmentKey(one)).toBe(true)
  expect(isDevelopmentAccount(truffleAccount)).toBe(true)
  expect(isDevelopmentKey(generatePrivateKey())).toBe(false)
})

test('refuses them on every chain but the local one', () => {
  const [local, base] = [
    { chainId: 31337, name: 'Local chain' },
    { chainId: 8453, name: 'Base' },
  ]
  for (const key of [anvilKey, one]) {
    expect(() => refuseDevelopmentKey(key, local)).not.toThrow()
    expect(() => refuseDevelopmentKey(key, base)).toThrow(
      expect.objectContaining({ code: 'chain/not-local' }),
    )
  }
  expect(() => refuseDevelopmentKey(generatePrivateKey(), base)).not.toThrow()
})
