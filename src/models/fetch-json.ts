import { StorageError } from '../errors/index.ts'
import { manifestLimits } from './manifest-schema.ts'

const timeoutMs = 15_000

/**
 * Returns the JSON at an address, which may be a stranger's. No more of it is read than a manifest may have. `what` it
 * should be, such as `A model description`, begins the sentence that says what went wrong.
 *
 * @throws StorageError `storage/source-failed`
 */
export async function fetchJson(address: string, what: string, signal?: AbortSignal): Promise<unknown> {
  try {
    const late = AbortSignal.timeout(timeoutMs)
    // Nothing of this browser goes along to a stranger's server.
    const response = await fetch(address, {
      signal: signal ? AbortSignal.any([signal, late]) : late,
      cache: 'no-cache',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    })
    if (!response.ok) throw new Error(`status ${response.status}`)
    return JSON.parse(await readText(response)) as unknown
  } catch (cause) {
    throw new StorageError('storage/source-failed', `${what} could not be read.`, {
      details: `${address}: ${String(cause)}`,
      cause,
    })
  }
}

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let [text, bytes] = ['', 0]
  const reader = body?.getReader()
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    bytes += next.value.byteLength
    if (bytes > manifestLimits.bytes) {
      await reader?.cancel()
      throw new Error('it is too long')
    }
    text += decoder.decode(next.value, { stream: true })
  }
  return text + decoder.decode()
}
