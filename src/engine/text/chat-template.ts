import { Template } from '@huggingface/jinja'
import * as v from 'valibot'
import type { ChatMessage } from '../../domain/job.ts'
import { EngineError } from '../../errors/index.ts'

/** Marks that a template knows by these names. */
const markNames = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const

/** Written as text, or as an object that says how to find it too. */
const mark = v.union([
  v.string(),
  v.pipe(
    v.object({ content: v.string() }),
    v.transform(({ content }) => content),
  ),
])

const configSchema = v.object({
  chat_template: v.nullish(
    v.union([v.string(), v.array(v.object({ name: v.string(), template: v.string() }))]),
  ),
  ...v.entriesFromList(markNames, v.nullish(mark)),
})

/**
 * Returns what writes a conversation as the text that a model continues, by the template in its tokenizer's
 * configuration; of several the one called `default`. Templates see what transformers.js shows them.
 *
 * @throws EngineError `engine/unsupported-model` without a template that can be run, or from the function where the
 *   template refuses the conversation; `engine/malformed-model`
 */
export function openChatTemplate(config: object): (messages: readonly ChatMessage[]) => string {
  const { chat_template: written, ...marks } = parseConfig(config)
  const template = compile(typeof written === 'string' ? written : findDefault(written ?? []))
  // An empty mark is none, as if nothing named it.
  const named = Object.fromEntries(Object.entries(marks).filter(([, content]) => content))
  return (messages) => {
    try {
      return template.render({
        messages,
        add_generation_prompt: true,
        tools: null,
        documents: null,
        ...named,
      })
    } catch (cause) {
      throw unsupported("This model's chat template does not take this conversation.", cause)
    }
  }
}

function parseConfig(config: object) {
  const parsed = v.safeParse(configSchema, config, { abortEarly: true })
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new EngineError('engine/malformed-model', "This model's chat template or its marks are damaged.", {
    details: `tokenizer_config.json: ${v.getDotPath(issue) ?? ''} ${issue.message}`,
  })
}

const findDefault = (templates: readonly { name: string; template: string }[]) =>
  templates.find(({ name }) => name === 'default')?.template

function compile(template: string | undefined): Template {
  if (!template) throw unsupported('This model has no chat template, so it cannot answer in a conversation.')
  try {
    return new Template(template)
  } catch (cause) {
    throw unsupported("Opentab cannot read this model's chat template.", cause)
  }
}

function unsupported(shortMessage: string, cause?: unknown): EngineError {
  const details = cause instanceof Error ? { details: cause.message } : {}
  return new EngineError('engine/unsupported-model', shortMessage, { ...details, cause })
}
