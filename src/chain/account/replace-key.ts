import type { NewProtection } from '../../domain/account.ts'
import type { Hex } from '../../domain/bytes.ts'
import type { Choice, KeyRecord } from './key-records.ts'
import { closeKey, proveKey } from './open-key.ts'
import { clearStaged, commitStaged, stageKey } from './stored-keys.ts'

/** Held while a record is staged and committed, across all tabs. */
const lockName = 'opentab-key-change'

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
  await navigator.locks.request(lockName, async () => {
    await proveKey(await stageKey(name, record), name, sealed.wrappingKey, privateKey)
    await commitStaged(name, replaced, choice)
  })
}

/** Removes what a change left behind that never came to its end, unless one is under way in some tab. */
export async function clearUnfinished(): Promise<void> {
  await navigator.locks.request(lockName, { ifAvailable: true }, async (lock) => {
    if (lock) await clearStaged()
  })
}
