import { expect, test } from 'vitest'
import { addEarnings, openHubMoney } from '../../tests/fixtures/hub-money.ts'
import { hubJob, hubPayee } from '../../tests/fixtures/hub-world.ts'
import { ChainError } from '../../src/errors/index.ts'
import type { FrameStream } from '../../src/ports/index.ts'
import { guardMoney } from './guard-money.ts'
import type { HubPolicy } from './hub-policy.ts'

/** Two channels with 100 and 101 micro-dollars unclaimed, which are withdrawn from once the guard has looked. */
async function openGuarded(perChannelMicroUsd: bigint, change: Partial<HubPolicy> = {}) {
  const money = await openHubMoney(change)
  const { chain, clock, policy } = money
  // No claim is due by what it brings.
  chain.gasCost = async (_action, channels = 1) => 100_000n + BigInt(channels) * perChannelMicroUsd
  const payers = [await addEarnings(money, 1, 10_000n, 100n), await addEarnings(money, 2, 10_000n, 101n)]
  const done = async () => {}
  const stopping = new AbortController()
  const guarding = guardMoney(
    { ...money, refunds: { settleAll: done }, idle: { reclaim: done } },
    stopping.signal,
  )
  await clock.advance(policy.watchIntervalMs)
  for (const { channel, signer } of payers) await chain.initiateWithdraw(channel.config, 10_000n, signer)
  return {
    ...money,
    payer: payers[0]!,
    look: () => clock.advance(policy.watchIntervalMs),
    claimed: () =>
      Promise.all(payers.map(async ({ channel }) => (await chain.channel(channel.channelId)).totalClaimed)),
    async stop() {
      stopping.abort()
      await guarding
    },
  }
}

test('a withdrawal is met by a claim where more is unclaimed than a part of a claim costs, and of dust later', async () => {
  const { clock, policy, look, claimed, stop } = await openGuarded(100n)
  await look()
  await expect.poll(claimed).toEqual([0n, 101n])
  await clock.advance(policy.claimAtLatestMs)
  await expect.poll(claimed).toEqual([100n, 101n])
  await stop()
})

test('nothing is dust while gas cannot be told', async () => {
  const { chain, look, claimed, stop } = await openGuarded(100n)
  chain.gasCost = async () => {
    throw new ChainError('chain/unreachable', 'The chain does not answer.')
  }
  await look()
  await expect.poll(claimed).toEqual([100n, 101n])
  await stop()
})

test('what holds more than a tenth of a cent is no dust however dear gas is', async () => {
  const guarded = await openGuarded(50_000n)
  const { chain, look, claimed, stop } = guarded
  const { channel, signer } = await addEarnings(guarded, 3, 10_000n, 1_001n)
  await chain.initiateWithdraw(channel.config, 10_000n, signer)
  await look()
  await expect.poll(async () => (await chain.channel(channel.channelId)).totalClaimed).toBe(1_001n)
  expect(await claimed()).toEqual([0n, 0n])
  await stop()
})

test('a job that nobody paid for is forgotten after three days, unless it is open', async () => {
  const hourMs = 3600_000
  const { store, jobs, clock, payer, look, stop } = await openGuarded(100n, { watchIntervalMs: hourMs })
  const jobOf = (number: number) => hubJob(number, payer, hubPayee(1), 10n)
  const [over, open] = [jobOf(1), jobOf(2)]
  for (const job of [over, open]) await store.addJob({ ...job, openedAtMs: clock.nowMs() })
  jobs.hold(open, null, { remotePeer: 'peer' } as FrameStream)
  await clock.advance(70 * hourMs)
  expect(await store.job(over.jobId)).not.toBeNull()
  await clock.advance(2 * hourMs)
  await look()
  await expect.poll(() => store.job(over.jobId)).toBeNull()
  expect(await store.job(open.jobId)).not.toBeNull()
  await stop()
})
