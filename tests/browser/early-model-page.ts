import { createWorkerEngine } from '../../src/engine/worker-engine.ts'
import { openPieceStore } from '../../src/models/open-piece-store.ts'
import { publishInMemory } from '../../src/models/memory-model-store.ts'
import { PieceModelStore } from '../../src/models/piece-model-store.ts'
import { tinyQwen3, writeTinyModel } from '../fixtures/families/tiny-models.ts'

const pieceBytes = 2 ** 18
const lookEveryMs = 10

/** What loads came to: the first share of the weights that each told of, and whether it found them prepared. */
export type EarlyLoads = { begunAt: number; fromCache: boolean }[]

/**
 * Loads a model whose last piece is served only once its weights are being prepared; then again, as later visits do; then
 * once what was prepared is gone.
 */
export async function loadAgain(): Promise<EarlyLoads> {
  // Larger than what is read of a head at once.
  const blob = new Blob([writeTinyModel({ ...tinyQwen3, layers: 24 })])
  const { entry } = await publishInMemory(
    [{ path: 'model.gguf', blob }],
    {
      name: 'Tiny',
      license: 'Apache-2.0',
      family: 'qwen3',
      contextTokens: 64,
      // About what any token of the small vocabulary has.
      knownAnswer: { promptIds: [1], tokenIds: [1], logProbs: [-5], toleranceNats: 10 },
    },
    pieceBytes,
  )
  const lastStart = (entry.manifest.files[0]!.pieces.length - 1) * pieceBytes
  const store = new PieceModelStore({
    pieces: await openPieceStore(),
    async *fetchRange(_address, { start, end }) {
      const content = new Uint8Array(await blob.slice(start, end).arrayBuffer())
      yield content.subarray(0, lastStart - start)
      while (!(await isPrepared(entry.id))) await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
      yield content.subarray(lastStart - start)
    },
    loadCatalogue: async () => [entry],
  })
  const loads: EarlyLoads = []
  for (let visit = 0; visit < 3; visit++) {
    if (visit === 2) await forgetPrepared()
    const engine = createWorkerEngine()
    const warming = engine.warm({ backends: ['wasm'], model: entry })
    const isKept = (await store.status(entry.id)).state === 'ready'
    const model = await store[isKept ? 'open' : 'fetch'](entry, {
      onVerified: (part) => engine.deliver(entry.id, part),
    })
    await warming
    const shares: number[] = []
    const { fromCache } = await engine.load(model, {
      backends: ['wasm'],
      onProgress: ({ stage, fraction }) => stage === 'prepare' && shares.push(fraction),
    })
    loads.push({ begunAt: shares[0]!, fromCache })
    await engine.unload()
  }
  return loads
}

/** Whether weights of the model are there, whole or not. */
async function isPrepared(id: string): Promise<boolean> {
  const root = await navigator.storage.getDirectory()
  const all = await root.getDirectoryHandle('prepared-weights', { create: true })
  for await (const name of all.keys()) if (name.startsWith(id)) return true
  return false
}

async function forgetPrepared(): Promise<void> {
  const root = await navigator.storage.getDirectory()
  await root.removeEntry('prepared-weights', { recursive: true })
}
