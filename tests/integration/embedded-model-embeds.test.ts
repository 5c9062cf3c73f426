import { expect, test } from 'vitest'
import { embed } from '../../src/engine/decode/embed.ts'
import { readGgufMetadata } from '../../src/engine/gguf/read-gguf.ts'
import { createModelText } from '../../src/engine/text/model-text.ts'
import { openEmbeddedModel } from '../fixtures/embedded-model.ts'
import { loadVerifiedInNode } from '../fixtures/llama/load-in-node.ts'

/** A text, one that means something like it in other words, and one that means something else in like words. */
const triples = [
  [
    'The cat sleeps on the warm sofa.',
    'A kitten is napping on a couch.',
    'The bank raised its interest rates.',
  ],
  ['How do I bake bread at home?', 'A recipe for a homemade loaf', 'How do I fix a flat bicycle tyre?'],
  [
    'The football team won the final.',
    'They were victorious in the last match.',
    'It will rain all afternoon.',
  ],
  ['She plays the violin in an orchestra.', 'He is a musician in a band.', 'The server ran out of memory.'],
] as const

test('embeddings of the embedded model are closer for texts that mean something alike', async () => {
  const verified = await openEmbeddedModel()
  const { model } = await loadVerifiedInNode(verified)
  const text = createModelText(await readGgufMetadata(verified.files[0]!))
  const embedText = async (content: string) => {
    const sequence = model.openSequence()
    const vector = await embed(model, sequence, await text.encodeForEmbedding(content))
    sequence.close()
    return vector
  }
  const closeness = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, at) => sum + value * b[at]!, 0)
  const mistaken: string[] = []
  for (const [one, alike, other] of triples) {
    const [first, second, third] = [await embedText(one), await embedText(alike), await embedText(other)]
    if (closeness(first, second) <= closeness(first, third)) mistaken.push(one)
  }
  expect(mistaken).toEqual([])
}, 120_000)
