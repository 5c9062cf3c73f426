import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Hex } from '../../src/domain/bytes.ts'
import { withSpread } from '../../src/domain/hub.ts'
import type { ChatTerms } from '../../src/domain/job.ts'
import { codeOf, type HandRequester } from '../fixtures/hub-ends.ts'
import { longJob, sendJob } from '../fixtures/hub-provider.ts'
import { makeTerms } from '../fixtures/jobs.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { depositMicroUsd, openTrial, type Trial } from '../fixtures/trial.ts'

let local: LocalChain

beforeAll(async () => {
  local = await startLocalChain()
})

afterAll(() => local.stop())

/** 32 tokens at two micro-dollars: the most that is ever unpaid, once the prompt is paid. */
const chunkMicroUsd = 64n

type Way = 'through the hub' | 'directly'
const ways: [Way][] = [['through the hub'], ['directly']]

/** What came of one answer that a requester by hand paid as it liked. */
type Taken = { tokens: number; chargeMicroUsd: bigint; paidMicroUsd: bigint; refusal: string | null }

let jobs = 0

/** Takes an answer; `pays` is asked after each token whether the requester pays for all that came. */
async function take(
  trial: Trial,
  requester: HandRequester,
  way: Way,
  pays: (tokens: number) => boolean | Promise<boolean>,
  change: Partial<ChatTerms> = {},
): Promise<Taken> {
  const { seller, clock } = trial
  const { channelId, transport } = requester
  const provider = seller.wallet.address
  const job = way === 'through the hub' ? await requester.open({ provider, ceilingMicroUsd: 5_000n }) : null
  const jobId = job?.jobId ?? (`0x${(++jobs).toString(16).padStart(64, '0')}` as Hex)
  const terms = makeTerms({ ...longJob, ...change, jobId, channelId, provider })
  let paidMicroUsd = 0n
  let isCut = false
  const where = { transport, clock, peerId: seller.peerId }
  const outcome = await sendJob(where, terms, requester, async (charge, tokens, end) => {
    if (isCut || !(await pays(tokens))) return
    isCut = job !== null && codeOf(await job.pay(charge)) !== 'paid'
    if (isCut) return
    if (!job) await end.write({ type: 'voucher', voucher: await requester.promise(charge - paidMicroUsd) })
    paidMicroUsd = charge
  })
  await job?.close()
  await expect.poll(() => seller.provider.status().jobs, { timeout: 20_000 }).toEqual([])
  const chargeMicroUsd = outcome.receipt?.chargeMicroUsd ?? 0n
  return { tokens: outcome.tokens, chargeMicroUsd, paidMicroUsd, refusal: outcome.refusal }
}

/** What all gained where a requester paid its answers so much, to the micro-dollar: a spread is rounded per answer. */
function gainsOf(trial: Trial, way: Way, ...answers: Taken[]) {
  const hub = way === 'through the hub' ? trial.hub.terms : null
  const provider = sumOf(answers, ({ paidMicroUsd }) => paidMicroUsd)
  const requester = sumOf(answers, ({ paidMicroUsd }) => withSpread(paidMicroUsd, hub))
  return { requester: -requester, hub: requester - provider, provider }
}

const sumOf = (answers: Taken[], of: (answer: Taken) => bigint) =>
  answers.reduce((total, answer) => total + of(answer), 0n)

const channelTo = (trial: Trial, way: Way) =>
  trial.joinHand(way === 'directly' ? trial.seller.wallet.address : undefined)

describe.each(ways)('a requester that pays %s', (way) => {
  test('for nothing gets a long prompt read and one token, and no token more', async () => {
    const trial = await openTrial(local)
    const requester = await channelTo(trial, way)
    const messages = [{ role: 'user' as const, content: 'x'.repeat(982) }]
    const answer = await take(trial, requester, way, () => false, { messages })
    expect(answer.tokens).toBe(1)
    expect(answer.chargeMicroUsd).toBe(1_000n + 2n)
    const again = await take(trial, requester, way, () => false, { messages })
    expect(again).toMatchObject({ tokens: 0, refusal: 'This channel left earlier answers unpaid.' })
    expect(await trial.settle()).toEqual({ requester: 0n, hub: 0n, provider: 0n })
  })

  test('and stops paying mid-answer costs the provider one chunk', async () => {
    const trial = await openTrial(local)
    const requester = await channelTo(trial, way)
    const answer = await take(trial, requester, way, (n) => n === 1)
    expect(answer.tokens).toBe(33)
    expect(answer.chargeMicroUsd - answer.paidMicroUsd).toBe(chunkMicroUsd)
    expect(await trial.settle()).toEqual(gainsOf(trial, way, answer))
  })

  test('and does so again and again costs no more than that, and a twentieth of what it paid', async () => {
    const trial = await openTrial(local)
    const requester = await channelTo(trial, way)
    const answers: Taken[] = []
    // It pays for nearly all, three times over, to be trusted with a last chunk.
    for (const paysUntil of [65, 65, 65, 1, 1, 1]) {
      answers.push(await take(trial, requester, way, (n) => n <= paysUntil && n % 16 === 1))
    }
    const paid = sumOf(answers, ({ paidMicroUsd }) => paidMicroUsd)
    const unpaid = sumOf(answers, ({ chargeMicroUsd }) => chargeMicroUsd) - paid
    expect(unpaid).toBeGreaterThan(0n)
    expect(unpaid).toBeLessThanOrEqual(chunkMicroUsd + paid / 20n)
    expect(answers.at(-1)!.refusal).toBe('This channel left earlier answers unpaid.')
    expect(await trial.settle()).toEqual(gainsOf(trial, way, ...answers))
  })

  test('and takes its money back mid-answer pays for all that it was served but the last chunk', async () => {
    const trial = await openTrial(local)
    const requester = await channelTo(trial, way)
    const { wallet, config } = requester.payer
    // Far too little to claim for any other reason.
    trial.gas.wei = 10n ** 18n
    const over = new AbortController()
    const guarding = trial.guardSeller(over.signal)
    const answer = await take(trial, requester, way, async (n) => {
      if (n === 33) {
        await trial.chain.initiateWithdraw(config, depositMicroUsd, wallet)
        await trial.clock.sleep(10_000)
      }
      return n % 16 === 1
    })
    expect(answer.chargeMicroUsd - answer.paidMicroUsd).toBeLessThanOrEqual(chunkMicroUsd)
    const claimed = async () => (await trial.chain.channel(requester.channelId)).totalClaimed
    const { requester: lost } = gainsOf(trial, way, answer)
    await expect.poll(claimed, { timeout: 20_000 }).toBe(-lost)
    trial.gas.wei = 0n
    over.abort()
    await guarding
    await local.advance(config.withdrawDelay)
    await trial.chain.finalizeWithdraw(config, wallet)
    expect((await trial.chain.channel(requester.channelId)).balance).toBe(-lost)
    expect(await trial.settle()).toEqual(gainsOf(trial, way, answer))
  })
})
