import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { hubKeyFile, openHubKey } from '../../relay/hub/hub-key.ts'
import { defaultHubOptions } from '../../relay/hub-options.ts'
import type { RelayLog } from '../../relay/log.ts'
import { type RelayHub, startHub } from '../../relay/start-hub.ts'
import { percent } from '../../relay/status/amounts.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { PeerId } from '../../src/domain/bytes.ts'
import type { Network } from '../../src/domain/network.ts'

/** Test dollars that the hub's account is filled up to. */
const capitalMicroUsd = 1_000_000_000n

/** Where a local hub runs. */
export type LocalHubOptions = {
  network: Network
  /** The relay's data. */
  dataDir: string
  peerId: PeerId
  log: RelayLog
  say: (line: string) => void
}

/** Starts a hub on the local chain with a key of its own, and gives it test dollars and gas. */
export async function startLocalHub({
  network,
  dataDir,
  peerId,
  log,
  say,
}: LocalHubOptions): Promise<RelayHub> {
  const hubData = join(dataDir, 'hub')
  const key = { key: null, keyFile: null, ownKeyFile: join(hubData, hubKeyFile) }
  const { address } = await openHubKey(key, network)
  const chain = createViemChain(network)
  const balance = await chain.balance(address)
  if (balance < capitalMicroUsd) await chain.faucet(address, capitalMicroUsd - balance)
  const hub = await startHub({ ...defaultHubOptions, dataDir: hubData, key: null, network, peerId, log })
  say(`Hub: ${address}, takes ${percent(defaultHubOptions.spreadMillionths)}`)
  return hub
}

/** Puts a hub's books aside that speak of a chain which is no more. */
export async function forgetLocalHub(dataDir: string): Promise<void> {
  const hubData = join(dataDir, 'hub')
  await rename(hubData, `${hubData}.old-${Date.now()}`).catch(() => {})
}
