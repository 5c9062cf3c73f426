import type { BrowserContext } from 'playwright-core'
import { recoverTypedDataAddress } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Hex } from '../../src/domain/bytes.ts'
import { settlementDomain, voucherTypes } from '../../src/domain/settlement-types.ts'
import { signerCases } from '../conformance/signer.ts'
import { channelConfig } from '../fixtures/jobs.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { type Harness, moduleIn, openHarness } from './harness.ts'

const id = 'org.example.wallet'
const privateKey: Hex = `0x${'5a'.repeat(32)}`
const otherKey: Hex = `0x${'5b'.repeat(32)}`
const address = privateKeyToAddress(privateKey)
const mainnet = 1

let harness: Harness
let chain: LocalChain
let context: BrowserContext

beforeAll(async () => {
  ;[harness, chain] = await Promise.all([openHarness(), startLocalChain()])
})

afterAll(async () => {
  await harness?.close()
  await chain?.stop()
})

beforeEach(async () => {
  context = await harness.newContext()
})

afterEach(() => context.close())

type Wallet = { chainId?: number; knows?: number[]; privateKey?: Hex }

/** A tab with accounts open, and a wallet announced unless it is left out. */
async function openTab(wallet: Wallet | null = {}, network = chain.network) {
  const page = await harness.openPage(context)
  const accounts = moduleIn<typeof import('./accounts-page.ts')>(page, 'tests/browser/accounts-page.ts')
  const { rpcUrl, chainId } = chain.network
  const script = { id, name: 'Example Wallet', privateKey, rpcUrl, chainId, knows: [chainId] }
  if (wallet) await accounts.call('announce', { ...script, ...wallet })
  return { accounts, first: await accounts.call('open', network) }
}

async function connected(wallet: Parameters<typeof openTab>[0] = {}) {
  const { accounts } = await openTab(wallet)
  await accounts.call('connect', id)
  await accounts.call('prompts')
  return accounts
}

const voucher = () => ({
  domain: settlementDomain(chain.network),
  types: voucherTypes,
  primaryType: 'Voucher' as const,
  message: { channelId: `0x${'11'.repeat(32)}`, maxClaimableAmount: 5n } as const,
})
const config = () => ({ ...channelConfig, token: chain.network.token })

test('a wallet is found, asked once for its account, and remembered', async () => {
  const { accounts, first } = await openTab()
  expect(first.wallets).toMatchObject([
    { id, name: 'Example Wallet', icon: expect.stringMatching(/^data:image\/svg/) },
  ])
  expect(await accounts.call('prompts')).toEqual([])
  expect(await accounts.call('connect', id)).toBe(address)
  expect(await accounts.call('prompts')).toEqual(['eth_requestAccounts'])

  const later = await openTab()
  expect(later.first.wallet).toMatchObject({ address, isHere: true, shows: null })
  expect(await later.accounts.call('earnerAddress')).toBe(first.local.address)
  const data = voucher()
  const signature = (await later.accounts.call('sign', data)) as Hex
  expect(await recoverTypedDataAddress({ ...data, signature })).toBe(address)
  expect(await later.accounts.call('prompts')).toEqual(['eth_signTypedData_v4'])
})

describe('the wallet as a signer', () => {
  test.each(signerCases)('$name', async ({ run }) => {
    const accounts = await connected()
    await run({ address, signTypedData: async (data) => (await accounts.call('sign', data)) as Hex })
  })
})

test('a deposit asks exactly once', async () => {
  const accounts = await connected()
  expect(await accounts.call('deposit', channelConfig.receiver)).toBe(1_000_000n)
  expect(await accounts.call('prompts')).toEqual(['eth_signTypedData_v4'])
})

test('what the wallet sends itself asks once for each transaction', async () => {
  const accounts = await connected()
  expect(await accounts.call('depositAndTakeBack', config(), 5_000n)).toBe(5_000n)
  expect(await accounts.call('prompts')).toEqual([
    'eth_signTypedData_v4',
    'eth_sendTransaction',
    'eth_sendTransaction',
  ])
})

