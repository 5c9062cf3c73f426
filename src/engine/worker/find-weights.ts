import type { TensorSource } from '../gguf/tensor-source.ts'
import type { BuiltGraph } from '../graph/graph-builder.ts'
import { prepareWeights } from './prepare-weights.ts'
import type { PreparedStore } from './prepared-store.ts'
import { nameRuntimeError } from './runtime-error.ts'
import type { Weights } from './weights.ts'

/** Weights that are ready, and whether they were so from an earlier visit. */
export type FoundWeights = {
  weights: Weights
  fromCache: boolean
  /** Resolves when later visits will find them, or never can; they must stay open until then. */
  kept: Promise<void>
}

/**
 * Returns a graph's weights from an earlier visit, where `finding` comes to some, or prepares them.
 *
 * @throws EngineError `engine/load-failed`, `engine/out-of-memory`
 */
export async function findWeights(
  key: string,
  prepared: Pick<PreparedStore, 'create'>,
  finding: Promise<Weights | null>,
  graph: BuiltGraph,
  tensors: TensorSource,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<FoundWeights> {
  onProgress(0)
  const found = await finding
  if (found?.bytes === graph.weightBytes) {
    onProgress(1)
    return { weights: found, fromCache: true, kept: Promise.resolve() }
  }
  found?.close()
  const creating = prepared.create(key, graph.weightBytes)
  try {
    await prepareWeights(graph, tensors, creating, onProgress, signal)
    const weights = await creating
    return { weights, fromCache: false, kept: weights.keep() }
  } catch (error) {
    await creating.then(
      (weights) => weights.close(),
      () => {},
    )
    throw nameRuntimeError(error, 'engine/load-failed', 'The weights could not be prepared.')
  }
}
