import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Relay } from '../../relay/start-relay.ts'
import { deployLocal } from '../../src/chain/deploy-local.ts'
import type { Network } from '../../src/domain/network.ts'
import { type Anvil, startAnvil } from '../anvil.ts'
import { ensureBrowser } from '../install-browser.ts'
import { findBrowser } from '../find-browser.ts'
import { buildPage } from './build-page.ts'
import { checkPlaces } from './check-places.ts'
import { type StackOptions, defaultOptions } from './options.ts'
import { type ProviderTab, startProviderTab } from './provider-tab.ts'
import { forgetLocalHub, startLocalRelay } from './local-relay.ts'
import { servePage } from './serve-page.ts'
import { endWithThisProcess } from './watchdog.ts'

/** What is started; what is left out is as `npm start` has it. */
export type StartOptions = Partial<StackOptions> & {
  /** Told, a line at a time, what is going on. */
  say?: (line: string) => void
  /** Aborting ends what was started so far. */
  signal?: AbortSignal
}

/** All that `npm start` runs. */
export type Stack = {
  url: string
  network: Network
  relay: Relay
  /** Null when there is none: not wanted, or no browser for it. */
  provider: ProviderTab | null
  /** Resolves with a sentence when a part has ended by itself. */
  broken: Promise<string>
  /** Stops all of it, last started first. */
  stop(): Promise<void>
}

/**
 * Starts everything that a developer needs on one machine, and resolves once each part is healthy.
 *
 * @throws ToolError, ChainError, RelayError when a part cannot start; the others are stopped then
 */
export async function startStack(options: StartOptions = {}): Promise<Stack> {
  const settings: StackOptions = { ...defaultOptions, ...options }
  const { say = () => {}, signal } = options
  const parts = new Parts(signal)
  try {
    await checkPlaces(settings)
    return await startParts(settings, parts, say, signal)
  } catch (error) {
    await parts.stop()
    throw error
  }
}

/** What was started, to be stopped in reverse order. */
class Parts {
  readonly #stops: (() => Promise<unknown> | void)[] = []
  readonly #signal: AbortSignal | undefined
  #stopped: Promise<void> | null = null
  stopping = false

  constructor(signal?: AbortSignal) {
    this.#signal = signal
  }

  async start<part extends { stop(): Promise<unknown> }>(starting: () => Promise<part>): Promise<part> {
    this.#signal?.throwIfAborted()
    const part = await starting()
    this.add(() => part.stop())
    this.#signal?.throwIfAborted()
    return part
  }

  add(stop: () => Promise<unknown> | void): void {
    this.#stops.push(stop)
  }

  stop(): Promise<void> {
    this.stopping = true
    this.#stopped ??= this.#stopAll()
    return this.#stopped
  }

  async #stopAll(): Promise<void> {
    while (true) {
      const stop = this.#stops.pop()
      if (!stop) return
      try {
        await stop()
      } catch (error) {
        console.error('A part did not stop cleanly:', error)
      }
    }
  }
}

type Say = (line: string) => void

async function startParts(
  settings: StackOptions,
  parts: Parts,
  say: Say,
  signal?: AbortSignal,
): Promise<Stack> {
  const data = resolve(settings.dataFolder)
  await mkdir(data, { recursive: true })
  const anvil = await startChain(settings, data, parts, say)
  const contracts = await deployLocal(anvil.rpcUrl)
  say(`Contracts: on the local chain, ${contracts.settlement}`)
  const { relayPort: port, relayHttpPort: httpPort } = settings
  const dataDir = join(data, 'relay')
  const relay = await parts.start(() => startLocalRelay({ network: contracts, dataDir, port, httpPort, say }))
  say(`Relay: ${relay.multiaddrs[0]}, status at ${relay.httpUrl}/`)
  const network: Network = { ...contracts, relays: relay.multiaddrs }
  const networkFile = join(data, 'network.json')
  await writeFile(networkFile, `${JSON.stringify(network, null, 2)}\n`)

  if (!settings.development) {
    say('Page: building what has changed…')
    await buildPage(signal)
  }
  const { development } = settings
  const { url } = await parts.start(() => servePage({ port: settings.port, networkFile, development }))
  say(`Page: ${url}`)
  const provider = settings.provider ? await startProvider(settings, url, data, parts, say, signal) : null
  return { url, network, relay, provider, broken: breaking(anvil, provider, parts), stop: () => parts.stop() }
}

async function startChain(settings: StackOptions, data: string, parts: Parts, say: Say): Promise<Anvil> {
  const stateFile = join(data, 'chain', 'state.json')
  const notices: string[] = []
  const onNotice = (notice: string) => notices.push(notice)
  const anvil = await parts.start(() => startAnvil({ port: settings.chainPort, stateFile, onNotice }))
  for (const notice of notices) {
    say(notice)
    await forgetLocalHub(join(data, 'relay'))
    say("The hub's books spoke of the old chain. They were moved aside too.")
  }
  parts.add(endWithThisProcess(anvil.pid))
  say(`Chain: ${anvil.rpcUrl}`)
  return anvil
}

/** Everything else is of use without a provider tab, so its failure is told and not thrown. */
async function startProvider(
  settings: StackOptions,
  url: string,
  data: string,
  parts: Parts,
  say: Say,
  signal?: AbortSignal,
): Promise<ProviderTab | null> {
  const browser = settings.installBrowser ? await ensureBrowser(say) : findBrowser()
  if (!browser) {
    say('Provider tab: none, because no browser was found.')
    return null
  }
  say(`Provider tab: starting ${browser}`)
  const onStatus = (status: string) => say(`Provider tab: ${status}`)
  const profileFolder = join(data, 'provider')
  try {
    return await parts.start(() =>
      startProviderTab({ url, profileFolder, onStatus, ...(signal && { signal }) }),
    )
  } catch (error) {
    signal?.throwIfAborted()
    say(`Provider tab: none. ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

function breaking(anvil: Anvil, provider: ProviderTab | null, parts: Parts): Promise<string> {
  return new Promise((resolve) => {
    const tell = (what: string) => () => {
      if (!parts.stopping) resolve(`${what} has ended by itself.`)
    }
    void anvil.exited.then(tell('The local chain'))
    void provider?.closed.then(tell('The provider tab'))
  })
}
