import { describe, expect, test } from 'vitest'
import {
  tinyGemma3,
  tinyLlama2,
  tinyLlama3,
  tinyQwen2,
  tinyQwen3,
  type TinyModel,
  writeTinyModel,
} from '../../tests/fixtures/families/tiny-models.ts'
import { sentencePieceVocabulary } from '../../tests/fixtures/families/sentencepiece-vocabulary.ts'
import { byteLevelVocabulary, writeTinyLlama } from '../../tests/fixtures/llama/tiny-llama.ts'
import type { GgufValue } from '../../tests/fixtures/llama/write-gguf.ts'
import { checkModel } from './check-model.ts'

const unsupported = 'engine/unsupported-model'
const malformed = 'engine/malformed-model'

test.each([tinyLlama3, tinyLlama2, tinyQwen2, tinyQwen3, tinyGemma3])(
  'a $architecture model with the text of $vocabulary is fine, told without its weights',
  async (shape) => {
    const file = writeTinyModel(shape)
    await checkModel(new Blob([file.slice(0, headBytes(file))]))
  },
)

test('a llama model is fine', () => checkModel(new Blob([writeTinyLlama()])))

test('a head cut short says so', async () => {
  const file = writeTinyModel(tinyQwen2)
  for (const bytes of [0, 100, 4000]) {
    await expect(checkModel(new Blob([file.slice(0, bytes)]))).rejects.toMatchObject({
      code: malformed,
      shortMessage: 'The model file ends too early.',
    })
  }
})

/** A model with other settings than its family's tiny one. */
const changed = (shape: TinyModel, settings: TinyModel['settings']): TinyModel => ({
  ...shape,
  settings: { ...shape.settings, ...settings },
})

test.each([
  [{ ...tinyQwen2, architecture: 'mamba' }, 'Opentab cannot run models of the family mamba yet.'],
  [{ ...tinyQwen2, architecture: 'toString' }, 'Opentab cannot run models of the family toString yet.'],
  [changed(tinyQwen3, { expert_count: { uint32: 8 } }), 'Opentab cannot run mixtures of experts yet.'],
  [
    changed(tinyQwen2, { 'rope.scaling.type': { string: 'yarn' } }),
    'Opentab cannot run rotary positions scaled by yarn yet.',
  ],
  [
    changed(tinyGemma3, { final_logit_softcapping: { float32: 30 } }),
    'Opentab cannot run models that cap their logits yet.',
  ],
  [
    changed(tinyGemma3, { attn_logit_softcapping: { float32: 50 } }),
    'Opentab cannot run attention with capped scores yet.',
  ],
  [
    changed(tinyQwen2, { 'rope.dimension_count': { uint32: 16 } }),
    'Opentab cannot run partly rotated heads yet.',
  ],
  [
    changed(tinyQwen2, { 'attention.value_length': { uint32: 16 } }),
    'Opentab cannot run values of another width than keys yet.',
  ],
  [{ ...tinyQwen2, heads: 3, headWidth: 32 }, 'Opentab cannot run heads of this shape yet.'],
  [
    changed(tinyGemma3, { block_count: { uint32: 62 } }),
    'Opentab cannot run Gemma 3 of 27 billion weights yet.',
  ],
  [
    { ...tinyQwen2, headNorms: true },
    'Opentab cannot run models with a tensor blk.0.attn_q_norm.weight yet.',
  ],
])('what cannot be run is named (%#)', async (shape, shortMessage) => {
  await expect(checkModel(new Blob([writeTinyModel(shape)]))).rejects.toMatchObject({
    code: unsupported,
    shortMessage,
  })
})

test.each([
  { ...tinyQwen2, frequencyFactor: 8 },
  { ...tinyGemma3, frequencyFactor: 8 },
])('frequencies of $architecture cannot be divided', async (shape) => {
  await expect(checkModel(new Blob([writeTinyModel(shape)]))).rejects.toMatchObject({
    code: unsupported,
    shortMessage: 'Opentab cannot run models with a tensor rope_freqs.weight yet.',
  })
})

test('a tensor that a family needs is named where it is missing', async () => {
  const file = writeTinyModel({ ...tinyQwen2, biases: false })
  await expect(checkModel(new Blob([file]))).rejects.toMatchObject({
    code: malformed,
    shortMessage: 'Tensor blk.0.attn_q.bias has the wrong shape.',
    details: 'missing instead of 128',
  })
})

test.each([
  [10, 'Tensors of type Q2_K cannot be read yet.'],
  [23, 'Tensors of type IQ4_XS cannot be read yet.'],
  [39, 'Tensors of type MXFP4 cannot be read yet.'],
  [99, 'Tensors of type number 99 cannot be read yet.'],
])('a tensor of type %i is refused by the name of the type', async (type, shortMessage) => {
  const file = writeTinyModel(tinyQwen2)
  // The name is followed by the number of sizes, two sizes, and the type.
  const typeAt = Buffer.from(file).indexOf('token_embd.weight') + 'token_embd.weight'.length + 4 + 16
  await expect(checkModel(new Blob([file.with(typeAt, type)]))).rejects.toMatchObject({
    code: unsupported,
    shortMessage,
  })
})

test.each([
  ['tokenizer.ggml.model', 'bert', 'Opentab cannot read tokenizers of the kind bert yet.'],
  ['tokenizer.ggml.pre', 'tekken', 'Opentab cannot cut text as tekken does yet.'],
])('a tokenizer with another %s is refused by name', async (key, string, shortMessage) => {
  const file = writeTinyModel(tinyQwen2, { [key]: { string } })
  await expect(checkModel(new Blob([file]))).rejects.toMatchObject({ code: unsupported, shortMessage })
})

