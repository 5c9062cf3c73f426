import type { Connection, Libp2p, PeerId as LibPeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Ping } from '@libp2p/ping'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../domain/bytes.ts'
import { BaseError, TransportError } from '../errors/index.ts'
import { abortedWait, noRelay, streamReset } from './stream-errors.ts'
import { Watchers } from './watchers.ts'

const dialTimeoutMs = 5_000

/** Between two attempts, and after how many of them the pause grows. Jittered: tabs must not come back in step. */
const pauseMs = { soon: 1_000, later: 10_000, patience: 60 }

/**
 * Some networks forget a connection without telling its ends, and neither closes it for a quarter of an hour. One beat
 * may be missed: the main thread may have been busy.
 */
const defaultPulse = { everyMs: 10_000, timeoutMs: 10_000 }
const missedBeats = 2

/** A relay as it was configured. */
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
  readonly #node: Libp2p<{ ping: Ping }>
  readonly #pulse: typeof defaultPulse
  #running: AbortController | null = null
  #lastFailure: unknown

  constructor(node: Libp2p<{ ping: Ping }>, relays: readonly Relay[], pulse = defaultPulse) {
    this.#node = node
    this.#pulse = pulse
    this.relays = relays
    const tellOf = (event: CustomEvent<LibPeerId>) => {
      if (this.relays.some(({ libp2pId }) => libp2pId.equals(event.detail)))
        this.changes.tell(this.connected())
    }
    node.addEventListener('peer:connect', tellOf)
    node.addEventListener('peer:disconnect', tellOf)
  }

  connected(): Relay[] {
    return this.relays.filter((relay) => this.#connection(relay) !== undefined)
  }

  start(): void {
    if (this.#running) return
    this.#running = new AbortController()
    const { signal } = this.#running
    for (const relay of this.relays) {
      void this.#keep(relay, signal)
      void this.#feelPulse(relay, signal)
    }
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
      if (this.#connection(relay)) failures = 0
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

  async #feelPulse(relay: Relay, signal: AbortSignal): Promise<void> {
    for (let missed = 0; !signal.aborted;) {
      await jitteredPause(this.#pulse.everyMs, signal)
      const connection = this.#connection(relay)
      missed = !connection || (await this.#beats(relay)) ? 0 : missed + 1
      if (missed >= missedBeats) connection?.abort(streamReset())
    }
  }

  async #beats({ libp2pId }: Relay): Promise<boolean> {
    try {
      await this.#node.services.ping.ping(libp2pId, { signal: AbortSignal.timeout(this.#pulse.timeoutMs) })
      return true
    } catch {
      return false
    }
  }

  #connection({ libp2pId }: Relay): Connection | undefined {
    return this.#node.getConnections(libp2pId).find(({ status }) => status === 'open')
  }

  /** Whoever gave up hears it as such; a wait that ran out is a relay that is not there. */
  #unreached(signal?: AbortSignal): Error {
    const gaveUp = signal && abortedWait(signal)
    if (gaveUp instanceof BaseError && gaveUp.code !== 'transport/timeout') return gaveUp
    return noRelay(this.#lastFailure)
  }
}

function jitteredPause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms * (1 + Math.random()))
  const wake = () => resolve()
  signal.addEventListener('abort', wake, { once: true })
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', wake)
  })
}
