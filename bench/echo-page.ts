import type { FrameStream } from '../src/ports/transport.ts'
import { createLibp2pTransport, type Libp2pTransport } from '../src/transport/libp2p-transport.ts'

const protocol = { id: '/opentab-bench/echo/1.0.0', maxFrameBytes: 4096 }
const payload = new Uint8Array(100)

let transport: Libp2pTransport
let link: RTCPeerConnection
let channel: RTCDataChannel

/** Goes online and echoes what comes; resolves with the peer id once others can dial it. */
export async function goOnline(relays: string[]): Promise<string> {
  transport = await createLibp2pTransport({ relays, development: true })
  transport.handle(protocol, echo)
  await transport.start()
  const { promise: reachable, resolve } = Promise.withResolvers<void>()
  const stop = transport.watchStatus((status) => status.reachable && resolve())
  if (transport.status().reachable) resolve()
  await reachable.finally(() => stop())
  return transport.peerId
}

async function echo(stream: FrameStream): Promise<void> {
  for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.write(frame)
}

/** Sends a frame, waits until it came back, and so on. Returns round trips per second. */
export async function echoOverTransport(peer: string, count: number): Promise<number> {
  const stream = await transport.open(peer, protocol)
  const startedMs = performance.now()
  for (let index = 0; index < count; index++) {
    await stream.write(payload)
    await stream.read()
  }
  const perSecond = (count / (performance.now() - startedMs)) * 1000
  await stream.close()
  return perSecond
}

/** Opens the bare data channel that ours is measured against, and returns the offer for the other tab. */
export async function offerChannel(): Promise<RTCSessionDescriptionInit> {
  link = new RTCPeerConnection()
  channel = link.createDataChannel('echo')
  channel.binaryType = 'arraybuffer'
  await link.setLocalDescription()
  return describe()
}

/** Answers another tab's offer; what comes over the channel goes back. */
export async function answerChannel(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit> {
  link = new RTCPeerConnection()
  link.addEventListener('datachannel', ({ channel: opened }) => {
    opened.binaryType = 'arraybuffer'
    opened.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => opened.send(data))
  })
  await link.setRemoteDescription(offer)
  await link.setLocalDescription()
  return describe()
}

/** Takes the other tab's answer; resolves once the channel is open. */
export async function acceptChannel(answer: RTCSessionDescriptionInit): Promise<void> {
  await link.setRemoteDescription(answer)
  if (channel.readyState !== 'open') await nextEvent(channel, 'open')
}

/** The same round trips over the bare data channel. */
export async function echoOverChannel(count: number): Promise<number> {
  const startedMs = performance.now()
  for (let index = 0; index < count; index++) {
    channel.send(payload)
    await nextEvent(channel, 'message')
  }
  return (count / (performance.now() - startedMs)) * 1000
}

/** Describes this end with all of its addresses, so that one exchange is enough. */
async function describe(): Promise<RTCSessionDescriptionInit> {
  while (link.iceGatheringState !== 'complete') await nextEvent(link, 'icegatheringstatechange')
  const { type, sdp } = link.localDescription!
  return { type, sdp }
}

function nextEvent(target: EventTarget, type: string): Promise<Event> {
  return new Promise((resolve) => target.addEventListener(type, resolve, { once: true }))
}
