import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { type TestStack, finishedAnswer, openStack, sendPrompt, startSharing } from './tabs.ts'

const file = resolve(import.meta.dirname, '../fixtures/tiny-llama/tiny-llama.gguf')
const name = 'Tales of a tiny llama'
const royaltyPercent = 10

let world: TestStack

beforeAll(async () => {
  world = await openStack()
})

afterAll(() => world?.close())

const modelNamed = (page: Page) => page.getByRole('radiogroup', { name: 'Which model' }).getByLabel(name)

test('a model that one person publishes from the page answers a paid prompt in another’s tab, and its royalty comes back', async () => {
  const publisher = await world.openTab('network')
  await publisher.getByLabel('Choose a file').setInputFiles(file)
  await publisher.getByLabel('Name', { exact: true }).fill(name, { timeout: 60_000 })
  await publisher.getByLabel('Licence of the file').fill('Apache-2.0')
  await publisher.getByLabel('Your royalty').fill(String(royaltyPercent))
  await publisher.getByRole('button', { name: 'Publish it' }).click()
  await publisher.getByText(`${name} is published.`).waitFor({ timeout: 60_000 })
  const chain = createViemChain(world.stack.network)
  const [listing] = await chain.listings(0, 1)
  expect(listing).toMatchObject({ royaltyBps: royaltyPercent * 100, sources: [] })

  // No server has it: manifest and bytes come from the publisher's tab.
  const provider = await world.openTab('share')
  await modelNamed(provider).check({ timeout: 60_000 })
  const row = provider.getByText('who gets 10% of what it earns')
  await expect.poll(() => row.count()).toBe(1)
  await startSharing(provider)
  await expect.poll(() => provider.getByRole('main').innerText()).toContain('received')

  const requester = await world.openTab('ask')
  const model = requester.getByRole('combobox', { name: 'Model' })
  await expect.poll(() => model.innerText(), { timeout: 60_000 }).toContain(name)
  await model.selectOption(name)
  await sendPrompt(requester, 'Once upon a time', { temperature: 0, maxTokens: 200 })
  const answer = await finishedAnswer(requester)
  expect(answer).toMatchObject({
    error: null,
    terms: { modelId: listing!.modelId },
    offer: { listingId: listing!.listingId },
  })
  const earned = answer.receipt!.receipt.chargeMicroUsd
  expect(earned).toBeGreaterThan(0n)

  await provider.getByRole('link', { name: 'Wallet', exact: true }).click()
  await provider.getByRole('button', { name: /^Claim/ }).click()
  const royalty = (earned * BigInt(royaltyPercent)) / 100n
  const credit = async () => (await chain.bond(listing!.publisher))?.freeMicroUsd
  await expect.poll(credit, { timeout: 60_000 }).toBe(royalty)
})
