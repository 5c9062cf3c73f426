const sessionKey = 'opentab-place'

/** How long a reloaded page waits for the page before it to let go. */
const reloadPatienceMs = 2_000

/**
 * Returns the number of this tab among the open tabs of this browser, and holds it as long as the page lives.
 * A reload returns to its number; the first tab of tomorrow has that of the first tab today.
 */
export async function claimTabPlace(): Promise<number> {
  const before = sessionStorage.getItem(sessionKey)
  if (before !== null && (await holdLock(before, AbortSignal.timeout(reloadPatienceMs))))
    return Number(before)
  for (let place = 0; ; place++) {
    if (!(await holdLock(String(place)))) continue
    sessionStorage.setItem(sessionKey, String(place))
    return place
  }
}

/** Takes a lock for good, at once or before the signal aborts. Returns false when another tab keeps it. */
function holdLock(place: string, signal?: AbortSignal): Promise<boolean> {
  const taken = Promise.withResolvers<boolean>()
  const options: LockOptions = signal ? { signal } : { ifAvailable: true }
  navigator.locks
    .request(`opentab-tab-${place}`, options, (lock) => {
      taken.resolve(lock !== null)
      return lock ? new Promise<never>(() => {}) : undefined
    })
    .catch(() => taken.resolve(false))
  return taken.promise
}
