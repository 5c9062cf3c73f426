import type { Sequence } from '../decode/sequence.ts'
import { SliceLength } from '../decode/slice-length.ts'
import type { StepMeter } from '../decode/step-meter.ts'
import { cachePlanes } from '../graph/attention.ts'
import { weightsFile } from '../graph/graph-builder.ts'
import { type RecipeName, recipes } from '../graph/recipe.ts'
import { openCachedSequence } from './cached-sequence.ts'
import { DeviceGraph, deviceSliceTokens } from './device-graph.ts'
import { hostSliceTokens, openHostCache, openHostGraph } from './host-graph.ts'
import type { LoadInput } from './model-calls.ts'
import type { PreparedModel } from './prepare-model.ts'
import type { OpenSession, Runtime } from './runtime.ts'
import { nameRuntimeError } from './runtime-error.ts'
import { createStepRunner } from './step-runner.ts'

/** A compiled graph as it serves texts. */
export type ServingGraph = {
  openSequence: () => Sequence
  /** Absent on a device: there a row's bits depend on who shares the step, so guesses would change answers. */
  steps?: StepMeter
  /** How long slices are, where that is to be found out. */
  slices?: SliceLength
  /** Longest text. */
  contextTokens: number
  /** Such texts for which a step has room; null where nothing but memory bounds them. */
  stepPlaces: number | null
}

/**
 * Compiles the graph of a model with its prepared weights.
 *
 * @throws EngineError `engine/load-failed`, `engine/out-of-memory`
 */
export async function compileModel(
  { graph, weights, config }: PreparedModel,
  recipe: RecipeName,
  runtime: Runtime,
): Promise<OpenSession> {
  const { backend } = recipes[recipe]
  const options =
    backend === 'webgpu'
      ? { keepOnDevice: cachePlanes(config.layers).map(({ present }) => present) }
      : // The graph already has what the runtime would look for, which takes it a quarter of a second.
        { asBuilt: true }
  try {
    return await runtime.createSession(graph, [{ path: weightsFile, data: weights }], options)
  } catch (error) {
    throw nameRuntimeError(error, 'engine/load-failed', `The runtime refused the model on ${backend}.`)
  }
}

/** Opens a compiled graph for texts. */
export async function serveGraph(
  input: Pick<LoadInput, 'recipe' | 'sliceTokens'>,
  runtime: Runtime,
  session: OpenSession,
  { config, contextTokens: longest }: Pick<PreparedModel, 'config' | 'contextTokens'>,
  nowMs: () => number,
): Promise<ServingGraph> {
  if (recipes[input.recipe].backend === 'webgpu') {
    const slices = new SliceLength(deviceSliceTokens)
    const clock = { slices, nowMs }
    const graphOnDevice = new DeviceGraph(runtime, session, config, await runtime.device(), clock)
    const runner = createStepRunner(graphOnDevice, nowMs)
    const sliceTokens = input.sliceTokens ?? (() => slices.tokens)
    const openSequence = () => openCachedSequence(graphOnDevice.openCache(), runner, config, sliceTokens)
    const contextTokens = graphOnDevice.fitText(longest)
    const stepPlaces = graphOnDevice.countPlaces(contextTokens)
    return { openSequence, contextTokens, stepPlaces, ...(input.sliceTokens ? {} : { slices }) }
  }
  const { sliceTokens = hostSliceTokens } = input
  const runner = createStepRunner(openHostGraph(runtime, session, config), nowMs)
  const openSequence = () => openCachedSequence(openHostCache(config), runner, config, sliceTokens)
  return { openSequence, steps: runner.steps, contextTokens: longest, stepPlaces: null }
}
