import type { ModelManifest } from './model.ts'

/** What a model takes of a machine, reckoned from its manifest before a byte of it is downloaded. */
export type ModelNeeds = {
  downloadBytes: number
  /** The engine keeps every weight in 8 bits, a folder's as they are, and reads all of them for each token. */
  weightBytes: number
  /** The largest matrix, as a rule the embedding of the vocabulary. */
  largestMatrixBytes: number
  /** Keys and values of one token of one answer. */
  cacheBytesPerToken: number
}

/** Bits that a weight takes in a file, by the encoding that GGUF files have in their names. */
const bitsPerWeight: Record<string, number> = {
  Q4_0: 4.5,
  Q4_1: 5,
  Q4_K: 4.85,
  Q5_0: 5.5,
  Q5_1: 6,
  Q5_K: 5.7,
  Q6_K: 6.6,
  Q8_0: 8.5,
  F16: 16,
  BF16: 16,
  F32: 32,
}
/** Where a name does not tell: bytes hold no more weights than so. */
const fewestBits = 4.5
const encodingInName = /(?:^|[._-])(Q[4568]_[01K]|BF16|F16|F32)(?=[._-]|$)/i

/** Bits that a weight takes in a folder's graph, by how transformers.js ends the name of its file; floats otherwise. */
const bitsInFolder: Record<string, number> = {
  fp16: 16,
  ...{ q8: 8, int8: 8, uint8: 8, quantized: 8 },
  ...{ q4: 5, bnb4: 5, q4f16: 5, q2: 3, q2f16: 3, q1: 2, q1f16: 2 },
}
const floatBits = 32
const graphFile = /(?:_([a-z0-9]+))?\.onnx(_data.*)?$/

/**
 * Shapes follow size: weights of the vocabulary's embedding for each square root of all weights, within a factor of two
 * for SmolLM2, Llama 3, Qwen 2.5 and 3 and Gemma 3 from 0.1 to 8 billion weights.
 */
const embeddingPerRoot = 7_500
/** Bytes of a token's keys and values, likewise, within a factor of three. */
const cacheBytesPerRoot = 3.2

/** Returns what a model needs. All are estimates but for the download, and for the weights of a folder. */
export function reckonNeeds(manifest: Pick<ModelManifest, 'format' | 'files'>): ModelNeeds {
  const { format, files } = manifest
  if (format === 'onnx-folder') return reckonFolder(files)
  const downloadBytes = sumBytes(files)
  const encoding = encodingInName.exec(files[0]?.path ?? '')?.[1]?.toUpperCase()
  const weights = (downloadBytes * 8) / ((encoding && bitsPerWeight[encoding]) || fewestBits)
  const root = Math.sqrt(weights)
  return {
    downloadBytes,
    weightBytes: weights,
    largestMatrixBytes: Math.min(embeddingPerRoot * root, weights),
    cacheBytesPerToken: cacheBytesPerRoot * root,
  }
}

/** A folder's weights are computed with as they lie in its graph and beside it. */
function reckonFolder(files: ModelManifest['files']): ModelNeeds {
  const graphs = files.filter(({ path }) => graphFile.test(path))
  const ending = graphs.map(({ path }) => graphFile.exec(path)?.[1]).find(Boolean) ?? ''
  const bits = bitsInFolder[ending] ?? floatBits
  const weightBytes = sumBytes(graphs)
  const root = Math.sqrt((weightBytes * 8) / bits)
  const halves = ending.endsWith('16') ? 2 : 1
  return {
    downloadBytes: sumBytes(files),
    weightBytes,
    largestMatrixBytes: Math.min((embeddingPerRoot * root * bits) / 8, weightBytes),
    cacheBytesPerToken: (cacheBytesPerRoot * root) / halves,
  }
}

function sumBytes(files: ModelManifest['files']): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}
