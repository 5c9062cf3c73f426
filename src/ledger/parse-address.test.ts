import { expect, test } from 'vitest'
import { parseAddress } from './parse-address.ts'

const address = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'

test.each([address, address.toLowerCase(), `0x${address.slice(2).toUpperCase()}`, ` ${address}\n`])(
  'takes %j and returns it checksummed',
  (text) => expect(parseAddress(text)).toBe(address),
)

test.each([
  ['too short', address.slice(0, -1)],
  ['too long', `${address}0`],
  ['no prefix', address.slice(2)],
  ['a letter that is no digit', address.replace('5', 'g')],
  ['a mistyped checksum', address.replace('aA', 'AA')],
  ['the zero address', `0x${'0'.repeat(40)}`],
])('refuses %s', (_name, text) => {
  expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'ledger/bad-address' }))
})
