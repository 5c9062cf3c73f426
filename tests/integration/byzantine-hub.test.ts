import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withSpread } from '../../src/domain/hub.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import { hubPayProtocol } from '../../src/protocol/protocols.ts'
import { insatiable, withholding } from '../fixtures/hub-faults.ts'
import { longJob } from '../fixtures/hub-provider.ts'
import { price } from '../fixtures/jobs.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { makeAsk, never, runAsk } from '../fixtures/market.ts'
import { openTrial } from '../fixtures/trial.ts'

let local: LocalChain

beforeAll(async () => {
  local = await startLocalChain()
})

afterAll(() => local.stop())

/** 64 tokens at two micro-dollars: what a provider serves ahead of its payment. */
const windowMicroUsd = 128n

describe('a hub that keeps vouchers to itself', () => {
  /** The prompt costs 19; a token costs two, and the hub takes two hundredths on top. */
  test.each([
    ['and says nothing', () => withholding(false), { paid: 21n, tokens: 64 }],
    ['and says that it handed them on', () => withholding(true), { paid: 86n, tokens: 64 }],
    ['and says that they are used up', () => insatiable(), { paid: 42n, tokens: 33 }],
  ])(
    '%s: the requester pays for less than it got, the provider loses its window',
    async (_name, fault, due) => {
      const line = fault()
      const trial = await openTrial(local, { between: { [hubPayProtocol.id]: line } })
      const buyer = await trial.joinBuyer()
      const answer = await runAsk(buyer.requester.ask(makeAsk(longJob), never))
      expect(answer.error?.code).toBe('hub/unpaid')
      const { promptTokens, completionTokens } = answer.tokens
      expect(completionTokens).toBeLessThanOrEqual(due.tokens)
      const { chain, hubAccount, hub } = trial
      const loot = { config: answer.channel, voucher: line.voucher!, totalClaimed: line.taken }
      await chain.claim([loot], hubAccount)
      expect(await trial.settle()).toEqual({ requester: -due.paid, hub: due.paid, provider: 0n })
      const worth = chargeMicroUsd({ promptTokens, completionTokens }, price)
      expect(due.paid).toBeLessThanOrEqual(withSpread(worth, hub.terms))
      const ahead = chargeMicroUsd({ promptTokens, completionTokens: 0 }, price) + windowMicroUsd
      expect(worth).toBeLessThanOrEqual(ahead)
    },
  )
})
