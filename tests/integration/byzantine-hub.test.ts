import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Hex } from '../../src/domain/bytes.ts'
import { withSpread } from '../../src/domain/hub.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import type { FrameStream } from '../../src/ports/index.ts'
import { encodeFrame } from '../../src/protocol/frame-codec.ts'
import { hubEarnProtocol, hubPayProtocol } from '../../src/protocol/protocols.ts'
import { bound, insatiable, withholding } from '../fixtures/hub-faults.ts'
import type { Between } from '../fixtures/hub-market.ts'
import { longJob, sendJob } from '../fixtures/hub-provider.ts'
import { makeTerms, price } from '../fixtures/jobs.ts'
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

test('a hub that announces jobs of made-up requesters and never pays gets eight windows and one more job a day', async () => {
  let line: FrameStream | null = null
  const listen: Between = async (stream, answer) => {
    line = stream
    await answer(bound(stream))
  }
  const trial = await openTrial(local, { between: { [hubEarnProtocol.id]: listen } })
  const { seller, clock } = trial
  const provider = seller.wallet.address
  const [channel] = await seller.vouchers.channels('receiver')
  await trial.chain.deposit(channel!.config, 1_000_000n, trial.hubAccount)
  const takeForNothing = async (jobId: Hex) => {
    const requester = await trial.joinHand(trial.hubAccount.address, jobId, 0n)
    const { channelId, transport } = requester
    await line!.write(encodeFrame({ type: 'job', jobId, channelId, ceilingMicroUsd: 5_000n }))
    const terms = makeTerms({ ...longJob, jobId, channelId, provider, maxTokens: 60 })
    const outcome = await sendJob({ transport, clock, peerId: seller.peerId }, terms, requester)
    await expect.poll(() => seller.provider.status().jobs, { timeout: 20_000 }).toEqual([])
    return outcome
  }
  let lost = 0n
  const refusals: (string | null)[] = []
  for (let n = 1; n <= 9; n++) {
    const { receipt, refusal } = await takeForNothing(`0x${n.toString(16).padStart(64, 'e')}`)
    lost += receipt?.chargeMicroUsd ?? 0n
    refusals.push(refusal)
  }
  // Each takes 19 for the prompt and 120 for its tokens; from 8 × 128 on nothing more is served.
  expect(lost).toBe(8n * 139n)
  expect(lost).toBeLessThan(8n * windowMicroUsd + 139n)
  expect(refusals.slice(8)).toEqual(['The hub left too many answers unpaid today.'])
  clock.skip(24 * 3600_000)
  expect((await takeForNothing(`0x${'ef'.repeat(32)}`)).refusal).toBeNull()
  expect(await trial.settle()).toEqual({ requester: 0n, hub: 0n, provider: 0n })
})
