import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answerOf, fakeTab, offer } from '../../tests/fixtures/fake-tab.ts'
import type { Hex } from '../domain/bytes.ts'
import { ChainError } from '../errors/index.ts'
import type { ClaimSeen } from '../ports/chain.ts'
import type { ClaimRecord, ServedJob } from '../roles/provide/served-jobs.ts'
import { History } from './history.svelte.ts'
import { Receipts, rowsPerPage } from './receipts.svelte.ts'
import type { Tab } from './tab.ts'

const channelId = '0xc1'

function job(at: number, promisedMicroUsd: bigint): ServedJob {
  const receipt = {
    jobId: `0x${at}`,
    termsHash: '0x01',
    provider: offer.provider,
    channelId,
    modelId: offer.modelId,
    arithmeticId: offer.arithmeticId,
    promptHash: '0x02',
    outputHead: '0x03',
    tokens: { promptTokens: 1, completionTokens: 2 },
    chargeMicroUsd: 3n,
    finishReason: 'stop',
    issuedAtSeconds: at,
  } as const
  return {
    jobId: receipt.jobId,
    atMs: at,
    channelId,
    hub: null,
    paidMicroUsd: 3n,
    promisedMicroUsd,
    receipt: { receipt, signature: '0x04' },
  }
}

const claim = (atMs: number, total: bigint): ClaimRecord => ({
  atMs,
  transaction: `0xa${atMs}`,
  settledMicroUsd: total,
  feeMicroUsd: 0n,
  channels: [{ channelId, totalClaimedMicroUsd: total }],
})

function open(jobs: ServedJob[], claims: ClaimRecord[] = [], parts: Partial<Tab> = {}) {
  const served = async () => ({ jobs: async () => jobs, claims: async () => claims })
  const tab = fakeTab({ served, ...parts })
  const history = new History(tab)
  return { tab, history, receipts: new Receipts(tab, history) }
}

it('lists what was asked and what was answered together, newest first', async () => {
  const { receipts, history } = open([job(1, 3n), job(2, 6n)])
  await history.addAnswer('Fixture', answerOf('Bees fly.', 5))
  await receipts.load()
  expect(receipts.rows.map(({ side }) => side)).toEqual(['asked', 'answered', 'answered'])
  expect(receipts.rows.map(({ amountMicroUsd }) => amountMicroUsd)).toEqual([5n, 3n, 3n])
  receipts.show('asked')
  expect(receipts.shown).toMatchObject([{ side: 'asked', modelName: 'Fixture' }])
})

it('reads the whole answer only when a row is opened, also in a later visit', async () => {
  const { tab, history } = open([])
  await history.addAnswer('Fixture', answerOf('Bees fly.', 5))
  const later = new Receipts(tab, new History(tab))
  await later.load()
  await later.load()
  expect(later.rows).toHaveLength(1)
  const [row] = later.rows
  expect(row && (await later.answer(row))?.text).toBe('Bees fly.')
})

it('turns pages of thousands, and stays within them', async () => {
  const { receipts } = open(Array.from({ length: 3_001 }, (_, at) => job(at, BigInt(at))))
  await receipts.load()
  expect(receipts.shown).toHaveLength(rowsPerPage)
  expect(receipts.shown[0]?.atMs).toBe(3_000)
  receipts.turn(receipts.pages + 5)
  expect(receipts.shown.at(-1)?.atMs).toBe(0)
  receipts.turn(-receipts.pages - 5)
  expect(receipts.page).toBe(0)
  receipts.turn(2)
  receipts.show('answered')
  expect(receipts.page).toBe(0)
})

it('names the first claim that reached what a channel promised with the answer', async () => {
  const { receipts } = open([job(1, 10n), job(2, 20n), job(3, 30n)], [claim(6, 20n), claim(5, 15n)])
  await receipts.load()
  const claimedAt = receipts.rows.map((row) => receipts.claimOf(row)?.atMs ?? null)
  expect(claimedAt).toEqual([null, 6, 5])
})

it('reads again once more was claimed, and not before', async () => {
  const claims: ClaimRecord[] = []
  let reads = 0
  const served = { jobs: async () => (reads++, [job(1, 10n)]), claims: async () => [...claims] }
  const { receipts } = open([], [], { served: async () => served })
  // What was never read is read by whoever shows it.
  claims.push(claim(5, 4n))
  await receipts.follow()
  expect(reads).toBe(0)
  await receipts.load()
  await receipts.follow()
  expect(reads).toBe(1)
  claims.unshift(claim(6, 10n))
  await receipts.follow()
  await receipts.follow()
  expect(reads).toBe(2)
  expect(receipts.rows.map((row) => receipts.claimOf(row)?.atMs)).toEqual([6])
})

