import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { openGguf } from '../src/engine/gguf/tensor-source.ts'
import { createModelText } from '../src/engine/text/model-text.ts'
import { makeManifest } from '../src/models/make-manifest.ts'
import { openOracle } from '../tests/fixtures/llama/float64-oracle.ts'
import { tinyShape, writeTinyLlama } from '../tests/fixtures/llama/tiny-llama.ts'

// Writes the two-layer model that fast tests run, with its manifest. The same bytes every time.

const folder = fileURLToPath(new URL('../tests/fixtures/tiny-llama/', import.meta.url))
const path = 'tiny-llama.gguf'
const answerTokens = 12
/** Largest mean difference that 8-bit products may make on this model, in nats; measured: about a tenth. */
const toleranceNats = 0.1

const bytes = writeTinyLlama()
const source = await openGguf(new Blob([bytes]))
const oracle = await openOracle(source)
const promptIds = await createModelText(source.metadata).encodeChat([{ role: 'user', content: 'hello' }])
const tokenIds = oracle.greedy(promptIds, answerTokens)
const rows = oracle.logProbs([...promptIds, ...tokenIds])
const logProbs = tokenIds.map((id, i) => Number(rows[promptIds.length - 1 + i]![id]!.toFixed(6)))
const knownAnswer = { promptIds, tokenIds, logProbs, toleranceNats }
const facts = {
  name: 'Tiny llama',
  license: 'Apache-2.0',
  family: 'llama',
  contextTokens: tinyShape.contextTokens,
}
const { id, manifest } = await makeManifest([{ path, blob: new Blob([bytes]) }], { ...facts, knownAnswer })

await mkdir(folder, { recursive: true })
await writeFile(folder + path, bytes)
await writeFile(`${folder}manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`)
console.log(`${id}  ${bytes.length} bytes`)
