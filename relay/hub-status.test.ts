import { afterEach, expect, test, vi } from 'vitest'
import { ChainError } from '../src/errors/index.ts'
import { network } from '../tests/fixtures/jobs.ts'
import { hubStatus } from '../tests/fixtures/relay-health.ts'
import { HubStatusReader } from './hub-status.ts'
import type { FailingTasks } from './lasting-troubles.ts'

let reader: HubStatusReader
afterEach(() => reader.stop())

const { chainId, settlement, token } = network
const { account, spreadMillionths, failing } = hubStatus
const terms = { account, spreadMillionths, peerId: 'relay', chainId, settlement, token }

/** A reader of a hub whose chain says what the test wants. */
function open() {
  const said = {
    gasWei: 1_000_000n,
    freeMicroUsd: 5_000_000n,
    isSilent: false,
    failing: {} as Partial<FailingTasks>,
    reads: 0,
    reading: null as Promise<void> | null,
  }
  const answer = async <value>(value: value) => {
    if (said.isSilent) throw new ChainError('chain/unreachable', 'The chain cannot be reached.')
    return value
  }
  const figures = async () => {
    said.reads += 1
    await said.reading
    return answer({ ...hubStatus.figures!, freeMicroUsd: said.freeMicroUsd })
  }
  const chain = { gasBalance: () => answer(said.gasWei), gasCost: () => answer(1_000n) }
  reader = new HubStatusReader({
    hub: { terms, figures },
    network,
    chain,
    policy: { depositMicroUsd: 1_000_000n },
    troubles: { failing: () => ({ ...failing, ...said.failing }) },
  })
  return said
}

test('a hub that is well warns of nothing', async () => {
  open()
  await reader.read()
  expect(reader.status()).toMatchObject({ account, trouble: null, warnings: [] })
  expect(reader.status().figures).toMatchObject({ transactionsLeft: 1_000, jobsTotal: 12_345 })
})

test('it warns while gas or balance is low', async () => {
  const said = open()
  Object.assign(said, { gasWei: 199_000n, freeMicroUsd: 999_999n })
  await reader.read()
  expect(reader.status().warnings).toEqual(['gas-low', 'balance-low'])
})

test('it warns first of what keeps failing', async () => {
  const said = open()
  const failure = { code: 'storage/quota', sinceMs: 0 }
  Object.assign(said, { failing: { books: failure, backup: failure, claim: failure }, gasWei: 0n })
  await reader.read()
  expect(reader.status()).toMatchObject({
    failing: said.failing,
    warnings: ['books-failing', 'backup-failing', 'claim-failing', 'gas-low'],
  })
  said.failing = { books: failure }
  expect(reader.status().warnings).toEqual(['books-failing', 'gas-low'])
})

test('a chain that fails is told at once, and what is still being read is not asked for again', async () => {
  const said = open()
  const slow = Promise.withResolvers<void>()
  Object.assign(said, { isSilent: true, reading: slow.promise })
  const first = reader.read()
  await vi.waitFor(() => expect(reader.status().warnings).toEqual(['chain-silent']))
  const second = reader.read()
  expect(said.reads).toBe(1)
  slow.resolve()
  await Promise.all([first, second])
  await reader.read()
  expect(said.reads).toBe(2)
})

test('a silent chain leaves the figures as they were, and says since when', async () => {
  const said = open()
  await reader.read()
  said.isSilent = true
  await reader.read()
  const { trouble, warnings, figures } = reader.status()
  expect(trouble).toMatchObject({ code: 'chain/unreachable' })
  expect(warnings).toEqual(['chain-silent'])
  expect(figures?.jobsTotal).toBe(12_345)
  await reader.read()
  expect(reader.status().trouble?.sinceMs).toBe(trouble?.sinceMs)
  said.isSilent = false
  await reader.read()
  expect(reader.status()).toMatchObject({ trouble: null, warnings: [] })
})
