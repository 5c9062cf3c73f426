import type { Tensor } from 'onnxruntime-web'
import type { Backend } from '../../ports/engine.ts'
import { weightsFile } from '../graph/graph-builder.ts'
import { createTurns } from './turns.ts'
import { type BaseError, EngineError } from '../../errors/index.ts'
import { nameRuntimeError } from './runtime-error.ts'

/** The files of one build of the runtime, from our own origin. */
export type RuntimeFiles = {
  /** The WebAssembly program itself. */
  wasm: ArrayBuffer
  /** Where its JavaScript half lies; threads start from it. Undefined where the package holds it. */
  scriptUrl: string | undefined
}

/** A compiled graph. Runs wait for each other: the runtime takes one at a time. */
export type Session = {
  /** Returns the results that are wanted, or all of them. */
  run(feeds: Feeds, wanted?: readonly string[]): Promise<Record<string, Tensor>>
}

/** Inputs of a step, by name. */
export type Feeds = Record<string, Tensor>
export type { Tensor }

/** Runs one step of a model, now or later. */
export type RunStep = <value>(step: () => Promise<value>) => Promise<value>

/** A loaded build of onnxruntime-web. This file alone touches its global settings. */
export type Runtime = {
  /** Compiles a graph. Results named in `keepOnDevice` stay in GPU memory. */
  createSession(
    model: Uint8Array,
    weights: Uint8Array<ArrayBuffer>,
    keepOnDevice: readonly string[],
  ): Promise<Session>
  int64s(values: readonly number[], dims: readonly number[]): Tensor
  int32s(values: readonly number[], dims: readonly number[]): Tensor
  floats(values: Float32Array, dims: readonly number[]): Tensor
  /** Resolves when nothing more can be computed: the GPU is lost, or a step failed and so will all others. */
  lost: Promise<BaseError>
}

/** @throws EngineError `engine/load-failed` when the runtime itself cannot start */
export async function openRuntime(
  backend: Backend,
  files: RuntimeFiles,
  threads: number,
  runStep: RunStep,
): Promise<Runtime> {
  const ort = await (backend === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm'))
  ort.env.logLevel = 'error'
  ort.env.wasm.numThreads = threads
  ort.env.wasm.wasmBinary = files.wasm
  if (files.scriptUrl) ort.env.wasm.wasmPaths = { mjs: files.scriptUrl }
  const { Tensor, InferenceSession } = ort
  const takeTurn = createTurns()
  const lost = Promise.withResolvers<BaseError>()

  return {
    async createSession(model, weights, keepOnDevice) {
      const session = await InferenceSession.create(model, {
        executionProviders: [backend],
        externalData: [{ path: weightsFile, data: weights }],
        preferredOutputLocation: Object.fromEntries(
          keepOnDevice.map((name) => [name, 'gpu-buffer'] as const),
        ),
      })
      if (backend === 'webgpu') {
        const device = await ort.env.webgpu.device
        void device.lost.then(({ message: details }) =>
          lost.resolve(new EngineError('engine/device-lost', 'The GPU was lost.', { details })),
        )
      }
      return {
        async run(feeds, wanted = session.outputNames) {
          try {
            return await takeTurn(() => runStep(() => session.run(feeds, wanted)))
          } catch (error) {
            const failure = nameRuntimeError(error, 'engine/device-lost', 'A step of the model failed.')
            lost.resolve(failure)
            throw failure
          }
        },
      }
    },
    int64s: (values, dims) => new Tensor('int64', BigInt64Array.from(values, BigInt), dims),
    int32s: (values, dims) => new Tensor('int32', Int32Array.from(values), dims),
    floats: (values, dims) => new Tensor('float32', values, dims),
    lost: lost.promise,
  }
}

/** Returns a result's numbers; throws when the graph did not return it. */
export function readFloats(results: Record<string, Tensor>, name: string): Float32Array {
  const data = results[name]?.data
  if (data instanceof Float32Array) return data
  throw new EngineError('engine/device-lost', `The model returned no ${name}.`)
}
