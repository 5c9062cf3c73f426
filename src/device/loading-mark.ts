/** Outlives the page: who finds it at the next visit knows that the page before ended while it was there. */
export type LoadingMark = {
  /** Sets the mark or removes it, before the call returns: a page that is left has no time for more. */
  set(isLoading: boolean): void
  /** Returns whether an earlier visit left the mark, and removes it. To be called first. */
  take(): Promise<boolean>
}

/**
 * Returns the mark of the tab of that place among those of this browser. Where the browser keeps nothing, there never
 * is one.
 */
export function createLoadingMark(
  place: () => Promise<number>,
  openStorage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = () => localStorage,
): LoadingMark {
  let key: string | null = null
  const attempt = <value>(
    work: (storage: ReturnType<typeof openStorage>, key: string) => value,
    otherwise: value,
  ): value => {
    try {
      return key === null ? otherwise : work(openStorage(), key)
    } catch {
      return otherwise
    }
  }
  const remove = () => attempt((storage, at) => storage.removeItem(at), undefined)
  return {
    set: (isLoading) =>
      isLoading ? attempt((storage, at) => storage.setItem(at, '1'), undefined) : remove(),
    async take() {
      key = `opentab-loading-${await place()}`
      const isThere = attempt((storage, at) => storage.getItem(at) !== null, false)
      remove()
      return isThere
    },
  }
}
