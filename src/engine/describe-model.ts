import type { MeasuredModel } from '../ports/engine.ts'
import { readGgufHead } from './gguf/read-gguf.ts'
import { readModelConfig } from './graph/read-model-config.ts'

/** Returns what a model file says of itself. Its head is enough. */
export async function describeModel(file: Blob): Promise<Omit<MeasuredModel, 'knownAnswer' | 'smoothing'>> {
  const head = await readGgufHead(file)
  const { metadata } = head
  const text = (key: string) => (metadata.has(key) ? metadata.string(key) : null)
  return {
    name: text('general.name'),
    license: text('general.license'),
    family: metadata.string('general.architecture'),
    contextTokens: readModelConfig(head).contextTokens,
  }
}
