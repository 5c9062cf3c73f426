/** Outlives the page: who finds it at the next visit knows what the page before was doing when it ended. */
export type CrashMark = {
  /** Sets the mark, or removes it, before the call returns: a page that ends has no time for more. */
  set(doing: string | null): void
  /** Returns the mark that an earlier visit left, and removes it. To be called first. */
  take(): Promise<string | null>
}

/**
 * Returns the mark of the tab of that place among those of this browser. Where the browser keeps nothing, there never
 * is one.
 */
export function createCrashMark(
  place: () => Promise<number>,
  openStorage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = () => localStorage,
): CrashMark {
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
    set: (doing) =>
      doing === null ? remove() : attempt((storage, at) => storage.setItem(at, doing), undefined),
    async take() {
      key = `opentab-doing-${await place()}`
      const doing = attempt((storage, at) => storage.getItem(at), null)
      remove()
      return doing
    },
  }
}
