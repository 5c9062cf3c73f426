import { expect, test } from 'vitest'
import { cureDataChannelRace } from './webrtc-race.ts'

/** As much of an `RTCPeerConnection` as the cure touches. */
function fakePeerConnection() {
  class FakeChannel extends EventTarget {
    readyState: RTCDataChannelState = 'connecting'
  }
  class FakePeerConnection {
    createDataChannel(_label: string) {
      return new FakeChannel() as unknown as RTCDataChannel
    }
  }
  return FakePeerConnection
}

function setState(channel: RTCDataChannel, readyState: RTCDataChannelState): void {
  Object.assign(channel, { readyState })
}

const fired = (channel: RTCDataChannel, type: string) =>
  new Promise<string>((resolve) => {
    channel.addEventListener(type, () => resolve('fired'), { once: true })
    setTimeout(() => resolve('silent'), 5)
  })

test('listeners that come after the close are told all the same', async () => {
  const FakePeerConnection = fakePeerConnection()
  cureDataChannelRace(FakePeerConnection)
  const channel = new FakePeerConnection().createDataChannel('init')
  setState(channel, 'closed')
  expect(await fired(channel, 'open')).toBe('fired')
  expect(await fired(channel, 'close')).toBe('fired')
})

test('a channel that is closing tells of the open it had, and closes by itself', async () => {
  const FakePeerConnection = fakePeerConnection()
  cureDataChannelRace(FakePeerConnection)
  const channel = new FakePeerConnection().createDataChannel('init')
  setState(channel, 'closing')
  expect(await fired(channel, 'open')).toBe('fired')
  expect(await fired(channel, 'close')).toBe('silent')
})

test('a channel that lives, and every other channel, is left alone', async () => {
  const FakePeerConnection = fakePeerConnection()
  cureDataChannelRace(FakePeerConnection)
  const waiting = new FakePeerConnection().createDataChannel('init')
  expect(await fired(waiting, 'open')).toBe('silent')
  const other = new FakePeerConnection().createDataChannel('')
  setState(other, 'closed')
  expect(await fired(other, 'close')).toBe('silent')
})

test('curing twice fires once', async () => {
  const FakePeerConnection = fakePeerConnection()
  cureDataChannelRace(FakePeerConnection)
  cureDataChannelRace(FakePeerConnection)
  const channel = new FakePeerConnection().createDataChannel('init')
  setState(channel, 'closed')
  let times = 0
  channel.addEventListener('close', { handleEvent: () => (times += 1) })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(times).toBe(1)
})
