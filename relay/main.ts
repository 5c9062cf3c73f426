import { BaseError } from '../src/errors/index.ts'
import { createLineLog } from './log.ts'
import { parseRelayOptions, relayUsage } from './relay-options.ts'
import { startRelay } from './start-relay.ts'

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

async function run(options: NonNullable<ReturnType<typeof parseRelayOptions>>): Promise<void> {
  const relay = await startRelay({ ...options, log })
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    void relay.stop().then(() => process.exit(0))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  for (const address of relay.multiaddrs) console.log(`Relay: ${address}`)
  console.log(`Health: ${relay.httpUrl}/health`)
}
