import type { FrameStream } from '../src/ports/transport.ts'
import {
  acceptBareChannel,
  answerBareChannel,
  type BareChannel,
  nextEvent,
  offerBareChannel,
} from './bare-channel.ts'
import { createLibp2pTransport, type Libp2pTransport } from '../src/transport/libp2p-transport.ts'

const protocol = { id: '/opentab-bench/echo/1.0.0', maxFrameBytes: 4096 }
const payload = new Uint8Array(100)

let transport: Libp2pTransport
let bare: BareChannel

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
  const { offer, ...opened } = await offerBareChannel()
  bare = opened
  return offer
}

/** Answers another tab's offer; what comes over the channel goes back. */
export function answerChannel(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit> {
  return answerBareChannel(offer, (opened) => {
    opened.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => opened.send(data))
  })
}

/** Takes the other tab's answer; resolves once the channel is open. */
export async function acceptChannel(answer: RTCSessionDescriptionInit): Promise<void> {
  await acceptBareChannel(bare, answer)
}

/** The same round trips over the bare data channel. */
export async function echoOverChannel(count: number): Promise<number> {
  const startedMs = performance.now()
  for (let index = 0; index < count; index++) {
    bare.channel.send(payload)
    await nextEvent(bare.channel, 'message')
  }
  return (count / (performance.now() - startedMs)) * 1000
}
