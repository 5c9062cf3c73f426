import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Address, Hex } from '../../src/domain/bytes.ts'
import { promisedBy } from '../../src/domain/channel.ts'
import { withSpread } from '../../src/domain/hub.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import type { Chain } from '../../src/ports/index.ts'
import { type HubBooks, readHubBooks } from '../fixtures/hub-books.ts'
import { RelayLine } from '../fixtures/relay-line.ts'
import { RelayProcess, type RelayProgram, buildRelayProgram } from '../fixtures/relay-process.ts'
import { RelayProvider } from '../fixtures/relay-provider.ts'
import { RelayRequester, spread } from '../fixtures/relay-requester.ts'
import { type SlowChain, startSlowChain } from '../fixtures/slow-chain.ts'

/** More of them take longer: `OPENTAB_RELAY_KILLS=300`. */
const kills = Number(process.env.OPENTAB_RELAY_KILLS ?? 30)
/** What the relays die of, one after another: in the middle of something that somebody asked for, or while starting. */
const dues = ['start', 'deposit', 'job', 'pay', 'refund', 'claim'] as const
type Due = (typeof dues)[number]
/** How long a relay lives at most: until it is asked, from then on, and while it starts and makes its first claim. */
const longestLifeMs = 2_500
const longestAfterMs = 250
const longestStartMs = 1_500
const longestBlockMs = 150
const patience = { timeout: 60_000 }
const timeoutMs = 120_000 + kills * 15_000

const hubCapitalMicroUsd = 1_000_000_000n
const walletMicroUsd = 500_000_000n

let directory: string
let slow: SlowChain
let chain: Chain
let running: RelayProcess | null = null

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentab-relay-kill-'))
  slow = await startSlowChain(longestBlockMs)
  chain = createViemChain(slow.network)
})

afterAll(async () => {
  await running?.kill()
  await slow.stop()
  await rm(directory, { recursive: true, force: true })
})

test(
  `a relay that is killed ${kills} times between deposits, payments, claims and refunds loses nobody's money`,
  { timeout: timeoutMs },
  async () => {
    const place = await openPlace()
    const { line, requesters, providers, events } = place
    let port = 0
    for (let kill = 0; kill <= kills; kill++) {
      const relay = start(place, port)
      const due = dues[kill % dues.length]!
      if (kill > 0 && due === 'start') await sleep(Math.random() * longestStartMs)
      else {
        line.address = await relay.ready
        port = portOf(line.address)
        const over = press(place, kill === 0 ? calmly : Math.random)
        // At first everybody pays something.
        if (kill === 0) await expect.poll(() => requesters.every(hasPaid), patience).toBe(true)
        else await untilDue(line, due)
        line.isUp = false
        await relay.kill()
        await over
      }
      await relay.kill()
      events.push(...relay.events)
      expect(relay.trouble).toBe('')
      await expectCovered(await place.readBooks(), place)
    }

    const relay = start(place, port)
    line.address = await relay.ready
    await finish(place)
    expect(await relay.stop()).toBe(0)
    events.push(...relay.events)
    await expectSums(await place.readBooks(), place)
    const odd = [...line.refusals.keys()].filter((code) => !/^(hub|chain)\/[a-z-]+$/.test(code))
    expect(odd, 'nothing is refused that an honest end did').toEqual([])
    expect(events).toContain('hub-deposit')
    expect(events).toContain('hub-desk-sent')
    for (const one of [...requesters, ...providers]) await one.leave()
  },
)

async function openPlace() {
  const hubKey = generatePrivateKey()
  const hub = privateKeyToAccount(hubKey).address
  const networkFile = join(directory, 'network.json')
  await writeFile(networkFile, JSON.stringify(slow.network))
  const program: RelayProgram = {
    program: await buildRelayProgram(directory),
    dataDir: join(directory, 'relay'),
    networkFile,
    hubKey,
  }
  await chain.faucet(hub, hubCapitalMicroUsd)
  const line = new RelayLine(chain, hub)
  const requesters = [
    await RelayRequester.join(line, false, walletMicroUsd),
    await RelayRequester.join(line, false, walletMicroUsd),
    await RelayRequester.join(line, true, walletMicroUsd),
  ]
  const providers = [await RelayProvider.join(line), await RelayProvider.join(line)]
  const addresses = providers.map(({ hand }) => hand.account.address)
  const database = join(program.dataDir, 'hub', `hub-${slow.network.chainId}.sqlite`)
  const readBooks = () => readHubBooks(database, join(directory, 'copy.sqlite'))
  return { program, hub, line, requesters, providers, addresses, events: [] as string[], readBooks }
}

function start({ program }: Place, port: number): RelayProcess {
  running = new RelayProcess(program, port)
  return running
}

const hasPaid = ({ jobs }: RelayRequester) => jobs.some(({ acknowledged }) => acknowledged > 0n)

type Place = Awaited<ReturnType<typeof openPlace>>

/** Keeps everybody busy while the relay is there; resolves once all have noticed that it is gone. */
async function press({ line, requesters, providers, addresses }: Place, chance: () => number): Promise<void> {
  line.isUp = true
  await Promise.all([
    ...requesters.map((one) => line.whileUp(() => one.act(addresses, chance))),
    ...providers.map((one) => line.whileUp(() => one.act(chance))),
  ])
}

/** Nobody asks for money back, or for a claim. */
const calmly = () => 0.5

