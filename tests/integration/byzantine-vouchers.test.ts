import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Voucher } from '../../src/domain/channel.ts'
import { sessionSalt } from '../../src/domain/session.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import { encodeFrame, parseFrame } from '../../src/protocol/frame-codec.ts'
import { hubEarnEventSchema } from '../../src/protocol/hub-messages.ts'
import { hubEarnProtocol } from '../../src/protocol/protocols.ts'
import { type Forgery, type ForgeryName, forgeries } from '../fixtures/forge-voucher.ts'
import { codeOf, type HandRequester } from '../fixtures/hub-ends.ts'
import { bound } from '../fixtures/hub-faults.ts'
import type { Between } from '../fixtures/hub-market.ts'
import { longJob, sendJob } from '../fixtures/hub-provider.ts'
import { makeTerms } from '../fixtures/jobs.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { makeAsk, never, runAsk } from '../fixtures/market.ts'
import { depositMicroUsd, openTrial, type Trial } from '../fixtures/trial.ts'

let local: LocalChain

beforeAll(async () => {
  local = await startLocalChain()
})

afterAll(() => local.stop())

/** 32 tokens at two micro-dollars: the most that is ever unpaid, once the prompt is paid. */
const chunkMicroUsd = 64n

/** What a requester by hand would lie with, after `first` was taken. */
const forgeryOf = ({ payer }: HandRequester, first: Voucher): Forgery => ({
  network: local.network,
  signer: payer.session,
  first,
  amount: first.maxClaimableAmount + 64n,
  balance: depositMicroUsd,
})

/** A session that ends soon: in ten minutes of the trial's clock, which can be put forward. */
const sessionMs = 600_000
const endingSession = ({ clock }: Trial, mark: number) =>
  sessionSalt(new Uint8Array(23).fill(mark), Math.floor((clock.nowMs() + sessionMs) / 1000))

describe('requester to hub: a voucher that is', () => {
  /** Pays 1,000 through the hub honestly, then asks it to hand on as much again for a lie. */
  async function lieToHub(
    trial: Trial,
    requester: HandRequester,
    forge: (honest: Forgery) => Promise<Voucher>,
  ) {
    const job = await requester.open({ provider: trial.seller.wallet.address, ceilingMicroUsd: 5_000n })
    expect(codeOf(await job.pay(1_000n))).toBe('paid')
    await expect.poll(trial.heldBySeller).toBe(1_000n)
    const first = await signVoucher(requester.channelId, 1_020n, local.network, requester.payer.session)
    return codeOf(await job.send(2_000n, await forge(forgeryOf(requester, first))))
  }
  const honestGains = { requester: -1_020n, hub: 20n, provider: 1_000n }

  test.each<[ForgeryName, string]>([
    ['the same again', 'ledger/unattributed'],
    ['a lower one', 'ledger/unattributed'],
    ['of another chain', 'ledger/bad-signature'],
    ['of another contract', 'ledger/bad-signature'],
    ['of another channel', 'ledger/voucher-foreign'],
    ['above what the channel holds', 'ledger/over-balance'],
    ['signed by somebody else', 'ledger/bad-signature'],
    ['with its signature mirrored (high s)', 'ledger/bad-signature'],
    ['with a signature that is too short', 'protocol/malformed'],
  ])('%s is refused, and moves no micro-dollar', async (name, code) => {
    const trial = await openTrial(local)
    expect(await lieToHub(trial, await trial.joinHand(), forgeries[name])).toBe(code)
    expect(await trial.settle()).toEqual(honestGains)
  })

  test("signed after its session key's end is refused, and moves no micro-dollar", async () => {
    const trial = await openTrial(local)
    const requester = await trial.joinHand(undefined, endingSession(trial, 1))
    const code = await lieToHub(trial, requester, ({ first, amount, network, signer }) => {
      trial.clock.skip(sessionMs)
      return signVoucher(first.channelId, amount, network, signer)
    })
    expect(code).toBe('ledger/session-over')
    expect(await trial.settle()).toEqual(honestGains)
  })
})

