import { expect, it } from 'vitest'
import type { ClaimRecord, ServedJob } from '../roles/served-jobs.ts'
import { answerOf, fakeTab, offer } from './fake-tab.ts'
import { History } from './history.svelte.ts'
import { Receipts, rowsPerPage } from './receipts.svelte.ts'

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

function open(jobs: ServedJob[], claims: ClaimRecord[] = []) {
  const tab = fakeTab({ served: async () => ({ jobs: async () => jobs, claims: async () => claims }) })
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