describe('a head that claims', () => {
  const refused = (shortMessage: string) => ({ code: malformed, shortMessage })

  test.each([
    ['400,000 layers', 'block_count', { uint32: 400_000 }],
    ['one layer more than it has tensors', 'block_count', { uint32: 27 }],
  ])('%s is refused before they are counted out', async (_claim, key, value) => {
    const file = writeTinyModel(changed(tinyQwen2, { [key]: value }))
    await expect(checkModel(new Blob([file]))).rejects.toMatchObject(
      refused('The model file has fewer tensors than layers.'),
    )
  })

  test('as many layers as tensors is refused at the first layer that it lacks', async () => {
    const file = writeTinyModel(changed(tinyQwen2, { block_count: { uint32: 26 } }))
    await expect(checkModel(new Blob([file]))).rejects.toMatchObject({
      ...refused('Tensor blk.2.attn_norm.weight has the wrong shape.'),
      details: 'missing instead of 128',
    })
  })

  test('fewer layers than it has is refused at the first one beyond', async () => {
    const file = writeTinyModel(changed(tinyQwen2, { block_count: { uint32: 1 } }))
    await expect(checkModel(new Blob([file]))).rejects.toMatchObject({
      code: unsupported,
      shortMessage: 'Opentab cannot run models with a tensor blk.1.attn_norm.weight yet.',
    })
  })

  const counts = [
    'block_count',
    'context_length',
    'embedding_length',
    'feed_forward_length',
    'attention.head_count',
    'attention.head_count_kv',
    'attention.key_length',
    'attention.sliding_window',
    'attention.sliding_window_pattern',
  ]
  const noCounts: GgufValue[] = [
    { uint32: 0 },
    { uint32: 2 ** 32 - 1 },
    ...[1.5, -1, Infinity, NaN].map((float32) => ({ float32 })),
  ]
  const measures = [
    'attention.layer_norm_rms_epsilon',
    'rope.freq_base',
    'rope.freq_base_swa',
    'rope.scaling.factor',
  ]
  /** As it is: packing takes its time. */
  const plainGemma3: TinyModel = { ...tinyGemma3, layers: 1, types: ['F32'] }
  const noMeasures = [0, -1, Infinity, NaN].map((float32) => ({ float32 }))

  test.each([
    ...counts.flatMap((key) => noCounts.map((value) => [key, value] as const)),
    ...measures.flatMap((key) => noMeasures.map((value) => [key, value] as const)),
  ])('%s of %o is refused by its name', async (key, value) => {
    const file = writeTinyModel(changed(plainGemma3, { [key]: value }))
    await expect(checkModel(new Blob([file]))).rejects.toMatchObject(
      refused(`The model file gives no usable gemma3.${key}.`),
    )
  })

  test.each([
    ['attention.head_count', 2 ** 31, 'blk.0.attn_q.weight'],
    ['attention.head_count_kv', 4, 'blk.0.attn_k.weight'],
    ['attention.key_length', 2 ** 30, 'blk.0.attn_q.weight'],
    ['embedding_length', 2 ** 31, 'token_embd.weight'],
    ['feed_forward_length', 2 ** 31, 'blk.0.ffn_gate.weight'],
  ])('another %s than its tensors have is refused', async (key, uint32, tensor) => {
    const settings = { [key]: { uint32 }, 'attention.key_length': { uint32: 32 } }
    const file = writeTinyModel(changed(tinyQwen2, { ...settings, [key]: { uint32 } }))
    await expect(checkModel(new Blob([file]))).rejects.toMatchObject(
      refused(`Tensor ${tensor} has the wrong shape.`),
    )
  })

  test.each([-1, 1])('a vocabulary of another size than its embedding is refused (%i)', async (more) => {
    const { tokens } = byteLevelVocabulary('qwen2')
    const strings = more > 0 ? [...tokens, 'more'] : tokens.slice(0, more)
    const file = writeTinyModel(tinyQwen2, { 'tokenizer.ggml.tokens': { strings } })
    await expect(checkModel(new Blob([file]))).rejects.toMatchObject(
      refused('Tensor token_embd.weight has the wrong shape.'),
    )
  })

  test.each([
    ['none', { int32s: [] }, 'The model file names no text for tokenizer.chat_template.'],
    ['one that cannot be read', { string: '{% if %}' }, "Opentab cannot read this model's chat template."],
  ])(
    'a chat template that is %s is refused before anything is downloaded',
    async (_name, value, shortMessage) => {
      const file = writeTinyModel(tinyQwen2, { 'tokenizer.chat_template': value })
      await expect(checkModel(new Blob([file]))).rejects.toMatchObject({ shortMessage })
    },
  )

  const { tokens, scores, types } = sentencePieceVocabulary()
  const long = tokens.map((token) => (token === 'hello' ? 'l'.repeat(1_000_000) : token))
  test.each([
    ['token_type', { int32s: types.slice(1) }, 'The model file has not one type for each token.'],
    ['scores', { float32s: scores.slice(1) }, 'The model file has not one score for each token.'],
    ['tokens', { strings: long }, 'The model file has a token longer than any word.'],
  ])('other %s than a vocabulary can have is refused', async (key, value, shortMessage) => {
    const file = writeTinyModel(plainGemma3, { [`tokenizer.ggml.${key}`]: value })
    await expect(checkModel(new Blob([file]))).rejects.toMatchObject(refused(shortMessage))
  })
})

/** All before the first tensor's bytes: its last name, and what follows it. */
function headBytes(file: Uint8Array): number {
  const last = Buffer.from(file).includes('rope_freqs.weight') ? 'rope_freqs.weight' : 'output_norm.weight'
  return Buffer.from(file).lastIndexOf(last) + last.length + 4 + 8 + 4 + 8
}
