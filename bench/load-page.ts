import { probeMachine } from '../src/engine/probe.ts'
import { createWorkerEngine } from '../src/engine/worker-engine.ts'
import { loadCatalogue } from '../src/models/catalogue.ts'
import { createHttpSource } from '../src/models/http-source.ts'
import { openPieceStore } from '../src/models/open-piece-store.ts'
import { PieceModelStore } from '../src/models/piece-model-store.ts'
import type { CatalogueEntry } from '../src/domain/model.ts'
import type { Engine, LoadStage, ModelPart, VerifiedModel } from '../src/ports/engine.ts'

/** When something began and ended, in milliseconds of wall time. */
export type Span = { fromMs: number; toMs: number }

/** How a load went, as the page saw it. Stages may overlap. */
export type LoadTiming = { whole: Span; stages: Partial<Record<'fetch' | LoadStage, Span>> }

const backends = ['wasm' as const]

let engine: Engine

/**
 * Brings the page's own model from its origin, or from this browser, and makes it ready on the processor. The runtime starts
 * meanwhile, as in the page, and the weights are prepared meanwhile.
 */
export async function load(threads: number): Promise<LoadTiming> {
  const { store, entry } = await openEngine(threads)
  return time(async (mark) => {
    mark('fetch')
    await engine.warm({ backends, model: entry })
    const isKept = (await store.status(entry.id)).state === 'ready'
    const onVerified = (part: ModelPart) => engine.deliver(entry.id, part)
    const model = await store[isKept ? 'open' : 'fetch'](entry, { onVerified })
    mark('fetch')
    await engine.load(model, { backends, onProgress: ({ stage }) => mark(stage) })
  })
}

let brought: VerifiedModel

/** Brings the model and starts the runtime, and prepares nothing. */
export async function bring(): Promise<void> {
  const { store, entry } = await openEngine(1)
  brought = await store.fetch(entry)
  await engine.warm({ backends })
}

/** Makes ready what was brought. */
export async function loadBrought(): Promise<LoadTiming> {
  return time(async (mark) => {
    await engine.load(brought, { backends, onProgress: ({ stage }) => mark(stage) })
  })
}

async function openEngine(threads: number): Promise<{ store: PieceModelStore; entry: CatalogueEntry }> {
  const machine = await probeMachine()
  engine = createWorkerEngine({ probe: async () => ({ ...machine, threads }) })
  const catalogueUrl = new URL('/models/catalogue.json', location.href).href
  const store = new PieceModelStore({
    pieces: await openPieceStore(),
    fetchRange: createHttpSource(),
    loadCatalogue: async () => (await loadCatalogue(catalogueUrl)).entries,
  })
  const [entry] = await store.catalogue()
  return { store, entry: entry! }
}

async function time(
  work: (mark: (stage: 'fetch' | LoadStage) => void) => Promise<void>,
): Promise<LoadTiming> {
  const stages: LoadTiming['stages'] = {}
  const now = () => performance.timeOrigin + performance.now()
  const fromMs = now()
  await work((stage) => {
    const nowMs = now()
    stages[stage] = { fromMs: stages[stage]?.fromMs ?? nowMs, toMs: nowMs }
  })
  return { whole: { fromMs, toMs: now() }, stages }
}
