/** Resolves as the promise does, or rejects with the signal's reason as soon as it is aborted. */
export async function abortable<value>(promise: Promise<value>, signal: AbortSignal): Promise<value> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
