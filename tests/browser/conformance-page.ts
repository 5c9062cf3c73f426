import type { Transport } from '../../src/ports/transport.ts'
import { createLibp2pDirectory } from '../../src/transport/libp2p-directory.ts'
import { createLibp2pTransport } from '../../src/transport/libp2p-transport.ts'
import { generatePeerKey, peerIdOfKey } from '../../src/transport/peer-identity.ts'
import { directoryCases, type DirectoryTab } from '../conformance/directory.ts'
import { transportCases } from '../conformance/transport.ts'
import { signedTestOffer } from '../fixtures/offer.ts'

const nowMs = () => Date.now()

/** Runs one case of the transport suite in this page, each of its tabs a libp2p node of its own. */
export async function runTransportCase(name: string, relays: string[]): Promise<void> {
  const joined: Transport[] = []
  const join = async () => {
    const transport = await createLibp2pTransport({ relays, development: true })
    joined.push(transport)
    return transport
  }
  const nobody = peerIdOfKey(await generatePeerKey())
  const run = caseNamed(transportCases, name).run({ join, nobody })
  await run.finally(() => Promise.all(joined.map((transport) => transport.stop())))
}

/** Runs one case of the directory suite in this page. */
export async function runDirectoryCase(name: string, relays: string[]): Promise<void> {
  const joined: DirectoryTab[] = []
  const run = caseNamed(directoryCases, name).run({
    async join() {
      const transport = await createLibp2pTransport({ relays, development: true })
      const directory = createLibp2pDirectory(transport.relays, { nowMs })
      const leave = async () => {
        directory.stop()
        await transport.stop()
      }
      const tab = { peerId: transport.peerId, directory, leave }
      joined.push(tab)
      await transport.start()
      return tab
    },
    offer: ({ peerId }, sequence, lifetimeSeconds = 60) =>
      signedTestOffer(peerId, { sequence, expiresAtSeconds: Math.floor(nowMs() / 1000) + lifetimeSeconds }),
  })
  await run.finally(() => Promise.all(joined.map(({ leave }) => leave())))
}

function caseNamed<one extends { name: string }>(cases: one[], name: string): one {
  const chosen = cases.find((one) => one.name === name)
  if (!chosen) throw new Error(`no case is called ${name}`)
  return chosen
}
