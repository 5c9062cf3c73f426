import type { Page } from 'playwright-core'
import { createPublicClient, http, parseUnits } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Address } from '../../src/domain/bytes.ts'
import { withSpread } from '../../src/domain/hub.ts'
import type { Answer } from '../../src/roles/tasks/answer.ts'
import { type TestStack, finishedAnswer, keptAnswers, openStack, sendPrompt, startSharing } from './tabs.ts'

/** A third of a hundred each, and one more. */
const asks = [34, 33, 33]
const providerCount = 3
/** Test dollars that each who asks is given, and those that the hub starts with. */
const [givenMicroUsd, capitalMicroUsd] = [10_000_000n, 1_000_000_000n]
const prompts = ['Name a colour.', 'Name a fruit.', 'Say hello.', 'Count to three.', 'Name a river.']

let world: TestStack
let providers: Page[]
let requesters: Page[]

beforeAll(async () => {
  world = await openStack()
  providers = []
  for (let index = 0; index < providerCount; index++) {
    const page = await world.openTab('share')
    // One answer at a time, so that three who ask at once meet three who answer.
    await page.getByRole('spinbutton', { name: 'Answers at a time' }).fill('1')
    // Dear enough that claiming pays: on a chain as cheap as this one a claim costs a fifth of a cent.
    await page.getByRole('spinbutton', { name: /^Price/ }).fill('100')
    await startSharing(page)
    providers.push(page)
  }
  requesters = await Promise.all(asks.map(() => world.openTab('ask')))
}, 400_000)

afterAll(() => world?.close())

const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)
const spent = (answers: Answer[]) => sum(answers.map(({ chargeMicroUsd }) => chargeMicroUsd))
const charged = (answers: Answer[]) =>
  sum(answers.map(({ receipt }) => receipt?.receipt.chargeMicroUsd ?? 0n))

/** Asks so many times, each time in a new chat. */
async function askOften(page: Page, count: number): Promise<Answer[]> {
  for (let index = 0; index < count; index++) {
    if (index > 0) await page.getByRole('button', { name: 'New chat' }).click()
    await sendPrompt(page, prompts[index % prompts.length]!, { temperature: 0, maxTokens: 6 })
    await finishedAnswer(page, 1, index + 1)
  }
  return keptAnswers(page)
}

async function openWallet(page: Page): Promise<void> {
  await page.goto(new URL('#/wallet', world.stack.url).href)
}

/** Transactions to the settlement contract, or through Multicall3 to it, so far. */
async function countTransactions(senders: Address[]): Promise<number> {
  const client = createPublicClient({ transport: http(world.stack.network.rpcUrl) })
  const nonces = await Promise.all(senders.map((address) => client.getTransactionCount({ address })))
  return nonces.reduce((total, nonce) => total + nonce, 0)
}

/** What the hub says that it handed on and earned. */
async function hubFigures() {
  const metrics = await (await fetch(new URL('/metrics', world.stack.relay.httpUrl))).text()
  const figure = (name: string) => {
    const [, dollars] = new RegExp(`^opentab_hub_${name}_dollars_total (\\S+)$`, 'm').exec(metrics) ?? []
    return dollars === undefined ? null : parseUnits(dollars, 6)
  }
  return { volume: figure('volume'), spread: figure('spread'), fees: figure('fees') }
}

