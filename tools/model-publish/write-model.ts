import { existsSync, openAsBlob } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { suggestLicense } from '../../src/domain/license.ts'
import type { KnownAnswer, ModelId, ModelManifest } from '../../src/domain/model.ts'
import { checkModel } from '../../src/engine/check-model.ts'
import { describeModel } from '../../src/engine/describe-model.ts'
import { makeManifest, type ModelFacts } from '../../src/models/make-manifest.ts'
import { parseManifest } from '../../src/models/manifest-schema.ts'
import type { MeasuredModel } from '../../src/ports/engine.ts'
import { ToolError } from '../tool-error.ts'
import { bring } from './bring.ts'
import { readJson, writeJson } from './json-files.ts'
import { listModel } from './list-model.ts'

/** Scales that keep 8-bit products close, beside the model file. */
const smoothingPath = 'smoothing.safetensors'
const knownAnswerPath = 'known-answer.json'

/** What is said of a model; what is left out comes from an earlier manifest, from the file, or is measured. */
export type ModelWords = {
  /** A GGUF file, or a folder in the layout of transformers.js. */
  modelFile: string
  /** Which graph of a folder, such as `onnx/model_q4.onnx`; may be left out where there is one. */
  graph?: string | undefined
  /** Where the model is served from; the folder's name names it in the catalogue. */
  folder: string
  name?: string | undefined
  license?: string | undefined
  contextTokens?: number | undefined
  knownAnswerFile?: string | undefined
  description?: string | undefined
  sources?: string[] | undefined
  /** Folders that serve the files too, as the manifest names them: they are part of its id. */
  mirrors?: string[] | undefined
  /** Whether to measure what lies beside the model already. */
  measureAnew?: boolean | undefined
}

/** What was written. */
export type WrittenModel = { id: ModelId; manifest: ModelManifest; folder: string }

/** Measures a model file that nothing is known of yet. */
export type Measure = (file: Blob) => Promise<MeasuredModel>

/** Where the page's models lie. */
export const modelsFolder = resolve(import.meta.dirname, '../../public/models')

/** Returns where a model is served from: where it lies among the page's models, or a new folder there. */
export function folderFor(modelFile: string): string {
  const own = dirname(resolve(modelFile))
  if (dirname(own) === modelsFolder) return own
  const slug = basename(modelFile)
    .replace(/\.gguf$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return join(modelsFolder, slug || 'model')
}

/**
 * Puts a model file into its folder, with a manifest, a known answer and its scales, and lists it in the catalogue one
 * folder up.
 *
 * @throws EngineError when the engine cannot run it, StorageError when something said of it is out of bounds
 */
export async function writeModel(words: ModelWords, measure: Measure): Promise<WrittenModel> {
  const { modelFile, folder } = words
  const blob = await openModel(modelFile)
  await checkModel(blob)
  const manifestFile = join(folder, 'manifest.json')
  const earlier = await readJson(manifestFile)
  const said = { ...(await describeModel(blob)), ...(earlier === null ? {} : parseManifest(earlier)) }
  const facts = collectFacts(words, said)
  await mkdir(folder, { recursive: true })
  const knownAnswer = await findMeasures(words, blob, measure)
  const path = basename(modelFile)
  await bring(modelFile, join(folder, path))
  const smoothing = await openAsBlob(join(folder, smoothingPath))
  const files = [
    { path, blob },
    { path: smoothingPath, blob: smoothing },
  ]
  const { id, manifest } = await makeManifest(files, { ...facts, knownAnswer, smoothing: smoothingPath })
  await writeJson(manifestFile, manifest)
  await writeJson(join(folder, knownAnswerPath), knownAnswer)
  const { description = `A model of the ${manifest.family} family.`, sources } = words
  await listModel({ id, folder, description, isSaid: words.description !== undefined, sources })
  return { id, manifest, folder }
}

async function openModel(modelFile: string): Promise<Blob> {
  try {
    return await openAsBlob(modelFile)
  } catch (cause) {
    throw new ToolError('tools/bad-option', `${modelFile} cannot be read.`, { cause })
  }
}

/** What lies beside the model, or in its folder, counts as measured. */
async function findMeasures(
  { modelFile, folder, knownAnswerFile, measureAnew }: ModelWords,
  blob: Blob,
  measure: Measure,
): Promise<KnownAnswer> {
  const given = [dirname(modelFile), folder].map((place) => join(place, smoothingPath)).find(existsSync)
  const answerFile =
    knownAnswerFile ??
    [dirname(modelFile), folder].map((place) => join(place, knownAnswerPath)).find(existsSync)
  // Its form is checked with the rest of the manifest.
  const kept = answerFile === undefined ? null : ((await readJson(answerFile)) as KnownAnswer | null)
  if (knownAnswerFile !== undefined && kept === null) {
    throw new ToolError('tools/bad-option', `${knownAnswerFile} cannot be read.`)
  }
  if (given !== undefined && kept !== null && !measureAnew) {
    await bring(given, join(folder, smoothingPath))
    return kept
  }
  const measured = await measure(blob)
  await writeFile(join(folder, smoothingPath), measured.smoothing)
  const isOwn = kept === null || (measureAnew && knownAnswerFile === undefined)
  return isOwn ? measured.knownAnswer : kept
}

/** What an earlier manifest or the file itself says; neither has to say all. */
type SaidOfModel = Pick<ModelFacts, 'family' | 'contextTokens' | 'mirrors'> & {
  name: string | null
  license: string | null
}

/** `said` is what an earlier manifest says, and the file itself where there is none. */
function collectFacts(
  { modelFile, ...words }: ModelWords,
  said: SaidOfModel,
): Omit<ModelFacts, 'knownAnswer'> {
  const license = words.license ?? suggestLicense(said.license)
  if (license === null) throw new ToolError('tools/bad-option', '--license is missing: the file names none.')
  const mirrors = words.mirrors ?? said.mirrors
  return {
    name: words.name ?? said.name ?? basename(modelFile),
    license,
    family: said.family,
    contextTokens: words.contextTokens ?? said.contextTokens,
    ...(mirrors ? { mirrors } : {}),
  }
}
