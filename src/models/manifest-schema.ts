import * as v from 'valibot'
import { licensePattern } from '../domain/license.ts'
import type { KnownAnswer, ModelFile, ModelManifest } from '../domain/model.ts'
import { StorageError } from '../errors/index.ts'
import { count, hexBytes, tokenIds } from '../protocol/fields.ts'
import { limits } from '../protocol/limits.ts'

/** Bounds on a manifest from anywhere. A model of 64 GiB fits; what a page could never hold does not. */
export const manifestLimits = {
  /** As JSON: what describes the largest model, and not much more. */
  bytes: limits.manifestBytes,
  files: 64,
  pathChars: 200,
  fileBytes: 64 * 1024 ** 3,
  /** A piece is held in memory while it is checked. */
  minPieceBytes: 1024,
  maxPieceBytes: 16 * 1024 ** 2,
  piecesPerFile: 16_384,
  nameChars: 120,
  contextTokens: 1 << 24,
  knownAnswerTokens: 2048,
  mirrors: 8,
  mirrorChars: 500,
} as const

const sha256Hash = hexBytes(32)
const positive = (max: number) => v.pipe(count(max), v.minValue(1))
/** Something to read, without control characters or changes of direction that could disguise it. */
const printable = (maxChars: number) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(maxChars), v.regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u))

/** Segments of plain characters, none of which begins with a dot. */
const path = v.pipe(
  v.string(),
  v.maxLength(manifestLimits.pathChars),
  v.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/),
)

/** An http address that paths can be appended to. */
const folderAddress = v.pipe(
  v.string(),
  v.maxLength(manifestLimits.mirrorChars),
  v.regex(/^https?:\/\/[^\s?#]+\/$/),
  v.url(),
)

/** Whether a manifest may name an address as one of its mirrors. */
export function isMirror(address: string): boolean {
  return v.is(folderAddress, address)
}

const modelFile = v.pipe(
  v.strictObject({
    path,
    bytes: positive(manifestLimits.fileBytes),
    sha256: sha256Hash,
    pieceBytes: v.pipe(count(manifestLimits.maxPieceBytes), v.minValue(manifestLimits.minPieceBytes)),
    pieces: v.pipe(v.array(sha256Hash), v.maxLength(manifestLimits.piecesPerFile)),
  }),
  v.check((file) => file.pieces.length === Math.ceil(file.bytes / file.pieceBytes), 'wrong number of pieces'),
) satisfies v.GenericSchema<unknown, ModelFile>

const answerIds = v.pipe(tokenIds(manifestLimits.knownAnswerTokens), v.minLength(1))

const knownAnswer = v.pipe(
  v.strictObject({
    promptIds: answerIds,
    tokenIds: answerIds,
    logProbs: v.pipe(
      v.array(v.pipe(v.number(), v.finite(), v.maxValue(0))),
      v.maxLength(manifestLimits.knownAnswerTokens),
    ),
    toleranceNats: v.pipe(v.number(), v.gtValue(0), v.maxValue(10)),
  }),
  v.check((answer) => answer.logProbs.length === answer.tokenIds.length, 'one log-probability per token'),
) satisfies v.GenericSchema<unknown, KnownAnswer>

const manifestSchema = v.pipe(
  v.strictObject({
    version: v.literal(1),
    name: printable(manifestLimits.nameChars),
    license: v.pipe(v.string(), v.regex(licensePattern)),
    format: v.optional(v.literal('onnx-folder')),
    family: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9_.-]{0,39}$/)),
    contextTokens: positive(manifestLimits.contextTokens),
    files: v.pipe(
      v.array(modelFile),
      v.minLength(1),
      v.maxLength(manifestLimits.files),
      v.check(
        (files) => new Set(files.map((file) => file.path.toLowerCase())).size === files.length,
        'same path',
      ),
    ),
    knownAnswer,
    mirrors: v.optional(v.pipe(v.array(folderAddress), v.maxLength(manifestLimits.mirrors))),
    smoothing: v.optional(path),
  }),
  v.check(
    ({ files, smoothing }) =>
      smoothing === undefined || files.slice(1).some((file) => file.path === smoothing),
    'a smoothing file that is not listed',
  ),
) satisfies v.GenericSchema<unknown, ModelManifest>

/**
 * Parses a manifest from anywhere.
 *
 * @throws StorageError `storage/malformed-manifest` saying where
 */
export function parseManifest(value: unknown): ModelManifest {
  const parsed = v.safeParse(manifestSchema, value, { abortEarly: true })
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new StorageError('storage/malformed-manifest', 'This model description is malformed.', {
    details: `${v.getDotPath(issue) ?? 'manifest'}: ${issue.message}`,
  })
}
