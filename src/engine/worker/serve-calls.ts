import { toWireError } from '../../errors/index.ts'
import { type Calls, eventWindow, type FromWorker, type ToWorker } from './call-messages.ts'

/** What a handler has besides its input. */
export type CallContext<event> = {
  signal: AbortSignal
  /** Sends an event; resolves once the page has room for another. */
  emit(event: event): Promise<void>
}

/** One handler for each call, by name. */
export type Handlers<calls extends Calls> = {
  [name in keyof calls]: (
    input: calls[name]['input'],
    context: CallContext<calls[name]['event']>,
  ) => Promise<calls[name]['output']>
}

/** The worker's end of a message channel. */
export type WorkerScope = {
  postMessage(message: FromWorker): void
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void
}

type Running = { abort: AbortController; inFlight: number; wake: () => void }

/** Answers calls that come as messages, each with its own cancellation and flow control. */
export function serveCalls<calls extends Calls>(scope: WorkerScope, handlers: Handlers<calls>): void {
  const running = new Map<number, Running>()

  const answer = async (id: number, name: string, input: unknown) => {
    const call: Running = { abort: new AbortController(), inFlight: 0, wake: () => {} }
    running.set(id, call)
    try {
      const emit = (event: unknown) => sendEvent(scope, id, call, event)
      const output = await handlers[name]!(input, { signal: call.abort.signal, emit })
      scope.postMessage({ kind: 'result', id, output })
    } catch (error) {
      scope.postMessage({ kind: 'error', id, error: toWireError(error, 'engine/device-lost') })
    } finally {
      running.delete(id)
    }
  }

  scope.addEventListener('message', ({ data }) => {
    if (data.kind === 'call') return void answer(data.id, data.name, data.input)
    const call = running.get(data.id)
    if (!call) return
    if (data.kind === 'cancel') call.abort.abort()
    else call.inFlight--
    call.wake()
  })
}

async function sendEvent(scope: WorkerScope, id: number, call: Running, event: unknown): Promise<void> {
  scope.postMessage({ kind: 'event', id, event })
  call.inFlight++
  while (call.inFlight >= eventWindow && !call.abort.signal.aborted) {
    await new Promise<void>((resolve) => (call.wake = resolve))
  }
}
