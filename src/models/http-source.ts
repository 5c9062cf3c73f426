import { BaseError, StorageError } from '../errors/index.ts'
import type { ByteRange, PieceSource } from './piece-source.ts'

/** How patient a source is. */
export type HttpSourceOptions = {
  /** Longest silence before a server counts as stalled. */
  stallTimeoutMs?: number
  /** Fewer bytes in a window of waiting are as bad: a server that drips would hold a download for ever. */
  leastBytesPerSecond?: number
  rateWindowMs?: number
}

/** Returns a source that streams ranges over HTTP, also from servers that only send whole files. */
export function createHttpSource(options: HttpSourceOptions = {}): PieceSource {
  return async function* (address, range, signal) {
    const watch = new StallWatch(options, signal)
    try {
      const response = await watch.during(request(address, range, watch.signal))
      yield* cutBody(readBody(response, watch), placeOfBody(response, range), range, response.url)
    } catch (error) {
      if (signal?.aborted || error instanceof BaseError) throw error
      throw sourceFailed(address, watch.signal.aborted ? 'it went silent' : String(error), error)
    } finally {
      watch.stop()
    }
  }
}

/** The browser's HTTP cache is passed by: verified pieces are kept once, not twice. */
function request(address: string, { start, end }: ByteRange, signal: AbortSignal): Promise<Response> {
  return fetch(address, { headers: { Range: `bytes=${start}-${end - 1}` }, cache: 'no-store', signal })
}

/** Where in the file a body begins and, as far as it should go, ends. */
type BodyPlace = { start: number; end: number }

/** Servers that ignore ranges send the whole file. */
function placeOfBody(response: Response, { start, end, fileBytes }: ByteRange): BodyPlace {
  if (response.status === 200) return { start: 0, end: fileBytes }
  if (response.status !== 206) throw sourceFailed(response.url, `status ${response.status}`)
  const contentRange = response.headers.get('content-range') ?? ''
  // Servers of other origins may not show the header; the hashes decide then.
  const [, offset, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(contentRange) ?? []
  if (offset !== undefined && Number(offset) !== start) {
    throw sourceFailed(response.url, `sent "${contentRange}" when asked for byte ${start}`)
  }
  if (total !== undefined && total !== '*' && Number(total) !== fileBytes) {
    throw wrongLength(response.url, `${total} bytes`, fileBytes)
  }
  return { start, end }
}

async function* readBody(response: Response, watch: StallWatch): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const { done, value } = await watch.during(reader.read())
      if (done) return
      yield value
      if (watch.isTooSlow(value.byteLength)) throw sourceFailed(response.url, 'it sends too slowly')
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Leaves out what lies before and after the range; a body that goes on after its end is refused. */
async function* cutBody(
  body: AsyncIterable<Uint8Array>,
  place: BodyPlace,
  { start, end, fileBytes }: ByteRange,
  address: string,
): AsyncGenerator<Uint8Array> {
  let position = place.start
  for await (const chunk of body) {
    const wanted = chunk.subarray(Math.max(start - position, 0), Math.max(end - position, 0))
    position += chunk.byteLength
    if (wanted.byteLength > 0) yield wanted
    if (position > place.end) throw wrongLength(address, 'surplus bytes', fileBytes)
    // What is left of a whole file belongs to other pieces.
    if (position >= end && place.end > end) return
  }
}

/** Ends a request that brings nothing for a while, or too little. Time that the reader takes does not count. */
class StallWatch {
  readonly signal: AbortSignal
  readonly #stalled = new AbortController()
  readonly #timeoutMs: number
  readonly #windowMs: number
  readonly #leastBytes: number
  #waitedMs = 0
  #bytes = 0

  constructor(options: HttpSourceOptions, signal?: AbortSignal) {
    const { stallTimeoutMs = 20_000, leastBytesPerSecond = 8_000, rateWindowMs = 30_000 } = options
    this.#timeoutMs = stallTimeoutMs
    this.#windowMs = rateWindowMs
    this.#leastBytes = (leastBytesPerSecond * rateWindowMs) / 1000
    this.signal = signal ? AbortSignal.any([signal, this.#stalled.signal]) : this.#stalled.signal
  }

  async during<value>(wait: Promise<value>): Promise<value> {
    const sinceMs = performance.now()
    const timer = setTimeout(() => this.#stalled.abort(), this.#timeoutMs)
    try {
      return await wait
    } finally {
      clearTimeout(timer)
      this.#waitedMs += performance.now() - sinceMs
    }
  }

  /** Counts what came. Returns whether a window of waiting brought less than it should. */
  isTooSlow(bytes: number): boolean {
    this.#bytes += bytes
    if (this.#waitedMs < this.#windowMs) return false
    const isTooSlow = this.#bytes < this.#leastBytes
    this.#waitedMs = 0
    this.#bytes = 0
    return isTooSlow
  }

  /** Lets go of the connection, whether it was read to the end or not. */
  stop(): void {
    this.#stalled.abort()
  }
}

function wrongLength(address: string, found: string, fileBytes: number): StorageError {
  return new StorageError('storage/hash-mismatch', 'A model source has a file of another length.', {
    details: `${address}: ${found} where the description promises ${fileBytes}`,
  })
}

function sourceFailed(address: string, reason: string, cause?: unknown): StorageError {
  return new StorageError('storage/source-failed', 'A model source could not be read.', {
    details: `${address}: ${reason}`,
    cause,
  })
}
