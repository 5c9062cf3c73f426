import type { SignedOffer } from '../../src/domain/offer.ts'
import type { FrameStream } from '../../src/ports/transport.ts'
import { createLibp2pDirectory, type Libp2pDirectory } from '../../src/transport/libp2p-directory.ts'
import { createLibp2pTransport, type Libp2pTransport } from '../../src/transport/libp2p-transport.ts'
import { signedTestOffer } from '../fixtures/offer.ts'

/** The one tab that this page is, driven from outside by plain values. */
const protocol = { id: '/opentab-test/tab/1.0.0', maxFrameBytes: 64 * 1024 }

let transport: Libp2pTransport
let directory: Libp2pDirectory
let held: FrameStream | null = null
let answered = 0
const links = new Set<RTCPeerConnection>()
const departed: string[] = []

export async function connect(relays: string[]): Promise<string> {
  recordLinks()
  transport = await createLibp2pTransport({ relays, development: true })
  directory = createLibp2pDirectory(transport.relays, { nowMs: () => Date.now() })
  directory.watchDepartures((peer) => departed.push(peer))
  transport.handle(protocol, echo)
  await transport.start()
  return transport.peerId
}

/** Connects, and resolves once other tabs can dial this one. */
export async function goOnline(relays: string[]): Promise<string> {
  const peerId = await connect(relays)
  await untilReachable()
  return peerId
}

export async function untilReachable(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = transport.watchStatus(({ reachable }) => reachable && resolve())
  if (transport.status().reachable) resolve()
  await promise.finally(() => stop())
}

/** Resolves once no relay is connected. */
export async function untilAlone(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = transport.watchStatus(({ relays }) => relays.length === 0 && resolve())
  if (transport.status().relays.length === 0) resolve()
  await promise.finally(() => stop())
}

async function echo(stream: FrameStream): Promise<void> {
  answered += 1
  for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.write(frame)
}

export function streamsAnswered(): number {
  return answered
}

/** Sends frames to a tab, one after the other came back, and returns how many bytes came back right. */
export async function echoBytes(peer: string, frames: number, frameBytes: number): Promise<number> {
  const stream = await transport.open(peer, protocol)
  let right = 0
  for (let index = 0; index < frames; index++) {
    await stream.write(new Uint8Array(frameBytes).fill(index))
    const frame = await stream.read()
    if (frame?.every((byte) => byte === (index & 0xff))) right += frame.byteLength
  }
  await stream.close()
  return right
}

/** Opens a stream and keeps it; `waitForBreak` tells the code that it ends with. */
export async function holdStream(peer: string): Promise<void> {
  held = await transport.open(peer, protocol)
  await held.write(Uint8Array.of(1))
  await held.read()
}

export async function waitForBreak(): Promise<string> {
  try {
    await held?.read()
    return 'ended'
  } catch (error) {
    return (error as { code: string }).code
  }
}

export async function publish(sequence: number): Promise<void> {
  await directory.publish(await signedTestOffer(transport.peerId, { sequence }))
}

/** Resolves once a tab's offer is listed, or is not. */
export async function untilListed(peer: string, listed: boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const names = ({ offer }: SignedOffer) => offer.peerId === peer
  const stop = directory.watch(({ offers }) => offers.some(names) === listed && resolve())
  await promise.finally(() => stop())
}

export async function untilDeparted(peer: string): Promise<void> {
  if (departed.includes(peer)) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = directory.watchDepartures((gone) => gone === peer && resolve())
  await promise.finally(() => stop())
}

/** Returns what the browser says has been sent over WebRTC. */
export async function bytesOverWebRtc(): Promise<number> {
  const reports = await Promise.all([...links].map((link) => link.getStats()))
  const stats = reports.flatMap((report) => [...report.values()] as { type: string; bytesSent?: number }[])
  return stats
    .filter(({ type }) => type === 'transport')
    .reduce((sum, { bytesSent }) => sum + (bytesSent ?? 0), 0)
}

/** Makes every WebRTC handshake of this page fail, as a strict firewall would. */
export function blockWebRtc(): void {
  RTCPeerConnection.prototype.setRemoteDescription = () => Promise.reject(new Error('blocked'))
}

function recordLinks(): void {
  const { createDataChannel } = RTCPeerConnection.prototype
  RTCPeerConnection.prototype.createDataChannel = function (label, options) {
    links.add(this)
    return createDataChannel.call(this, label, options)
  }
}
