import { generatePeerKey, peerIdOfKey } from '../../src/transport/peer-identity.ts'
import { createLibp2pTransport } from '../../src/transport/libp2p-transport.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { transportCases } from '../conformance/transport.ts'

/** Runs one case of the transport suite in this page, each of its tabs a libp2p node of its own. */
export async function runTransportCase(name: string, relays: string[]): Promise<void> {
  const chosen = transportCases.find((one) => one.name === name)
  if (!chosen) throw new Error(`no case is called ${name}`)
  const joined: Transport[] = []
  try {
    await chosen.run({
      nobody: peerIdOfKey(await generatePeerKey()),
      async join() {
        const transport = await createLibp2pTransport({ relays, development: true })
        joined.push(transport)
        return transport
      },
    })
  } finally {
    await Promise.all(joined.map((transport) => transport.stop()))
  }
}
