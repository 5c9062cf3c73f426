import type { PeerId } from '../domain/bytes.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory } from '../ports/directory.ts'
import type { Holders } from '../ports/holders.ts'
import type { Transport } from '../ports/transport.ts'
import { createMemoryDirectory, MemoryListing } from './memory-directory.ts'
import { createMemoryHolders, MemoryHoldings } from './memory-holders.ts'
import type { Carry } from './memory-stream.ts'
import { MemoryTransport } from './memory-transport.ts'

/** What one tab has of a memory network. */
export type MemoryTab = {
  peerId: PeerId
  transport: Transport
  directory: Directory
  holders: Holders
}

/** What a test may choose. */
export type MemoryNetworkOptions = {
  /** What offers expire by; the machine's clock by default. */
  clock?: Pick<Clock, 'nowMs'>
}

/** A network of tabs inside one process, for tests and simulation. */
export type MemoryNetwork = {
  /** Adds a tab. Its transport must be started as a real one. */
  join(peerId?: PeerId): MemoryTab
  /** Takes a tab away with no goodbye: its streams break, its offer goes, its departure is told. */
  kill(peerId: PeerId): Promise<void>
  /** The relay is gone: links that exist live on, nothing new can be dialled or published. */
  dropRelay(): void
  restoreRelay(): void
  /** Holds each frame and each dial back, in order. */
  setDelayMs(delayMs: number): void
}

/** Returns a network with one relay and no tabs. */
export function createMemoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  const nowMs = () => options.clock?.nowMs() ?? Date.now()
  const tabs = new Map<PeerId, MemoryTransport>()
  const started = () => [...tabs.values()].filter((tab) => tab.started)
  let relayUp = true
  let delayMs = 0
  const listing = new MemoryListing(nowMs, () => (relayUp ? started().length : 0))
  const holdings = new MemoryHoldings(nowMs)
  const delay = () =>
    delayMs > 0 ? new Promise<void>((done) => setTimeout(done, delayMs)) : Promise.resolve()

  const wires = {
    relayUp: () => relayUp,
    find: (peer: PeerId) => started().find((tab) => tab.peerId === peer),
    delay,
    left(peer: PeerId) {
      listing.depart(peer)
      holdings.forget(peer)
    },
    carry: () => orderedCarry(delay, () => delayMs === 0),
  }

  const setRelay = (up: boolean) => {
    relayUp = up
    for (const tab of started()) tab.tellStatus()
    listing.changes.tell()
  }

  return {
    join(peerId = `memory-peer-${tabs.size + 1}`) {
      const transport = new MemoryTransport(peerId, wires)
      tabs.set(peerId, transport)
      const isUp = () => relayUp
      return {
        peerId,
        transport,
        directory: createMemoryDirectory(peerId, listing, isUp),
        holders: createMemoryHolders(peerId, holdings, isUp),
      }
    },
    async kill(peerId) {
      await tabs.get(peerId)?.stop()
    },
    dropRelay: () => setRelay(false),
    restoreRelay: () => setRelay(true),
    setDelayMs(ms) {
      delayMs = ms
    },
  }
}

/** Runs steps one after the other, each after the delay; at once while there is none. */
function orderedCarry(delay: () => Promise<void>, immediate: () => boolean): Carry {
  let waiting = 0
  let last = Promise.resolve()
  return (step) => {
    if (immediate() && waiting === 0) return step()
    waiting += 1
    last = last.then(delay).then(() => {
      waiting -= 1
      step()
    })
  }
}
