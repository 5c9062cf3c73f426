import { systemClock as clock } from '../src/device/system-clock.ts'
import { systemRandom as random } from '../src/device/system-random.ts'
import type { CatalogueEntry } from '../src/domain/model.ts'
import { fetchFromTabs } from '../src/models/fetch-from-tabs.ts'
import { MemoryPieceStore } from '../src/models/memory-piece-store.ts'
import { KeptPieceShelf } from '../src/models/piece-shelf.ts'
import { modelPieces } from '../src/models/pieces.ts'
import type { PiecePeers } from '../src/ports/index.ts'
import { AnswersFirst } from '../src/roles/pieces/answers-first.ts'
import { createPiecePeers } from '../src/roles/pieces/fetch-pieces.ts'
import { createLender } from '../src/roles/pieces/lend.ts'
import { PieceTraffic } from '../src/roles/pieces/piece-traffic.ts'
import { createLibp2pHolders } from '../src/transport/libp2p-holders.ts'
import { createLibp2pTransport } from '../src/transport/libp2p-transport.ts'
import { largePiece } from '../tests/fixtures/large-model.ts'
import {
  acceptBareChannel,
  answerBareChannel,
  type BareChannel,
  nextEvent,
  offerBareChannel,
} from './bare-channel.ts'

/** What Chromium's own applications send at a time, and let wait to be sent. */
const messageBytes = 16 * 1024
const waitingBytes = 1 << 20

let peers: PiecePeers
let bare: BareChannel

async function connect(relays: string[]) {
  const transport = await createLibp2pTransport({ relays, development: true })
  await transport.start()
  const holders = createLibp2pHolders(transport.relays, transport.peerId)
  return { transport, holders, answers: new AnswersFirst(), traffic: new PieceTraffic(), clock }
}

/** Lends a model from memory, as fast as it goes. */
export async function lend(relays: string[], entry: CatalogueEntry): Promise<void> {
  const pieces = new MemoryPieceStore()
  for (const [number, { sha256 }] of modelPieces(entry.manifest).entries()) {
    await pieces.write(entry.id, sha256, largePiece(number))
  }
  const shelf = new KeptPieceShelf(pieces, async () => new Map([[entry.id, entry.manifest]]))
  createLender({ ...(await connect(relays)), shelf }).start(Infinity)
}

/** Goes online to read. */
export async function joinReader(relays: string[]): Promise<void> {
  peers = createPiecePeers({ ...(await connect(relays)), random })
}

/** Brings the whole model from the other tab, each piece verified, into memory. Returns megabytes per second. */
export async function fetchPieces(entry: CatalogueEntry): Promise<number> {
  const wanted = modelPieces(entry.manifest)
  const startedMs = performance.now()
  let bytes = 0
  const options = { signal: undefined, onBytes: undefined, onTabs: () => {} }
  for await (const { content } of fetchFromTabs(entry, wanted, peers, options)) bytes += content.byteLength
  return bytes / 1000 / (performance.now() - startedMs)
}

/** Opens the bare data channel that ours is measured against, and returns the offer for the other tab. */
export async function offerChannel(): Promise<RTCSessionDescriptionInit> {
  const { offer, ...opened } = await offerBareChannel()
  bare = opened
  return offer
}

export async function acceptChannel(answer: RTCSessionDescriptionInit): Promise<void> {
  await acceptBareChannel(bare, answer)
}

/** Answers another tab's offer; asked for a number of bytes over the channel, it sends them. */
export function answerChannel(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit> {
  return answerBareChannel(offer, (channel) => {
    channel.bufferedAmountLowThreshold = waitingBytes / 2
    channel.addEventListener('message', ({ data }: MessageEvent<string>) => void pour(channel, Number(data)))
  })
}

async function pour(channel: RTCDataChannel, bytes: number): Promise<void> {
  const message = new Uint8Array(messageBytes)
  for (let sent = 0; sent < bytes; sent += messageBytes) {
    if (channel.bufferedAmount > waitingBytes) await nextEvent(channel, 'bufferedamountlow')
    channel.send(message)
  }
}

/** As many bytes over the bare data channel. Returns megabytes per second. */
export async function fetchOverChannel(bytes: number): Promise<number> {
  const { promise: whole, resolve } = Promise.withResolvers<void>()
  let received = 0
  const count = ({ data }: MessageEvent<ArrayBuffer>) => {
    received += data.byteLength
    if (received >= bytes) resolve()
  }
  bare.channel.addEventListener('message', count)
  const startedMs = performance.now()
  bare.channel.send(String(bytes))
  await whole
  bare.channel.removeEventListener('message', count)
  return received / 1000 / (performance.now() - startedMs)
}
