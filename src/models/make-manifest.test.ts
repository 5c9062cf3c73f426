import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { makeManifest, type ModelFacts } from './make-manifest.ts'
import { computeModelId } from './model-id.ts'

const facts: ModelFacts = {
  name: 'Test',
  license: 'MIT',
  family: 'llama',
  contextTokens: 64,
  knownAnswer: { promptIds: [1], tokenIds: [2], logProbs: [-1], toleranceNats: 0.3 },
}
const content = Uint8Array.from({ length: 2500 }, (_, index) => index % 251)
const hashOf = (bytes: Uint8Array) => `0x${createHash('sha256').update(bytes).digest('hex')}`

test('describes a file by its pieces and as a whole', async () => {
  const { id, manifest } = await makeManifest([{ path: 'a.gguf', blob: new Blob([content]) }], facts, 1024)
  expect(manifest).toEqual({
    version: 1,
    ...facts,
    files: [
      {
        path: 'a.gguf',
        bytes: 2500,
        sha256: hashOf(content),
        pieceBytes: 1024,
        pieces: [0, 1024, 2048].map((start) => hashOf(content.subarray(start, start + 1024))),
      },
    ],
  })
  expect(id).toBe(await computeModelId(manifest))
})

test('refuses facts that no reader would accept', async () => {
  const files = [{ path: '../a.gguf', blob: new Blob([content]) }]
  await expect(makeManifest(files, facts)).rejects.toMatchObject({ code: 'storage/malformed-manifest' })
})
