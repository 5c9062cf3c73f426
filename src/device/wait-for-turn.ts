/**
 * Calls back once no other tab of this browser has the turn of that name. Returns a function that gives it away, or
 * stops waiting; a tab that closes gives its turn away, too.
 */
export function waitForTurn(name: string, onTurn: () => void): () => void {
  const over = new AbortController()
  const given = new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve()))
  const hold = () => {
    onTurn()
    return given
  }
  navigator.locks.request(name, { signal: over.signal }, hold).catch(() => {})
  return () => over.abort()
}
