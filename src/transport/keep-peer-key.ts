import type { DocumentStore } from '../ports/document-store.ts'
import { generatePeerKey } from './peer-identity.ts'

const collection = 'peer-keys'

/**
 * Returns the peer key of a tab, made when it is first asked for. Each open tab of a browser has its own place:
 * two tabs must not be one peer.
 */
export async function keepPeerKey(documents: DocumentStore, place: number): Promise<Uint8Array> {
  const kept = await documents.get(collection, String(place))
  if (kept instanceof Uint8Array) return kept
  const fresh = await generatePeerKey()
  await documents.put(collection, String(place), fresh)
  return fresh
}
