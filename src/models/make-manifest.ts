import { sha256 as incrementalSha256 } from '@noble/hashes/sha2.js'
import type { ModelFacts, ModelFile, ModelId, ModelManifest } from '../domain/model.ts'
import type { DescribeOptions, NamedBlob } from '../ports/manifests.ts'
import { parseManifest } from './manifest-schema.ts'
import { computeModelId } from './model-id.ts'
import { toHex } from '../domain/bytes.ts'
import { sha256 } from './sha256.ts'

export type { ModelFacts, NamedBlob }

/** 4 MiB: a wrong byte costs little to fetch again, and a manifest stays small. */
const defaultPieceBytes = 4 * 1024 ** 2

/**
 * Describes model files as a manifest and returns it with its id. Reads each file once, a piece at a time.
 *
 * @throws StorageError `storage/malformed-manifest` when a fact or a path is out of bounds
 */
export async function makeManifest(
  files: NamedBlob[],
  facts: ModelFacts,
  pieceBytes = defaultPieceBytes,
  { signal, onBytes = () => {} }: DescribeOptions = {},
): Promise<{ id: ModelId; manifest: ModelManifest }> {
  const described: ModelFile[] = []
  const onPiece = (bytes: number) => {
    signal?.throwIfAborted()
    onBytes(bytes)
  }
  for (const file of files) described.push(await describeFile(file, pieceBytes, onPiece))
  const manifest = parseManifest({ version: 1, ...facts, files: described })
  return { id: await computeModelId(manifest), manifest }
}

async function describeFile(
  { path, blob }: NamedBlob,
  pieceBytes: number,
  onPiece: (bytes: number) => void,
): Promise<ModelFile> {
  const whole = incrementalSha256.create()
  const pieces: ModelFile['pieces'] = []
  for (let start = 0; start < blob.size; start += pieceBytes) {
    const content = new Uint8Array(await blob.slice(start, start + pieceBytes).arrayBuffer())
    whole.update(content)
    pieces.push(await sha256(content))
    onPiece(content.byteLength)
  }
  return { path, bytes: blob.size, sha256: toHex(whole.digest()), pieceBytes, pieces }
}
