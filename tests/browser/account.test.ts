import type { Page } from 'playwright-core'
import { parseTransaction, recoverTransactionAddress, recoverTypedDataAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Address, Hex } from '../../src/domain/bytes.ts'
import { settlementDomain, voucherTypes } from '../../src/domain/settlement-types.ts'
import type { TypedData } from '../../src/ports/signer.ts'
import { signerCases } from '../conformance/signer.ts'
import { network } from '../fixtures/jobs.ts'
import { type Harness, moduleIn, openHarness } from './harness.ts'

let harness: Harness
let page: Page

beforeAll(async () => {
  harness = await openHarness()
  page = await harness.openPage()
})

afterAll(() => harness?.close())

const accounts = (on = page) =>
  moduleIn<typeof import('./account-page.ts')>(on, 'tests/browser/account-page.ts')

test('there is no account before one is created', async () => {
  expect(await accounts().call('openAddress', 'nobody')).toBeNull()
})

test('an account survives a reload', async () => {
  const address = await accounts().call('createAddress', 'wallet')
  expect(address).toMatch(/^0x[0-9a-fA-F]{40}$/)
  const reloaded = await harness.openPage()
  expect(await accounts(reloaded).call('openAddress', 'wallet')).toBe(address)
  await reloaded.close()
})

test('an account is never overwritten, even by two tabs at once', async () => {
  const other = await harness.openPage()
  const [first, second] = await Promise.all([
    accounts().call('createAddress', 'shared'),
    accounts(other).call('createAddress', 'shared'),
  ])
  expect(second).toBe(first)
  expect(await accounts().call('createAddress', 'shared')).toBe(first)
  await other.close()
})

test('names hold different accounts', async () => {
  const wallet = await accounts().call('createAddress', 'wallet')
  expect(await accounts().call('createAddress', 'session')).not.toBe(wallet)
})

test('it signs typed data and transactions', async () => {
  const address = await accounts().call('createAddress', 'wallet')
  const data = {
    domain: settlementDomain(network),
    types: voucherTypes,
    primaryType: 'Voucher' as const,
    message: { channelId: `0x${'11'.repeat(32)}`, maxClaimableAmount: 5n } as const,
  }
  const signature = await accounts().call('sign', 'wallet', data)
  expect(await recoverTypedDataAddress({ ...data, signature: signature as `0x${string}` })).toBe(address)

  const transaction = { chainId: 31337, type: 'eip1559', to: address, value: 3n, gas: 21_000n, nonce: 0 }
  const serialized = await accounts().call('signTransaction', 'wallet', transaction)
  const serializedTransaction = serialized as `0x02${string}`
  expect(parseTransaction(serializedTransaction).value).toBe(3n)
  expect(await recoverTransactionAddress({ serializedTransaction })).toBe(address)
})

test('the raw key is in no storage, and its wrapping key cannot be read', async () => {
  await accounts().call('createAddress', 'wallet')
  expect(await accounts().call('readStored', 'wallet')).toEqual({
    fields: ['address', 'ciphertext', 'iv', 'protection'],
    exported: 'InvalidAccessError',
    cookie: '',
    local: 0,
  })
})

test('one account cannot be passed off as another', async () => {
  await accounts().call('createAddress', 'first')
  await accounts().call('createAddress', 'second')
  await accounts().call('swap', 'first', 'second')
  await expect(accounts().call('openAddress', 'first')).rejects.toMatchObject({ code: 'storage/corrupt' })
})

describe('the account as a signer', () => {
  test.each(signerCases)('$name', async ({ run }) => {
    const name = crypto.randomUUID()
    const address = (await accounts().call('createAddress', name)) as Address
    const signTypedData = async (data: TypedData) => (await accounts().call('sign', name, data)) as Hex
    await run({ address, signTypedData })
  })
})
