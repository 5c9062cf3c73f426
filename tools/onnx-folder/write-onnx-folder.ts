import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openGguf } from '../../src/engine/gguf/tensor-source.ts'
import { readModelConfig } from '../../src/engine/graph/read-model-config.ts'
import { buildTokenizer } from '../../src/engine/text/tokenizer-json.ts'
import { readVocabulary } from '../../src/engine/text/vocabulary.ts'
import { describeModel } from './hugging-face-config.ts'
import { buildHuggingFaceGraph, type FolderType, folderTypes } from './hugging-face-graph.ts'
import { writeGraph } from './write-graph.ts'

/** What a folder is to hold. */
export type FolderChoice = {
  type: FolderType
  /** Longest text, in tokens; by default what the model was trained for. */
  positions?: number
}

/**
 * Writes a GGUF file's model as a folder in transformers.js's layout: `config.json`, `generation_config.json`,
 * `tokenizer.json`, `tokenizer_config.json`, and in `onnx/` the graph with its weights beside it.
 *
 * @throws EngineError `engine/unsupported-model`, `engine/malformed-model`
 */
export async function writeOnnxFolder(
  file: Blob,
  folder: string,
  { type, positions }: FolderChoice,
): Promise<void> {
  const tensors = await openGguf(file)
  const { metadata } = tensors
  const config = readModelConfig(tensors)
  const longest = positions ?? config.contextTokens
  const model = `model${folderTypes[type].suffix}.onnx`
  const files = { model, weights: `${model}_data` }
  const graph = buildHuggingFaceGraph(config, type, longest, files.weights)
  await writeGraph(graph, tensors, join(folder, 'onnx'), files)

  const vocabulary = readVocabulary(metadata)
  const { tokenizer, config: tokenizerConfig } = buildTokenizer(metadata, vocabulary)
  const write = (name: string, content: object) => writeFile(join(folder, name), JSON.stringify(content))
  const family = metadata.string('general.architecture')
  await write('config.json', describeModel(family, config, longest, vocabulary.endIds))
  await write('generation_config.json', { eos_token_id: [...vocabulary.endIds] })
  await write('tokenizer.json', tokenizer)
  await write('tokenizer_config.json', tokenizerConfig)
}
