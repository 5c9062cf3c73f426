import { expect, test } from 'vitest'
import { EarlyModel } from '../../src/engine/worker/early-model.ts'
import { createMemoryWeights, type NewWeights, memoryStore } from '../../src/engine/worker/weights.ts'
import { publishInMemory } from '../../src/models/memory-model-store.ts'
import { MemoryPieceStore } from '../../src/models/memory-piece-store.ts'
import { PieceModelStore } from '../../src/models/piece-model-store.ts'
import { randomSmoothing } from '../fixtures/families/run-whole.ts'
import { tinyQwen3, writeTinyModel } from '../fixtures/families/tiny-models.ts'
import { loadVerifiedInNode, startInNode } from '../fixtures/llama/load-in-node.ts'

const recipe = 'wasm-int8-6'
const modelPath = 'model.gguf'
/** About what any token of the small vocabulary has. */
const knownAnswer = { promptIds: [1], tokenIds: [1], logProbs: [-5], toleranceNats: 10 }
const never = new AbortController().signal
/** No earlier visit prepared anything. */
const nothing = Promise.resolve(null)

// Larger than what is read of a head at once.
const gguf = new Blob([writeTinyModel({ ...tinyQwen3, layers: 24 })])
const files = [
  { path: modelPath, blob: gguf },
  { path: 'smoothing.safetensors', blob: new Blob([await randomSmoothing(gguf)]) },
]