test('a person may decline to connect and to sign', async () => {
  const { accounts, first } = await openTab()
  await accounts.call('decline', true)
  const declined = { code: 'chain/user-rejected', fault: 'user' }
  await expect(accounts.call('connect', id)).rejects.toMatchObject(declined)
  expect(await accounts.call('view')).toEqual(first)

  await accounts.call('decline', false)
  await accounts.call('connect', id)
  await accounts.call('decline', true)
  await expect(accounts.call('deposit', channelConfig.receiver)).rejects.toMatchObject(declined)
})

test('a wallet on another network is asked to change, and to learn ours first', async () => {
  const { chainId } = chain.network
  const knowing = await openTab({ chainId: mainnet, knows: [mainnet, chainId] })
  await knowing.accounts.call('connect', id)
  expect(await knowing.accounts.call('prompts')).toEqual([
    'eth_requestAccounts',
    'wallet_switchEthereumChain',
  ])

  const learning = await openTab({ chainId: mainnet, knows: [mainnet] })
  const data = voucher()
  await learning.accounts.call('sign', data)
  expect(await learning.accounts.call('prompts')).toEqual([
    'wallet_switchEthereumChain',
    'wallet_addEthereumChain',
    'wallet_switchEthereumChain',
    'eth_signTypedData_v4',
  ])
})

test('a wallet that is gone at the next visit is told, and the local account takes over', async () => {
  await connected()
  const { accounts, first } = await openTab(null)
  expect(first.wallet).toMatchObject({ address, isHere: false, wallet: { name: 'Example Wallet' } })
  await expect(accounts.call('sign', voucher())).rejects.toMatchObject({ code: 'chain/wallet-missing' })

  await accounts.call('use', first.local.address)
  const later = await openTab(null)
  expect(later.first.wallet).toBeNull()
  const data = voucher()
  const signature = (await later.accounts.call('sign', data)) as Hex
  expect(await recoverTypedDataAddress({ ...data, signature })).toBe(first.local.address)
})

test('a wallet that shows a development account does not pay on a public chain', async () => {
  // Anvil's second account.
  const anvilKey = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'
  const inWallet: Wallet = { privateKey: anvilKey, chainId: 8453, knows: [8453] }
  const base = { ...chain.network, name: 'Base', chainId: 8453 }
  const refused = { code: 'chain/not-local', fault: 'user' }
  const { accounts, first } = await openTab(inWallet, base)
  await expect(accounts.call('connect', id)).rejects.toMatchObject(refused)
  expect(await accounts.call('view')).toEqual(first)

  // One that was connected on the local chain is not asked for anything.
  const local = await openTab({ privateKey: anvilKey })
  expect(await local.accounts.call('connect', id)).toBe(privateKeyToAddress(anvilKey))
  const later = await openTab(inWallet, base)
  await expect(later.accounts.call('sign', voucher())).rejects.toMatchObject(refused)
  expect(await later.accounts.call('prompts')).toEqual([])
})

test('another account in the wallet is seen, and nothing is signed with it unasked', async () => {
  await connected()
  const { accounts } = await openTab()
  await accounts.call('sign', voucher())
  await accounts.call('show', otherKey)
  const shows = privateKeyToAddress(otherKey)
  expect((await accounts.call('view')).wallet).toMatchObject({ address, shows })
  await expect(accounts.call('sign', voucher())).rejects.toMatchObject({ code: 'chain/wrong-account' })
  await accounts.call('prompts')

  // At the next visit it is seen without asking.
  const later = await openTab({ privateKey: otherKey })
  await expect.poll(async () => (await later.accounts.call('view')).wallet?.shows).toBe(shows)
  expect(await later.accounts.call('prompts')).toEqual([])
  expect(await later.accounts.call('connect', id)).toBe(shows)
})
