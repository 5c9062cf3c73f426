import type { DocumentStore } from '../../ports/index.ts'

const collection = 'settings'
const key = 'claims-by-itself'

/** Returns whether earnings are claimed without being asked, once they are well worth the fee; so it is unless told. */
export async function readClaimRule(documents: DocumentStore): Promise<boolean> {
  return (await documents.get(collection, key)) !== false
}

/** Keeps that for all tabs of this browser. */
export function keepClaimRule(documents: DocumentStore, claimsByItself: boolean): Promise<void> {
  return documents.put(collection, key, claimsByItself)
}
