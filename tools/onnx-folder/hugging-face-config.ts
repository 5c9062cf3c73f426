import type { ModelConfig } from '../../src/engine/graph/model-config.ts'
import { ToolError } from '../tool-error.ts'

/** What `config.json` calls each family, and the class of its models. */
const classes: Record<string, { type: string; model: string }> = {
  llama: { type: 'llama', model: 'LlamaForCausalLM' },
  qwen2: { type: 'qwen2', model: 'Qwen2ForCausalLM' },
  qwen3: { type: 'qwen3', model: 'Qwen3ForCausalLM' },
  gemma3: { type: 'gemma3_text', model: 'Gemma3ForCausalLM' },
}

/** Returns what `config.json` says of a model whose weights lie beside their graph. */
export function describeModel(
  family: string,
  config: ModelConfig,
  positions: number,
  endIds: ReadonlySet<number>,
) {
  const named = classes[family]
  if (!named)
    throw new ToolError('tools/bad-option', `There is no folder for models of the family ${family}.`)
  return {
    model_type: named.type,
    architectures: [named.model],
    hidden_size: config.width,
    intermediate_size: config.feedForwardWidth,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headWidth,
    vocab_size: config.vocabularySize,
    max_position_embeddings: positions,
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.ropeBase,
    tie_word_embeddings: config.tiedEmbedding,
    eos_token_id: [...endIds],
    'transformers.js_config': {
      use_external_data_format: true,
      kv_cache_dtype: { q4f16: 'float16', fp16: 'float16' },
    },
  }
}
