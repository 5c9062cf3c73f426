import type { KnownAnswer, ModelManifest } from '../../domain/model.ts'
import { parseFolderConfig } from '../folder/folder-config.ts'
import { readFolderHead } from '../folder/folder-files.ts'
import { openFolderText } from '../folder/folder-text.ts'
import { defaultRecipes } from '../graph/recipe.ts'
import { loadModel } from '../worker/load-model.ts'
import { memoryStore } from '../worker/weights.ts'
import { answerGreedily } from './answer-greedily.ts'
import { measureKnownAnswer } from './measure-known-answer.ts'
import type { MeasurePlace } from './measure-model.ts'

/** What a folder says of itself, and what it answers. */
export type MeasuredFolder = { family: string; contextTokens: number; knownAnswer: KnownAnswer }

/** A file of a folder, by its path within it. */
type FolderFile = { path: string; blob: Blob }

/**
 * Finds out what a manifest says of a folder in the layout of transformers.js: its files describe it, and its graph
 * answers a question on the processor.
 *
 * @throws EngineError `engine/unsupported-model`, `engine/malformed-model`, `engine/load-failed` for a graph that the
 * processor cannot run
 */
export async function measureFolder(
  files: readonly FolderFile[],
  place: MeasurePlace,
  signal = new AbortController().signal,
): Promise<MeasuredFolder> {
  const manifest: ModelManifest = {
    version: 1,
    format: 'onnx-folder',
    name: 'Measured',
    license: 'NONE',
    family: 'measured',
    contextTokens: longestTokens,
    files: files.map(({ path, blob: { size: bytes } }) => ({
      path,
      bytes,
      sha256: noHash,
      pieceBytes: 1,
      pieces: [],
    })),
    knownAnswer: anyAnswer,
  }
  const blobs = files.map(({ blob }) => blob)
  const head = new Blob(blobs)
  const { family, contextTokens } = parseFolderConfig((await readFolderHead(head, manifest)).config)
  const input = {
    model: { id: noHash, manifest, files: blobs },
    recipe: defaultRecipes.wasm,
    threads: place.threads,
  }
  const { model } = await loadModel(input, { ...place, prepared: memoryStore }, () => {}, signal)
  const sequence = model.openSequence()
  try {
    const text = await openFolderText(head, manifest)
    const answer = (promptIds: readonly number[], answerTokens: number) =>
      answerGreedily(sequence, promptIds, answerTokens, model.endIds, signal)
    return { family, contextTokens, knownAnswer: await measureKnownAnswer({ text, answer }, signal) }
  } finally {
    sequence.close()
  }
}

/** Room for the question and its answer. */
const longestTokens = 512
/** Nothing is fetched or kept under it. */
const noHash = `0x${'00'.repeat(32)}` as const
/** What is measured here has no known answer yet: any is right. */
const anyAnswer: KnownAnswer = { promptIds: [0], tokenIds: [0], logProbs: [0], toleranceNats: Infinity }
