import { PreTrainedTokenizer } from '@huggingface/transformers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { llama3Vocabulary } from '../../../tests/fixtures/families/llama3-vocabulary.ts'
import { writeGguf } from '../../../tests/fixtures/llama/write-gguf.ts'
import type { ChatMessage } from '../../domain/job.ts'
import { readGgufMetadata } from '../gguf/read-gguf.ts'
import { openChatTemplate } from './chat-template.ts'
import { buildTokenizer } from './tokenizer-json.ts'
import { readVocabulary } from './vocabulary.ts'

afterEach(() => vi.useRealTimers())

const metadata = await readGgufMetadata(new Blob([writeGguf(llama3Vocabulary().metadata, [])]))
const { tokenizer } = buildTokenizer(metadata, readVocabulary(metadata))

/** What transformers.js writes. */
function writeByTransformers(config: object, messages: ChatMessage[]): string | object {
  const options = { add_generation_prompt: true, tokenize: false } as const
  return new PreTrainedTokenizer(tokenizer, config).apply_chat_template(messages, options)
}

const conversation: ChatMessage[] = [
  { role: 'system', content: '  Be brief. ' },
  { role: 'user', content: 'What is {{ bos_token }} "in" <|eot_id|> 日本語, 👩‍👩‍👧?\n' },
  { role: 'assistant', content: '' },
  { role: 'user', content: "It's\ta line\r\nand {% another %}" },
]

const written =
  '{{ bos_token }}{% for message in messages %}[{{ message.role }}]{{ message.content }}{{ eos_token }}{% endfor %}' +
  '{% if add_generation_prompt %}[assistant]{% endif %}'
const bySigns =
  '{{ [bos_token, eos_token, unk_token, sep_token, pad_token, cls_token, mask_token] | tojson }}'
const addedToken = (content: string) => ({ __type: 'AddedToken', content, lstrip: false, special: true })

describe('a template sees what transformers.js shows it', () => {
  test.each<[string, object]>([
    ['marks as text', { chat_template: written, bos_token: '<s>', eos_token: '</s>' }],
    ['marks as objects', { chat_template: written, bos_token: addedToken('<s>'), eos_token: addedToken('') }],
    ['all marks', { chat_template: bySigns, pad_token: 'p', unk_token: 'u', sep_token: 's', cls_token: 'c' }],
    ['marks that are none', { chat_template: bySigns, bos_token: null, eos_token: '', mask_token: 'm' }],
    [
      'what is asked of it',
      {
        chat_template:
          '{{ messages | tojson(indent=2) }}{{ tools is none }}{{ tools is defined }}{{ documents is none }}' +
          '{{ add_generation_prompt }}{{ custom is defined }}',
      },
    ],
    ['the date', { chat_template: '{{ strftime_now("%d %b %Y, %B %H:%M") }}' }],
    [
      'loops, scopes and blocks',
      {
        chat_template:
          '{%- set ns = namespace(last=0) -%}\n{% macro say(m) %}<{{ m.role | upper }}>{{ m.content | trim }}{% endmacro %}' +
          '\n{% for m in messages[1:] %}\n  {% if loop.last %}{% set ns.last = loop.index %}{% endif %}{{ say(m) }}\n{% endfor %}' +
          '{{ ns.last }}{{ range(3) | list }}{{ messages | length }}{% if messages[0].role == "system" %} S {% endif %}\n',
      },
    ],
    [
      'the default of several',
      {
        chat_template: [
          { name: 'tool_use', template: 'tools' },
          { name: 'default', template: written },
        ],
        bos_token: '<s>',
      },
    ],
  ])('%s', (_name, config) => {
    vi.useFakeTimers({ now: new Date(2026, 2, 4, 5, 6, 7) })
    const text = openChatTemplate(config)(conversation)
    expect(text).not.toBe('')
    expect(text).toBe(writeByTransformers(config, conversation))
  })

  test('of a mark without the name of its kind, the text', () => {
    const config = { chat_template: '{{ bos_token }}', bos_token: { content: '<s>' } }
    expect(openChatTemplate(config)(conversation)).toBe('<s>')
  })
})

describe('a conversation that the template refuses', () => {
  const alternating =
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}" +
    "{{ raise_exception('Roles must alternate.') }}{% endif %}{{ m.content }}{% endfor %}"

  test('is told apart from one that it takes, with its own words', () => {
    const write = openChatTemplate({ chat_template: alternating })
    expect(() => write(conversation)).toThrowError(
      expect.objectContaining({
        code: 'engine/unsupported-model',
        retryable: false,
        details: 'Roles must alternate.',
      }),
    )
    expect(() => writeByTransformers({ chat_template: alternating }, conversation)).toThrow()
    expect(write([{ role: 'user', content: 'hi' }])).toBe('hi')
  })

  test('or cannot run on', () => {
    const write = openChatTemplate({ chat_template: '{{ messages[0].content | no_such_filter }}' })
    expect(() => write(conversation)).toThrowError(
      expect.objectContaining({
        code: 'engine/unsupported-model',
        details: expect.stringContaining('no_such_filter'),
      }),
    )
  })
})

test.each<[string, object, string]>([
  ['no template', {}, 'unsupported'],
  ['no template but null', { chat_template: null }, 'unsupported'],
  ['an empty template', { chat_template: '' }, 'unsupported'],
  ['several and no default', { chat_template: [{ name: 'rag', template: written }] }, 'unsupported'],
  ['none of several', { chat_template: [] }, 'unsupported'],
  ['a template cut short', { chat_template: '{% for m in messages %}{{ m.' }, 'unsupported'],
  ['a template that is none', { chat_template: 7 }, 'malformed'],
  ['a list of what are none', { chat_template: [{ name: 'default', template: 7 }] }, 'malformed'],
  ['a mark that is none', { chat_template: written, bos_token: { special: true } }, 'malformed'],
])('%s is refused before any conversation', (_name, config, kind) => {
  expect(() => openChatTemplate(config)).toThrowError(
    expect.objectContaining({ code: `engine/${kind}-model`, name: 'EngineError' }),
  )
})
