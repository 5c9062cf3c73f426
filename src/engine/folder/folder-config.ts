import * as v from 'valibot'
import { EngineError } from '../../errors/index.ts'

const positive = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31))
const tokenId = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 31))

const configSchema = v.object({
  model_type: v.pipe(v.string(), v.maxLength(40)),
  num_hidden_layers: positive,
  num_attention_heads: positive,
  num_key_value_heads: v.optional(positive),
  head_dim: v.optional(positive),
  hidden_size: positive,
  vocab_size: positive,
  max_position_embeddings: positive,
  eos_token_id: v.optional(v.nullable(v.union([tokenId, v.pipe(v.array(tokenId), v.maxLength(64))]))),
})

/** What a folder's `config.json` says of its decoder. */
export type FolderConfig = {
  family: string
  layers: number
  kvHeads: number
  headWidth: number
  vocabularySize: number
  contextTokens: number
  endIds: readonly number[]
}

/**
 * Reads a folder's `config.json`.
 *
 * @throws EngineError `engine/unsupported-model` for what is no decoder of text
 */
export function parseFolderConfig(json: object): FolderConfig {
  const parsed = v.safeParse(configSchema, json, { abortEarly: true })
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw new EngineError('engine/unsupported-model', 'This folder describes no model that writes text.', {
      details: `config.json: ${v.getDotPath(issue) ?? ''} ${issue.message}`,
    })
  }
  const config = parsed.output
  const ends = config.eos_token_id ?? []
  return {
    family: config.model_type,
    layers: config.num_hidden_layers,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headWidth: config.head_dim ?? config.hidden_size / config.num_attention_heads,
    vocabularySize: config.vocab_size,
    contextTokens: config.max_position_embeddings,
    endIds: Array.isArray(ends) ? ends : [ends],
  }
}
