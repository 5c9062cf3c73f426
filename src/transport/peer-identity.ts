import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { PeerId } from '../domain/bytes.ts'
import { StorageError } from '../errors/index.ts'

/** Returns a new Ed25519 peer key in libp2p's protobuf form, to be kept by the caller. */
export async function generatePeerKey(): Promise<Uint8Array> {
  return privateKeyToProtobuf(await generateKeyPair('Ed25519'))
}

/**
 * Returns the key in its stored bytes.
 * @throws StorageError `storage/corrupt`
 */
export function parsePeerKey(stored: Uint8Array): PrivateKey {
  try {
    return privateKeyFromProtobuf(stored)
  } catch (cause) {
    throw new StorageError('storage/corrupt', 'The stored peer key cannot be read.', { cause })
  }
}

/** Returns the peer id that a stored key stands for. */
export function peerIdOfKey(stored: Uint8Array): PeerId {
  return peerIdFromPrivateKey(parsePeerKey(stored)).toString()
}
