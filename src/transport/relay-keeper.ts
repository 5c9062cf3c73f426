import type { Libp2p, PeerId as LibPeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../domain/bytes.ts'
import { TransportError } from '../errors/index.ts'
import { abortedWait } from './stream-errors.ts'
import { Watchers } from './watchers.ts'

const dialTimeoutMs = 5_000

/** Between two attempts, and after how many of them the pause grows. Jittered: tabs must not come back in step. */
const pauseMs = { soon: 1_000, later: 10_000, patience: 60 }

export type Relay = { peerId: PeerId; address: Multiaddr; libp2pId: LibPeerId }

/** @throws TransportError `transport/no-relay` for an address that is none or names no peer */
export function parseRelay(text: string): Relay {
  try {
    const address = multiaddr(text)
    const peerId = address.getComponents().findLast(({ name }) => name === 'p2p')?.value ?? ''
    return { peerId, address, libp2pId: peerIdFromString(peerId) }
  } catch (cause) {
    throw new TransportError('transport/no-relay', 'A relay address cannot be read.', {
      details: `${text} should end in /p2p/ and the relay's peer id.`,
      retryable: false,
      cause,
    })
  }
}

/** Keeps a connection to each relay, for as long as it runs. */
export class RelayKeeper {
  readonly relays: readonly Relay[]
  readonly changes = new Watchers<readonly Relay[]>()
  readonly #node: Libp2p
  #running: AbortController | null = null
  #lastFailure: unknown

  constructor(node: Libp2p, relays: readonly Relay[]) {
    this.#node = node
    this.relays = relays
    const tellOf = (event: CustomEvent<LibPeerId>) => {
      if (this.relays.some(({ libp2pId }) => libp2pId.equals(event.detail)))
        this.changes.tell(this.connected())
    }
    node.addEventListener('peer:connect', tellOf)
    node.addEventListener('peer:disconnect', tellOf)
  }

  connected(): Relay[] {
    return this.relays.filter((relay) => this.#isConnected(relay))
  }

  start(): void {
    if (this.#running) return
    this.#running = new AbortController()
    for (const relay of this.relays) void this.#keep(relay, this.#running.signal)
  }

  stop(): void {
    this.#running?.abort()
    this.#running = null
  }

  /** Resolves once a relay is connected. */
  async untilConnected(signal?: AbortSignal): Promise<void> {
    if (this.connected().length > 0) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stopWatching = this.changes.add((connected) => connected.length > 0 && resolve())
    const giveUp = () => reject(this.#unreached(signal))
    signal?.addEventListener('abort', giveUp, { once: true })
    if (signal?.aborted) giveUp()
    await promise.finally(() => {
      stopWatching()
      signal?.removeEventListener('abort', giveUp)
    })
  }

  async #keep(relay: Relay, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      if (this.#isConnected(relay)) failures = 0
      else failures = (await this.#dial(relay, signal)) ? 0 : failures + 1
      await jitteredPause(failures < pauseMs.patience ? pauseMs.soon : pauseMs.later, signal)
    }
  }

  async #dial(relay: Relay, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#node.dial(relay.address, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(dialTimeoutMs)]),
      })
      return true
    } catch (error) {
      this.#lastFailure = error
      return false
    }
  }

  #isConnected({ libp2pId }: Relay): boolean {
    return this.#node.getConnections(libp2pId).some(({ status }) => status === 'open')
  }

  #unreached(signal?: AbortSignal): Error {
    if (!this.#lastFailure && signal) return abortedWait(signal)
    return new TransportError('transport/no-relay', 'No relay can be reached.', { cause: this.#lastFailure })
  }
}

function jitteredPause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms * (1 + Math.random()))
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(() => clearTimeout(timer))
}
