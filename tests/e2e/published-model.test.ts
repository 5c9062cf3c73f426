import { afterAll, beforeAll, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { askModel, publishModel, shareModel, tinyModelFile } from './publish-model.ts'
import { type TestStack, finishedAnswer, openStack, sendPrompt } from './tabs.ts'

const name = 'Tales of a tiny llama'
const royaltyPercent = 10

let world: TestStack

beforeAll(async () => {
  world = await openStack()
})

afterAll(() => world?.close())

test('a model that one person publishes from the page answers a paid prompt in another’s tab, and its royalty comes back', async () => {
  const publisher = await world.openTab('network')
  await publishModel(publisher, { file: tinyModelFile, name, royaltyPercent })
  const chain = createViemChain(world.stack.network)
  const [listing] = await chain.listings(0, 1)
  expect(listing).toMatchObject({ royaltyBps: royaltyPercent * 100, sources: [] })

  // No server has it: manifest and bytes come from the publisher's tab.
  const provider = await world.openTab('share')
  await shareModel(provider, name)
  expect(await provider.getByText('who gets 10% of what it earns').count()).toBe(1)
  await expect.poll(() => provider.getByRole('main').innerText()).toContain('received')

  const requester = await world.openTab('ask')
  await askModel(requester, name)
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