/** Waits until somebody asks for what is due, or for so long at most, and some time more. */
async function untilDue({ moments }: RelayLine, due: Due): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const ends = [once(moments, due, { signal }), sleep(longestLifeMs, undefined, { signal })]
  await Promise.race(ends)
  over.abort()
  await Promise.allSettled(ends)
  await sleep(Math.random() * longestAfterMs)
}

/** Has all that was asked for paid, all refunded that is left, and all claimed that was earned. */
async function finish({ requesters, providers }: Place): Promise<void> {
  const again = async (act: () => Promise<void>) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await act()
      } catch (error) {
        if (attempt === 20) throw error
        await sleep(300)
      }
    }
  }
  for (const provider of providers) await again(() => provider.register())
  for (const requester of requesters) {
    await again(async () => {
      await requester.finish().catch(async (error: unknown) => {
        // A refund that was lost with a relay keeps its channel from paying; asked for again, it ends.
        await requester.refund().catch(() => {})
        throw error
      })
    })
    // One that was on its way already knows nothing of what was deposited after it: then there is more to ask for.
    await again(async () => {
      await requester.refund()
      if (await requester.hasLeft()) throw new Error('Some of it is left.')
    })
  }
  for (const { hand } of providers) {
    const charged = chargedBy(hand.account.address, requesters)
    await expect.poll(() => promisedBy(hand.voucher), patience).toBe(charged)
    await hand.claim()
  }
}

/** Whatever was promised to providers is covered by what the chain still holds for the hub. */
async function expectCovered(books: HubBooks, { requesters, providers }: Place): Promise<void> {
  for (const { hand } of requesters) {
    const account = books.channels.find(({ channelId }) => channelId === hand.channelId)
    const spent = sum(
      books.jobs.filter(({ payer }) => payer === hand.channelId),
      ({ charge }) => withSpread(charge, spread),
    )
    const fees = feesOf(books, hand.channelId)
    expect(account?.attributed ?? 0n, 'what is used up is what jobs and fees took').toBe(spent + fees)
    const { balance } = await chain.channel(hand.channelId)
    expect(spent + fees <= balance, 'what is used up is still there').toBe(true)
  }
  for (const { hand } of providers) {
    const channelId = hand.channel && channelIdOf(hand.channel, chain.network)
    const account = books.channels.find((channel) => channel.channelId === channelId)
    const charged = sum(
      books.jobs.filter(({ payee }) => payee === channelId),
      ({ charge }) => charge,
    )
    expect(account?.promised ?? 0n, 'a provider is promised what its jobs were charged').toBe(charged)
    expect(promisedBy(hand.voucher) <= charged, 'and holds no more').toBe(true)
  }
}

/** Every micro-unit is where the requesters' own count of charges and fees says. */
async function expectSums(books: HubBooks, { hub, requesters, providers }: Place): Promise<void> {
  const balance = (owner: Address) => chain.balance(owner)
  let [claimedOfPayers, paidOut, locked, fees] = [0n, 0n, 0n, 0n]
  for (const { hand, wallet, jobs } of requesters) {
    const spent = sum(jobs, ({ acknowledged }) => withSpread(acknowledged, spread))
    const paidFees = feesOf(books, hand.channelId)
    const state = await chain.channel(hand.channelId)
    expect(state, 'all is claimed, and the rest is back').toMatchObject({
      balance: spent + paidFees,
      totalClaimed: spent + paidFees,
    })
    expect(await balance(wallet.address)).toBe(walletMicroUsd - spent - paidFees)
    claimedOfPayers += state.totalClaimed
    fees += paidFees
  }
  const account = await chain.receiver(hub)
  expect(account.totalClaimed).toBe(claimedOfPayers)
  // Refunds settle nothing: the hub has claimed in between.
  expect(account.totalSettled).toBeGreaterThan(0n)
  for (const { hand } of providers) {
    const charged = chargedBy(hand.account.address, requesters)
    const state = await chain.channel(channelIdOf(hand.channel!, chain.network))
    expect(state.totalClaimed, 'a provider was paid what its jobs were charged').toBe(charged)
    paidOut += await balance(hand.account.address)
    locked += state.balance
  }
  const unsettled = account.totalClaimed - account.totalSettled
  const charged = sum(
    requesters.flatMap(({ jobs }) => jobs),
    ({ acknowledged }) => acknowledged,
  )
  const claimFees = charged - paidOut
  const own = (await balance(hub)) + unsettled
  expect(own + locked, 'the hub has its capital, less what it put into channels, and what it claimed').toBe(
    hubCapitalMicroUsd + claimedOfPayers + claimFees,
  )
  const earned = claimedOfPayers - charged + claimFees
  expect(own + (locked - charged)).toBe(hubCapitalMicroUsd + earned)
  expect(books.totals).toMatchObject({ volume: charged, spread: claimedOfPayers - charged - fees, fees })
}

function chargedBy(provider: Address, requesters: readonly RelayRequester[]): bigint {
  const own = requesters.flatMap(({ jobs }) => jobs.filter((job) => job.provider === provider))
  return sum(own, ({ acknowledged }) => acknowledged)
}

function feesOf(books: HubBooks, channelId: Hex): bigint {
  return sum(
    books.fees.filter(({ payer }) => payer === channelId),
    ({ fee }) => fee,
  )
}

function portOf(address: string): number {
  return Number(
    multiaddr(address)
      .getComponents()
      .find(({ name }) => name === 'tcp')?.value,
  )
}

function sum<item>(items: readonly item[], amount: (item: item) => bigint): bigint {
  return items.reduce((total, item) => total + amount(item), 0n)
}
