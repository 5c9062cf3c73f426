import { afterAll, beforeAll, expect, test } from 'vitest'
import { readLogProb } from '../../src/engine/decode/log-probability.ts'
import { readGgufMetadata } from '../../src/engine/gguf/read-gguf.ts'
import { createModelText } from '../../src/engine/text/model-text.ts'
import { printableVocabulary } from '../fixtures/families/printable-vocabulary.ts'
import {
  tinyGemma3,
  tinyLlama2,
  tinyLlama3,
  tinyQwen2,
  tinyQwen3,
  writeTinyModel,
} from '../fixtures/families/tiny-models.ts'
import { loadInNode } from '../fixtures/llama/load-in-node.ts'
import { type Harness, moduleIn, openHarness, type PageModule } from './harness.ts'
import type * as LlamaCppPage from './llama-cpp-page.ts'

// An independent program reads the same files: template, tokenizer and forward pass must all be understood alike.

let harness: Harness
let page: PageModule<typeof LlamaCppPage>
beforeAll(async () => {
  harness = await openHarness()
  // It starts its worker from a blob, which our own policy forbids.
  const context = await harness.context.browser()!.newContext({ bypassCSP: true })
  page = moduleIn(await harness.openPage(context), 'tests/browser/llama-cpp-page.ts')
})
afterAll(() => harness?.close())

const content = "hello you and the hell! it's 12 in\nthe and hello he"

test.each([tinyLlama3, tinyLlama2, tinyQwen2, tinyQwen3, tinyGemma3])(
  'llama.cpp understands a $architecture file with the text of $vocabulary as we do',
  async (shape) => {
    const file = writeTinyModel(shape, printableVocabulary(shape.vocabulary))
    const theirs = await page.call('answerByLlamaCpp', [...file], content, 6)
    const { encodeChat } = createModelText(await readGgufMetadata(new Blob([file])))
    const promptIds = await encodeChat([{ role: 'user', content }])
    expect(theirs.promptTokens).toBe(promptIds.length)
    expect(theirs.choices).toHaveLength(6)

    const { model } = await loadInNode(new Blob([file]), { recipe: 'wasm-float-4' })
    const answerIds = theirs.choices.map(({ id }) => id)
    const rows: Float32Array[] = []
    const sequence = model.openSequence()
    await sequence.append([...promptIds, ...answerIds], promptIds.length - 1, (row) => rows.push(row.slice()))
    const errors = theirs.choices.flatMap(({ top }, index) =>
      top.map(({ id, logprob }) => Math.abs(readLogProb(rows[index]!, id) - logprob)),
    )
    // It rounds activations to eight bits; a wrong graph is off by whole nats.
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.1)
  },
)
