import type { Sequence } from '../decode/sequence.ts'
import { SliceLength } from '../decode/slice-length.ts'
import type { StepMeter } from '../decode/step-meter.ts'
import { cachePlanes } from '../graph/attention.ts'
import { type BuiltGraph, weightsFile } from '../graph/graph-builder.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import { recipes } from '../graph/recipe.ts'
import { openCachedSequence } from './cached-sequence.ts'
import { DeviceGraph, deviceSliceTokens } from './device-graph.ts'
import { hostSliceTokens, openHostCache, openHostGraph } from './host-graph.ts'
import type { LoadInput } from './model-calls.ts'
import type { Runtime } from './runtime.ts'
import { nameRuntimeError } from './runtime-error.ts'
import { createStepRunner } from './step-runner.ts'
import type { Weights } from './weights.ts'

/** A graph that can be run; `lost` resolves when the GPU is. */
export type CompiledModel = {
  lost: Runtime['lost']
  openSequence: () => Sequence
  /** Absent on a device: there a row's bits depend on who shares the step, so guesses would change answers. */
  steps?: StepMeter
  /** How long slices are, where that is to be found out. */
  slices?: SliceLength
}

/**
 * Compiles a graph with its weights.
 *
 * @throws EngineError `engine/load-failed`, `engine/out-of-memory`
 */
export async function compileModel(
  input: Pick<LoadInput, 'recipe' | 'sliceTokens'>,
  runtime: Runtime,
  graph: BuiltGraph,
  weights: Weights,
  config: ModelConfig,
  nowMs: () => number,
): Promise<CompiledModel> {
  const { backend } = recipes[input.recipe]
  try {
    const { lost } = runtime
    const session = await runtime.createSession(
      graph.model,
      [{ path: weightsFile, data: weights }],
      backend === 'webgpu' ? cachePlanes(config.layers).map(({ present }) => present) : [],
    )
    if (backend === 'webgpu') {
      const slices = new SliceLength(deviceSliceTokens)
      const clock = { slices, nowMs }
      const graphOnDevice = new DeviceGraph(runtime, session, config, await runtime.device(), clock)
      const runner = createStepRunner(graphOnDevice, nowMs)
      const sliceTokens = input.sliceTokens ?? (() => slices.tokens)
      const openSequence = () => openCachedSequence(graphOnDevice.openCache(), runner, config, sliceTokens)
      return { lost, openSequence, ...(input.sliceTokens ? {} : { slices }) }
    }
    const { sliceTokens = hostSliceTokens } = input
    const runner = createStepRunner(openHostGraph(runtime, session, config), nowMs)
    const openSequence = () => openCachedSequence(openHostCache(config), runner, config, sliceTokens)
    return { lost, openSequence, steps: runner.steps }
  } catch (error) {
    throw nameRuntimeError(error, 'engine/load-failed', `The runtime refused the model on ${backend}.`)
  }
}
