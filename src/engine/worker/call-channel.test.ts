import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FakeWorker } from '../../../tests/fixtures/fake-worker.ts'
import { EngineError, toWireError } from '../../errors/index.ts'
import { CallChannel } from './call-channel.ts'
import { eventWindow, type ToWorker } from './call-messages.ts'
import { type Handlers, serveCalls, type WorkerScope } from './serve-calls.ts'

type TestCalls = {
  count: { input: number; event: number; output: string }
  fail: { input: null; event: never; output: never }
  wait: { input: null; event: never; output: string }
}

/** A channel to handlers that run in this thread, over messages that are copied as between threads. */
function connect(handlers: Partial<Handlers<TestCalls>>) {
  const inbox = new EventTarget()
  const worker = new FakeWorker((message) =>
    inbox.dispatchEvent(new MessageEvent('message', { data: structuredClone(message) })),
  )
  const scope: WorkerScope = {
    postMessage: (message) => worker.say(structuredClone(message)),
    addEventListener: (type, listener) => inbox.addEventListener(type, listener as EventListener),
  }
  serveCalls<TestCalls>(scope, handlers as Handlers<TestCalls>)
  return { worker, channel: new CallChannel<TestCalls>(worker, { stallMs: 1000 }) }
}

describe('calls', () => {
  test('carry events and a result', async () => {
    const { channel } = connect({
      async count(last, { emit }) {
        for (let number = 1; number <= last; number++) await emit(number)
        return 'done'
      },
    })
    const events: number[] = []
    expect(await channel.call('count', 20, { onEvent: (event) => void events.push(event) })).toBe('done')
    expect(events).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  test('wait while the page takes no events, and end when cancelled', async () => {
    let sent = 0
    const { channel } = connect({
      async count(last, { emit, signal }) {
        while (sent < last && !signal.aborted) {
          sent++
          await emit(sent)
        }
        return 'ended'
      },
    })
    const cancel = new AbortController()
    const never = new Promise<void>(() => {})
    const call = channel.call('count', 1000, { signal: cancel.signal, onEvent: () => never })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(sent).toBe(eventWindow)
    cancel.abort()
    expect(await call).toBe('ended')
  })

  test('keep code, blame and details of an error', async () => {
    const { channel } = connect({
      async fail() {
        throw new EngineError('engine/context-exceeded', 'Too long.', { details: '9 of 8', fault: 'peer' })
      },
    })
    const error = await channel.call('fail', null).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(EngineError)
    expect(error).toMatchObject({ code: 'engine/context-exceeded', details: '9 of 8', fault: 'peer' })
  })

  test('that were cancelled before they began are told so at once', async () => {
    const { channel } = connect({
      wait: async (_, { signal }) => (await Promise.resolve(), String(signal.aborted)),
    })
    expect(await channel.call('wait', null, { signal: AbortSignal.abort() })).toBe('true')
  })
})

describe('the watchdog', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const silent = (onMessage: (message: ToWorker, worker: FakeWorker) => void = () => {}) => {
    const lost: Error[] = []
    const worker = new FakeWorker(onMessage)
    const options = { stallMs: 1000, onLost: (error: Error) => lost.push(error) }
    return { lost, worker, channel: new CallChannel<TestCalls>(worker, options) }
  }

  test('ends a worker that shows no sign of life', async () => {
    const { channel, worker, lost } = silent()
    const call = channel.call('wait', null).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await call).toMatchObject({ code: 'engine/timeout' })
    expect([worker.terminated, lost.length]).toEqual([true, 1])
    await expect(channel.call('wait', null)).rejects.toMatchObject({ code: 'engine/timeout' })
  })

  test('waits as long as steps are finished, and while nothing is asked', async () => {
    const { channel, worker } = silent()
    await vi.advanceTimersByTimeAsync(5000)
    const call = channel.call('wait', null)
    for (let step = 0; step < 5; step++) {
      await vi.advanceTimersByTimeAsync(900)
      worker.say({ kind: 'beat' })
    }
    worker.say({ kind: 'result', id: 1, output: 'late' })
    expect(await call).toBe('late')
    await vi.advanceTimersByTimeAsync(5000)
    expect(worker.terminated).toBe(false)
  })

  test('waits for as long as it is told, also for a call under way', async () => {
    const { channel } = silent()
    const call = channel.call('wait', null).catch((error: unknown) => error)
    channel.allowSilence(300)
    await vi.advanceTimersByTimeAsync(300)
    expect(await call).toMatchObject({ code: 'engine/timeout', details: 'No sign of life for 300 ms.' })
  })

  test('does not blame the worker for the time that the machine slept', async () => {
    const { channel, worker } = silent()
    const call = channel.call('wait', null)
    // One timer is due on waking, and fires before anything else is heard.
    vi.advanceTimersToNextTimer()
    worker.say({ kind: 'result', id: 1, output: 'awake' })
    expect(await call).toBe('awake')
  })

  test('does not blame the worker while the page takes no events', async () => {
    const { channel, worker } = silent()
    const taken = Promise.withResolvers<void>()
    const call = channel.call('count', 1, { onEvent: () => taken.promise })
    for (let event = 0; event < eventWindow; event++) worker.say({ kind: 'event', id: 1, event })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(worker.terminated).toBe(false)
    taken.resolve()
    const ended = call.catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await ended).toMatchObject({ code: 'engine/timeout' })
  })

  test('a worker that fails or says that it is lost ends every call', async () => {
    const failing = silent((_message, worker) => worker.dispatchEvent(new Event('error')))
    await expect(failing.channel.call('wait', null)).rejects.toMatchObject({ code: 'engine/worker-lost' })
    const error = toWireError(
      new EngineError('engine/device-lost', 'The GPU was lost.'),
      'engine/device-lost',
    )
    const losing = silent((_message, worker) => worker.say({ kind: 'lost', error }))
    await expect(losing.channel.call('wait', null)).rejects.toMatchObject({ code: 'engine/device-lost' })
    expect([failing.lost.length, losing.lost.length]).toEqual([1, 1])
  })
})
