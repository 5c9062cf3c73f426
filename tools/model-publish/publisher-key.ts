import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDevelopmentKey } from '../../src/chain/development-keys.ts'
import { createKeySigner, generateKey } from '../../src/chain/key-signer.ts'
import { type Hex, toHex } from '../../src/domain/bytes.ts'
import { type Network, isLocalChain } from '../../src/domain/network.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { ToolError } from '../tool-error.ts'

/** Where a publisher's key may come from, the first that is there. */
export type PublisherKeySource = {
  /** The key itself, as from the environment. */
  key: string | undefined
  keyFile: string | undefined
  /** Where a key for the local chain is made and kept. */
  ownKeyFile: string
}

/**
 * Returns the account that publishes and is paid the royalty. Its key is made here for the local chain alone.
 * @throws ToolError `tools/bad-option`, never with the key
 */
export async function openPublisherKey(
  { key, keyFile, ownKeyFile }: PublisherKeySource,
  network: Network,
): Promise<Signer> {
  const text = key ?? (keyFile === undefined ? await ownKey(ownKeyFile, network) : await readGiven(keyFile))
  const parsed = parseKey(text)
  if (!isLocalChain(network) && isDevelopmentKey(parsed)) {
    throw new ToolError('tools/bad-option', 'This is a development key that everybody knows.')
  }
  return createKeySigner(parsed)
}

function readGiven(keyFile: string): Promise<string> {
  return readFile(keyFile, 'utf8').catch((cause: unknown) => {
    throw new ToolError('tools/bad-option', `The publisher's key cannot be read from ${keyFile}.`, { cause })
  })
}

async function ownKey(path: string, network: Network): Promise<string> {
  if (!isLocalChain(network)) {
    const where = 'Give it by OPENTAB_PUBLISHER_KEY or with --key-file.'
    throw new ToolError('tools/bad-option', `Publishing on ${network.name} takes a key of yours. ${where}`)
  }
  const kept = await readFile(path, 'utf8').catch(() => null)
  if (kept !== null) return kept
  const made = toHex(generateKey())
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(path, `${made}\n`, { mode: 0o600, flag: 'wx' })
  return made
}

function parseKey(text: string): Hex {
  const digits = text.trim().replace(/^0x/i, '')
  if (/^[0-9a-f]{64}$/i.test(digits)) return `0x${digits.toLowerCase()}`
  throw new ToolError('tools/bad-option', "The publisher's key is not 32 bytes in hexadecimal.")
}
