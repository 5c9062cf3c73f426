import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDevelopmentKey } from '../../src/chain/development-keys.ts'
import { createKeySigner, generateKey } from '../../src/chain/key-signer.ts'
import { type Hex, toHex } from '../../src/domain/bytes.ts'
import { type Network, isLocalChain } from '../../src/domain/network.ts'
import { RelayError } from '../../src/errors/index.ts'
import type { Signer } from '../../src/ports/signer.ts'

/** Name of the file in which a local chain's hub keeps its key. */
export const hubKeyFile = 'hub.key'

/** Where a hub's key may come from, the first that is there. */
export type HubKeySource = {
  /** The key itself, in hexadecimal, as from the environment. */
  key: string | null
  /** A file that holds it. */
  keyFile: string | null
  /** Where the local chain's hub keeps the key that it made for itself. */
  ownKeyFile: string
}

/**
 * Returns the hub's account. Its key is made by itself on the local chain alone.
 * @throws RelayError `relay/hub-key-missing`, `relay/hub-key-refused`, `relay/data-unwritable`; never with the key
 */
export async function openHubKey(source: HubKeySource, network: Network): Promise<Signer> {
  const given = source.key ?? (await readGiven(source.keyFile))
  const key = parseKey(given ?? (await ownKey(source.ownKeyFile, network)))
  if (!isLocalChain(network) && isDevelopmentKey(key)) {
    throw new RelayError('relay/hub-key-refused', 'This is a development key that everybody knows.', {
      details: `It serves on a local chain only; ${network.name} has real money. Make a fresh key.`,
    })
  }
  return createKeySigner(key)
}

async function readGiven(keyFile: string | null): Promise<string | null> {
  if (keyFile === null) return null
  return readFile(keyFile, 'utf8').catch((cause: unknown) => {
    throw new RelayError('relay/hub-key-missing', `The hub's key cannot be read from ${keyFile}.`, { cause })
  })
}

async function ownKey(path: string, network: Network): Promise<string> {
  if (!isLocalChain(network)) {
    throw new RelayError('relay/hub-key-missing', `A hub on ${network.name} needs a key of its own.`, {
      details: 'Give it by the environment variable OPENTAB_HUB_KEY or with --hub-key-file.',
    })
  }
  try {
    return await readFile(path, 'utf8')
  } catch {
    return makeKey(path)
  }
}

async function makeKey(path: string): Promise<string> {
  const key = toHex(generateKey())
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, `${key}\n`, { mode: 0o600, flag: 'wx' })
    return key
  } catch (cause) {
    throw new RelayError('relay/data-unwritable', `The hub's key cannot be kept at ${path}.`, { cause })
  }
}

function parseKey(text: string): Hex {
  const digits = text.trim().replace(/^0x/i, '')
  if (/^[0-9a-f]{64}$/i.test(digits)) return `0x${digits.toLowerCase()}`
  throw new RelayError('relay/hub-key-refused', "The hub's key is not 32 bytes in hexadecimal.")
}
