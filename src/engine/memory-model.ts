import type { Hex } from '../domain/bytes.ts'
import type { ChatMessage } from '../domain/job.ts'
import type { ModelManifest } from '../domain/model.ts'
import type { VerifiedModel } from '../ports/engine.ts'
import { readLogProb } from './decode/log-probability.ts'
import type { LanguageModel, Sequence } from './decode/sequence.ts'

/** Token that opens a message; ids below 256 are bytes. */
const openId = 256
/** Token that closes a message, and an answer. */
const endId = 257
const vocabularySize = 258
const embeddingWidth = 16
const readable = new Set(Array.from('abcdefghijklmnopqrstuvwxyz ,.', (letter) => letter.charCodeAt(0)))

/** A byte-level "model" whose next token depends on the four before it and on nothing else. */
export function createByteModel(options: {
  contextTokens: number
  weights: number
  pause: (signal?: AbortSignal) => Promise<void>
}): LanguageModel {
  return {
    contextTokens: options.contextTokens,
    vocabularySize,
    embeddingWidth,
    endIds: new Set([endId]),
    tokenBytes: (tokenId) => (tokenId < 256 ? Uint8Array.of(tokenId) : new Uint8Array()),
    openSequence: () => openByteSequence(options.weights, options.pause, []),
  }
}

function openByteSequence(
  weights: number,
  pause: (signal?: AbortSignal) => Promise<void>,
  tokens: number[],
): Sequence {
  return {
    get length() {
      return tokens.length
    },
    async append(tokenIds, from, onLogits, signal) {
      await pause(signal)
      for (const tokenId of tokenIds) {
        signal?.throwIfAborted()
        tokens.push(tokenId)
        if (tokens.length > from) onLogits(predict(tokens, weights), tokens.length - 1)
      }
    },
    async readState(tokenIds, signal) {
      await pause(signal)
      signal?.throwIfAborted()
      tokens.push(...tokenIds)
      return sumUp(tokens, weights)
    },
    truncate(length) {
      tokens.length = length
      return true
    },
    fork: (length) => openByteSequence(weights, pause, tokens.slice(0, length)),
    get cacheBytes() {
      return tokens.length
    },
    close() {},
  }
}

/** Letters are likely, other bytes are not, and the end grows likelier as the answer grows. */
function predict(tokens: readonly number[], weights: number): Float32Array {
  const context = tokens.slice(-4).reduce(mix, weights)
  const answerTokens = tokens.length - tokens.lastIndexOf(openId)
  return Float32Array.from({ length: vocabularySize }, (_, tokenId) => {
    const noise = mix(context, tokenId) / 2 ** 29
    if (tokenId === endId) return noise + (answerTokens - 60) / 8
    return readable.has(tokenId) ? noise : noise - 20
  })
}

/** Each token has a direction of its own, so that texts of the same letters are alike. */
function sumUp(tokens: readonly number[], weights: number): Float32Array {
  const seeds = tokens.map((tokenId) => mix(weights, tokenId))
  return Float32Array.from({ length: embeddingWidth }, (_, at) =>
    seeds.reduce((sum, seed) => sum + mix(seed, at) / 2 ** 31 - 1, 0),
  )
}

/** A 32-bit hash step (the finaliser of MurmurHash3). */
function mix(state: number, value: number): number {
  let h = Math.imul(state ^ value, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The byte model's chat template: every message between its opening and closing token. */
export function encodeByteChat(messages: readonly ChatMessage[]): number[] {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const ids = messages.flatMap(({ role, content }) => [openId, ...bytes(`${role}\n${content}`), endId])
  return [...ids, openId, ...bytes('assistant\n')]
}

/** Returns a model that the in-memory engine loads; its known answer is right unless replaced. */
export function createMemoryModel(
  options: { id?: Hex; manifest?: Partial<ModelManifest>; weights?: number } = {},
): VerifiedModel {
  const promptIds = encodeByteChat([{ role: 'user', content: 'Hello' }])
  const tokenIds = Array.from(new TextEncoder().encode('hello'))
  const logProbs = tokenIds.map((tokenId, index) => {
    return readLogProb(predict([...promptIds, ...tokenIds.slice(0, index)], options.weights ?? 1), tokenId)
  })
  const file = { path: 'memory.gguf', bytes: 6, sha256: zeroHash, pieceBytes: 6, pieces: [zeroHash] }
  const manifest: ModelManifest = {
    version: 1,
    name: 'Byte model',
    license: 'Apache-2.0',
    family: 'memory',
    contextTokens: 2048,
    files: [file],
    knownAnswer: { promptIds, tokenIds, logProbs, toleranceNats: 1e-6 },
    ...options.manifest,
  }
  return { id: options.id ?? `0x${'11'.repeat(32)}`, manifest, files: [new Blob(['memory'])] }
}

const zeroHash: Hex = `0x${'00'.repeat(32)}`
