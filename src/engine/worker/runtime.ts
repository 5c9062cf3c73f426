import type { Tensor } from 'onnxruntime-web'
import type { Hex } from '../../domain/bytes.ts'
import type { Backend } from '../../ports/engine.ts'
import { GraphBuilder } from '../graph/graph-builder.ts'
import { createTurns } from './turns.ts'
import { type BaseError, EngineError } from '../../errors/index.ts'
import { nameRuntimeError } from './runtime-error.ts'
import type { Weights } from './weights.ts'

/** The files of one build of the runtime, from our own origin. */
export type RuntimeFiles = {
  /** SHA-256 of the WebAssembly program. */
  programHash: Hex
  /**
   * Where the program lies, and its JavaScript half: a browser keeps what it compiled of an address. Or the program alone,
   * where the package holds the other half.
   */
  program: { url: string; scriptUrl: string } | ArrayBuffer
}

/** A compiled graph. Runs wait for each other: the runtime takes one at a time. */
export type Session = {
  /** Returns the results that are wanted, or all of them; writes those of `into` to where they belong. */
  run(
    feeds: Feeds,
    wanted?: readonly string[],
    into?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>
}

/** A graph that this runtime compiled: its inputs with their types, and its outputs, by name. */
export type OpenSession = Session & { inputs: ReadonlyMap<string, string>; outputs: readonly string[] }

/** Weights that lie beside a graph, under the name by which it asks for them. */
export type ExternalData = { path: string; data: Weights | Blob }

/** How a graph is compiled. */
export type SessionOptions = {
  /** Results that stay in GPU memory. */
  keepOnDevice?: readonly string[]
  /** Whether the runtime computes the very operators that the graph has; by default it joins and replaces some. */
  asBuilt?: boolean
}

/** Inputs of a step, by name. */
export type Feeds = Record<string, Tensor>
export type { Tensor }

/** Numbers of single and half precision, and the arrays that hold them. */
export type FloatType = 'float32' | 'float16'
export type FloatData = Float32Array | Uint16Array

/** Runs one step of a model, now or later. */
export type RunStep = <value>(step: () => Promise<value>) => Promise<value>

/** A loaded build of onnxruntime-web. This file alone touches its global settings. */
export type Runtime = {
  /** Compiles a graph, and copies its weights. */
  createSession(
    model: Uint8Array,
    external: readonly ExternalData[],
    options?: SessionOptions,
  ): Promise<OpenSession>
  /** Returns the GPU, once a graph was compiled for it. */
  device(): Promise<GPUDevice>
  int64s(values: readonly number[], dims: readonly number[]): Tensor
  int32s(values: readonly number[], dims: readonly number[]): Tensor
  floats(values: Float32Array, dims: readonly number[]): Tensor
  /** No numbers at all, of a type that may have half the precision. */
  emptyFloats(type: FloatType, dims: readonly number[]): Tensor
  /** Numbers of one type in several parts, one after the other. */
  joinFloats(parts: readonly FloatData[], type: FloatType, dims: readonly number[]): Tensor
  /** Numbers that lie in GPU memory. */
  deviceFloats(buffer: GPUBuffer, dims: readonly number[]): Tensor
  /** Resolves when nothing more can be computed: the GPU is lost, or a step failed and so will all others. */
  lost: Promise<BaseError>
}

/**
 * Starts the runtime. Fails when it cannot. Its program is compiled meanwhile, but runs only after `earlier`: whatever it then
 * calls and is not compiled yet would be compiled once more, on this thread.
 */
export async function openRuntime(
  backend: Backend,
  { program }: RuntimeFiles,
  threads: number,
  runStep: RunStep,
  earlier?: Promise<unknown>,
): Promise<Runtime> {
  const importing = backend === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm')
  const starter = program instanceof ArrayBuffer ? null : import(/* @vite-ignore */ program.scriptUrl)
  const [ort] = await Promise.all([importing, starter])
  ort.env.logLevel = 'error'
  ort.env.wasm.numThreads = threads
  if (program instanceof ArrayBuffer) ort.env.wasm.wasmBinary = program
  else ort.env.wasm.wasmPaths = { mjs: program.scriptUrl, wasm: program.url }
  await earlier
  const { Tensor, InferenceSession } = ort
  // Whatever session comes first starts the runtime; an empty one takes no time besides.
  await InferenceSession.create(buildEmptyGraph(), { executionProviders: [backend] })
  const takeTurn = createTurns()
  const lost = Promise.withResolvers<BaseError>()
  let loss: BaseError | null = null
  /** What comes after a loss follows from it. */
  const lose = (error: BaseError): BaseError => {
    loss ??= error
    lost.resolve(loss)
    return loss
  }
  if (backend === 'webgpu') watchMemory(await ort.env.webgpu.device, lose)

  return {
    async createSession(model, external, { keepOnDevice = [], asBuilt = false } = {}) {
      const session = await InferenceSession.create(model, {
        executionProviders: [backend],
        graphOptimizationLevel: asBuilt ? 'disabled' : 'all',
        externalData: external.map(({ path, data }) => ({
          path,
          data: data instanceof Blob ? data : readWhenAsked(data),
        })),
        preferredOutputLocation: Object.fromEntries(
          keepOnDevice.map((name) => [name, 'gpu-buffer'] as const),
        ),
      }).catch((error: unknown) => Promise.reject(loss ?? error))
      if (backend === 'webgpu') watchDevice(await ort.env.webgpu.device, lose)
      return {
        inputs: new Map(session.inputMetadata.map((input) => [input.name, input.isTensor ? input.type : ''])),
        outputs: session.outputNames,
        async run(feeds, wanted = session.outputNames, into = {}) {
          try {
            const results = { ...Object.fromEntries(wanted.map((name) => [name, null])), ...into }
            return await takeTurn(() => runStep(() => session.run(feeds, results)))
          } catch (error) {
            throw lose(nameRuntimeError(error, 'engine/device-lost', 'A step of the model failed.'))
          }
        },
      }
    },
    device: () => ort.env.webgpu.device,
    int64s: (values, dims) => new Tensor('int64', BigInt64Array.from(values, BigInt), dims),
    int32s: (values, dims) => new Tensor('int32', Int32Array.from(values), dims),
    floats: (values, dims) => new Tensor('float32', values, dims),
    emptyFloats: (type, dims) => new Tensor(type, joinArrays([], type), dims),
    joinFloats: (parts, type, dims) => new Tensor(type, joinArrays(parts, type), dims),
    deviceFloats: (buffer, dims) => Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims }),
    lost: lost.promise,
  }
}

