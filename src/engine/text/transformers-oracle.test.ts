import { openAsBlob } from 'node:fs'
import { PreTrainedTokenizer } from '@huggingface/transformers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { llama3Vocabulary } from '../../../tests/fixtures/families/llama3-vocabulary.ts'
import {
  llama2Vocabulary,
  sentencePieceVocabulary,
} from '../../../tests/fixtures/families/sentencepiece-vocabulary.ts'
import { byteLevelVocabulary } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { type GgufValue, writeGguf } from '../../../tests/fixtures/llama/write-gguf.ts'
import type { ChatMessage } from '../../domain/job.ts'
import { openFolderText } from '../folder/folder-text.ts'
import { readGgufMetadata } from '../gguf/read-gguf.ts'
import { createModelText } from './model-text.ts'
import { buildTokenizer } from './tokenizer-json.ts'
import { readStartId, readVocabulary } from './vocabulary.ts'

const fileAt = (path: string) => openAsBlob(new URL(`../../../${path}`, import.meta.url))
const write = async (metadata: Record<string, GgufValue>) => new Blob([writeGguf(metadata, [])])

const models: [name: string, open: () => Promise<Blob>][] = [
  ['the embedded model', () => fileAt('public/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf')],
  ['the small model of fast tests', () => fileAt('tests/fixtures/tiny-llama/tiny-llama.gguf')],
  ['text cut as smollm', () => write(byteLevelVocabulary('smollm').metadata)],
  ['text cut as qwen2', () => write(byteLevelVocabulary('qwen2').metadata)],
  ['a vocabulary of Llama 3', () => write(llama3Vocabulary().metadata)],
  ['a vocabulary of Llama 2', () => write(llama2Vocabulary().metadata)],
  ['a vocabulary of Gemma', () => write(sentencePieceVocabulary().metadata)],
]

/** Marks of all of them, parts of some, and what tokenizers differ in. */
const parts = [
  ...[
    '<|im_start|>',
    '<|im_end|>',
    '<|eot_id|>',
    '<|begin_of_text|>',
    '<s>',
    '</s>',
    '<bos>',
    '<end_of_turn>',
  ],
  ...['<|im_', '|>', '<0x0A>', '<unk>', '▁', 'Ġ', 'user\n', 'assistant', '{{ bos_token }}', '{% raw %}'],
  ...[
    'hello',
    ' the',
    ' and',
    'you',
    "'ll",
    "I'M",
    '123',
    '4',
    '٣',
    ' ',
    '  ',
    '\n',
    '\r\n',
    '\n\n',
    '\t',
    '.',
  ],
  ...[
    'é',
    'e\u0301',
    '中',
    '日本',
    '👩‍👩‍👧',
    '\u00a0',
    '\u200b',
    '\ufeff',
    '\0',
    '\ud83d',
    '!',
    '```',
    '</think>',
    '"',
    '":"',
    '\\',
    '\\"\\n',
  ],
]
const anyText = fc.oneof(
  fc.array(fc.constantFrom(...parts), { maxLength: 12 }).map((list) => list.join('')),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
)
const texts = ['', ...parts, parts.join(''), parts.join(' ')]

const conversations: ChatMessage[][] = [
  [],
  [{ role: 'user', content: '' }],
  [{ role: 'user', content: 'Name three fruits.' }],
  [{ role: 'system', content: 'Be brief.' }],
  [
    { role: 'system', content: ' You answer in 中文. ' },
    { role: 'user', content: 'hello <|im_end|>\n<|im_start|>system\nyou</s><end_of_turn>' },
    { role: 'assistant', content: '\n\n' },
    { role: 'user', content: '{{ messages }} and {% for %} 👩‍👩‍👧' },
  ],
  [
    { role: 'assistant', content: 'the first word' },
    { role: 'assistant', content: 'and the last' },
  ],
]

/** Conversations as people and programs may send them. */
const anyConversation = fc.array(
  fc.record({ role: fc.constantFrom('system', 'user', 'assistant'), content: anyText }),
  { minLength: 1, maxLength: 4 },
) satisfies fc.Arbitrary<ChatMessage[]>

/** What transformers.js makes of the same description. */
function openByTransformers(described: { tokenizer: object; config: object }) {
  const tokenizer = new PreTrainedTokenizer(described.tokenizer, described.config)
  const encode = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false })
  const options = { add_generation_prompt: true, tokenize: false } as const
  return {
    encode,
    encodeChat: (messages: ChatMessage[]) =>
      encode(tokenizer.apply_chat_template(messages, options) as string),
  }
}

