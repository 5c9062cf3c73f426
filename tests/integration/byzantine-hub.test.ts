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

/** 32 of them, with the hub's two hundredths on top. */
const chunkMicroUsd = 65n

describe('a hub that keeps vouchers to itself', () => {
  /** The prompt costs 19; a token costs two, and the hub takes two hundredths on top. */
  test.each([
    ['and says nothing', () => withholding(false), 21n],
    ['and says that it handed them on', () => withholding(true), 86n],
    ['and says that they are used up', () => insatiable(), 42n],
  ])('%s: the requester loses no chunk, the provider no more than its window', async (_name, fault, paid) => {
    const line = fault()
    const trial = await openTrial(local, { between: { [hubPayProtocol.id]: line } })
    const buyer = await trial.joinBuyer()
    const answer = await runAsk(buyer.requester.ask(makeAsk(longJob), never))
    expect(answer.error?.code).toBe('hub/unpaid')
    const { promptTokens, completionTokens } = answer.tokens
    const { chain, hubAccount, hub } = trial
    const loot = { config: answer.channel, voucher: line.voucher!, totalClaimed: line.taken }
    await chain.claim([loot], hubAccount)
    expect(await trial.settle()).toEqual({ requester: -paid, hub: paid, provider: 0n })
    const worth = chargeMicroUsd({ promptTokens, completionTokens }, price)
    expect(paid - withSpread(worth, hub.terms)).toBeLessThanOrEqual(chunkMicroUsd)
    const ahead = chargeMicroUsd({ promptTokens, completionTokens: 0 }, price) + windowMicroUsd
    expect(worth).toBeLessThanOrEqual(ahead)
  })
})
