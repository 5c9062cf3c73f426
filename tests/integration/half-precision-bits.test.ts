import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openGguf } from '../../src/engine/gguf/tensor-source.ts'
import { readLogProb } from '../../src/engine/decode/log-probability.ts'
import { roundToNibbles } from '../../tools/onnx-folder/nibble-products.ts'
import { writeOnnxFolder } from '../../tools/onnx-folder/write-onnx-folder.ts'
import { openOracle } from '../fixtures/llama/float64-oracle.ts'
import { loadVerifiedInNode } from '../fixtures/llama/load-in-node.ts'
import { readFolder } from '../fixtures/llama/read-folder.ts'
import { writeTinyLlama } from '../fixtures/llama/tiny-llama.ts'

const gguf = new Blob([writeTinyLlama()])
const tokenIds = Array.from({ length: 30 }, (_, i) => (i * 37 + 11) % 269)

let place: string
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'opentab-halves-'))
  await writeOnnxFolder(gguf, place, { type: 'q4f16', positions: 512 })
  // Before the runtime, which looks once for what there is.
  vi.stubGlobal('Float16Array', undefined)
})
afterAll(async () => {
  vi.unstubAllGlobals()
  await rm(place, { recursive: true })
})

test('a browser without arrays of halves reads their bits, also where a text is cut back', async () => {
  const right = (await openOracle(await openGguf(gguf), roundToNibbles)).logProbs(tokenIds)
  const { model } = await loadVerifiedInNode(await readFolder(place))
  const sequence = model.openSequence()
  const differences: number[] = []
  const compare = (logits: Float32Array, position: number) =>
    right[position]!.forEach((logProb, id) => differences.push(Math.abs(readLogProb(logits, id) - logProb)))
  await sequence.append([...tokenIds.slice(0, 20), 1, 2, 3], Infinity, () => {})
  sequence.truncate(20)
  await sequence.append(tokenIds.slice(20), 20, compare)
  expect(differences.length).toBe(10 * 271)
  expect(differences.reduce((sum, difference) => sum + difference, 0) / differences.length).toBeLessThan(0.01)
})
