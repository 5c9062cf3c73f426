import { expect, test } from 'vitest'
import { generatePeerKey, parsePeerKey, peerIdOfKey } from './peer-identity.ts'

test('a stored key gives the same peer id again', async () => {
  const key = await generatePeerKey()
  expect(peerIdOfKey(key)).toBe(peerIdOfKey(Uint8Array.from(key)))
  expect(peerIdOfKey(key)).toMatch(/^12D3Koo/)
  expect(parsePeerKey(key).type).toBe('Ed25519')
})

test('two keys are two tabs', async () => {
  expect(peerIdOfKey(await generatePeerKey())).not.toBe(peerIdOfKey(await generatePeerKey()))
})

test('bytes that are no key are refused', () => {
  expect(() => parsePeerKey(Uint8Array.of(1, 2, 3))).toThrow(
    expect.objectContaining({ code: 'storage/corrupt' }),
  )
})
