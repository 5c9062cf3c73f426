import { probeMachine } from '../src/engine/probe.ts'
import { createWorkerEngine } from '../src/engine/worker-engine.ts'
import { loadCatalogue } from '../src/models/catalogue.ts'
import { createHttpSource } from '../src/models/http-source.ts'
import { openPieceStore } from '../src/models/open-piece-store.ts'
import { PieceModelStore } from '../src/models/piece-model-store.ts'
import type { Engine, LoadStage } from '../src/ports/engine.ts'

/** When something began and ended, in milliseconds of wall time. */
export type Span = { fromMs: number; toMs: number }

/** How a load went, as the page saw it. Stages may overlap. */
export type LoadTiming = { whole: Span; stages: Partial<Record<'fetch' | LoadStage, Span>> }

let engine: Engine

/**
 * Brings the page's own model from its origin, or from this browser, and makes it ready on the processor. The runtime starts
 * meanwhile, as in the page, and the weights are prepared meanwhile unless they are to be `apart`.
 */
export async function load(threads: number, apart = false): Promise<LoadTiming> {
  const machine = await probeMachine()
  engine = createWorkerEngine({ probe: async () => ({ ...machine, threads }) })
  const catalogueUrl = new URL('/models/catalogue.json', location.href).href
  const store = new PieceModelStore({
    pieces: await openPieceStore(),
    fetchRange: createHttpSource(),
    loadCatalogue: async () => (await loadCatalogue(catalogueUrl)).entries,
  })
  const [entry] = await store.catalogue()
  const stages: LoadTiming['stages'] = {}
  const mark = (stage: 'fetch' | LoadStage) => {
    const nowMs = performance.timeOrigin + performance.now()
    stages[stage] = { fromMs: stages[stage]?.fromMs ?? nowMs, toMs: nowMs }
  }
  mark('fetch')
  const backends = ['wasm' as const]
  await engine.warm({ backends, ...(apart ? {} : { model: entry! }) })
  const model = await store.fetch(entry!, { onVerified: (part) => engine.deliver(entry!.id, part) })
  mark('fetch')
  await engine.load(model, { backends, onProgress: ({ stage }) => mark(stage) })
  const toMs = performance.timeOrigin + performance.now()
  return { whole: { fromMs: stages.fetch!.fromMs, toMs }, stages }
}

/** Gives the model's memory back; what is kept in this browser stays. */
export async function unload(): Promise<void> {
  await engine.unload()
}
