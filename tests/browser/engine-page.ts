import type { ModelId, ModelManifest } from '../../src/domain/model.ts'
import { createWorkerEngine, type WorkerEngineOptions } from '../../src/engine/worker-engine.ts'
import type {
  Backend,
  Distribution,
  Engine,
  GenerateRequest,
  GenerateResult,
  LoadedModel,
  LoadProgress,
  VerifiedModel,
} from '../../src/ports/engine.ts'

let engine: Engine | null = null

/** Options that can be copied into a page. */
export type EngineChoice = Pick<WorkerEngineOptions, 'recipes' | 'sliceTokens' | 'slots' | 'stallMs'>

/** Creates the page's engine and loads a model from a folder with a manifest. */
export async function load(
  folder: string,
  backends: Backend[],
  choice: EngineChoice = {},
): Promise<{ loaded: LoadedModel; stages: LoadProgress[]; milliseconds: number }> {
  const stages: LoadProgress[] = []
  engine = createWorkerEngine(choice)
  const model = await readModel(folder)
  const startedMs = performance.now()
  const loaded = await engine.load(model, { backends, onProgress: (progress) => stages.push(progress) })
  return { loaded, stages, milliseconds: performance.now() - startedMs }
}

/** Reads a model of our own repository; its bytes are not verified again. */
export async function readModel(folder: string): Promise<VerifiedModel> {
  const manifest = (await (await fetch(`${folder}/manifest.json`)).json()) as ModelManifest
  const id: ModelId = `0x${'ab'.repeat(32)}`
  const files = manifest.files.map(async ({ path }) => (await fetch(`${folder}/${path}`)).blob())
  return { id, manifest, files: await Promise.all(files) }
}

export async function encodeChat(content: string): Promise<number[]> {
  return theEngine().text.encodeChat([{ role: 'user', content }])
}

export type Answer = GenerateResult & { tokenIds: number[]; whole: string }

export async function answer(request: GenerateRequest, cancelAfterTokens = Infinity): Promise<Answer> {
  const cancel = new AbortController()
  const stream = theEngine().generate(request, cancel.signal)
  const tokenIds: number[] = []
  let whole = ''
  let next = await stream.next()
  for (; !next.done; next = await stream.next()) {
    tokenIds.push(next.value.tokenId)
    whole += next.value.text
    if (tokenIds.length >= cancelAfterTokens) cancel.abort()
  }
  return { ...next.value, tokenIds, whole: whole + next.value.text }
}

export async function distributions(tokenIds: number[], count: number, top: number): Promise<Distribution[]> {
  return theEngine().distributions(tokenIds, count, top)
}

function theEngine(): Engine {
  if (!engine) throw new Error('No engine was created.')
  return engine
}
