/** What the page sends. */
export type WriteRequest = {
  type: 'write'
  call: number
  folder: FileSystemDirectoryHandle
  name: string
  content: Uint8Array<ArrayBuffer>
}

/** What comes back: an error loses its class on the way, so it goes as name and words. */
export type WriteReply = { call: number; failure: { name: string; message: string } | null }

/** Starts the worker that writes. */
export type OpenWriter = () => Worker

const openWorker: OpenWriter = () =>
  new Worker(new URL('./piece-writer-worker.ts', import.meta.url), { type: 'module', name: 'pieces' })

/** Writes files of the origin's private file system in a worker, which starts with the first of them. */
export class PieceWriter {
  readonly #open: OpenWriter
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>()
  #worker: Worker | null = null
  #calls = 0

  constructor(open: OpenWriter = openWorker) {
    this.#open = open
  }

  /** Resolves once the whole file is on the disk; before that it has another name. @throws DOMException */
  write(folder: FileSystemDirectoryHandle, name: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#worker ??= this.#start()
    const call = this.#calls++
    const waiting = Promise.withResolvers<void>()
    this.#waiting.set(call, waiting)
    this.#worker.postMessage({ type: 'write', call, folder, name, content } satisfies WriteRequest)
    return waiting.promise
  }

  #start(): Worker {
    const worker = this.#open()
    worker.addEventListener('message', ({ data }: MessageEvent<WriteReply>) => {
      const waiting = this.#waiting.get(data.call)
      this.#waiting.delete(data.call)
      const { failure } = data
      if (failure) waiting?.reject(new DOMException(failure.message, failure.name))
      else waiting?.resolve()
    })
    worker.addEventListener('error', () => this.#fail(worker))
    return worker
  }

  /** The next file starts another worker. */
  #fail(worker: Worker): void {
    worker.terminate()
    this.#worker = null
    const lost = new DOMException('The worker that writes to the disk is gone.', 'InvalidStateError')
    for (const waiting of this.#waiting.values()) waiting.reject(lost)
    this.#waiting.clear()
  }
}