describe('what was asked', () => {
  const paidFrom: Hex = '0xc2'
  const startedAtMs = Date.UTC(2026, 10, 29)

  beforeEach(() => void vi.useFakeTimers({ now: startedAtMs, toFake: ['Date'] }))
  afterEach(() => void vi.useRealTimers())

  /** Adds an answer whose voucher promised so much on the channel. */
  function addAnswer(history: History, promised: bigint, from: Hex = paidFrom) {
    const answer = answerOf('Bees fly.', 5)
    const voucher = { channelId: from, maxClaimableAmount: promised, signature: '0x05' } as const
    return history.addAnswer('Fixture', { ...answer, terms: { ...answer.terms, channelId: from }, voucher })
  }

  function addDeposit(history: History, transaction: Hex | null, into?: Hex) {
    const made = { amountMicroUsd: 100n, feeMicroUsd: 1n, transaction, ...(into && { channelId: into }) }
    return history.addFunding({ type: 'funding', stage: 'deposited', ...made })
  }

  const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

  const seen = (transaction: Hex, totalClaimed: bigint): ClaimSeen => ({
    transaction,
    atSeconds: startedAtMs / 1000 + 60,
    totalClaimed,
  })

  /** A chain on which these claims were made; `asked` is since when it was searched, by channel. */
  function chainWith(claims: ClaimSeen[]) {
    const asked: [Hex, number][] = []
    const claimsOn: Tab['claimsOn'] = async (channel, sinceSeconds) => {
      asked.push([channel, sinceSeconds])
      return channel === paidFrom ? claims : []
    }
    return { asked, claimsOn }
  }

  it('names the last deposit into its channel before the answer ended', async () => {
    const { receipts, history } = open([])
    await addDeposit(history, '0xd1', paidFrom)
    await addDeposit(history, '0xd9', '0xc9')
    later(1_000)
    await addAnswer(history, 10n)
    later(1_000)
    await addDeposit(history, '0xd2', paidFrom)
    await addAnswer(history, 20n)
    await receipts.load()
    expect(receipts.rows.map((row) => receipts.depositOf(row)?.transaction)).toEqual(['0xd2', '0xd1'])
  })

  it('names no deposit that nobody told the channel or the transaction of, and none for what was answered', async () => {
    const { receipts, history } = open([job(startedAtMs + 1, 3n)])
    await addDeposit(history, null, channelId)
    await addDeposit(history, '0xd1')
    await addDeposit(history, '0xd2', channelId)
    later(1)
    await addAnswer(history, 10n)
    await receipts.load()
    expect(receipts.rows.map(({ side }) => side).toSorted()).toEqual(['answered', 'asked'])
    expect(receipts.rows.map((row) => receipts.depositOf(row))).toEqual([null, null])
  })

  it('names the first claim on the chain that reached it, and asks for no more than that takes', async () => {
    const chain = chainWith([seen('0xa1', 10n), seen('0xa2', 25n)])
    const { receipts, history } = open([], [], chain)
    for (const promised of [10n, 20n, 30n]) {
      await addAnswer(history, promised)
      later(1_000)
    }
    await receipts.load()
    const claimed = receipts.rows.map((row) => receipts.claimOf(row)?.transaction ?? null)
    expect(claimed).toEqual([null, '0xa2', '0xa1'])
    expect(chain.asked).toEqual([[paidFrom, startedAtMs / 1000 - 600]])
    await receipts.load()
    expect(chain.asked).toHaveLength(1)
  })

  it('keeps what it found, and looks on from the answers that are open', async () => {
    const { tab, receipts, history } = open([], [], chainWith([seen('0xa1', 10n)]))
    await addAnswer(history, 10n)
    await receipts.load()

    later(3_600_000)
    await addAnswer(history, 20n)
    const chain = chainWith([seen('0xa2', 20n)])
    const again = new Receipts({ ...tab, ...chain }, new History(tab))
    await again.load()
    expect(again.rows.map((row) => again.claimOf(row)?.transaction)).toEqual(['0xa2', '0xa1'])
    expect(chain.asked).toEqual([[paidFrom, startedAtMs / 1000 + 3000]])

    const done = chainWith([])
    const afterwards = new Receipts({ ...tab, ...done }, new History(tab))
    await afterwards.load()
    expect(afterwards.rows.map((row) => afterwards.claimOf(row)?.transaction)).toEqual(['0xa2', '0xa1'])
    expect(done.asked).toEqual([])
  })

  it('is listed all the same while the chain does not answer, and looked for again', async () => {
    let isThere = false
    const { claimsOn } = chainWith([seen('0xa1', 10n)])
    const { receipts, history } = open([], [], {
      claimsOn: async (...args) => {
        if (isThere) return claimsOn(...args)
        throw new ChainError('chain/unreachable', 'The chain does not answer.')
      },
    })
    await addAnswer(history, 10n)
    await receipts.load()
    const claimed = () => receipts.rows.map((row) => receipts.claimOf(row)?.transaction ?? null)
    expect(claimed()).toEqual([null])
    expect(receipts.failure).toBeNull()
    isThere = true
    later(60_000)
    await receipts.load()
    expect(claimed()).toEqual(['0xa1'])
  })

  it('is not mixed up with what was claimed here', async () => {
    const { receipts, history } = open([], [claim(5, 100n)])
    await addAnswer(history, 10n, channelId)
    await receipts.load()
    expect(receipts.rows.map((row) => receipts.claimOf(row))).toEqual([null])
  })
})
