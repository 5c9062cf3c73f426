import { EngineError } from '../../errors/index.ts'
import { readHalfBits } from '../gguf/half-float.ts'
import type { Feeds, FloatData, FloatType, OpenSession, Runtime, Tensor } from '../worker/runtime.ts'
import type { SliceJob, StepGraph } from '../worker/step-runner.ts'
import type { FolderCache } from './folder-cache.ts'
import type { FolderConfig } from './folder-config.ts'

/** Where a layer's keys and values enter the graph, and where they leave it. */
const planeNames = (layers: number) =>
  Array.from({ length: layers }, (_, layer) =>
    ['key', 'value'].map((part) => ({
      past: `past_key_values.${layer}.${part}`,
      present: `present.${layer}.${part}`,
    })),
  ).flat()

/** Names of the results that stay where they are computed. */
export function folderPresents({ layers }: FolderConfig): string[] {
  return planeNames(layers).map(({ present }) => present)
}

/** Returns how precise the keys and values are that a graph is handed. */
export function cacheType({ inputs }: OpenSession): FloatType {
  return inputs.get('past_key_values.0.key') === 'float16' ? 'float16' : 'float32'
}

/**
 * Checks that a session is the decoder of a folder.
 *
 * @throws EngineError `engine/unsupported-model` naming what is missing
 */
export function checkFolderGraph({ inputs, outputs }: OpenSession, config: FolderConfig): void {
  const wanted = planeNames(config.layers)
  const missing = [
    ...['input_ids', 'attention_mask', ...wanted.map(({ past }) => past)].filter((name) => !inputs.has(name)),
    ...['logits', ...wanted.map(({ present }) => present)].filter((name) => !outputs.includes(name)),
  ]
  const known = [
    'input_ids',
    'attention_mask',
    'position_ids',
    'num_logits_to_keep',
    ...wanted.map(({ past }) => past),
  ]
  const foreign = [...inputs.keys()].filter((name) => !known.includes(name))
  if (missing.length + foreign.length === 0) return
  throw new EngineError(
    'engine/unsupported-model',
    'The graph of this folder is none that Opentab can run.',
    {
      details: [...missing.map((name) => `no ${name}`), ...foreign.map((name) => `unknown ${name}`)]
        .slice(0, 5)
        .join(', '),
    },
  )
}

/**
 * The graph of a folder in transformers.js's layout, one sequence a step.
 *
 * Inputs: `input_ids [1, tokens]`, `attention_mask [1, total]`, `position_ids [1, tokens]` and `num_logits_to_keep []`
 * where it has them, `past_key_values.N.key|value [1, kvHeads, past, headWidth]`. Outputs: `logits`, `present.N.key|value`.
 */
export function openFolderGraph(
  runtime: Runtime,
  session: OpenSession,
  config: FolderConfig,
): StepGraph<FolderCache> {
  const names = planeNames(config.layers)
  const type = cacheType(session)
  const shapeOf = (tokens: number) => [1, config.kvHeads, tokens, config.headWidth]

  const feed = ({ cache, slice }: SliceJob<FolderCache>): Feeds => {
    const { tokenIds, position, logitsFrom } = slice
    const total = position + tokenIds.length
    const shape = [1, tokenIds.length]
    const optional: Feeds = {
      position_ids: runtime.int64s(
        tokenIds.map((_, index) => position + index),
        shape,
      ),
      num_logits_to_keep: runtime.int64s([tokenIds.length - logitsFrom], []),
    }
    return {
      input_ids: runtime.int64s(tokenIds, shape),
      attention_mask: runtime.int64s(
        Array.from({ length: total }, () => 1),
        [1, total],
      ),
      ...Object.fromEntries(Object.entries(optional).filter(([name]) => session.inputs.has(name))),
      ...Object.fromEntries(
        names.map(({ past }, index) => [past, cache.planes[index] ?? runtime.emptyFloats(type, shapeOf(0))]),
      ),
    }
  }

  return {
    sharedTokens: 0,
    async run(jobs) {
      const rows: Float32Array[] = []
      for (const job of jobs) {
        const { cache, slice, wanted } = job
        if (wanted === 'states') throw noStates()
        if (cache.held > cache.length) await cut(runtime, cache, config)
        const results = await session.run(feed(job), ['logits', ...names.map(({ present }) => present)])
        cache.replace(
          names.map(({ present }) => results[present]!),
          slice.position + slice.tokenIds.length,
        )
        rows.push(await wantedRows(results['logits']!, slice.tokenIds.length - slice.logitsFrom, config))
      }
      return rows
    },
    rest() {},
  }
}

/** A graph that always computes all logits returns more than are wanted. */
async function wantedRows(
  logits: Tensor,
  rows: number,
  { vocabularySize }: FolderConfig,
): Promise<Float32Array> {
  const whole = asFloats(await logits.getData())
  return whole.subarray(whole.length - rows * vocabularySize)
}

/** Copies the rows that count. */
async function cut(
  runtime: Runtime,
  cache: FolderCache,
  { kvHeads, headWidth }: FolderConfig,
): Promise<void> {
  const { length, held } = cache
  if (length === 0) return cache.close()
  const planes: Tensor[] = []
  for (const plane of cache.planes) {
    const data = (await plane.getData()) as FloatData
    const kept = Array.from({ length: kvHeads }, (_, head) =>
      data.subarray(head * held * headWidth, (head * held + length) * headWidth),
    )
    planes.push(runtime.joinFloats(kept, plane.type as FloatType, [1, kvHeads, length, headWidth]))
  }
  cache.replace(planes, length)
}

function asFloats(data: ArrayLike<unknown>): Float32Array {
  if (data instanceof Float32Array) return data
  // Where there are no half-precision arrays yet, their bits come as integers.
  if (data instanceof Uint16Array) return Float32Array.from(data, (bits) => readHalfBits(bits))
  return Float32Array.from(data as ArrayLike<number>)
}

function noStates(): EngineError {
  return new EngineError('engine/unsupported-model', 'The graph of this folder cannot embed texts.')
}
