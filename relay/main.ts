import { BaseError } from '../src/errors/index.ts'
import type { HubOptions } from './hub-options.ts'
import { createLineLog } from './log.ts'
import { type RelayOptions, parseRelayOptions, relayUsage } from './relay-options.ts'
import { readNetworkFile, startHub } from './start-hub.ts'
import { type StartRelayOptions, startRelay } from './start-relay.ts'

const log = createLineLog((line) => console.log(line))

try {
  const options = parseRelayOptions(process.argv.slice(2), process.env)
  if (options) await run(options)
  else console.log(relayUsage)
} catch (error) {
  if (!(error instanceof BaseError)) throw error
  console.error(`${error.message}\n(${error.code})`)
  process.exitCode = 1
}

async function run({ hub, ...options }: RelayOptions): Promise<void> {
  const relay = await startRelay({ ...options, log, ...(hub && { openHub: await hubOpener(hub) }) })
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    void relay.stop().then(() => process.exit(0))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  for (const address of relay.multiaddrs) console.log(`Relay: ${address}`)
  console.log(`Status: ${relay.httpUrl}/`)
}

/** The key is read here from the environment, and goes nowhere but into the hub's signer. */
async function hubOpener(hub: HubOptions): Promise<NonNullable<StartRelayOptions['openHub']>> {
  const network = await readNetworkFile(hub.networkFile)
  const key = process.env.OPENTAB_HUB_KEY ?? null
  return (peerId, hubLog) => startHub({ ...hub, network, key, peerId, log: hubLog })
}
