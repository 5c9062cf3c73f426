import type { GraphBuilder, Value } from './graph-builder.ts'
import type { ModelConfig } from './model-config.ts'
import type { RotaryTables } from './rotary-tables.ts'

/** One way to compute attention in a graph, with the inputs that it needs of its own. */
export type Attention = {
  /**
   * Whether the rows of all texts come in and go out on one axis, `[1, batch × tokens, …]`, as between texts nothing but
   * attention tells them apart; else as `[batch, tokens, …]`.
   */
  joinsTexts: boolean
  /** Declares the inputs that all layers share. */
  open(graph: GraphBuilder, config: ModelConfig, tablesOf: (layer: number) => RotaryTables): LayerAttention
}

/** Adds one layer's attention: query, key and value in one, attended values out. */
export type LayerAttention = (packed: Value, layer: number) => Value

/** Names under which a layer's cache enters and leaves the graph. */
export const cacheNames = {
  past: (layer: number, part: CachePart) => `past.${layer}.${part}`,
  present: (layer: number, part: CachePart) => `present.${layer}.${part}`,
}

/** Each layer caches keys and values. */
export type CachePart = 'key' | 'value'
export const cacheParts: readonly CachePart[] = ['key', 'value']

/** Returns the names of every cache input and output, layer by layer, keys before values. */
export function cachePlanes(layers: number): { past: string; present: string }[] {
  return Array.from({ length: layers }, (_, layer) =>
    cacheParts.map((part) => ({
      past: cacheNames.past(layer, part),
      present: cacheNames.present(layer, part),
    })),
  ).flat()
}
