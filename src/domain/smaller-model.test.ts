import { expect, test } from 'vitest'
import type { CatalogueEntry } from './model.ts'
import { modelBytes, nextSmallerModel } from './smaller-model.ts'

/** A model of files with so many bytes each. */
function model(...fileBytes: number[]): CatalogueEntry {
  const files = fileBytes.map((bytes) => ({
    path: 'f',
    bytes,
    sha256: '0x' as const,
    pieceBytes: 1,
    pieces: [],
  }))
  const knownAnswer = { promptIds: [], tokenIds: [], logProbs: [], toleranceNats: 0 }
  const facts = { version: 1, name: 'M', license: 'MIT', family: 'llama', contextTokens: 1 } as const
  return { id: '0x', manifest: { ...facts, files, knownAnswer }, sources: [], description: 'A model.' }
}

const [small, middle, large] = [model(90, 5), model(300), model(900, 1)]

test('all files of a model count', () => {
  expect(modelBytes(small)).toBe(95)
})

test('the next smaller model is the largest of those that are smaller', () => {
  const entries = [small, large, middle]
  expect(nextSmallerModel(entries, large, null)).toBe(middle)
  expect(nextSmallerModel(entries, middle, null)).toBe(small)
})

test('nothing is smaller than the smallest, and a model of the same size is no help', () => {
  expect(nextSmallerModel([small, large, middle], small, null)).toBeNull()
  expect(nextSmallerModel([middle, model(300)], middle, null)).toBeNull()
})

test('a model that takes more than half of the memory does not fit either', () => {
  const entries = [small, large, middle]
  expect(nextSmallerModel(entries, large, 600)).toBe(middle)
  expect(nextSmallerModel(entries, large, 599)).toBe(small)
  expect(nextSmallerModel(entries, large, 100)).toBeNull()
})
