import { expect, test } from 'vitest'
import type { Hex } from '../domain/bytes.ts'
import type { ModelFile, ModelManifest } from '../domain/model.ts'
import { manifestLimits, parseManifest } from './manifest-schema.ts'

const hash = (digits: string): Hex => `0x${digits.repeat(32)}`

const file: ModelFile = {
  path: 'folder/model.Q4_1.gguf',
  bytes: 5000,
  sha256: hash('aa'),
  pieceBytes: 4096,
  pieces: [hash('01'), hash('02')],
}

const manifest: ModelManifest = {
  version: 1,
  name: 'Modèle 135M (Instruct)',
  license: 'Apache-2.0 OR MIT',
  family: 'llama',
  contextTokens: 8192,
  files: [file],
  knownAnswer: { promptIds: [1, 2], tokenIds: [3, 4], logProbs: [-0.5, 0], toleranceNats: 0.3 },
}

const withFile = (changes: object) => ({ ...manifest, files: [{ ...file, ...changes }] })
const withAnswer = (changes: object) => ({
  ...manifest,
  knownAnswer: { ...manifest.knownAnswer, ...changes },
})

test('gives a good manifest back', () => {
  expect(parseManifest(structuredClone(manifest))).toEqual(manifest)
})

const malformed: [reason: string, value: unknown][] = [
  ['nothing', null],
  ['a list', [manifest]],
  ['another version', { ...manifest, version: 2 }],
  ['an unknown field', { ...manifest, script: 'alert(1)' }],
  ['an unknown field of a file', withFile({ url: 'https://example.org' })],
  ['no name', { ...manifest, name: '' }],
  ['a name of two lines', { ...manifest, name: 'a\nb' }],
  ['a name that turns the text around', { ...manifest, name: 'a\u202eb' }],
  ['a long name', { ...manifest, name: 'a'.repeat(manifestLimits.nameChars + 1) }],
  ['markup as a licence', { ...manifest, license: '<b>' }],
  ['a family in capitals', { ...manifest, family: 'LLaMA' }],
  ['no context', { ...manifest, contextTokens: 0 }],
  ['half a token of context', { ...manifest, contextTokens: 0.5 }],
  ['no file', { ...manifest, files: [] }],
  [
    'too many files',
    { ...manifest, files: Array.from({ length: 65 }, (_, index) => ({ ...file, path: `${index}` })) },
  ],
  ['two files of one path', { ...manifest, files: [file, { ...file, path: 'Folder/MODEL.q4_1.gguf' }] }],
  ['a path that leads out', withFile({ path: '../model.gguf' })],
  ['a path that leads out on the way', withFile({ path: 'a/../../model.gguf' })],
  ['a path from the root', withFile({ path: '/model.gguf' })],
  ['an address as a path', withFile({ path: 'https://example.org/model.gguf' })],
  ['another host as a path', withFile({ path: '//example.org/model.gguf' })],
  ['a query in a path', withFile({ path: 'model.gguf?x=1' })],
  ['an escape in a path', withFile({ path: '%2e%2e/model.gguf' })],
  ['a backslash in a path', withFile({ path: 'a\\b' })],
  ['an empty file', withFile({ bytes: 0, pieces: [] })],
  ['a file beyond any page', withFile({ bytes: manifestLimits.fileBytes + 1 })],
  ['a missing piece', withFile({ pieces: [hash('01')] })],
  ['a piece too many', withFile({ pieces: [hash('01'), hash('02'), hash('03')] })],
  ['tiny pieces', withFile({ bytes: 2, pieceBytes: 1 })],
  [
    'pieces that fill the memory',
    withFile({ pieceBytes: manifestLimits.maxPieceBytes * 2, pieces: [hash('01')] }),
  ],
  ['a short hash', withFile({ sha256: '0xaa' })],
  ['a hash in capitals', withFile({ sha256: hash('AA') })],
  ['no answer', withAnswer({ tokenIds: [], logProbs: [] })],
  ['a log-probability too few', withAnswer({ logProbs: [-1] })],
  ['a probability above one', withAnswer({ logProbs: [-1, 0.1] })],
  ['a probability of none', withAnswer({ logProbs: [-1, -Infinity] })],
  ['a negative token', withAnswer({ promptIds: [-1] })],
  ['a tolerance that lets all pass', withAnswer({ toleranceNats: 1e9 })],
]

test.each(malformed)('refuses %s', (_reason, value) => {
  expect(() => parseManifest(value)).toThrow(
    expect.objectContaining({ code: 'storage/malformed-manifest', details: expect.stringContaining(': ') }),
  )
})
