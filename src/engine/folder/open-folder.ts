import { EngineError } from '../../errors/index.ts'
import type { VerifiedModel } from '../../ports/engine.ts'
import { createTokenBytes } from '../text/token-bytes.ts'
import { openCachedSequence } from '../worker/cached-sequence.ts'
import { deviceSliceTokens } from '../worker/device-graph.ts'
import { hostSliceTokens } from '../worker/host-graph.ts'
import type { OpenModel } from '../worker/open-model.ts'
import type { FloatType } from '../worker/runtime.ts'
import { nameRuntimeError } from '../worker/runtime-error.ts'
import { createStepRunner } from '../worker/step-runner.ts'
import { recipes } from '../graph/recipe.ts'
import { FolderCache } from './folder-cache.ts'
import { type FolderConfig, parseFolderConfig } from './folder-config.ts'
import { readFolderHead } from './folder-files.ts'
import { cacheType, checkFolderGraph, folderPresents, openFolderGraph } from './folder-graph.ts'
import { readFolderVocabulary } from './folder-vocabulary.ts'
import { namesHalves, requireHalves } from './half-precision.ts'

/** Compiles the graph of a folder in the layout of transformers.js, its weights as they are. */
export const openFolder: OpenModel = async (input, starting, { nowMs }, onProgress) => {
  const { files, manifest } = input.model
  const { config: json, tokenizer } = await readFolderHead(new Blob(files), manifest)
  const config = parseFolderConfig(json)
  const vocabulary = readFolderVocabulary(tokenizer, config.endIds)
  const { path, graph, external } = findGraph(input.model)
  onProgress({ stage: 'read', fraction: 1 })
  // There is nothing to prepare.
  onProgress({ stage: 'prepare', fraction: 1 })
  onProgress({ stage: 'compile', fraction: 0 })
  const { runtime, arithmeticId } = await starting
  const { backend } = recipes[input.recipe]
  if (backend === 'webgpu' && namesHalves(path)) await requireHalves(runtime)
  const bytes = new Uint8Array(await graph.arrayBuffer())
  const onDevice = backend === 'webgpu' ? folderPresents(config) : []
  const session = await runtime
    .createSession(bytes, external, { keepOnDevice: onDevice })
    .catch((error: unknown) => {
      throw nameRuntimeError(error, 'engine/load-failed', `The runtime refused the model on ${backend}.`)
    })
  checkFolderGraph(session, config)
  const type = cacheType(session)
  if (backend === 'webgpu' && type === 'float16') await requireHalves(runtime)

  const runner = createStepRunner(openFolderGraph(runtime, session, config), nowMs)
  const sliceTokens = input.sliceTokens ?? (backend === 'webgpu' ? deviceSliceTokens : hostSliceTokens)
  const model = {
    contextTokens: Math.min(manifest.contextTokens, config.contextTokens),
    vocabularySize: config.vocabularySize,
    embeddingWidth: 0,
    endIds: vocabulary.endIds,
    tokenBytes: createTokenBytes(vocabulary),
    openSequence: () => openCachedSequence(new FolderCache(), runner, config, sliceTokens),
  }
  const arithmetic = `${backend}-folder-1`
  const facts = {
    ...{ arithmetic, arithmeticId: await arithmeticId(arithmetic) },
    // The operators of such graphs round one row otherwise than several.
    exact: false,
    weightBytes: files.reduce((total, { size }) => total + size, 0),
    cacheBytesPerToken: countCacheBytes(config, type),
    // Each text takes its steps alone.
    stepPlaces: null,
    fromCache: false,
  }
  return { model, facts, release: async () => {} }
}

/** Finds the graph, and the files with its weights beside it. */
function findGraph({ manifest, files }: VerifiedModel) {
  const all = manifest.files.map(({ path }, index) => ({ path, blob: files[index]! }))
  const graphs = all.filter(({ path }) => path.endsWith('.onnx'))
  const [graph] = graphs
  if (!graph || graphs.length > 1) {
    throw new EngineError('engine/malformed-model', 'This folder must have exactly one graph.', {
      details: `${graphs.length} files end in .onnx`,
    })
  }
  const folder = graph.path.slice(0, graph.path.lastIndexOf('/') + 1)
  const external = all
    .filter(({ path }) => path.startsWith(`${graph.path}_data`))
    .map(({ path, blob }) => ({ path: path.slice(folder.length), data: blob }))
  return { path: graph.path, graph: graph.blob, external }
}

function countCacheBytes({ layers, kvHeads, headWidth }: FolderConfig, type: FloatType): number {
  return 2 * layers * kvHeads * headWidth * (type === 'float16' ? 2 : 4)
}
