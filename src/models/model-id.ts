import canonicalize from 'canonicalize'
import type { ModelId, ModelManifest } from '../domain/model.ts'
import { sha256 } from './sha256.ts'

/** Returns the SHA-256 of the manifest in canonical JSON (RFC 8785): the same for any order of its keys. */
export function computeModelId(manifest: ModelManifest): Promise<ModelId> {
  return sha256(new TextEncoder().encode(String(canonicalize(manifest))))
}
