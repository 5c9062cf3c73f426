import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBytePairs, encodeSentencePieces } from '../../../tests/fixtures/families/plain-tokenizers.ts'
import { llama3Vocabulary } from '../../../tests/fixtures/families/llama3-vocabulary.ts'
import {
  llama2Vocabulary,
  sentencePieceVocabulary,
} from '../../../tests/fixtures/families/sentencepiece-vocabulary.ts'
import { byteLevelVocabulary } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { type GgufValue, writeGguf } from '../../../tests/fixtures/llama/write-gguf.ts'
import { readGgufMetadata } from '../gguf/read-gguf.ts'
import { createModelText } from './model-text.ts'
import { letterOfByte } from './token-bytes.ts'
import { readVocabulary } from './vocabulary.ts'

const read = (metadata: Record<string, GgufValue>) => readGgufMetadata(new Blob([writeGguf(metadata, [])]))

describe('text cut as qwen2', () => {
  /** Merges across every place where the text must be cut first. */
  const merges = ['1 2', "n '", "' t", "' T", "o '", 'h e', 'Ġ he', '! Ċ', 'o !', 'Ċ Ċ', 'a Ġ', 'Ġ Ġ', 'Ã ©']
  const tokens = [
    ...letterOfByte,
    ...merges.map((merge) => merge.replace(' ', '')),
    '<|im_end|>',
    '<|endoftext|>',
  ]
  const metadata = {
    ...byteLevelVocabulary('qwen2').metadata,
    'tokenizer.ggml.tokens': { strings: tokens },
    'tokenizer.ggml.merges': { strings: merges },
    'tokenizer.ggml.token_type': { int32s: tokens.map((token) => (token.startsWith('<|') ? 3 : 1)) },
    'tokenizer.ggml.eos_token_id': { uint32: tokens.indexOf('<|im_end|>') },
  }
  const cut =
    /'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu

  test.each([
    ['digits stand alone', '12', ['1', '2']],
    ['a contraction begins with its apostrophe', "on't", ['o', 'n', "'t"]],
    ['in capitals too', "ON'T", ['O', 'N', "'T"]],
    ['a word takes one space before it', 'a  he', ['a', 'Ġ', 'Ġhe']],
    ['marks take the ends of lines after them', 'o!\n\n', ['o', '!Ċ', 'Ċ']],
    ['ends of lines stand together', 'a\n\na', ['a', 'ĊĊ', 'a']],
    ['letters and their accents are composed', 'e\u0301', ['Ã©']],
  ])('%s', async (_rule, text, expected) => {
    const { encode } = createModelText(await read(metadata))
    expect(encode(text).map((id) => tokens[id])).toEqual(expected)
  })

  test('is encoded as by the definition, and decodes to itself', async () => {
    const { encode, decode } = createModelText(await read(metadata))
    const parts = fc.constantFrom(
      'he',
      ' ',
      '\n',
      '!',
      "'t",
      "'LL",
      '12',
      'é',
      'on',
      '  ',
      '.',
      '\t',
      '中',
      '😀',
      '٣',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 20 }), async (list) => {
        const text = list.join('')
        expect(encode(text)).toEqual(encodeBytePairs(text, cut, tokens, merges))
        expect(await decode(encode(text))).toBe(text)
      }),
    )
  })

  test('an answer ends at either of its ends, also where the file names one only', async () => {
    const { endIds } = readVocabulary(await read(metadata))
    expect([...endIds].map((id) => tokens[id])).toEqual(['<|im_end|>', '<|endoftext|>'])
  })
})

describe('text cut as llama-bpe', () => {
  const { tokens, merges, metadata } = llama3Vocabulary()
  const cut =
    /'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu

  test.each([
    ['digits stand in threes from the left', '1234512', ['123', '4', '5', '1', '2']],
    ['of every script', '١٢٣12', ['Ù', '¡', 'Ù', '¢', 'Ù', '£', '12']],
    ['a piece that is a token is left whole, though no merges make it', 'hello you', ['hello', 'Ġyou']],
    ['in a longer piece only merges count', 'hellos', ['hell', 'o', 's']],
    ['a token of two pieces is none', 'and in', ['and', 'Ġ', 'in']],
    ['letters and their accents stay apart', 'e\u0301', ['e', 'Ì', 'ģ']],
  ])('%s', async (_rule, text, expected) => {
    const { encode } = createModelText(await read(metadata))
    expect(encode(text).map((id) => tokens[id])).toEqual(expected)
  })

  test('is encoded as by the definition, and decodes to itself', async () => {
    const { encode, decode } = createModelText(await read(metadata))
    const parts = fc.constantFrom(
      'he',
      ' ',
      '\n',
      '!',
      "'t",
      '12',
      '34',
      'é',
      'llo',
      ' the',
      'andin',
      'you',
      '٣',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 20 }), async (list) => {
        const text = list.join('')
        expect(encode(text)).toEqual(encodeBytePairs(text, cut, tokens, merges, true))
        expect(await decode(encode(text))).toBe(text)
      }),
    )
  })

  test('begins with its mark, once, unless the file says otherwise', async () => {
    const begin = tokens.indexOf('<|begin_of_text|>')
    const text = createModelText(await read(metadata))
    const chat = await text.encodeChat([{ role: 'user', content: 'hello' }])
    expect(chat.map((id) => tokens[id]).slice(0, 2)).toEqual(['<|begin_of_text|>', '<|start_header_id|>'])
    const embedded = await text.encodeForEmbedding('hello')
    for (const ids of [chat, embedded]) expect(ids.indexOf(begin)).toBe(0)
    for (const ids of [chat, embedded]) expect(ids.lastIndexOf(begin)).toBe(0)
    const plain = await read({ ...metadata, 'tokenizer.ggml.add_bos_token': { boolean: false } })
    expect(await createModelText(plain).encodeForEmbedding('hello')).not.toContain(begin)
  })

  test('a mark to begin with that is no token is refused', async () => {
    const broken = await read({ ...metadata, 'tokenizer.ggml.bos_token_id': { uint32: 99_999 } })
    expect(() => createModelText(broken)).toThrowError(
      expect.objectContaining({ code: 'engine/malformed-model' }),
    )
  })

  test('an answer ends with its turn or its text', async () => {
    const { endIds } = readVocabulary(await read(metadata))
    expect([...endIds].map((id) => tokens[id])).toEqual(['<|eot_id|>', '<|end_of_text|>'])
  })
})

