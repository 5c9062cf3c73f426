import { expect, test } from 'vitest'
import { addEarnings, openHubMoney } from '../../tests/fixtures/hub-money.ts'
import { ChainError } from '../../src/errors/index.ts'
import { maxStateAgeMs } from './channel-watch.ts'

async function openWatch() {
  const money = await openHubMoney()
  const payer = await addEarnings(money, 1, 10_000n, 1_000n)
  const { channelId, config } = payer.channel
  let reads = 0
  const channel = money.chain.channel.bind(money.chain)
  money.chain.channel = async (id) => {
    reads += 1
    return channel(id)
  }
  return { ...money, payer, channelId, config, reads: () => reads }
}

test('asks the chain once for what is asked of it again and again', async () => {
  const { watch, channelId, reads } = await openWatch()
  expect(await watch.coveredMicroUsd(channelId)).toBe(10_000n)
  expect(await watch.coveredMicroUsd(channelId)).toBe(10_000n)
  expect(reads()).toBe(1)
})

test('does not take the chain’s word for longer than a withdrawal can be hidden', async () => {
  const { watch, channelId, clock, chain } = await openWatch()
  await watch.coveredMicroUsd(channelId)
  chain.channel = () => Promise.reject(new ChainError('chain/unreachable', 'The chain does not answer.'))
  await clock.advance(maxStateAgeMs)
  expect(await watch.coveredMicroUsd(channelId)).toBe(10_000n)
  await clock.advance(1)
  await expect(watch.coveredMicroUsd(channelId)).rejects.toMatchObject({ code: 'chain/unreachable' })
  expect(watch.lastHeard(channelId)?.balance).toBe(10_000n)
})

test('covers nothing once a withdrawal is announced, and tells it once', async () => {
  const { watch, channelId, config, chain, payer, withdrawing } = await openWatch()
  await watch.refresh(channelId)
  await chain.initiateWithdraw(config, 5_000n, payer.signer)
  await watch.refresh(channelId)
  await watch.refresh(channelId)
  await expect(watch.coveredMicroUsd(channelId)).rejects.toMatchObject({ code: 'hub/withdrawing' })
  expect(withdrawing).toEqual([channelId])
})

test('a read that began before does not answer for what happened since', async () => {
  const { watch, channelId, config, chain, payer } = await openWatch()
  const channel = chain.channel.bind(chain)
  const held = Promise.withResolvers<void>()
  chain.channel = async (id) => {
    const state = await channel(id)
    await held.promise
    return state
  }
  const before = watch.refresh(channelId)
  await chain.faucet(config.payer, 500n)
  await chain.deposit(config, 500n, payer.signer)
  const after = watch.refresh(channelId)
  held.resolve()
  expect((await before).balance).toBe(10_000n)
  expect((await after).balance).toBe(10_500n)
})

test('reads many channels, and what cannot be read keeps what was heard last', async () => {
  const { watch, channelId, chain, reads } = await openWatch()
  await watch.refreshAll([channelId, `0x${'99'.repeat(32)}`])
  expect(reads()).toBe(2)
  chain.channel = () => Promise.reject(new ChainError('chain/unreachable', 'The chain does not answer.'))
  await watch.refreshAll([channelId])
  expect(watch.lastHeard(channelId)?.balance).toBe(10_000n)
})