/** A server that sends no last piece of the weights before it may, and weights that tell when they are first written. */
async function setUp() {
  const facts = {
    name: 'Tiny',
    license: 'Apache-2.0',
    family: 'llama',
    contextTokens: 512,
    knownAnswer,
  }
  const pieceBytes = 2 ** 18
  const published = await publishInMemory(files, { ...facts, smoothing: files[1]!.path }, pieceBytes)
  const { entry } = published
  const lastStart = (entry.manifest.files[0]!.pieces.length - 1) * pieceBytes
  const events: string[] = []
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()

  const watch = (weights: NewWeights): NewWeights => ({
    ...weights,
    write(part, at) {
      weights.write(part, at)
      if (!events.includes('prepares')) events.push('prepares')
      begun.resolve()
    },
    async keep() {
      events.push('kept')
    },
    close: () => events.push('closed'),
  })
  const prepared = {
    ...memoryStore,
    create: async (_key: string, bytes: number) => watch(createMemoryWeights(bytes)),
  }
  const open = (last: (piece: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (piece) => piece) =>
    new PieceModelStore({
      pieces: new MemoryPieceStore(),
      async *fetchRange(address, { start, end }, signal) {
        const path = address.slice(address.lastIndexOf('/') + 1)
        const blob = files.find((file) => file.path === path)!.blob
        const content = new Uint8Array(await blob.slice(start, end).arrayBuffer())
        if (path !== modelPath) return yield content
        yield content.subarray(0, lastStart - start)
        await gate.promise
        signal?.throwIfAborted()
        events.push('last piece served')
        yield last(content.slice(lastStart - start))
      },
      loadCatalogue: async () => [entry],
    })
  const early = startInNode(recipe)
  return { entry, events, begun: begun.promise, serveLast: gate.resolve, prepared, early, open }
}

test('weights are prepared while the model still comes, to the same answer', async () => {
  const { entry, events, begun, serveLast, prepared, early, open } = await setUp()
  const earlyModel = new EarlyModel(entry, recipe, prepared, nothing, early.starting)
  const fetching = open().fetch(entry, { onVerified: (part) => earlyModel.deliver(part) })
  await begun
  serveLast()
  const model = await fetching
  const progress: number[] = []
  const taken = await earlyModel.take(model, recipe, (fraction) => progress.push(fraction), never)
  expect(events).toEqual(['prepares', 'last piece served', 'kept'])
  expect(progress[0]).toBeGreaterThan(0)
  expect(progress.at(-1)).toBe(1)
  expect(progress).toEqual(progress.toSorted((a, b) => a - b))

  let anew: NewWeights | undefined
  const keepAnew = {
    ...memoryStore,
    create: async (_key: string, bytes: number) => (anew = createMemoryWeights(bytes)),
  }
  await loadVerifiedInNode(model, { recipe, prepared: keepAnew })
  const { weights } = taken!.prepared
  expect(weights.read(0, weights.bytes)).toEqual(anew!.read(0, anew!.bytes))
})

test('a load takes what was begun, and needs no part that it was not brought', async () => {
  const { entry, events, begun, serveLast, prepared, early, open } = await setUp()
  const earlyModel = new EarlyModel(entry, recipe, prepared, nothing, early.starting)
  const fetching = open().fetch(entry, {
    onVerified: (part) => void (part.start === 0 && earlyModel.deliver(part)),
  })
  serveLast()
  const model = await fetching
  const { facts } = await loadVerifiedInNode(model, { recipe, early, earlyModel })
  await begun
  expect(facts.fromCache).toBe(false)
  expect(events).toEqual(['last piece served', 'prepares', 'kept', 'closed'])
})

test('a wrong last piece fails the download as ever, and nothing is kept of what was prepared', async () => {
  const { entry, events, begun, serveLast, prepared, early, open } = await setUp()
  const earlyModel = new EarlyModel(entry, recipe, prepared, nothing, early.starting)
  const starts = new Set<number>()
  const fetching = open((piece) => piece.map((byte) => byte ^ 1)).fetch(entry, {
    onVerified(part) {
      starts.add(part.start)
      earlyModel.deliver(part)
    },
  })
  await begun
  serveLast()
  await expect(fetching).rejects.toMatchObject({ code: 'storage/hash-mismatch' })
  expect(starts.size).toBe(entry.manifest.files[0]!.pieces.length - 1)
  const other = { id: `0x${'77'.repeat(32)}` as const, manifest: entry.manifest, files: [] }
  expect(await earlyModel.take(other, recipe, () => {}, never)).toBeNull()
  expect(events).toEqual(['prepares', 'last piece served', 'closed'])
})

test('a load that is cancelled cancels what was begun', async () => {
  const { entry, events, begun, serveLast, prepared, early, open } = await setUp()
  const earlyModel = new EarlyModel(entry, recipe, prepared, nothing, early.starting)
  const cancel = new AbortController()
  const fetching = open().fetch(entry, {
    signal: cancel.signal,
    onVerified: (part) => earlyModel.deliver(part),
  })
  await begun
  cancel.abort()
  serveLast()
  await expect(fetching).rejects.toMatchObject({ code: 'storage/cancelled' })
  const { id, manifest } = entry
  expect(await earlyModel.take({ id, manifest, files: [] }, recipe, () => {}, cancel.signal)).toBeNull()
  expect(events).toEqual(['prepares', 'closed'])
})

test('what an earlier visit prepared needs the beginning of the model alone, and anything else all of it', async () => {
  const { entry, serveLast, prepared, early, open } = await setUp()
  serveLast()
  const store = open()
  const whole = await store.fetch(entry)
  const first = await new EarlyModel(entry, recipe, prepared, nothing, early.starting).take(
    whole,
    recipe,
    () => {},
    never,
  )
  const { graph, weights } = first!.prepared
  const begun = { ...whole, files: [gguf.slice(0, 2 ** 22)] }

  const found = Promise.resolve({ graph, weights })
  const again = await new EarlyModel(entry, recipe, prepared, found, early.starting).take(
    begun,
    recipe,
    () => {},
    never,
  )
  expect(again!.prepared).toMatchObject({ fromCache: true, graph, weights })

  // What is there ends within the head.
  const short = new EarlyModel(entry, recipe, prepared, found, early.starting)
  const stub = { ...whole, files: [gguf.slice(0, 2 ** 10)] }
  expect(await short.take(stub, recipe, () => {}, never)).toBeNull()
  await expect(loadVerifiedInNode(stub, { recipe })).rejects.toMatchObject({
    code: 'engine/incomplete-model',
  })

  const anew = new EarlyModel(entry, recipe, prepared, nothing, early.starting)
  await expect(anew.take(begun, recipe, () => {}, never)).rejects.toMatchObject({
    code: 'engine/incomplete-model',
  })
  const taken = await anew.take(whole, recipe, () => {}, never)
  expect(taken!.prepared.fromCache).toBe(false)
  expect(taken!.prepared.weights.read(0, weights.bytes)).toEqual(weights.read(0, weights.bytes))
})
