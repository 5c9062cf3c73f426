import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PrivateKey } from '@libp2p/interface'
import { RelayError } from '../src/errors/index.ts'
import { generatePeerKey, parsePeerKey } from '../src/transport/peer-identity.ts'

/**
 * Returns the relay's key, made on the first start, so that its address stays the same.
 * @throws RelayError `relay/data-unwritable`, StorageError `storage/corrupt`
 */
export async function readOrCreatePeerKey(dataDir: string): Promise<PrivateKey> {
  const path = join(dataDir, 'peer.key')
  try {
    return parsePeerKey(await readFile(path))
  } catch (error) {
    if (!isMissing(error)) throw dataError(path, error)
  }
  const key = await generatePeerKey()
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await writeFile(path, key, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw dataError(path, cause)
  }
  return parsePeerKey(key)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function dataError(path: string, cause: unknown): Error {
  if (!(cause instanceof Error) || !('syscall' in cause)) return cause as Error
  return new RelayError('relay/data-unwritable', `The relay's key cannot be kept at ${path}.`, {
    details: `${cause.message}. Give a directory that this user may write to with --data.`,
    cause,
  })
}
