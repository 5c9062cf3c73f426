import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isBusy } from '../../relay/hub/books/as-database-error.ts'
import { hubKeyFile, openHubKey } from '../../relay/hub/hub-key.ts'
import { defaultHubOptions } from '../../relay/hub-options.ts'
import { hubBooksFile, startHub } from '../../relay/start-hub.ts'
import { type Relay, startRelay } from '../../relay/start-relay.ts'
import { percent } from '../../relay/status/amounts.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Address } from '../../src/domain/bytes.ts'
import { type Network, localChainId } from '../../src/domain/network.ts'

/** Test dollars that the hub's account is filled up to. */
const capitalMicroUsd = 1_000_000_000n

/** Where a local relay runs. */
export type LocalRelayOptions = {
  /** Where its hub's money is. */
  network: Network
  dataDir: string
  /** 0, the default, takes a free port; here and below. */
  port?: number
  httpPort?: number
  say?: (line: string) => void
}

/** Starts a relay that is a payment hub on the local chain, with test dollars and gas and a key of its own. */
export async function startLocalRelay(options: LocalRelayOptions): Promise<Relay> {
  const { network, dataDir, port = 0, httpPort = 0, say = () => {} } = options
  const hubData = join(dataDir, 'hub')
  return startRelay({
    dataDir,
    port,
    httpPort,
    async openHub(peerId, log) {
      const account = await fillUp(join(hubData, hubKeyFile), network)
      const hub = await startHub({ ...defaultHubOptions, dataDir: hubData, key: null, network, peerId, log })
      say(`Hub: ${account}, takes ${percent(defaultHubOptions.spreadMillionths)}`)
      return hub
    },
  })
}

async function fillUp(ownKeyFile: string, network: Network): Promise<Address> {
  const { address } = await openHubKey({ key: null, keyFile: null, ownKeyFile }, network)
  const chain = createViemChain(network)
  const balance = await chain.balance(address)
  if (balance < capitalMicroUsd) await chain.faucet(address, capitalMicroUsd - balance)
  return address
}

/** Whether a relay's folder is that of a hub at work: it alone can read its books. */
export function hasLocalHub(dataDir: string): boolean {
  const path = hubBooksFile(join(dataDir, 'hub'), localChainId)
  if (!existsSync(path)) return false
  try {
    const books = new DatabaseSync(path, { readOnly: true })
    try {
      books.prepare('SELECT 1 FROM sqlite_schema').get()
    } finally {
      books.close()
    }
    return false
  } catch (error) {
    return isBusy(error)
  }
}

/** Puts a hub's books aside that speak of a chain which is no more. */
export async function forgetLocalHub(dataDir: string): Promise<void> {
  const hubData = join(dataDir, 'hub')
  await rename(hubData, `${hubData}.old-${Date.now()}`).catch(() => {})
}
