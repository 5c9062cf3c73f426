import type { DocumentStore } from '../ports/document-store.ts'
import { generatePeerKey } from './peer-identity.ts'

const collection = 'peer-keys'

/**
 * Returns this tab's peer key. Keys are kept, and each serves one open tab at a time:
 * two tabs of one browser are two peers, and a tab opened tomorrow is a peer of today again.
 */
export async function claimPeerKey(documents: DocumentStore): Promise<Uint8Array> {
  for (let place = 0; ; place++) {
    if (!(await holdLock(`opentab-peer-${place}`))) continue
    const kept = await documents.get(collection, String(place))
    if (kept instanceof Uint8Array) return kept
    const fresh = await generatePeerKey()
    await documents.put(collection, String(place), fresh)
    return fresh
  }
}

/** Takes a lock for as long as the page lives. Returns false when another tab holds it. */
function holdLock(name: string): Promise<boolean> {
  const taken = Promise.withResolvers<boolean>()
  navigator.locks
    .request(name, { ifAvailable: true }, (lock) => {
      taken.resolve(lock !== null)
      return lock ? new Promise<never>(() => {}) : undefined
    })
    .catch(taken.reject)
  return taken.promise
}
