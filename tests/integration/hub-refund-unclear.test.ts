import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChannelState } from '../../src/domain/channel.ts'
import { ChainError, HubError } from '../../src/errors/index.ts'
import { codeOf } from '../fixtures/hub-ends.ts'
import { type Desk, depositMicroUsd, feeMicroUsd, openDesk } from '../fixtures/hub-desk.ts'

let desk: Desk
let provider: Awaited<ReturnType<Desk['joinProvider']>>
let hubs: { stop(): Promise<void> }[]

/** What a refund leaves in its channel: the fee of the deposit and its own. */
const left = 2n * feeMicroUsd
const unconfirmed = () => new ChainError('chain/unconfirmed', 'It was sent and is not confirmed yet.')

beforeEach(async () => {
  desk = await openDesk()
  hubs = [desk.hub]
  await desk.deposit()
  provider = await desk.joinProvider()
})

afterEach(async () => {
  for (const hub of hubs) await hub.stop()
})

/** Takes refunds to the chain and gives them this end, whatever becomes of them. `mine` carries out the first. */
function holdRefunds(end: () => Promise<never>) {
  const { chain } = desk.world
  const refund = chain.refund.bind(chain)
  const sent: (() => Promise<unknown>)[] = []
  chain.refund = async (config, claim, signer, { admit, number } = {}) => {
    await admit?.()
    sent.push(() => refund(config, claim, signer, { number }))
    return end()
  }
  return {
    sent,
    mine: () => sent[0]!(),
    restore: () => void (chain.refund = refund),
  }
}

const order = (ceilingMicroUsd = 10_000n) => ({ provider: provider.account.address, ceilingMicroUsd })
const open = async (ceilingMicroUsd?: bigint) =>
  codeOf((await desk.requester.open(order(ceilingMicroUsd))).reply)
const onWay = () => desk.hub.store.refunds()
const balance = async () => (await desk.world.chain.channel(desk.requester.channelId)).balance

async function askUnclear() {
  const held = holdRefunds(() => Promise.reject(unconfirmed()))
  await expect(desk.client.refund(await desk.signRefund())).rejects.toMatchObject({ code: 'hub/no-answer' })
  return held
}

describe('a refund that is sent and not seen to happen', () => {
  test('keeps its channel from paying until the chain shows it, and the hub loses nothing', async () => {
    const { mine } = await askUnclear()
    for (let attempt = 0; attempt < 3; attempt++) expect(await open()).toBe('hub/job-refused')
    await expect(desk.deposit()).rejects.toMatchObject({ code: 'hub/busy' })
    await expect(desk.client.refund(await desk.signRefund())).rejects.toMatchObject({ code: 'hub/no-answer' })
    expect(await balance()).toBe(depositMicroUsd)

    await mine()
    expect(await balance()).toBe(left)
    expect(await open(1n)).toBe('hub/underfunded')
    await desk.world.clock.advance(desk.world.policy.watchIntervalMs)
    expect(await onWay()).toEqual([])
    expect(await open(1n)).toBe('hub/underfunded')
    expect(await desk.feeTotal()).toBe(left)
    expect(await desk.hub.store.attributed(desk.requester.channelId)).toBe(left)
    expect(provider.voucher).toBeNull()
  })

  test('is found by the hub itself, and its channel is as good as new', async () => {
    const { mine, restore } = await askUnclear()
    await mine()
    restore()
    await desk.world.clock.advance(desk.world.policy.watchIntervalMs)
    expect(await onWay()).toEqual([])
    desk.requester.promisedMicroUsd = left
    await desk.deposit()
    expect(await open(90_000n)).toBe('opened')
  })

  test('is told from its payer’s next deposit', async () => {
    const { mine } = await askUnclear()
    const { wallet, config } = desk.requester.payer
    await desk.world.chain.faucet(wallet.address, 50_000n)
    await desk.world.chain.deposit(config, 50_000n, wallet)
    // More money alone proves nothing.
    expect(await open()).toBe('hub/job-refused')
    await mine()
    await desk.world.chain.faucet(wallet.address, 50_000n)
    await desk.world.chain.deposit(config, 50_000n, wallet)
    // The first finds out, and had counted on what was there before.
    expect(await open()).toBe('hub/job-refused')
    expect(await open()).toBe('opened')
  })

  test('is sent again when it seems lost, once, and gives back what is there then', async () => {
    const { sent, restore } = await askUnclear()
    await desk.world.clock.advance(2 * desk.world.policy.watchIntervalMs)
    expect(sent).toHaveLength(1)
    restore()
    await desk.world.clock.advance(2 * desk.world.policy.watchIntervalMs)
    expect(await balance()).toBe(left)
    expect(await onWay()).toEqual([])
    expect(await desk.feeTotal()).toBe(left)
    // The lost one comes after all, when there is something to take again.
    const { wallet, config } = desk.requester.payer
    await desk.world.chain.faucet(wallet.address, 50_000n)
    await desk.world.chain.deposit(config, 50_000n, wallet)
    await expect(sent[0]!()).rejects.toMatchObject({ code: 'chain/reverted' })
    expect(await balance()).toBe(left + 50_000n)
  })

  test('is brought forward by a payer that asks again, for one fee', async () => {
    const { restore } = await askUnclear()
    restore()
    const done = await desk.client.refund(await desk.signRefund({ promised: 50_000n }))
    expect(done).toMatchObject({ amountMicroUsd: depositMicroUsd - left })
    expect(await onWay()).toEqual([])
    expect(await desk.feeTotal()).toBe(left)
  })

  test('is not given up while it may happen, whatever a later try says', async () => {
    const { mine } = await askUnclear()
    desk.world.chain.refund = () => Promise.reject(new ChainError('chain/reverted', 'No.'))
    await desk.world.clock.advance(3_600_000)
    expect(await open()).toBe('hub/job-refused')
    await mine()
    await desk.world.clock.advance(desk.world.policy.watchIntervalMs)
    expect(await onWay()).toEqual([])
    expect(await desk.feeTotal()).toBe(left)
  })

  test('is given up when nobody can remember it and it would not pass', async () => {
    await askUnclear()
    desk.world.chain.refund = () => Promise.reject(new ChainError('chain/reverted', 'No.'))
    await desk.world.clock.advance(24 * 3_600_000 + 60_000)
    expect(await onWay()).toEqual([])
    await provider.register()
    expect(await open()).toBe('opened')
    expect(await desk.feeTotal()).toBe(feeMicroUsd)
  })
})

