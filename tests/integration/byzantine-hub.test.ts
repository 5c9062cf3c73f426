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

/** 32 tokens at two micro-dollars: the most that is ever unpaid, once the prompt is paid. */
const chunkMicroUsd = 64n

describe('a hub that keeps vouchers to itself', () => {
  /** The prompt costs 19; a token costs two, and the hub takes two hundredths on top. */
  test.each([
    ['and says nothing', () => withholding(false), 21n, 0n],
    ['and says that it handed them on', () => withholding(true), 21n, 0n],
    ['and says that they are used up', () => insatiable(), 42n, 0n],
    ['but the first, and says nothing', () => withholding(false, 1), 54n, 21n],
    ['but the first, and says that it handed them on', () => withholding(true, 1), 86n, 21n],
  ])(
    '%s: neither the requester nor the provider loses more than a chunk',
    async (_name, fault, paid, handed) => {
      const line = fault()
      const trial = await openTrial(local, { between: { [hubPayProtocol.id]: line } })
      const buyer = await trial.joinBuyer()
      const answer = await runAsk(buyer.requester.ask(makeAsk(longJob), never))
      expect(answer.error?.code).toBe('hub/unpaid')
      const { promptTokens, completionTokens } = answer.tokens
      const { chain, hubAccount, hub } = trial
      const loot = { config: answer.channel, voucher: line.voucher!, totalClaimed: line.taken }
      await chain.claim([loot], hubAccount)
      expect(await trial.settle()).toEqual({ requester: -paid, hub: paid - handed, provider: handed })
      const worth = chargeMicroUsd({ promptTokens, completionTokens }, price)
      expect(paid - withSpread(worth, hub.terms)).toBeLessThanOrEqual(chunkMicroUsd)
      // Who hands nothing on gets the prompt read for one token.
      const ahead = handed > 0n ? chunkMicroUsd : chargeMicroUsd({ promptTokens, completionTokens: 1 }, price)
      expect(worth - handed).toBe(ahead)
    },
  )
})

test('a hub that announces jobs of made-up requesters and never pays gets eight chunks and one more job a day', async () => {
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
  const messages = [{ role: 'user' as const, content: 'x'.repeat(82) }]
  const takeForNothing = async (jobId: Hex) => {
    const requester = await trial.joinHand(trial.hubAccount.address, jobId, 0n)
    const { channelId, transport } = requester
    await line!.write(encodeFrame({ type: 'job', jobId, channelId, ceilingMicroUsd: 5_000n }))
    const terms = makeTerms({ ...longJob, jobId, channelId, provider, maxTokens: 60, messages })
    const outcome = await sendJob({ transport, clock, peerId: seller.peerId }, terms, requester)
    await expect.poll(() => seller.provider.status().jobs, { timeout: 20_000 }).toEqual([])
    return outcome
  }
  let lost = 0n
  const refusals: (string | null)[] = []
  for (let n = 1; n <= 7; n++) {
    const { receipt, refusal } = await takeForNothing(`0x${n.toString(16).padStart(64, 'e')}`)
    lost += receipt?.chargeMicroUsd ?? 0n
    refusals.push(refusal)
  }
  // Each takes 100 for the prompt and two for its token; from 8 × 64 on nothing more is served.
  expect(lost).toBe(6n * 102n)
  expect(lost).toBeLessThan(8n * chunkMicroUsd + 102n)
  expect(refusals.slice(6)).toEqual(['The hub left too many answers unpaid today.'])
  clock.skip(24 * 3600_000)
  expect((await takeForNothing(`0x${'ef'.repeat(32)}`)).refusal).toBeNull()
  expect(await trial.settle()).toEqual({ requester: 0n, hub: 0n, provider: 0n })
})