describe('requester to provider directly: a voucher that is', () => {
  /** Pays for the first token honestly, then lies once the next voucher is due. */
  async function lieToProvider(
    trial: Trial,
    requester: HandRequester,
    forge: (honest: Forgery) => Promise<Voucher>,
  ) {
    const { peerId, wallet } = trial.seller
    const { channelId, transport, payer } = requester
    const terms = makeTerms({ ...longJob, channelId, provider: wallet.address })
    let first: Voucher | null = null
    const outcome = await sendJob(
      { transport, clock: trial.clock, peerId },
      terms,
      requester,
      async (charge, tokens, end) => {
        if (tokens === 1) {
          first = await signVoucher(channelId, charge, local.network, payer.session)
          await end.write({ type: 'voucher', voucher: first })
        }
        if (tokens === 17)
          await end.write({ type: 'voucher', voucher: await forge(forgeryOf(requester, first!)) })
      },
    )
    expect(outcome.refusal).toBeNull()
    const last = outcome.frames.at(-1)
    const code = last?.type === 'receipt' ? (last.error?.code ?? null) : 'no receipt'
    return { code, outcome, paid: (first as Voucher | null)!.maxClaimableAmount }
  }

  async function expectChunk(trial: Trial, { outcome, paid }: Awaited<ReturnType<typeof lieToProvider>>) {
    expect(outcome.receipt?.finishReason).toBe('unpaid')
    expect(outcome.receipt!.chargeMicroUsd - paid).toBeLessThanOrEqual(chunkMicroUsd)
    expect(await trial.settle()).toEqual({ requester: -paid, hub: 0n, provider: paid })
  }

  test.each<[ForgeryName, string | null]>([
    ['the same again', null],
    ['a lower one', 'ledger/voucher-replayed'],
    ['of another chain', 'ledger/bad-signature'],
    ['of another contract', 'ledger/bad-signature'],
    ['of another channel', 'ledger/voucher-foreign'],
    ['above what the channel holds', 'ledger/over-balance'],
    ['signed by somebody else', 'ledger/bad-signature'],
    ['with its signature mirrored (high s)', 'ledger/bad-signature'],
    ['with a signature that is too short', 'protocol/malformed'],
  ])('%s ends the answer within the chunk', async (name, code) => {
    const trial = await openTrial(local)
    const requester = await trial.joinHand(trial.seller.wallet.address)
    const lie = await lieToProvider(trial, requester, forgeries[name])
    expect(lie.code).toBe(code)
    await expectChunk(trial, lie)
  })

  test("signed after its session key's end ends the answer within the chunk", async () => {
    const trial = await openTrial(local)
    const requester = await trial.joinHand(trial.seller.wallet.address, endingSession(trial, 2))
    const lie = await lieToProvider(trial, requester, ({ first, amount, network, signer }) => {
      trial.clock.skip(sessionMs)
      return signVoucher(first.channelId, amount, network, signer)
    })
    expect(lie.code).toBe('ledger/session-over')
    await expectChunk(trial, lie)
  })
})

describe('hub to provider: a voucher that is', () => {
  /** A hub that pays honestly for the first token of a job, and then with lies. */
  function lyingAbout(
    forge: (honest: Forgery) => Promise<Voucher>,
  ): Between & { signer: Forgery['signer'] | null } {
    let first: Voucher | null = null
    const between: Between = async (stream, answer) => {
      const write = async (frame: Uint8Array) => {
        const event = parseFrame(hubEarnEventSchema, frame)
        if (event.type === 'registered') return stream.write(encodeFrame({ ...event, voucher: first }))
        if (event.type !== 'pay') return stream.write(frame)
        if (first === null) first = event.voucher
        if (event.voucher.maxClaimableAmount === first.maxClaimableAmount) return stream.write(frame)
        const { network } = local
        const amount = event.voucher.maxClaimableAmount
        const voucher = await forge({ network, signer: line.signer!, first, amount, balance: 1_000_000n })
        await stream.write(encodeFrame({ ...event, voucher }))
      }
      await answer({ ...bound(stream), write })
    }
    const line = Object.assign(between, { signer: null as Forgery['signer'] | null })
    return line
  }

  test.each<[ForgeryName]>((Object.keys(forgeries) as ForgeryName[]).map((name) => [name]))(
    '%s earns the hub one chunk of answers, and costs the requester nothing',
    async (name) => {
      const line = lyingAbout(forgeries[name])
      const trial = await openTrial(local, { between: { [hubEarnProtocol.id]: line } })
      line.signer = trial.hubAccount
      const buyer = await trial.joinBuyer()
      const answer = await runAsk(buyer.requester.ask(makeAsk(longJob), never))
      expect(answer.error?.code).toBe('hub/unpaid')
      const { requester, provider, hub } = await trial.settle()
      expect(requester).toBe(-answer.chargeMicroUsd)
      const served = answer.receipt!.receipt.chargeMicroUsd
      expect(served - provider).toBe(chunkMicroUsd)
      expect(requester + hub + provider).toBe(0n)
    },
  )
})
