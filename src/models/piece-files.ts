import type { Hex } from '../domain/bytes.ts'

/** What the page asks of the worker. */
export type PieceFilesRequest =
  | {
      type: 'write'
      call: number
      folder: FileSystemDirectoryHandle
      name: string
      content: Uint8Array<ArrayBuffer>
    }
  | { type: 'hash'; call: number; folder: FileSystemDirectoryHandle; name: string }

/** What comes back: an error loses its class on the way, so it goes as name and words. */
export type PieceFilesReply =
  { call: number; hash: Hex | null } | { call: number; failure: { name: string; message: string } }

/** Starts the worker that reads and writes. */
export type OpenPieceFiles = () => Worker

/** A request before it has a number. */
type Asked<request> = request extends PieceFilesRequest ? Omit<request, 'call'> : never

const openWorker: OpenPieceFiles = () =>
  new Worker(new URL('./piece-files-worker.ts', import.meta.url), { type: 'module', name: 'pieces' })

/** Writes and hashes files of the origin's private file system in a worker, which starts with the first of them. */
export class PieceFiles {
  readonly #open: OpenPieceFiles
  readonly #waiting = new Map<number, PromiseWithResolvers<Hex | null>>()
  #worker: Worker | null = null
  #calls = 0

  constructor(open: OpenPieceFiles = openWorker) {
    this.#open = open
  }

  /** Resolves once the whole file is on the disk; before that it has another name. @throws DOMException */
  async write(
    folder: FileSystemDirectoryHandle,
    name: string,
    content: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    await this.#ask({ type: 'write', folder, name, content })
  }

  /** Returns the SHA-256 of a file; null where it cannot be read. @throws DOMException when the worker is lost */
  hash(folder: FileSystemDirectoryHandle, name: string): Promise<Hex | null> {
    return this.#ask({ type: 'hash', folder, name })
  }

  #ask(asked: Asked<PieceFilesRequest>): Promise<Hex | null> {
    this.#worker ??= this.#start()
    const call = this.#calls++
    const waiting = Promise.withResolvers<Hex | null>()
    this.#waiting.set(call, waiting)
    this.#worker.postMessage({ ...asked, call } satisfies PieceFilesRequest)
    return waiting.promise
  }

  #start(): Worker {
    const worker = this.#open()
    worker.addEventListener('message', ({ data }: MessageEvent<PieceFilesReply>) => {
      const waiting = this.#waiting.get(data.call)
      this.#waiting.delete(data.call)
      if ('failure' in data) waiting?.reject(new DOMException(data.failure.message, data.failure.name))
      else waiting?.resolve(data.hash)
    })
    worker.addEventListener('error', () => this.#fail(worker))
    return worker
  }

  /** The next file starts another worker. */
  #fail(worker: Worker): void {
    worker.terminate()
    this.#worker = null
    const lost = new DOMException('The worker that keeps the pieces is gone.', 'InvalidStateError')
    for (const waiting of this.#waiting.values()) waiting.reject(lost)
    this.#waiting.clear()
  }
}
