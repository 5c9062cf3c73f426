import type { NewProtection } from '../../domain/account.ts'
import type { Hex } from '../../domain/bytes.ts'
import type { Choice, KeyRecord } from './key-records.ts'
import { commitStaged, stageKey } from './key-store.ts'
import { closeKey, proveKey } from './open-key.ts'

/** What is on the disk before, and what shall be in use after. */
export type Replacement = {
  /** What the caller knows to be stored under the name, or null for whatever is. */
  replaced: KeyRecord | null
  choice?: Choice
  backedUpAtMs?: number | undefined
}

/**
 * Stores a private key under a name, encrypted anew: staged beside what is there, read back, decrypted to
 * prove it, and only then put in its place. Whenever the power goes, one whole key is on the disk.
 */
export async function replaceKey(
  privateKey: Hex,
  name: string,
  protection: NewProtection,
  { replaced, choice, backedUpAtMs }: Replacement,
): Promise<void> {
  const sealed = await closeKey(privateKey, name, protection)
  const record = backedUpAtMs === undefined ? sealed.record : { ...sealed.record, backedUpAtMs }
  await proveKey(await stageKey(name, record), name, sealed.wrappingKey, privateKey)
  await commitStaged(name, replaced, choice)
}
