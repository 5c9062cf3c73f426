import type { Hex } from '../../src/domain/bytes.ts'
import type { ModelManifest } from '../../src/domain/model.ts'
import { probeMachine } from '../../src/engine/probe.ts'
import { createWorkerEngine, type WorkerEngineOptions } from '../../src/engine/worker-engine.ts'
import { openModelWorker } from '../../src/engine/worker/open-workers.ts'
import type {
  Backend,
  Distribution,
  Engine,
  EngineProbe,
  GenerateRequest,
  LoadedModel,
  VerifiedModel,
} from '../../src/ports/engine.ts'
import { engineCases } from '../conformance/engine.ts'
import {
  tinyGemma3,
  tinyLlama3,
  tinyQwen2,
  tinyQwen3,
  writeTinyModel,
} from '../fixtures/families/tiny-models.ts'
import type { GpuCounts } from './counting-model-worker.ts'

/** Options that can be copied into a page. */
export type EngineChoice = Pick<WorkerEngineOptions, 'recipes' | 'sliceTokens'> & { threads?: number }

let engine: Engine | null = null

/** Loads a model of this repository, in place of the one loaded before. */
export async function load(
  folder: string,
  backends?: Backend[],
  choice: EngineChoice = {},
): Promise<LoadedModel> {
  await engine?.unload()
  const { threads, ...options } = choice
  const probe = async () => ({ ...(await probeMachine()), ...(threads ? { threads } : {}) })
  engine = createWorkerEngine({ ...options, probe })
  return engine.load(await readModel(folder), backends ? { backends } : {})
}

const tinyModels = { llama3: tinyLlama3, qwen2: tinyQwen2, qwen3: tinyQwen3, gemma3: tinyGemma3 }

/** Loads a tiny model of a family, written here; any answer is right. */
export async function loadFamily(
  family: keyof typeof tinyModels,
  backend: Backend,
  choice: EngineChoice = {},
): Promise<LoadedModel> {
  await engine?.unload()
  const sha256 = `0x${Object.keys(tinyModels).indexOf(family).toString(16).padStart(64, '0')}` as const
  const manifest: ModelManifest = {
    version: 1,
    name: family,
    license: 'Apache-2.0',
    family,
    contextTokens: 512,
    files: [{ path: 'model.gguf', bytes: 1, sha256, pieceBytes: 1, pieces: [] }],
    knownAnswer: { promptIds: [1], tokenIds: [1], logProbs: [0], toleranceNats: 1e9 },
  }
  engine = createWorkerEngine(choice)
  const files = [new Blob([writeTinyModel(tinyModels[family])])]
  return engine.load({ id: sha256, manifest, files }, { backends: [backend] })
}

/** Loads a model whose known answer is right on no back end. */
export async function loadWronglyKnown(folder: string): Promise<LoadedModel> {
  const model = await readModel(folder)
  const knownAnswer = { ...model.manifest.knownAnswer, toleranceNats: 0 }
  return createWorkerEngine().load({ ...model, manifest: { ...model.manifest, knownAnswer } })
}

/** Loads the same bytes under another id. */
export async function loadAs(folder: string, id: Hex): Promise<LoadedModel> {
  return createWorkerEngine().load({ ...(await readModel(folder)), id }, { backends: ['wasm'] })
}

/** Reads a model of our own repository, whose bytes need no check. */
export async function readModel(folder: string): Promise<VerifiedModel> {
  const manifest = (await (await fetch(`${folder}/manifest.json`)).json()) as ModelManifest
  const files = manifest.files.map(async ({ path }) => (await fetch(`${folder}/${path}`)).blob())
  return { id: manifest.files[0]!.sha256, manifest, files: await Promise.all(files) }
}

export async function runEngineCase(folder: string, index: number): Promise<void> {
  const tested = createWorkerEngine()
  await engineCases[index]?.run({ engine: tested, model: await readModel(folder) })
  await tested.unload()
}

export async function probe(): Promise<EngineProbe> {
  return createWorkerEngine().probe()
}

export async function encodeChat(content: string): Promise<number[]> {
  return loadedEngine().text.encodeChat([{ role: 'user', content }])
}

export async function answer(request: GenerateRequest): Promise<{ tokenIds: number[]; text: string }> {
  const stream = loadedEngine().generate(request)
  const tokenIds: number[] = []
  let text = ''
  let next = await stream.next()
  for (; !next.done; next = await stream.next()) {
    tokenIds.push(next.value.tokenId)
    text += next.value.text
  }
  return { tokenIds, text: text + next.value.text }
}

