import { sha256 as incrementalSha256 } from '@noble/hashes/sha2.js'
import type { ModelFile, ModelId, ModelManifest } from '../domain/model.ts'
import { parseManifest } from './manifest-schema.ts'
import { computeModelId } from './model-id.ts'
import { toHex } from '../domain/bytes.ts'
import { sha256 } from './sha256.ts'

/** What a publisher says of a model; the files say the rest. */
export type ModelFacts = Omit<ModelManifest, 'version' | 'files'>

/** A file and its path below the manifest's base address. */
export type NamedBlob = { path: string; blob: Blob }

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
): Promise<{ id: ModelId; manifest: ModelManifest }> {
  const described: ModelFile[] = []
  for (const file of files) described.push(await describeFile(file, pieceBytes))
  const manifest = parseManifest({ version: 1, ...facts, files: described })
  return { id: await computeModelId(manifest), manifest }
}

async function describeFile({ path, blob }: NamedBlob, pieceBytes: number): Promise<ModelFile> {
  const whole = incrementalSha256.create()
  const pieces: ModelFile['pieces'] = []
  for (let start = 0; start < blob.size; start += pieceBytes) {
    const content = new Uint8Array(await blob.slice(start, start + pieceBytes).arrayBuffer())
    whole.update(content)
    pieces.push(await sha256(content))
  }
  return { path, bytes: blob.size, sha256: toHex(whole.digest()), pieceBytes, pieces }
}
