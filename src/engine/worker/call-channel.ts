import { EngineError, isEngineErrorCode, type WireError } from '../../errors/index.ts'
import { type Calls, eventWindow, type FromWorker, type ToWorker } from './call-messages.ts'

/** The page's view of a worker; a test may give its own. */
export type WorkerLike = EventTarget & { postMessage(message: ToWorker): void; terminate(): void }

type Pending = {
  onEvent: (event: unknown) => void
  settle: (outcome: Outcome) => void
  /** Events that the page has not taken yet; a full window makes the worker wait. */
  untaken: number
}
type Outcome = { output: unknown } | { error: Error }

/** How long to be patient, and whom to tell. */
export type ChannelOptions = {
  /** No step was finished for so long while a call waits: the worker is given up. */
  stallMs: number
  /** Called once when the worker is lost: it failed, hung, or said so itself. */
  onLost?: (error: Error) => void
}

/** Calls a worker by name, with events on the way, cancellation and a watchdog. */
export class CallChannel<calls extends Calls> {
  readonly #worker: WorkerLike
  readonly #onLost: (error: Error) => void
  readonly #pending = new Map<number, Pending>()
  #nextId = 1
  #stallMs: number
  #stall: ReturnType<typeof setTimeout> | undefined
  #ended: Error | null = null

  constructor(worker: WorkerLike, { stallMs, onLost = () => {} }: ChannelOptions) {
    this.#worker = worker
    this.#stallMs = stallMs
    this.#onLost = onLost
    worker.addEventListener('message', (event) => this.#receive((event as MessageEvent<FromWorker>).data))
    worker.addEventListener('error', (event) => this.#giveUp('engine/worker-lost', describe(event)))
    worker.addEventListener('messageerror', () =>
      this.#giveUp('engine/worker-lost', 'A message was unreadable.'),
    )
  }

  /** Calls the worker. Each event that `onEvent` gets counts as taken when that returns or resolves. */
  call<name extends keyof calls & string>(
    name: name,
    input: calls[name]['input'],
    options: { signal?: AbortSignal; onEvent?: (event: calls[name]['event']) => void | Promise<void> } = {},
  ): Promise<calls[name]['output']> {
    if (this.#ended) return Promise.reject(this.#ended)
    const id = this.#nextId++
    const { signal, onEvent } = options
    const cancel = () => this.#send({ kind: 'cancel', id })
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        untaken: 0,
        onEvent: (event) => {
          pending.untaken++
          void Promise.resolve(onEvent?.(event)).then(() => this.#take(id, pending))
        },
        settle: (outcome) => {
          signal?.removeEventListener('abort', cancel)
          this.#pending.delete(id)
          if ('error' in outcome) reject(outcome.error)
          else resolve(outcome.output)
        },
      }
      this.#pending.set(id, pending)
      this.#send({ kind: 'call', id, name, input })
      if (signal?.aborted) cancel()
      signal?.addEventListener('abort', cancel, { once: true })
      this.#watch()
    })
  }

  /** Sets how long the worker may show no sign of life from now on. */
  allowSilence(stallMs: number): void {
    this.#stallMs = stallMs
    this.#watch()
  }

  /** Ends the worker; every call that waits fails with the reason. */
  end(reason: Error): void {
    if (this.#ended) return
    this.#ended = reason
    clearTimeout(this.#stall)
    this.#worker.terminate()
    for (const pending of [...this.#pending.values()]) pending.settle({ error: reason })
  }

  /** Ends a worker that can compute no more, and tells so once. */
  lose(error: Error): void {
    if (this.#ended) return
    this.end(error)
    this.#onLost(error)
  }

  #send(message: ToWorker): void {
    if (!this.#ended) this.#worker.postMessage(message)
  }

  #receive(message: FromWorker): void {
    this.#handle(message)
    this.#watch()
  }

  #handle(message: FromWorker): void {
    if (message.kind === 'beat') return
    if (message.kind === 'lost') return this.lose(restoreError(message.error))
    const pending = this.#pending.get(message.id)
    if (!pending) return
    if (message.kind === 'event') pending.onEvent(message.event)
    else if (message.kind === 'error') pending.settle({ error: restoreError(message.error) })
    else pending.settle({ output: message.output })
  }

  #take(id: number, pending: Pending): void {
    pending.untaken--
    this.#send({ kind: 'taken', id })
    this.#watch()
  }

  /** Starts the watchdog afresh; it sleeps while no call waits for the worker. */
  #watch(): void {
    clearTimeout(this.#stall)
    const waiting = [...this.#pending.values()].some(({ untaken }) => untaken < eventWindow)
    if (!waiting || this.#ended) return
    const stallMs = this.#stallMs
    const giveUp = () => this.#giveUp('engine/timeout', `No sign of life for ${stallMs} ms.`)
    // Half and half: on a machine that wakes from sleep a timer is due before the worker could say a word.
    this.#stall = setTimeout(() => (this.#stall = setTimeout(giveUp, stallMs / 2)), stallMs / 2)
  }

  #giveUp(code: 'engine/worker-lost' | 'engine/timeout', details: string): void {
    this.lose(new EngineError(code, 'The worker that runs the model stopped.', { details }))
  }
}

function describe(event: Event): string {
  return 'message' in event ? String(event.message) : 'The worker failed.'
}

/** Every error that crosses this boundary is an engine's. */
function restoreError({ code, shortMessage, ...options }: WireError): EngineError {
  return new EngineError(isEngineErrorCode(code) ? code : 'engine/worker-lost', shortMessage, options)
}
