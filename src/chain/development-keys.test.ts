import { toHex } from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAddress } from 'viem/accounts'
import { expect, test } from 'vitest'
import type { Hex } from '../domain/bytes.ts'
import { developmentAccounts } from './development-accounts.ts'
import { isDevelopmentKey, refuseDevelopmentAccount, refuseDevelopmentKey } from './development-keys.ts'

/** The first accounts of anvil and hardhat, and of truffle, as their documentation lists them. */
const anvilKey: Hex = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const truffleAccount = '0x627306090abaB3A6e1400e9345bC60c78a8BEf57'
const one: Hex = `0x${'1'.padStart(64, '0')}`

test('the list is what the mnemonics of development chains and the smallest numbers give', () => {
  const mnemonics = [
    'test test test test test test test test test test test junk',
    'candy maple cake sugar pudding cream honey rich smooth crumble sweet treat',
  ]
  const twenty = Array.from({ length: 20 }, (_, index) => index)
  const derived = [
    ...mnemonics.flatMap((words) => twenty.map((index) => mnemonicToAccount(words, { addressIndex: index }))),
    ...twenty.map((index) => ({ address: privateKeyToAddress(toHex(index + 1, { size: 32 })) })),
  ]
  expect([...developmentAccounts]).toEqual(derived.map(({ address }) => address.toLowerCase()))
})

test('knows the keys that everybody knows', () => {
  expect(isDevelopmentKey(anvilKey)).toBe(true)
  expect(isDevelopmentKey(one)).toBe(true)
  expect(isDevelopmentKey(generatePrivateKey())).toBe(false)
})

const [local, base] = [
  { chainId: 31337, name: 'Local chain' },
  { chainId: 8453, name: 'Base' },
]

test('refuses them on every chain but the local one', () => {
  for (const key of [anvilKey, one]) {
    expect(() => refuseDevelopmentKey(key, local)).not.toThrow()
    expect(() => refuseDevelopmentKey(key, base)).toThrow(
      expect.objectContaining({ code: 'chain/not-local' }),
    )
  }
  expect(() => refuseDevelopmentKey(generatePrivateKey(), base)).not.toThrow()
})

test('refuses their accounts too, whose keys a wallet does not show', () => {
  const twenty: Hex = `0x${(20).toString(16).padStart(64, '0')}`
  for (const account of [truffleAccount, ...[anvilKey, one, twenty].map(privateKeyToAddress)] as const) {
    expect(() => refuseDevelopmentAccount(account, local)).not.toThrow()
    expect(() => refuseDevelopmentAccount(account, base)).toThrow(
      expect.objectContaining({ code: 'chain/not-local', fault: 'user' }),
    )
  }
  expect(() => refuseDevelopmentAccount(privateKeyToAddress(generatePrivateKey()), base)).not.toThrow()
})
