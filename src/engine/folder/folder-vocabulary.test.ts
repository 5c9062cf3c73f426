import { expect, test } from 'vitest'
import { readFolderVocabulary } from './folder-vocabulary.ts'

const tokenizer = (id: number, added = 1) => ({
  model: { type: 'BPE', vocab: { a: id } },
  added_tokens: [{ id: added, content: '<end>', special: true }],
})

test('tokens have the ids of the file', () => {
  const { tokens, normalIds, controlIds } = readFolderVocabulary(tokenizer(0), [1])
  expect([tokens, normalIds, controlIds]).toEqual([['a', '<end>'], [0], [1]])
})

test.each([4_294_967_294, -1, 0.5])('a token cannot have the id %d', (id) => {
  for (const wrong of [tokenizer(id), tokenizer(0, id)]) {
    expect(() => readFolderVocabulary(wrong, [])).toThrow('tokenizers of this kind')
  }
})
