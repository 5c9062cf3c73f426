import { beforeEach, describe, expect, it } from 'vitest'
import { entry } from '../../tests/fixtures/fake-tab.ts'
import { askingPrice } from '../domain/asking-price.ts'
import { reckonNeeds } from '../domain/model-needs.ts'
import type { CatalogueEntry } from '../domain/model.ts'
import type { LoadedModel } from '../ports/engine.ts'
import { SharingTerms, type TermsSurroundings } from './sharing-terms.svelte.ts'

const around: TermsSurroundings = {
  chosen: () => entry,
  marketPrice: () => null,
  typicalWatts: () => 20,
  share: () => 1,
}
const open = (change: Partial<TermsSurroundings> = {}) => new SharingTerms({ ...around, ...change })
const ran = (tokensPerSecond: number, backend: LoadedModel['backend'] = 'wasm') =>
  ({ tokensPerSecond, backend }) as LoadedModel

/** The same model, so many times as large. */
function larger(times: number): CatalogueEntry {
  const file = { path: 'model.gguf', bytes: 1e8 * times, sha256: entry.id, pieceBytes: 1e6, pieces: [] }
  return { ...entry, id: `0x${String(times).repeat(64)}`, manifest: { ...entry.manifest, files: [file] } }
}

const listed = (royaltyBps: number): CatalogueEntry => ({
  ...entry,
  listing: {
    listingId: entry.id,
    modelId: entry.id,
    publisher: `0x${'bb'.repeat(20)}`,
    royaltyBps,
    sources: [],
    isDeprecated: false,
  },
})

let terms: SharingTerms
beforeEach(() => {
  terms = open()
  Object.assign(terms, { priceUsd: 0.25, watts: 36, usdPerKwh: 0.25 })
})

describe('what is left', () => {
  it('is told of a million tokens and of an hour at the shared part, once a speed was measured', () => {
    terms = open({ share: () => 0.5 })
    Object.assign(terms, { priceUsd: 0.25, watts: 36, usdPerKwh: 0.25 })
    expect([terms.usdPerHour, terms.usdPerMillion, terms.breakEvenUsd]).toEqual([null, null, null])
    terms.note(entry, ran(25))
    expect(terms.breakEvenUsd).toBeCloseTo(0.1)
    expect(terms.usdPerMillion).toBeCloseTo(0.15)
    expect(terms.usdPerHour).toBeCloseTo((0.15 * 0.09) / 2)
  })

  it('counts what the publisher gets', () => {
    terms = open({ chosen: () => listed(2000) })
    Object.assign(terms, { priceUsd: 0.25, watts: 36, usdPerKwh: 0.25 })
    terms.note(entry, ran(25))
    expect(terms.breakEvenUsd).toBeCloseTo(0.1 / 0.8)
    expect(terms.usdPerMillion).toBeCloseTo(0.25 * 0.8 - 0.1)
    Object.assign(terms, { priceUsd: 0.05, coversPower: true })
    expect(terms.askedPriceOf(listed(2000)).completionMicroUsdPerMillion).toBe(125_000n)
    expect(terms.usdPerMillion).toBeCloseTo(0)
  })
})

describe('the price', () => {
  it('of a prompt token is a fifth of that of an answer token', () => {
    expect(terms.priceOf(entry)).toEqual({
      promptMicroUsdPerMillion: 50_000n,
      completionMicroUsdPerMillion: 250_000n,
    })
  })

  it('is never below what the power costs, where that is wanted', () => {
    terms.note(entry, ran(25))
    terms.priceUsd = 0.05
    expect(terms.askedPriceOf(entry)).toEqual(askingPrice(50_000n))
    terms.coversPower = true
    expect(terms.askedPriceOf(entry)).toEqual(askingPrice(100_000n))
  })

  it('follows the market upwards alone, and only where this tab chooses', () => {
    terms = open({ marketPrice: () => 400_000n })
    terms.priceUsd = 0.25
    expect(terms.priceOf(entry)).toEqual(askingPrice(250_000n))
    terms.isAutomatic = true
    expect(terms.priceOf(entry)).toEqual(askingPrice(400_000n))
    terms.priceUsd = 0.5
    expect(terms.priceOf(entry)).toEqual(askingPrice(500_000n))
  })

  it('that was emptied or is out of range is brought into range', () => {
    terms.priceUsd = null
    expect(terms.priceOf(entry)).toEqual(askingPrice(0n))
    terms.priceUsd = 1e9
    expect(terms.priceOf(entry)).toEqual(askingPrice(1_000_000_000n))
  })
})

describe('speeds', () => {
  it('are kept for each model, and scaled by size for the others', () => {
    const [small, large] = [larger(1), larger(4)]
    expect(terms.note(small, ran(40))).toBe(true)
    expect(terms.note(small, ran(40))).toBe(false)
    expect(terms.speedOf(small)).toEqual({ tokensPerSecond: 40, scaledFrom: null })
    expect(terms.speedOf(large)).toEqual({ tokensPerSecond: 10, scaledFrom: small.id })
    terms.note(large, ran(12))
    expect(terms.speedOf(small)?.tokensPerSecond).toBe(40)
    expect(terms.trials[0]).toMatchObject({ modelId: large.id, ...reckonWeights(large) })
  })

  it('of the processor say nothing once the GPU runs', () => {
    terms.note(larger(1), ran(40, 'wasm'))
    terms.note(larger(2), ran(200, 'webgpu'))
    expect(terms.speedOf(larger(1))).toEqual({ tokensPerSecond: 400, scaledFrom: larger(2).id })
  })
})

const reckonWeights = ({ manifest }: CatalogueEntry) => ({ weightBytes: reckonNeeds(manifest).weightBytes })

it('comes back as it was kept', () => {
  Object.assign(terms, { slots: 3, isAutomatic: true, modelId: entry.id })
  terms.note(entry, ran(25))
  const later = open()
  later.restore(structuredClone(terms.document))
  expect(later.document).toEqual(terms.document)
})