test('a hundred answers of three requesters by three providers are paid through one hub, to the micro-unit', async () => {
  const chain = createViemChain(world.stack.network)
  const byRequester = await Promise.all(requesters.map((page, index) => askOften(page, asks[index]!)))
  const answers = byRequester.flat()
  expect(answers).toHaveLength(100)
  expect(answers.filter(({ error }) => error !== null)).toEqual([])

  const [hub] = new Set(answers.map(({ hub }) => hub?.account))
  expect(hub).toBeDefined()
  for (const { hub, chargeMicroUsd, handedOnMicroUsd, receipt, channel } of answers) {
    expect(channel.receiver).toBe(hub?.account)
    expect(chargeMicroUsd).toBe(withSpread(receipt!.receipt.chargeMicroUsd, hub))
    expect(handedOnMicroUsd).toBe(receipt!.receipt.chargeMicroUsd)
  }
  const providerAccounts = [...new Set(answers.map(({ offer }) => offer.provider))]
  expect(providerAccounts).toHaveLength(providerCount)
  // One channel and one deposit for each who asks.
  expect(new Set(answers.map(({ terms }) => terms.channelId)).size).toBe(requesters.length)

  // Providers claim through the page: the hub sends it, and takes its fee out of what is claimed.
  const before = new Map(providerAccounts.map((address) => [address, 0n]))
  for (const address of providerAccounts) before.set(address, await chain.balance(address))
  const hubBefore = await chain.balance(hub!)
  let fees = 0n
  for (const page of providers) {
    await openWallet(page)
    await page.getByRole('button', { name: 'Claim', exact: true }).click()
    await page.getByText('Earnings claimed, after the fee').waitFor()
  }
  for (const address of providerAccounts) {
    const earned = charged(answers.filter(({ offer }) => offer.provider === address))
    const { totalClaimed, totalSettled } = await chain.receiver(address)
    expect([totalClaimed, totalSettled]).toEqual([earned, earned])
    fees += before.get(address)! + earned - (await chain.balance(address))
    expect(await chain.gasBalance(address)).toBe(0n)
  }
  expect(fees).toBeGreaterThan(0n)
  expect(await chain.balance(hub!)).toBe(hubBefore + fees)

  // The deposits' fees and the refunds' are promised over the requesters' channels.
  let channelFees = 0n
  // Requesters take back what is left: the hub claims what they owe, and returns the rest at once.
  for (const [index, page] of requesters.entries()) {
    await openWallet(page)
    await page.getByRole('button', { name: /^Take back/ }).click()
    await page.getByText('is back in your balance').waitFor()
    const own = byRequester[index]!
    const { channelId } = own[0]!.terms
    const { payer } = own[0]!.channel
    const channel = await chain.channel(channelId)
    expect(channel.balance).toBe(channel.totalClaimed)
    channelFees += channel.totalClaimed - spent(own)
    expect(await chain.balance(payer)).toBe(givenMicroUsd - channel.totalClaimed)
  }
  const claimedByHub = await chain.receiver(hub!)
  const claimed = await Promise.all(byRequester.map(([first]) => chain.channel(first!.terms.channelId)))
  expect(claimedByHub.totalClaimed).toBe(sum(claimed.map(({ totalClaimed }) => totalClaimed)))

  // The hub's own books say the same, and its account has it: what it earned, and nothing else.
  const spread = spent(answers) - charged(answers)
  const earned = { volume: charged(answers), spread, fees: channelFees }
  await expect.poll(hubFigures, { timeout: 60_000 }).toEqual(earned)
  expect(spread).toBeGreaterThan(0n)
  expect(channelFees).toBeGreaterThan(0n)
  // Everybody else has taken all that was theirs out of the contract.
  const hubHas = (await chain.balance(hub!)) + (await chain.balance(world.stack.network.settlement))
  expect(hubHas).toBe(capitalMicroUsd + spread + channelFees + fees)
  // No micro-unit was made or lost among the seven.
  const payers = byRequester.map(([first]) => first!.channel.payer)
  const have = await Promise.all([...payers, ...providerAccounts].map((address) => chain.balance(address)))
  const had = [...payers.map(() => givenMicroUsd), ...before.values(), capitalMicroUsd]
  expect(sum(have) + hubHas).toBe(sum(had))

  // A hundred answers, and the chain saw a handful of transactions for each who took part: a deposit, a claim and a
  // refund, and what a hub sets aside for a provider, which begins small and grows fourfold each time.
  const parties = providerCount + requesters.length
  expect(await countTransactions([...providerAccounts, ...payers])).toBe(0)
  expect(await countTransactions([hub!])).toBeLessThanOrEqual(4 * parties)
}, 900_000)
