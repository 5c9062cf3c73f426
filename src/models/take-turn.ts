/** How often a waiting tab looks at what the other one has brought. */
const lookEveryMs = 500

/**
 * Runs `work` while no other tab runs any under the same name.
 * `onWaiting` is called every so often until then. A tab that closes gives its turn away.
 */
export async function takeTurn<result>(
  name: string,
  { signal, onWaiting }: { signal: AbortSignal | undefined; onWaiting: () => void },
  work: () => Promise<result>,
): Promise<result> {
  const looking = setInterval(onWaiting, lookEveryMs)
  try {
    return await navigator.locks.request(name, signal ? { signal } : {}, () => {
      clearInterval(looking)
      return work()
    })
  } finally {
    clearInterval(looking)
  }
}