/**
 * The runtime takes the bytes of one tensor after the other, and copies each: of what pretends to be all of them, only
 * one has to be in memory.
 */
function readWhenAsked({ bytes, read }: Weights): Uint8Array {
  return Object.defineProperties(new Uint8Array(), {
    byteLength: { value: bytes },
    subarray: { value: read },
  })
}

/** Half-precision numbers have an array of their own in newer browsers, which the runtime's types do not know. */
function joinArrays(parts: readonly FloatData[], type: FloatType): FloatData {
  const { Float16Array: Halves = Uint16Array } = globalThis as unknown as {
    Float16Array?: typeof Uint16Array
  }
  const Numbers = type === 'float16' ? Halves : Float32Array
  const whole = new Numbers(parts.reduce((length, part) => length + part.length, 0))
  let start = 0
  for (const part of parts) {
    whole.set(part, start)
    start += part.length
  }
  return whole
}

function buildEmptyGraph(): Uint8Array {
  const graph = new GraphBuilder()
  graph.output(graph.apply('Identity', [graph.input('in', 'float', [1])], {}, 'out'), 'float', [1])
  return graph.build().model
}

/** What was compiled while memory ran out is there, and computes nothing. */
function watchMemory(device: GPUDevice, onLost: (error: EngineError) => void): void {
  device.addEventListener('uncapturederror', ({ error }) => {
    if (!(error instanceof GPUOutOfMemoryError)) return
    const { message: details } = error
    const shortMessage = 'The GPU has too little memory for this model.'
    onLost(new EngineError('engine/out-of-memory', shortMessage, { details }))
  })
}

/** Once a model is compiled, what its device computes after any error that nobody caught means nothing. */
function watchDevice(device: GPUDevice, onLost: (error: EngineError) => void): void {
  void device.lost.then(({ message: details }) =>
    onLost(new EngineError('engine/device-lost', 'The GPU was lost.', { details })),
  )
  device.addEventListener('uncapturederror', ({ error }) => {
    const { message: details } = error
    onLost(new EngineError('engine/device-lost', 'The GPU refused a step of the model.', { details }))
  })
}

/** Returns a result's numbers; throws when the graph did not return it. */
export function readFloats(results: Record<string, Tensor>, name: string): Float32Array {
  const data = results[name]?.data
  if (data instanceof Float32Array) return data
  throw new EngineError('engine/device-lost', `The model returned no ${name}.`)
}