test.each([
  ['the contract refused', new ChainError('chain/reverted', 'No.'), 'hub/refused'],
  ['another transaction replaced', new ChainError('chain/replaced', 'Gone.'), 'hub/refused'],
  ['the hub had no gas for', new HubError('hub/out-of-gas', 'No gas.'), 'hub/out-of-gas'],
])('a refund that %s lets its channel pay again, and costs nothing', async (_name, error, code) => {
  holdRefunds(() => Promise.reject(error))
  await expect(desk.client.refund(await desk.signRefund())).rejects.toMatchObject({ code })
  expect(await onWay()).toEqual([])
  expect(await open()).toBe('opened')
  expect(await desk.feeTotal()).toBe(feeMicroUsd)
})

describe('a hub that dies after it has sent a refund', () => {
  /** The first hub never hears of it again; the second has its books. */
  async function restart() {
    const held = holdRefunds(() => new Promise<never>(() => {}))
    void desk.client.refund(await desk.signRefund()).catch(() => {})
    await expect.poll(() => held.sent.length).toBe(1)
    await desk.hub.stop()
    hubs = [desk.world.startHub(desk.hub.store)]
    await provider.register()
    return held
  }

  test('lets no job open before it was mined, and knows of it after', async () => {
    const { mine } = await restart()
    expect(await open()).toBe('hub/job-refused')
    await mine()
    await desk.world.clock.advance(desk.world.policy.watchIntervalMs)
    expect(await onWay()).toEqual([])
    expect(await open(1n)).toBe('hub/underfunded')
    expect(await desk.feeTotal()).toBe(left)
  })

  test('sends it again when it was lost with the hub', async () => {
    const { restore } = await restart()
    restore()
    expect(await open()).toBe('hub/job-refused')
    await desk.world.clock.advance(4 * desk.world.policy.watchIntervalMs)
    expect(await balance()).toBe(left)
    expect(await onWay()).toEqual([])
    expect(await open(1n)).toBe('hub/underfunded')
  })
})

describe('an endpoint that lags after a refund', () => {
  /** Answers with what the channel was before, while `isBehind` says so. */
  function lag(before: ChannelState) {
    const { chain } = desk.world
    const [channel, refunds] = [chain.channel.bind(chain), chain.refunds.bind(chain)]
    const seen = { isBehind: true }
    chain.channel = async (channelId) => (seen.isBehind ? before : channel(channelId))
    chain.refunds = async (channelId) => (seen.isBehind ? 0n : refunds(channelId))
    return seen
  }

  test('does not let a job open on what is gone, then or later', async () => {
    const seen = lag(await desk.world.chain.channel(desk.requester.channelId))
    const done = await desk.client.refund(await desk.signRefund())
    expect(done).toMatchObject({ amountMicroUsd: depositMicroUsd - left })
    expect(await open()).toBe('hub/job-refused')
    await desk.world.clock.advance(desk.world.policy.watchIntervalMs)
    expect(await open()).toBe('hub/job-refused')
    seen.isBehind = false
    await desk.world.clock.advance(desk.world.policy.watchIntervalMs)
    expect(await onWay()).toEqual([])
    expect(await desk.feeTotal()).toBe(left)
    expect(await open(1n)).toBe('hub/underfunded')
    // Another endpoint behind the same address is further behind.
    seen.isBehind = true
    expect(await open()).toBe('hub/busy')
  })
})
