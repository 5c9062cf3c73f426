import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { findDirect, isDirect } from './direct-connection.ts'

const relay = '/ip4/127.0.0.1/tcp/1/ws/p2p/12D3KooWNvSZnPi3RrhrTwEY4LuuBeB6K6facKUCJcyWG1aoDd2p'

function connection(parts: Partial<Connection> & { address: string }): Connection {
  const { address, ...rest } = parts
  return { direct: true, status: 'open', remoteAddr: multiaddr(address), ...rest } as Connection
}

const webRtc = connection({ address: `${relay}/p2p-circuit/webrtc` })

test.each([
  ['WebRTC between two tabs', webRtc, true],
  ['a circuit through a relay', connection({ address: `${relay}/p2p-circuit`, direct: false }), false],
  ['a limited link', connection({ address: `${relay}/p2p-circuit/webrtc`, limits: { seconds: 120 } }), false],
  ["a relay's own connection", connection({ address: relay }), false],
])('%s: direct is %s', (_, link, direct) => {
  expect(isDirect(link)).toBe(direct)
})

test('a link that is closing is not used', () => {
  const closing = connection({ address: `${relay}/p2p-circuit/webrtc`, status: 'closing' })
  expect(findDirect([closing])).toBeUndefined()
  expect(findDirect([closing, webRtc])).toBe(webRtc)
})
