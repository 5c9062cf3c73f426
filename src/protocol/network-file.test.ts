import { expect, test } from 'vitest'
import { network } from '../../tests/fixtures/jobs.ts'
import { parseNetwork } from './network-file.ts'

test('a network is read as it was written, and fields of later versions are passed over', () => {
  expect(parseNetwork(JSON.parse(JSON.stringify({ ...network, later: 1 })))).toEqual(network)
})

test.each([
  ['chainId', { chainId: '31337' }],
  ['token', { token: '0x12' }],
  ['rpcUrl', { rpcUrl: 'nowhere' }],
  ['relays', { relays: 'one' }],
])('a wrong %s is named', (field, change) => {
  expect(() => parseNetwork({ ...network, ...change })).toThrow(
    expect.objectContaining({
      code: 'protocol/malformed',
      shortMessage: expect.stringContaining(field),
    }),
  )
})