/** Answers requests one after the other, or each from the moment that the one before has `lead` tokens. */
export async function answerAll(requests: GenerateRequest[], lead: number | null): Promise<number[][]> {
  if (lead === null) {
    const alone: number[][] = []
    for (const request of requests) alone.push((await answer(request)).tokenIds)
    return alone
  }
  const [first, ...rest] = requests
  const stream = loadedEngine().generate(first!)
  const tokenIds: number[] = []
  let others = Promise.resolve<number[][]>([])
  for await (const event of stream) {
    tokenIds.push(event.tokenId)
    if (tokenIds.length === lead && rest.length > 0) others = answerAll(rest, lead)
  }
  return [tokenIds, ...(await others)]
}

/** Ends an answer while its prompt is still being read; returns how it ended. */
export async function cancelPrefill(promptIds: number[]): Promise<string> {
  const cancel = new AbortController()
  const sampler = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }
  const request = { promptIds, sampler, seed: `0x${'00'.repeat(16)}` as const, maxTokens: 5, stop: [] }
  const stream = loadedEngine().generate(request, cancel.signal)
  const first = stream.next()
  setTimeout(() => cancel.abort(), 5)
  const { value, done } = await first
  return done ? value.finishReason : 'a token came'
}

export async function distributions(tokenIds: number[], count: number, top: number): Promise<Distribution[]> {
  return loadedEngine().distributions(tokenIds, count, top)
}

/** Loads a model, terminates its worker behind the engine's back, and asks again. */
export async function outliveWorker(folder: string, tokenIds: number[]): Promise<Distribution[][]> {
  const workers: Worker[] = []
  const openWorker = () => {
    const worker = openModelWorker()
    workers.push(worker as Worker)
    return worker
  }
  const survivor = createWorkerEngine({ openModelWorker: openWorker, stallMs: 20_000 })
  await survivor.load(await readModel(folder), { backends: ['wasm'] })
  const before = await survivor.distributions(tokenIds, 5, 3)
  workers[0]!.dispatchEvent(new ErrorEvent('error', { message: 'The tab ran out of memory.' }))
  const after = await survivor.distributions(tokenIds, 5, 3)
  await survivor.unload()
  return [before, after]
}

/** Loads a model on the GPU and answers rounds of requests; returns what was counted after each, and the tokens made. */
export async function countGpuWork(
  folder: string,
  rounds: GenerateRequest[][],
): Promise<(GpuCounts & { tokens: number })[]> {
  await engine?.unload()
  let worker: Worker | undefined
  const openModelWorker = () =>
    (worker = new Worker(new URL('./counting-model-worker.ts', import.meta.url), { type: 'module' }))
  const count = () => {
    const { port1, port2 } = new MessageChannel()
    const counted = new Promise<GpuCounts>((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<GpuCounts>) => resolve(data)
    })
    worker!.postMessage({ countTo: port2 }, [port2])
    return counted
  }
  engine = createWorkerEngine({ openModelWorker, slots: 4 })
  await engine.load(await readModel(folder), { backends: ['webgpu'] })
  const counts = [{ ...(await count()), tokens: 0 }]
  for (const round of rounds) {
    const answers = await Promise.all(round.map(answer))
    counts.push({ ...(await count()), tokens: answers.flatMap(({ tokenIds }) => tokenIds).length })
  }
  return counts
}

/** Names of what this origin keeps prepared. */
export async function listPreparedWeights(): Promise<string[]> {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle('prepared-weights')
  const names: string[] = []
  for await (const name of folder.keys()) names.push(name)
  return names
}

/** Changes one byte of a file of each prepared model that this origin keeps. */
export async function corruptPrepared(name: 'weights.bin' | 'graph.onnx'): Promise<number> {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle('prepared-weights')
  let changed = 0
  for await (const kept of folder.values()) {
    if (!(kept instanceof FileSystemDirectoryHandle)) continue
    const handle = await kept.getFileHandle(name)
    const writable = await handle.createWritable({ keepExistingData: true })
    await writable.write({ type: 'write', position: 1000, data: Uint8Array.of(77) })
    await writable.close()
    changed++
  }
  return changed
}

function loadedEngine(): Engine {
  if (!engine) throw new Error('No engine was created.')
  return engine
}
