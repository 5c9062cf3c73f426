import { openAsBlob } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ChatMessage } from '../../domain/job.ts'
import { writeGguf } from '../../../tests/fixtures/llama/write-gguf.ts'
import { readGgufMetadata } from '../gguf/read-gguf.ts'
import { createModelText } from './model-text.ts'

const root = new URL('../../../', import.meta.url)
const modelFile = 'public/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf'
const readJson = async (path: string) => JSON.parse(await readFile(new URL(path, root), 'utf8'))

type TokenizerGoldens = { cases: { text: string; ids: number[] }[] }
type ModelGoldens = {
  prompts: { messages: ChatMessage[]; prompt_ids: number[]; greedy_ids: number[]; greedy_text: string }[]
}

describe('the embedded model', () => {
  let text: ReturnType<typeof createModelText>
  beforeAll(async () => {
    text = createModelText(await readGgufMetadata(await openAsBlob(new URL(modelFile, root))))
  })

  test('tokenizes as two independent implementations do', async () => {
    const { cases }: TokenizerGoldens = await readJson('tests/fixtures/goldens/smollm2-tokenizer.json')
    expect(cases.length).toBeGreaterThan(30)
    for (const { text: input, ids } of cases) expect(text.encode(input)).toEqual(ids)
  })

  test('gives back every text that holds no mark', async () => {
    const { cases }: TokenizerGoldens = await readJson('tests/fixtures/goldens/smollm2-tokenizer.json')
    for (const { text: input, ids } of cases.filter(({ text }) => !text.includes('<|'))) {
      expect(await text.decode(ids)).toBe(input)
    }
  })

  test('applies its chat template as the reference does', async () => {
    const { prompts }: ModelGoldens = await readJson('tests/fixtures/goldens/smollm2-135m-instruct.json')
    for (const prompt of prompts) {
      expect(await text.encodeChat(prompt.messages)).toEqual(prompt.prompt_ids)
      expect(await text.decode(prompt.greedy_ids)).toBe(prompt.greedy_text)
    }
  })
})

test.each([
  ['t5', 'smollm', 'kind t5'],
  ['gpt2', 'deepseek-llm', 'deepseek-llm'],
])('a tokenizer of kind %s cut as %s is refused by name', async (kind, cut, named) => {
  const file = writeGguf(
    {
      'tokenizer.ggml.model': { string: kind },
      'tokenizer.ggml.pre': { string: cut },
      'tokenizer.ggml.tokens': { strings: ['a'] },
      'tokenizer.ggml.token_type': { int32s: [1] },
    },
    [],
  )
  const metadata = await readGgufMetadata(new Blob([file]))
  expect(() => createModelText(metadata)).toThrowError(
    expect.objectContaining({
      code: 'engine/unsupported-model',
      shortMessage: expect.stringContaining(named),
    }),
  )
})
