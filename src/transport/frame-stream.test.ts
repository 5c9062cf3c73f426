import type { Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { expect, test } from 'vitest'
import { createFrameStream } from './frame-stream.ts'

const protocol = { id: '/opentab-test/1.0.0', maxFrameBytes: 64 }

async function framePair() {
  const [near, far] = await streamPair()
  return {
    near: createFrameStream(near, 'far', protocol),
    far: createFrameStream(far, 'near', protocol),
    raw: near,
  }
}

/** Sends bytes that no frame stream would send. */
async function rawToFrames(send: (raw: Stream) => unknown) {
  const [raw, far] = await streamPair()
  const frames = createFrameStream(far, 'near', protocol)
  await send(raw)
  return frames
}

test('frames cross whole, and the end is null', async () => {
  const { near, far } = await framePair()
  for (const size of [0, 1, 64]) await near.write(new Uint8Array(size).fill(size))
  await near.close()
  for (const size of [0, 1, 64]) expect(await far.read()).toEqual(new Uint8Array(size).fill(size))
  expect(await far.read()).toBeNull()
})

test('our own frame over the limit is our own fault, and nothing is sent', async () => {
  const { near, far } = await framePair()
  await expect(near.write(new Uint8Array(65))).rejects.toMatchObject({
    code: 'protocol/too-large',
    fault: 'self',
  })
  await near.write(Uint8Array.of(7))
  expect(await far.read()).toEqual(Uint8Array.of(7))
})

test("the other side's frame over the limit resets the stream", async () => {
  const frames = await rawToFrames((raw) => raw.send(Uint8Array.of(65, 1, 2)))
  await expect(frames.read()).rejects.toMatchObject({ code: 'protocol/too-large', fault: 'peer' })
  await expect(frames.read()).rejects.toMatchObject({ code: 'protocol/too-large' })
})

test('a stream that ends in the middle of a frame is broken', async () => {
  const frames = await rawToFrames(async (raw) => {
    raw.send(Uint8Array.of(5, 1, 2))
    await raw.close()
  })
  await expect(frames.read()).rejects.toMatchObject({ code: 'transport/stream-reset' })
})

test('an unread flood resets the stream instead of filling memory', async () => {
  const frames = await rawToFrames(async (raw) => {
    for (let sent = 0; sent < 100; sent++) raw.send(new Uint8Array(65).fill(sent, 1).fill(64, 0, 1))
    await new Promise((resolve) => setTimeout(resolve, 50))
  })
  const readAll = async () => {
    while (await frames.read()) continue
  }
  await expect(readAll()).rejects.toMatchObject({ code: 'transport/stream-reset' })
})

test('an abort is a reset for the other side and our own error for us', async () => {
  const { near, far } = await framePair()
  const reading = far.read()
  near.abort(new Error('enough'))
  await expect(reading).rejects.toMatchObject({ code: 'transport/stream-reset' })
  await expect(near.read()).rejects.toMatchObject({ code: 'transport/closed' })
  await expect(near.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'transport/closed' })
})

test('a wait that was given up loses no frame', async () => {
  const { near, far } = await framePair()
  await expect(far.read(AbortSignal.timeout(5))).rejects.toMatchObject({ code: 'transport/timeout' })
  await near.write(Uint8Array.of(9))
  expect(await far.read()).toEqual(Uint8Array.of(9))
})