describe('a vocabulary of Llama 2', () => {
  const { tokens, scores, metadata } = llama2Vocabulary()
  const open = async () => createModelText(await read(metadata))

  test.each([
    ['a text begins with a space', 'the', ['▁the']],
    ['so does what follows a mark', 'the</s>the', ['▁the', '</s>', '▁the']],
    ['a space of its own is one more', ' the', ['▁', '▁the']],
    ['what no piece holds comes in bytes', '中\n', ['▁', '<0xE4>', '<0xB8>', '<0xAD>', '<0x0A>']],
  ])('%s', async (_rule, text, expected) => {
    const { encode } = await open()
    expect(encode(text).map((id) => tokens[id])).toEqual(expected)
  })

  test('is encoded as by the definition, and decodes to itself after its space', async () => {
    const { encode, decode } = await open()
    const parts = fc.constantFrom(
      'he',
      'll',
      'o',
      ' t',
      'ing',
      ' and',
      'you',
      '.',
      'é',
      '中',
      '\n',
      'X',
      '  ',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { minLength: 1, maxLength: 20 }), async (list) => {
        const text = list.join('')
        expect(encode(text)).toEqual(encodeSentencePieces(` ${text}`, tokens, scores))
        expect(await decode(encode(text))).toBe(` ${text}`)
      }),
    )
  })

  test('a conversation begins with the mark that its template leaves to the tokenizer', async () => {
    const { encodeChat, encodeForEmbedding } = await open()
    const ids = await encodeChat([{ role: 'user', content: 'hello' }])
    expect(ids.map((id) => tokens[id])).toEqual([
      ...['<s>', '▁', '<0x3C>', '<0x7C>', 'u', 's', 'er', '<0x7C>', '<0x3E>', '<0x0A>', 'hello', '</s>'],
      ...['▁', '<0x3C>', '<0x7C>', 'a', 's', 's', 'i', 's', 't', 'an', 't', '<0x7C>', '<0x3E>', '<0x0A>'],
    ])
    expect(tokens[(await encodeForEmbedding('hello'))[0]!]).toBe('<s>')
  })
})

describe('a vocabulary of SentencePiece', () => {
  const { tokens, scores, metadata } = sentencePieceVocabulary()
  const open = async () => createModelText(await read(metadata))

  test.each([
    ['the best pair goes first', 'hello', ['hello']],
    ['spaces belong to the word after them', 'and the', ['and', '▁the']],
    ['what no piece holds comes in bytes', 'a中', ['a', '<0xE4>', '<0xB8>', '<0xAD>']],
    ['its own pieces are found before any merge', 'a\n\n  the', ['a', '\n\n', '▁▁', 't', 'he']],
    ['marks are not text', 'in<end_of_turn>', ['in', '<end_of_turn>']],
  ])('%s', async (_rule, text, expected) => {
    const { encode, decode } = await open()
    expect(encode(text).map((id) => tokens[id])).toEqual(expected)
    expect(await decode(encode(text))).toBe(text.replace('<end_of_turn>', ''))
  })

  test('is encoded as by the definition, and decodes to itself', async () => {
    const { encode, decode } = await open()
    const parts = fc.constantFrom(
      'he',
      'll',
      'o',
      ' t',
      'ing',
      ' and',
      'you',
      '.',
      'é',
      '中',
      '\n',
      '!',
      'X',
      'r',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 20 }), async (list) => {
        const text = list.join('').replaceAll('\n\n', '\n')
        expect(encode(text)).toEqual(encodeSentencePieces(text, tokens, scores))
        expect(await decode(encode(text))).toBe(text)
      }),
    )
  })

  test('begins with a space where its file asks for one', async () => {
    const { 'tokenizer.ggml.add_space_prefix': _, ...usual } = metadata
    const { encode } = createModelText(await read(usual))
    expect(encode('the').map((id) => tokens[id])).toEqual(['▁the'])
  })

  test('a conversation begins with the mark of a beginning and ends where the model answers', async () => {
    const { encodeChat } = await open()
    const ids = await encodeChat([{ role: 'user', content: 'hello you' }])
    expect(ids.map((id) => tokens[id])).toEqual([
      ...[
        '<bos>',
        '<start_of_turn>',
        'u',
        's',
        'er',
        '<0x0A>',
        'hello',
        '▁',
        'you',
        '<end_of_turn>',
        '<0x0A>',
      ],
      ...['<start_of_turn>', 'm', 'o', 'd', 'e', 'l', '<0x0A>'],
    ])
  })

  test('an answer ends with its turn, also where the file names the end of the text only', async () => {
    const { endIds } = readVocabulary(await read(metadata))
    expect([...endIds].map((id) => tokens[id])).toEqual(['<eos>', '<end_of_turn>'])
  })
})
