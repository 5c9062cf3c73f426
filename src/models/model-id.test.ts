import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ModelManifest } from '../domain/model.ts'
import { computeModelId } from './model-id.ts'

const manifest: ModelManifest = {
  version: 1,
  name: 'Café',
  license: 'MIT',
  family: 'llama',
  contextTokens: 64,
  files: [{ path: 'a.gguf', bytes: 1, sha256: '0x01', pieceBytes: 1024, pieces: ['0x02'] }],
  knownAnswer: { promptIds: [1], tokenIds: [2], logProbs: [-1e-7], toleranceNats: 0.3 },
}

/** Written by hand by the rules of RFC 8785: keys in order, no spaces, numbers as ECMAScript writes them. */
const canonical =
  '{"contextTokens":64,"family":"llama","files":[{"bytes":1,"path":"a.gguf","pieceBytes":1024,"pieces":["0x02"],' +
  '"sha256":"0x01"}],"knownAnswer":{"logProbs":[-1e-7],"promptIds":[1],"tokenIds":[2],"toleranceNats":0.3},' +
  '"license":"MIT","name":"Café","version":1}'

test('is the SHA-256 of the canonical manifest', async () => {
  const digest = createHash('sha256').update(canonical, 'utf8').digest('hex')
  expect(await computeModelId(manifest)).toBe(`0x${digest}`)
})

test('does not depend on the order of keys', async () => {
  const reversed = Object.fromEntries(Object.entries(manifest).reverse()) as ModelManifest
  expect(await computeModelId(reversed)).toBe(await computeModelId(manifest))
})

test('depends on every value', async () => {
  const id = await computeModelId(manifest)
  const { knownAnswer } = manifest
  for (const changes of [{ contextTokens: 65 }, { knownAnswer: { ...knownAnswer, toleranceNats: 0.4 } }]) {
    expect(await computeModelId({ ...manifest, ...changes })).not.toBe(id)
  }
})
