import { expect, test } from 'vitest'
import { network } from '../../tests/fixtures/jobs.ts'
import { parseNetwork } from './network-file.ts'

test('a network is read as it was written, and fields of later versions are passed over', () => {
  const written = { ...network, explorerUrl: 'https://explorer.example.org' }
  expect(parseNetwork(JSON.parse(JSON.stringify({ ...written, later: 1 })))).toEqual(written)
})

test.each([
  ['chainId', { chainId: '31337' }],
  ['token', { token: '0x12' }],
  ['rpcUrl', { rpcUrl: 'nowhere' }],
  ['relays', { relays: 'one' }],
  ['explorerUrl', { explorerUrl: 'javascript:alert(1)' }],
])('a wrong %s is named', (field, change) => {
  expect(() => parseNetwork({ ...network, ...change })).toThrow(
    expect.objectContaining({
      code: 'protocol/malformed',
      shortMessage: expect.stringContaining(field),
    }),
  )
})
