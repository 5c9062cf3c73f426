import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'
import { spaceMark } from './token-bytes.ts'
import type { Vocabulary } from './vocabulary.ts'

/** Every way to split a piece is tried; those of real vocabularies have a hundred letters at most. */
const mostLetters = 1024

/**
 * Returns the steps and merges of a SentencePiece tokenizer with byte fallback.
 *
 * @throws EngineError `engine/malformed-model`
 */
export function describeSentencePiece(metadata: Metadata, vocabulary: Vocabulary) {
  const markSpaces = { type: 'Replace', pattern: { String: ' ' }, content: spaceMark }
  const prefixKey = 'tokenizer.ggml.add_space_prefix'
  const hasPrefix = !metadata.has(prefixKey) || metadata.boolean(prefixKey)
  const prefix = { type: 'Prepend', prepend: spaceMark }
  return {
    normalizer: { type: 'Sequence', normalizers: hasPrefix ? [prefix, markSpaces] : [markSpaces] },
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: spaceMark }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
      ],
    },
    merges: listMerges(vocabulary, metadata.numbers('tokenizer.ggml.scores')),
    keepsTokens: false,
  }
}

/**
 * SentencePiece merges the two neighbours whose whole scores highest. As a list of merges that is every way to make a
 * token of two others, the best token first; ways to make the same token by the length of their parts.
 */
function listMerges({ tokens, normalIds }: Vocabulary, scores: readonly number[]): [string, string][] {
  if (scores.length !== tokens.length) {
    throw new EngineError('engine/malformed-model', 'The model file has not one score for each token.')
  }
  if (normalIds.some((id) => tokens[id]!.length > mostLetters)) {
    throw new EngineError('engine/malformed-model', 'The model file has a token longer than any word.')
  }
  const known = new Set(normalIds.map((id) => tokens[id]!))
  const ranked = normalIds.toSorted((a, b) => scores[b]! - scores[a]!)
  return ranked.flatMap((id) =>
    listSplits(tokens[id]!).filter(([left, right]) => known.has(left) && known.has(right)),
  )
}

/** Longer left parts first. */
function listSplits(token: string): [left: string, right: string][] {
  const letters = Array.from(token)
  const splits: [string, string][] = []
  for (let at = letters.length - 1; at > 0; at--) {
    splits.push([letters.slice(0, at).join(''), letters.slice(at).join('')])
  }
  return splits
}
