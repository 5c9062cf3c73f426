import * as v from 'valibot'
import { EngineError } from '../../errors/index.ts'
import type { Vocabulary } from '../text/vocabulary.ts'

/** Several times what the largest vocabularies have: whoever writes the file must not decide how long lists become. */
const mostTokens = 2 ** 21
const tokenId = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(mostTokens - 1))

const tokenizerSchema = v.object({
  model: v.object({
    type: v.literal('BPE'),
    byte_fallback: v.optional(v.nullable(v.boolean())),
    vocab: v.record(v.string(), tokenId),
  }),
  added_tokens: v.array(v.object({ id: tokenId, content: v.string(), special: v.boolean() })),
})

const byteToken = /^<0x[0-9A-F]{2}>$/

/**
 * Reads the tokens of a `tokenizer.json`: byte-level BPE, or SentencePiece's with byte fallback.
 *
 * @throws EngineError `engine/unsupported-model` for another kind
 */
export function readFolderVocabulary(tokenizer: object, endIds: readonly number[]): Vocabulary {
  const parsed = v.safeParse(tokenizerSchema, tokenizer, { abortEarly: true })
  if (!parsed.success) {
    const { message: details } = parsed.issues[0]
    throw new EngineError('engine/unsupported-model', 'Opentab cannot read tokenizers of this kind yet.', {
      details: `tokenizer.json: ${details}`,
    })
  }
  const { model, added_tokens: added } = parsed.output
  const tokens: string[] = []
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token
  for (const { id, content } of added) tokens[id] = content
  const kind = model.byte_fallback ? 'sentencepiece' : 'byte-level'
  const isAdded = new Set(added.map(({ id }) => id))
  const isByte = (id: number) => kind === 'sentencepiece' && byteToken.test(tokens[id] ?? '')
  const usualIds = [...tokens.keys()].filter((id) => tokens[id] !== undefined && !isAdded.has(id))
  return {
    kind,
    tokens,
    token: (id) => tokens[id],
    normalIds: usualIds.filter((id) => !isByte(id)),
    controlIds: added.filter(({ special }) => special).map(({ id }) => id),
    userDefinedIds: added.filter(({ special }) => !special).map(({ id }) => id),
    byteIds: usualIds.filter(isByte),
    endIds: new Set(endIds),
  }
}
