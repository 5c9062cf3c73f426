import type { SliceLength } from '../decode/slice-length.ts'
import { cachePlanes } from '../graph/attention.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import { DeviceCache } from './device-cache.ts'
import type { CacheShape, PlanePlace } from './device-planes.ts'
import { countPlaces, fitText } from './plane-limits.ts'
import { type Feeds, readFloats, type Runtime, type Session, type Tensor } from './runtime.ts'
import { SharedPlanes } from './shared-planes.ts'
import { shareOf, type SliceJob, type StepGraph } from './step-runner.ts'

/** Until more is known: some adapters compute grouped attention wrongly from 32 tokens up. */
export const deviceSliceTokens = 31

/** What learns how long slices take, by a clock that stands still while a step waits to be run. */
type SliceClock = { slices: SliceLength; nowMs: () => number }

/** A graph on a GPU: what has its cache in the planes that go in and come out again. */
type Binding = { feeds: Feeds; results: Record<string, Tensor> }

/**
 * The graph for a GPU. Each cache stays in buffers that are bound as past and as present, so that a step writes its new
 * rows and copies nothing. Slices of one token share a step: with more, the operator takes one sequence at a time.
 */
export class DeviceGraph implements StepGraph<DeviceCache> {
  readonly sharedTokens = 1
  readonly #runtime: Runtime
  readonly #session: Session
  readonly #config: ModelConfig
  readonly #device: GPUDevice
  readonly #shape: CacheShape
  readonly #shared: SharedPlanes
  readonly #clock: SliceClock

  constructor(runtime: Runtime, session: Session, config: ModelConfig, device: GPUDevice, clock: SliceClock) {
    this.#runtime = runtime
    this.#session = session
    this.#config = config
    this.#device = device
    this.#shape = { planes: 2 * config.layers, heads: config.kvHeads, headWidth: config.headWidth }
    this.#shared = new SharedPlanes(device, this.#shape)
    this.#clock = clock
  }

  /** Returns how many texts may be answered side by side, each as long as `fitText` allows. */
  countPlaces(tokens: number): number {
    return countPlaces(this.#device.limits, this.#shape, tokens)
  }

  /** Returns how long a text may be here: `tokens` at most. */
  fitText(tokens: number): number {
    return fitText(this.#device.limits, this.#shape, tokens)
  }

  openCache(): DeviceCache {
    return new DeviceCache(this.#device, this.#shape)
  }

  async run(jobs: readonly SliceJob<DeviceCache>[]): Promise<Float32Array[]> {
    const caches = jobs.map(({ cache }) => cache)
    const isOneToken = jobs.every(({ slice }) => slice.tokenIds.length === 1)
    const [first] = jobs
    if (jobs.length === 1 && !(isOneToken && this.#shared.suits(caches)))
      return [await this.#runAlone(first!)]
    this.#shared.gather(caches)
    return this.#runShared(jobs)
  }

  /** Whoever asks next keeps the place. */
  rest(): void {
    this.#shared.release()
  }

  async #runAlone({ cache, slice, wanted }: SliceJob<DeviceCache>): Promise<Float32Array> {
    const { tokenIds, logitsFrom } = slice
    const bound = this.#bind(cache.reserve(tokenIds.length), 1)
    const totals = [cache.length + tokenIds.length]
    const { slices, nowMs } = this.#clock
    const startedMs = nowMs()
    const results = await this.#step(bound, [tokenIds], totals, logitsFrom, [wanted])
    slices.observe(tokenIds.length, nowMs() - startedMs)
    cache.grow(tokenIds.length)
    return readFloats(results, wanted)
  }

  /** Places of those who ask for nothing now compute a token that nobody keeps. */
  async #runShared(jobs: readonly SliceJob<DeviceCache>[]): Promise<Float32Array[]> {
    const { caches, planes, capacity } = this.#shared
    const jobOf = caches.map((cache) => jobs.find((job) => job.cache === cache))
    const totals = caches.map(({ length }) => length + 1)
    const tokenIds = jobOf.map((job) => job?.slice.tokenIds ?? [0])
    const wanted = [...new Set(jobs.map((job) => job.wanted))]
    const bound = this.#bind({ planes, capacity, place: 0 }, caches.length)
    const results = await this.#step(bound, tokenIds, totals, 0, wanted)
    for (const { cache } of jobs) cache.grow(1)
    return jobs.map((job) => shareOf(readFloats(results, job.wanted), jobOf.indexOf(job), caches.length))
  }

  #step(
    { feeds, results }: Binding,
    tokenIds: readonly (readonly number[])[],
    totals: readonly number[],
    logitsFrom: number,
    wanted: readonly string[],
  ): Promise<Record<string, Tensor>> {
    const { int32s, int64s } = this.#runtime
    const shape = [tokenIds.length, tokenIds[0]!.length]
    const inputs: Feeds = {
      ...feeds,
      input_ids: int64s(tokenIds.flat(), shape),
      last_positions: int32s(
        totals.map((total) => total - 1),
        [totals.length],
      ),
      total_tokens: int32s([Math.max(...totals)], []),
      logits_from: int64s([logitsFrom], [1]),
    }
    return this.#session.run(inputs, wanted, results)
  }

  #bind({ planes, capacity }: PlanePlace, places: number): Binding {
    const { heads, headWidth } = this.#shape
    const bound: Binding = { feeds: {}, results: {} }
    cachePlanes(this.#config.layers).forEach(({ past, present }, index) => {
      const tensor = this.#runtime.deviceFloats(planes[index]!, [places, heads, capacity, headWidth])
      bound.feeds[past] = tensor
      bound.results[present] = tensor
    })
    return bound
  }
}
