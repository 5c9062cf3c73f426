import { existsSync, openAsBlob } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { basename, dirname, join, posix, resolve } from 'node:path'
import type { KnownAnswer } from '../../src/domain/model.ts'
import type { MeasuredFolder } from '../../src/engine/measure/measure-folder.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { ToolError } from '../tool-error.ts'
import { bring } from './bring.ts'
import { readJson, writeJson } from './json-files.ts'
import { listModel } from './list-model.ts'
import type { ModelWords, WrittenModel } from './write-model.ts'

/** A file of a folder, by its path within it. */
type FolderFile = { path: string; blob: Blob }

/** Measures a folder that nothing is known of yet. */
export type MeasureFolder = (files: readonly FolderFile[]) => Promise<MeasuredFolder>

/** Files that describe a folder, before its graph so that a head of the model holds them. */
const describing = ['config.json', 'tokenizer.json', 'tokenizer_config.json']
const alsoDescribing = ['chat_template.jinja', 'generation_config.json']

/**
 * Puts a folder in the layout of transformers.js, with one of its graphs, where the page's models are, with a manifest,
 * and lists it in the catalogue.
 *
 * @throws EngineError when the engine cannot run it, StorageError when something said of it is out of bounds
 */
export async function writeFolder(words: ModelWords, measure: MeasureFolder): Promise<WrittenModel> {
  const { modelFile: source, folder } = words
  const paths = await findFiles(source, words.graph)
  const files = await Promise.all(
    paths.map(async (path) => ({ path, blob: await openAsBlob(join(source, path)) })),
  )
  const { license, knownAnswerFile } = words
  if (license === undefined)
    throw new ToolError('tools/bad-option', '--license is missing: a folder names none.')
  const measured = await measure(files)
  const kept =
    knownAnswerFile === undefined ? null : ((await readJson(knownAnswerFile)) as KnownAnswer | null)
  const { id, manifest } = await makeManifest(files, {
    format: 'onnx-folder',
    name: words.name ?? basename(resolve(source)),
    license,
    family: measured.family,
    contextTokens: words.contextTokens ?? measured.contextTokens,
    knownAnswer: kept ?? measured.knownAnswer,
    ...(words.mirrors ? { mirrors: words.mirrors } : {}),
  })
  for (const { path } of files) {
    await mkdir(join(folder, dirname(path)), { recursive: true })
    await bring(join(source, path), join(folder, path))
  }
  await writeJson(join(folder, 'manifest.json'), manifest)
  const { description = `A model of the ${manifest.family} family.`, sources } = words
  await listModel({ id, folder, description, isSaid: words.description !== undefined, sources })
  return { id, manifest, folder }
}

/** Returns the paths of what is published: what describes the folder, the graph, and the weights beside it. */
async function findFiles(source: string, wanted: string | undefined): Promise<string[]> {
  const missing = describing.find((path) => !existsSync(join(source, path)))
  if (missing)
    throw new ToolError(
      'tools/bad-option',
      `${source} has no ${missing}: it is no folder of transformers.js.`,
    )
  const inOnnx = existsSync(join(source, 'onnx')) ? (await readdir(join(source, 'onnx'))).toSorted() : []
  const graphs = inOnnx.filter((name) => name.endsWith('.onnx')).map((name) => posix.join('onnx', name))
  const graph = wanted ?? (graphs.length === 1 ? graphs[0] : undefined)
  if (graph === undefined || !graphs.includes(graph)) {
    throw new ToolError('tools/bad-option', `--graph is one of: ${graphs.join(', ') || 'none is there'}.`)
  }
  const weights = inOnnx
    .map((name) => posix.join('onnx', name))
    .filter((path) => path.startsWith(`${graph}_data`))
  return [
    ...describing,
    ...alsoDescribing.filter((path) => existsSync(join(source, path))),
    graph,
    ...weights,
  ]
}