describe.each(models)('%s', (_name, open) => {
  let ours: ReturnType<typeof createModelText>
  let theirs: ReturnType<typeof openByTransformers>
  let startId: number | undefined

  beforeAll(async () => {
    const metadata = await readGgufMetadata(await open())
    const vocabulary = readVocabulary(metadata)
    ours = createModelText(metadata)
    theirs = openByTransformers(buildTokenizer(metadata, vocabulary))
    startId = readStartId(metadata, vocabulary)
  })

  const expectSameChat = async (messages: ChatMessage[]) => {
    const expected = theirs.encodeChat(messages)
    const begins = startId === undefined || expected[0] === startId
    expect(await ours.encodeChat(messages)).toEqual(begins ? expected : [startId, ...expected])
  }

  test('has the tokens of transformers.js', () => {
    const expectSame = (text: string) => {
      expect(ours.encode(text)).toEqual(theirs.encode(text))
    }
    texts.forEach(expectSame)
    fc.assert(fc.property(anyText, expectSame))
  })

  test('writes its conversations', async () => {
    for (const messages of conversations) await expectSameChat(messages)
    await fc.assert(fc.asyncProperty(anyConversation, expectSameChat))
  })
})

describe('a folder written by other tools', () => {
  const { tokens, metadata } = llama3Vocabulary()
  const mark = (content: string) => ({
    ...{ __type: 'AddedToken', content, special: true },
    ...{ lstrip: false, normalized: false, rstrip: false, single_word: false },
  })

  /** The same tokens, with what the tokenizers of such folders have besides. */
  const describeFolder = async () => {
    const gguf = await readGgufMetadata(await write(metadata))
    const { tokenizer, config } = buildTokenizer(gguf, readVocabulary(gguf))
    const [begin, end] = ['<|begin_of_text|>', '<|eot_id|>']
    const word = { ...mark(' the '), __type: undefined, id: tokens.length, special: false }
    return {
      tokenizer: {
        ...tokenizer,
        normalizer: { type: 'NFC' },
        added_tokens: [
          ...tokenizer.added_tokens,
          { ...word, normalized: true, lstrip: true, rstrip: true },
          { ...word, content: 'caf\u00e9', id: tokens.length + 1, normalized: true },
        ],
        post_processor: {
          type: 'TemplateProcessing',
          single: [{ SpecialToken: { id: begin, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
          pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
          special_tokens: { [begin]: { id: begin, ids: [tokens.indexOf(begin)], tokens: [begin] } },
        },
      },
      config: {
        add_bos_token: true,
        added_tokens_decoder: {},
        additional_special_tokens: [end],
        bos_token: mark(begin),
        eos_token: mark(end),
        pad_token: null,
        chat_template: [
          { name: 'default', template: config.chat_template },
          { name: 'tool_use', template: '{{ raise_exception("No tools.") }}' },
        ],
        clean_up_tokenization_spaces: true,
        model_max_length: 16,
        tokenizer_class: 'PreTrainedTokenizerFast',
      },
    }
  }

  const openFolder = ({ tokenizer, config }: { tokenizer: object; config: object }) => {
    const decoder = {
      ...{ model_type: 'llama', num_hidden_layers: 1, num_attention_heads: 1, hidden_size: 8 },
      ...{ vocab_size: tokens.length + 2, max_position_embeddings: 64 },
    }
    const written = { 'config.json': decoder, 'tokenizer.json': tokenizer, 'tokenizer_config.json': config }
    const contents = Object.values(written).map((json) => new Blob([JSON.stringify(json)]))
    const files = Object.keys(written).map((path, index) => ({
      ...{ path, bytes: contents[index]!.size, pieceBytes: 1, pieces: [] },
      sha256: '0x' as const,
    }))
    return openFolderText(new Blob(contents), { format: 'onnx-folder', files })
  }

  test('has the tokens of transformers.js, and writes its conversations', async () => {
    const described = await describeFolder()
    const ours = await openFolder(described)
    const theirs = openByTransformers(described)
    const expectSame = async (messages: ChatMessage[]) => {
      expect(await ours.encodeChat(messages)).toEqual(theirs.encodeChat(messages))
    }
    for (const messages of conversations) await expectSame(messages)
    for (const content of texts) await expectSame([{ role: 'user', content: `${content} the cafe\u0301` }])
    await fc.assert(fc.asyncProperty(anyConversation, expectSame))
  })

  test('is refused by name where its tokenizer does what ours cannot', async () => {
    const { tokenizer, config } = await describeFolder()
    const strange = { tokenizer: { ...tokenizer, normalizer: { type: 'Rot13' } }, config }
    await expect(openFolder(strange)).rejects.toMatchObject({
      code: 'engine/unsupported-model',
      details: expect.stringContaining('Rot13'),
    })
  })
})
