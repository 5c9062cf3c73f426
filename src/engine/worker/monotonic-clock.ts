import type { Clock } from '../../ports/clock.ts'

/** A worker's own time: nobody sets it back. It says how long things take, not what time it is. */
export const monotonicClock: Clock = {
  nowMs: () => performance.now(),
  sleep(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    const onAbort = () => reject(signal?.reason)
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    return promise.finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    })
  },
}
