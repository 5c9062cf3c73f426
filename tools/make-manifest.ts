import { existsSync, openAsBlob } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'
import type { ModelId, ModelManifest } from '../src/domain/model.ts'
import { parseCatalogue, type Catalogue } from '../src/models/catalogue.ts'
import { makeManifest, type ModelFacts } from '../src/models/make-manifest.ts'
import { parseManifest } from '../src/models/manifest-schema.ts'
import { ToolError } from './tool-error.ts'

const usage = `Usage: node tools/make-manifest.ts MODEL.gguf [options]

Describes a model file, writes manifest.json, and lists the model in the catalogue beside its folder.
What an earlier manifest.json or catalogue says need not be said again. A smoothing.safetensors beside the model,
as npm run model:calibrate writes it, becomes part of the model.

  --name TEXT           name for people
  --license ID          SPDX identifier
  --family NAME         general.architecture of the file, such as llama
  --context N           longest prompt plus answer, in tokens
  --known-answer FILE   JSON: promptIds, tokenIds, logProbs, toleranceNats (default: known-answer.json in the folder)
  --description TEXT    one plain sentence for people
  --source URL          folder that serves the file; may be repeated (default: the folder itself)
  --out FOLDER          where manifest.json goes (default: the model's folder)`

/** Scales that keep 8-bit products close, beside the model file. */
const smoothingPath = 'smoothing.safetensors'

/** The command line; what is left out comes from an earlier manifest and catalogue. */
export type PublishOptions = {
  modelFile: string
  outFolder?: string | undefined
  name?: string | undefined
  license?: string | undefined
  family?: string | undefined
  contextTokens?: number | undefined
  knownAnswerFile?: string | undefined
  description?: string | undefined
  sources?: string[] | undefined
}

/** Writes a model's manifest and lists it in `catalogue.json` one folder up. Returns its id. */
export async function publishModel(options: PublishOptions): Promise<ModelId> {
  const outFolder = resolve(options.outFolder ?? dirname(options.modelFile))
  const manifestFile = join(outFolder, 'manifest.json')
  const facts = await collectFacts(options, outFolder, await readJson(manifestFile))
  const files = [{ path: basename(options.modelFile), blob: await openAsBlob(options.modelFile) }]
  const smoothing = join(dirname(options.modelFile), smoothingPath)
  const isSmoothed = existsSync(smoothing)
  if (isSmoothed) files.push({ path: smoothingPath, blob: await openAsBlob(smoothing) })
  const described = isSmoothed ? { ...facts, smoothing: smoothingPath } : facts
  const { id, manifest } = await makeManifest(files, described)
  await writeJson(manifestFile, manifest)
  await listModel(id, manifestFile, options)
  return id
}

async function collectFacts(
  options: PublishOptions,
  outFolder: string,
  earlierJson: unknown,
): Promise<ModelFacts> {
  const earlier: Partial<ModelManifest> = earlierJson === null ? {} : parseManifest(earlierJson)
  const knownAnswerFile = options.knownAnswerFile ?? join(outFolder, 'known-answer.json')
  const knownAnswer = await readJson(knownAnswerFile)
  return {
    name: required('--name', options.name ?? earlier.name),
    license: required('--license', options.license ?? earlier.license),
    family: required('--family', options.family ?? earlier.family),
    contextTokens: required('--context', options.contextTokens ?? earlier.contextTokens),
    // Its form is checked with the rest of the manifest.
    knownAnswer: required(
      '--known-answer',
      (knownAnswer ?? undefined) as ModelFacts['knownAnswer'] | undefined,
    ),
  }
}

async function listModel(id: ModelId, manifestFile: string, options: PublishOptions): Promise<void> {
  const folder = dirname(manifestFile)
  const catalogueFile = join(folder, '..', 'catalogue.json')
  const read = await readJson(catalogueFile)
  const catalogue: Catalogue = read === null ? { version: 1, models: [] } : parseCatalogue(read)
  const address = (path: string) => relative(dirname(catalogueFile), path).split(sep).join('/')
  const manifest = address(manifestFile)
  const earlier = catalogue.models.find((model) => model.manifest === manifest)
  const listed = {
    id,
    manifest,
    sources: options.sources ?? earlier?.sources ?? [`${address(folder)}/`],
    description: required('--description', options.description ?? earlier?.description),
  }
  const models = earlier
    ? catalogue.models.map((model) => (model === earlier ? listed : model))
    : [...catalogue.models, listed]
  await writeJson(catalogueFile, { version: 1, models })
}

function required<value>(option: string, value: value | undefined): value {
  if (value === undefined) throw new ToolError('tools/bad-option', `${option} is missing.\n\n${usage}`)
  return value
}

/** Returns null where there is no such file. */
async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ToolError('tools/bad-option', `${file} is not JSON.`, { cause })
  }
}

function writeJson(file: string, value: unknown): Promise<void> {
  return writeFile(file, `${JSON.stringify(value, null, 2)}\n`)
}

function parseOptions(args: string[]): PublishOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      license: { type: 'string' },
      family: { type: 'string' },
      context: { type: 'string' },
      'known-answer': { type: 'string' },
      description: { type: 'string' },
      source: { type: 'string', multiple: true },
      out: { type: 'string' },
    },
  })
  return {
    modelFile: required('MODEL.gguf', positionals[0]),
    outFolder: values.out,
    name: values.name,
    license: values.license,
    family: values.family,
    contextTokens: values.context === undefined ? undefined : Number(values.context),
    knownAnswerFile: values['known-answer'],
    description: values.description,
    sources: values.source,
  }
}

if (import.meta.main) {
  try {
    console.log(await publishModel(parseOptions(process.argv.slice(2))))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
