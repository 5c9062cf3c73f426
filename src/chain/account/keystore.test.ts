import { expect, test } from 'vitest'
import { createKeySigner } from '../key-signer.ts'
import { readKeystore, writeKeystore } from './keystore.ts'

/** Test vectors of the Web3 Secret Storage definition; both hold this key under this passphrase. */
const secret = '0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'
const passphrase = 'testpassword'

const pbkdf2 = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
}

const scrypt = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
    ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
    kdf: 'scrypt',
    kdfparams: {
      dklen: 32,
      n: 262144,
      r: 1,
      p: 8,
      salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
    },
    mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
}

test.each([
  ['PBKDF2', pbkdf2],
  ['scrypt', scrypt],
])('it opens the published %s file', async (_, file) => {
  expect(await readKeystore(JSON.stringify(file), passphrase)).toBe(secret)
})

test('it opens files that say Crypto and write 0x', async () => {
  const { crypto, ...rest } = pbkdf2
  const file = { ...rest, Crypto: { ...crypto, mac: `0x${crypto.mac}` }, address: '' }
  expect(await readKeystore(JSON.stringify(file), passphrase)).toBe(secret)
})

test('what it writes it opens, and says which account it is', async () => {
  const file = await writeKeystore(secret, 'a passphrase of mine')
  expect(JSON.parse(file)).toMatchObject({
    version: 3,
    address: createKeySigner(secret).address.slice(2).toLowerCase(),
    crypto: { kdf: 'scrypt', kdfparams: { n: 131_072, r: 8, p: 1, dklen: 32 }, cipher: 'aes-128-ctr' },
  })
  expect(file).not.toContain(secret.slice(2))
  expect(await readKeystore(file, 'a passphrase of mine')).toBe(secret)
  await expect(readKeystore(file, 'a passphrase of yours')).rejects.toMatchObject({
    code: 'account/wrong-passphrase',
  })
}, 60_000)

test('a passphrase is the same however its accents are typed', async () => {
  const file = await writeKeystore(secret, 'caf\u00e9 au lait')
  expect(await readKeystore(file, 'cafe\u0301 au lait')).toBe(secret)
})

test('a short passphrase is not taken', async () => {
  await expect(writeKeystore(secret, 'short')).rejects.toMatchObject({ code: 'account/weak-passphrase' })
})

const params = scrypt.crypto.kdfparams
const scryptWith = (kdfparams: object) => ({
  ...scrypt,
  crypto: { ...scrypt.crypto, kdfparams: { ...params, ...kdfparams } },
})

test.each([
  ['no JSON', 'hello'],
  ['a number', '7'],
  ['another version', JSON.stringify({ ...scrypt, version: 4 })],
  ['no crypto', JSON.stringify({ version: 3 })],
  ['another cipher', JSON.stringify({ ...scrypt, crypto: { ...scrypt.crypto, cipher: 'aes-256-cbc' } })],
  ['a short key', JSON.stringify({ ...scrypt, crypto: { ...scrypt.crypto, ciphertext: 'abcd' } })],
  ['odd hexadecimal', JSON.stringify({ ...scrypt, crypto: { ...scrypt.crypto, mac: 'abc' } })],
  ['an unknown derivation', JSON.stringify({ ...scrypt, crypto: { ...scrypt.crypto, kdf: 'md5' } })],
  ['too much memory', JSON.stringify(scryptWith({ n: 2 ** 24, r: 8 }))],
  ['a cost that is no power of two', JSON.stringify(scryptWith({ n: 1000 }))],
  ['too many lanes', JSON.stringify(scryptWith({ p: 1000 }))],
  ['a negative cost', JSON.stringify(scryptWith({ r: -8 }))],
  ['a flood', `"${'a'.repeat(30_000)}"`],
])('a file with %s is refused before any work', async (_, file) => {
  await expect(readKeystore(file, passphrase)).rejects.toMatchObject({ code: 'account/malformed-backup' })
})

test('a file that names another account than it holds is refused', async () => {
  const file = JSON.stringify({ ...pbkdf2, address: '00'.repeat(20) })
  await expect(readKeystore(file, passphrase)).rejects.toMatchObject({ code: 'account/malformed-backup' })
})
