import { beforeEach, expect, test } from 'vitest'
import { createTestRegistry, modelIdOf, publisherOf } from '../../../tests/fixtures/registry.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { ModelId } from '../../domain/model.ts'
import {
  type KnownListings,
  type ReadListings,
  type WantedListings,
  createListingReader,
  findListing,
  nothingKnown,
} from './read-listings.ts'

const [author, copycat, flooder] = [publisherOf(1), publisherOf(2), publisherOf(3)]
const model = modelIdOf(7)
const nothing: WantedListings = { held: [], named: new Map() }
const holding: WantedListings = { held: [model], named: new Map() }

let clock: ManualClock
let registry: ReturnType<typeof createTestRegistry>
let read: ReadListings

beforeEach(() => {
  clock = new ManualClock()
  registry = createTestRegistry()
  read = createListingReader({ registry: async () => registry.port, clock })
})

/** Who is paid for a model by what is known. */
function payee({ listings, firsts }: KnownListings, modelId: ModelId = model): string | null {
  const first = firsts.get(modelId)
  return (first && findListing(listings, modelId, first)?.publisher) ?? null
}

test('the newest listings are read in their order, and what is deprecated is left out', async () => {
  for (let number = 1; number <= 3; number++) registry.list(modelIdOf(number), author)
  registry.change(modelIdOf(2), author, { isDeprecated: true })
  const { listings } = await read(nothingKnown, nothing)
  expect(listings.map(({ modelId }) => modelId)).toEqual([modelIdOf(3), modelIdOf(1)])
})

test('a flood of listings does not push out what is held here', async () => {
  registry.list(model, author, 500)
  const before = await read(nothingKnown, holding)
  registry.flood(64, flooder)
  expect(payee(await read(before, nothing))).toBeNull()
  const after = await read(before, holding)
  expect(payee(after)).toBe(author)
  expect(after.listings).toHaveLength(65)
})

test('what is held goes when its publisher advises against it, and follows where its sources are', async () => {
  registry.list(model, author)
  let known = await read(nothingKnown, holding)
  registry.flood(64, flooder)
  known = await read(known, holding)
  registry.change(model, author, { sources: ['https://new.example/'] })
  await clock.advance(600_000)
  known = await read(known, holding)
  expect(findListing(known.listings, model, author)?.sources).toEqual(['https://new.example/'])
  registry.change(model, author, { isDeprecated: true })
  await clock.advance(600_000)
  known = await read(known, holding)
  expect(findListing(known.listings, model, author)).toBeNull()
})

test('the chain is asked about an older listing only now and then', async () => {
  registry.list(model, author)
  let known = await read(nothingKnown, holding)
  registry.flood(64, flooder)
  const readOnce = async () => {
    known = await read(known, { held: [model], named: new Map([[modelIdOf(8), author]]) })
  }
  for (let round = 0; round < 10; round++) await readOnce()
  expect(registry.asked.listings).toBe(2)
  await clock.advance(600_000)
  await readOnce()
  expect(registry.asked.listings).toBe(4)
})

test('who listed a model first is paid, though a copycat is among the newest and it is not', async () => {
  registry.list(model, author, 500)
  const before = await read(nothingKnown, nothing)
  registry.flood(200, flooder)
  registry.list(model, copycat, 3_000)
  expect(payee(await read(before, nothing))).toBe(author)
  // Nor does a tab that comes later take the copycat for the first.
  expect(payee(await read(nothingKnown, nothing))).toBe(author)
})

test('while the chain cannot tell, a model is nobody’s rather than the copycat’s', async () => {
  registry.list(model, author, 500)
  registry.flood(64, flooder)
  const before = await read(nothingKnown, nothing)
  registry.list(model, copycat, 3_000)
  const { listing } = registry.port
  registry.port.listing = () => Promise.reject(new Error('too many questions'))
  const unsure = await read(before, nothing)
  expect(findListing(unsure.listings, model, copycat)).not.toBeNull()
  expect(payee(unsure)).toBeNull()
  registry.port.listing = listing
  expect(payee(await read(unsure, nothing))).toBe(author)
})

test('what was known of a held model stays while the chain cannot tell', async () => {
  registry.list(model, author)
  const known = await read(nothingKnown, holding)
  registry.flood(64, flooder)
  registry.port.listing = () => Promise.reject(new Error('too many questions'))
  expect(payee(await read({ ...known, newest: null }, holding))).toBe(author)
})

test('after its first publisher has given up, the next one’s listing counts', async () => {
  registry.list(model, author)
  registry.list(model, copycat)
  const before = await read(nothingKnown, nothing)
  expect(payee(before)).toBe(author)
  registry.change(model, author, { isDeprecated: true })
  expect(payee(await read(before, nothing))).toBe(copycat)
  registry.change(model, copycat, { isDeprecated: true })
  expect(payee(await read(before, nothing))).toBeNull()
})

test('the listing of a publisher that the page names is found however old it is, and is not the first for it', async () => {
  registry.list(model, copycat, 3_000)
  registry.list(model, author, 100)
  registry.flood(3_000, flooder)
  const known = await read(nothingKnown, { held: [], named: new Map([[model, author]]) })
  expect(findListing(known.listings, model, author)?.royaltyBps).toBe(100)
  expect(payee(known)).toBeNull()
})

test('the first reading looks back so far and no farther, and later ones to where it began', async () => {
  registry.flood(5_000, flooder)
  let known = await read(nothingKnown, nothing)
  expect(registry.asked.pages).toBe(32)
  known = await read(known, nothing)
  expect(registry.asked.pages).toBe(33)
  registry.flood(100, flooder)
  await read(known, nothing)
  expect(registry.asked.pages).toBe(35)
})

test('a chain that cannot be reached is told', async () => {
  registry.setAway(true)
  await expect(read(nothingKnown, nothing)).rejects.toMatchObject({ code: 'chain/unreachable' })
})
