import type { BrowserContext, Page } from 'playwright-core'
import { privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Hex } from '../../src/domain/bytes.ts'
import { type WalletRequest, createScriptedWallet } from '../fixtures/announced-wallet.ts'
import { type TestStack, finishedAnswer, openStack, sendPrompt, startSharing } from './tabs.ts'

const walletKey: Hex = `0x${'5a'.repeat(32)}`
const walletAddress = privateKeyToAddress(walletKey)
const passphrase = 'correct horse battery'

let world: TestStack

beforeAll(async () => {
  world = await openStack()
  await startSharing(await world.openTab('share'))
})

afterAll(() => world?.close())

/** Puts a wallet into a browser, as an extension does: its key stays outside of every page. */
async function installWallet(context: BrowserContext) {
  const { rpcUrl, chainId } = world.stack.network
  const wallet = createScriptedWallet({ privateKey: walletKey, rpcUrl, chainId, knows: [chainId] })
  await context.exposeFunction('askWallet', (request: WalletRequest) =>
    wallet.request(request).then(
      (result) => ({ result }),
      ({ code, message }) => ({ error: { code, message } }),
    ),
  )
  await context.addInitScript(() => {
    const { askWallet } = globalThis as unknown as {
      askWallet(request: unknown): Promise<{ result?: unknown; error?: { code: number; message: string } }>
    }
    const request = async (asked: unknown) => {
      const { result, error } = await askWallet(asked)
      if (error) throw Object.assign(new Error(error.message), error)
      return result
    }
    const info = { uuid: crypto.randomUUID(), rdns: 'org.example.wallet', name: 'Example Wallet', icon: '' }
    const detail = Object.freeze({ info, provider: { request, on() {}, removeListener() {} } })
    addEventListener('eip6963:requestProvider', () =>
      dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail })),
    )
  })
  return wallet
}

const goTo = (page: Page, place: string) => page.getByRole('link', { name: place, exact: true }).click()
const section = (page: Page) => page.getByRole('region', { name: 'Your account' })

test('a wallet pays for answers: it asks once for the deposit, and never for an answer', async () => {
  const page = await world.openTab('wallet')
  const wallet = await installWallet(page.context())
  await page.reload()
  await section(page).getByRole('button', { name: 'Use another account' }).click()
  await page.getByRole('button', { name: 'Use Example Wallet' }).click()
  await section(page).getByText('Example Wallet pays').waitFor()
  expect(wallet.prompts.splice(0)).toEqual(['eth_requestAccounts'])

  await goTo(page, 'Ask')
  await sendPrompt(page, 'What is the capital of France?', { temperature: 0, maxTokens: 12 })
  const first = await finishedAnswer(page)
  expect(first).toMatchObject({ error: null, channel: { payer: walletAddress } })
  expect(wallet.prompts.splice(0)).toEqual(['eth_signTypedData_v4'])

  await sendPrompt(page, 'And of Spain?', { temperature: 0, maxTokens: 12 })
  expect((await finishedAnswer(page, 2)).terms.channelId).toBe(first.terms.channelId)
  expect(wallet.prompts).toEqual([])
  const chain = createViemChain(world.stack.network)
  expect((await chain.channel(first.terms.channelId)).balance).toBeGreaterThanOrEqual(first.chargeMicroUsd)
  await page.context().close()
})

test('a locked account is asked for by the deposit, once in a tab', async () => {
  const page = await world.openTab('wallet')
  await section(page).getByRole('button', { name: 'Protect' }).click()
  const protect = page.getByRole('dialog', { name: 'Protect your account' })
  await protect.getByLabel('A passphrase').check()
  await protect.getByLabel('Passphrase', { exact: true }).fill(passphrase)
  await protect.getByLabel('The same again').fill(passphrase)
  await page.keyboard.press('Enter')
  await section(page).getByText('Protected by a passphrase').waitFor()
  await page.reload()
  await section(page).getByText('locked now').waitFor()

  await goTo(page, 'Ask')
  await sendPrompt(page, 'What is the capital of France?', { temperature: 0, maxTokens: 12 })
  const unlock = page.getByRole('dialog', { name: 'Unlock your account' })
  await unlock.getByLabel('Passphrase').fill(passphrase)
  await page.keyboard.press('Enter')
  expect((await finishedAnswer(page)).error).toBeNull()
  await sendPrompt(page, 'And of Spain?', { temperature: 0, maxTokens: 12 })
  expect((await finishedAnswer(page, 2)).error).toBeNull()
  expect(await unlock.count()).toBe(0)
  await page.context().close()
})
