import { toHex } from '../../src/domain/bytes.ts'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import { systemRandom as random } from '../../src/device/system-random.ts'
import type { CatalogueEntry } from '../../src/domain/model.ts'
import { openPieceStore } from '../../src/models/open-piece-store.ts'
import { PieceModelStore } from '../../src/models/piece-model-store.ts'
import type { ModelStatus } from '../../src/ports/index.ts'
import { AnswersFirst } from '../../src/roles/pieces/answers-first.ts'
import { createPiecePeers } from '../../src/roles/pieces/fetch-pieces.ts'
import { createLender, type Lender, type LendingStatus } from '../../src/roles/pieces/lend.ts'
import { PieceTraffic } from '../../src/roles/pieces/piece-traffic.ts'
import { createLibp2pHolders } from '../../src/transport/libp2p-holders.ts'
import { createLibp2pTransport } from '../../src/transport/libp2p-transport.ts'
import { largePiece } from '../fixtures/large-model.ts'
import { lyingShelf } from '../fixtures/lying-shelf.ts'

/** The one tab that this page is, driven from outside by plain values. */
let store: PieceModelStore
let lender: Lender
const answers = new AnswersFirst()
const drivenClock = new ManualClock()

/** How a tab lends. */
export type Lending = {
  lies?: boolean
  bytesPerSecond?: number
  /** Whether its time passes only by `passTime`. */
  isDriven?: boolean
}

/** Goes online, and lends what it keeps or gains. */
export async function goOnline(
  relays: string[],
  entry: CatalogueEntry,
  { lies = false, bytesPerSecond = 1e9, isDriven = false }: Lending,
): Promise<string> {
  const clock = isDriven ? drivenClock : systemClock
  const transport = await createLibp2pTransport({ relays, development: true })
  await transport.start()
  const holders = createLibp2pHolders(transport.relays, transport.peerId)
  const parts = { transport, holders, answers, traffic: new PieceTraffic(), clock }
  store = new PieceModelStore({
    pieces: await openPieceStore(),
    fetchRange: async function* () {},
    loadCatalogue: async () => [entry],
    peers: createPiecePeers({ ...parts, random }),
  })
  lender = createLender({ ...parts, shelf: lies ? lyingShelf(store.shelf) : store.shelf })
  lender.start(bytesPerSecond)
  return transport.peerId
}

/** Lets the driven time pass. */
export function passTime(ms: number): Promise<void> {
  return drivenClock.advance(ms)
}

/** Changes the limit of a tab that lends. */
export function limitTo(bytesPerSecond: number): void {
  lender.start(bytesPerSecond)
}

/** Keeps pieces as if they had been downloaded before. */
export async function keep(entry: CatalogueEntry, pieces: number[]): Promise<void> {
  const kept = await openPieceStore()
  for (const number of pieces) {
    await kept.write(entry.id, entry.manifest.files[0]!.pieces[number]!, largePiece(number))
  }
}

/** Fetches the model and returns the SHA-256 of its file. */
export async function fetchModel(entry: CatalogueEntry): Promise<string> {
  const { files } = await store.fetch(entry)
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await files[0]!.arrayBuffer())))
}

export function statusOf(entry: CatalogueEntry): Promise<ModelStatus> {
  return store.status(entry.id)
}

export function lendingStatus(): LendingStatus {
  return lender.status()
}
