import { expect, test } from 'vitest'
import type { Signer } from '../../src/ports/index.ts'
import { createRequester } from '../../src/roles/ask/request.ts'
import { accounts } from '../fixtures/jobs.ts'
import { makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'

/** A market with one tab of two slots, whose engine stands still while the gate is shut. */
async function openSmallMarket() {
  let gate = Promise.withResolvers<void>()
  gate.resolve()
  const market = openMarket()
  const pause = async () => {
    await new Promise<void>((resolve) => setTimeout(resolve))
    await gate.promise
  }
  const tab = await market.joinProvider(accounts[2], { engine: { slots: 2, pause } })
  return {
    ...tab,
    market,
    shut: () => (gate = Promise.withResolvers<void>()),
    open: () => gate.resolve(),
    /** A tab that asks in the name of a wallet. */
    async join(wallet: Signer) {
      const { requester: _, ...joined } = await market.joinRequester()
      return createRequester({ ...joined, chain: market.chain, wallet })
    },
    jobs: () => tab.provider.status().jobs.length,
  }
}

test('the last slot is kept for another than who has one', async () => {
  const { join, shut, open, jobs, provider } = await openSmallMarket()
  const [first, twin, other] = await Promise.all([accounts[0], accounts[0], accounts[3]].map(join))
  shut()
  const answering = runAsk(first!.ask(makeAsk(), never))
  await expect.poll(jobs).toBe(1)
  await expect(runAsk(twin!.ask(makeAsk(), never))).rejects.toMatchObject({
    code: 'market/job-refused',
    details: 'market/provider-full',
  })
  const others = runAsk(other!.ask(makeAsk(), never))
  await expect.poll(jobs).toBe(2)
  open()
  const answers = await Promise.all([answering, others])
  expect(answers.map(({ error }) => error)).toEqual([null, null])
  await provider.stop()
})

test('who asks one thing after the other always finds it free', async () => {
  const { join, provider } = await openSmallMarket()
  const requester = await join(accounts[0])
  for (let question = 0; question < 3; question++) {
    expect((await runAsk(requester.ask(makeAsk(), never))).error).toBeNull()
  }
  await provider.stop()
})

test('who is turned away so goes to the next tab', async () => {
  const { join, shut, open, jobs, provider, peerId, market } = await openSmallMarket()
  const next = await market.joinProvider(accounts[3], { engine: { tokensPerSecond: 10 } })
  const [first, twin] = await Promise.all([accounts[0], accounts[0]].map(join))
  shut()
  const answering = runAsk(first!.ask(makeAsk(), never))
  await expect.poll(jobs).toBe(1)
  const dialled: string[] = []
  const answer = await runAsk(twin!.ask(makeAsk(), never), (event) => {
    if (event.type === 'dialling') dialled.push(event.offer.peerId)
  })
  expect([dialled, answer.error]).toEqual([[peerId, next.peerId], null])
  open()
  await answering
  await Promise.all([provider.stop(), next.provider.stop()])
})
