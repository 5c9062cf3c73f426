/** Texts that are open, the latest used first to stay. */
export type RecentTexts<id, text> = {
  /** Returns the text of that id, opened by `open` where it is not open yet. */
  open(id: id, open: () => Promise<text>): Promise<text>
  find(id: id): Promise<text> | undefined
}

/** Returns room for so many texts; beyond that the least recently used goes. One that cannot be opened is not kept. */
export function createRecentTexts<id, text>(most: number): RecentTexts<id, text> {
  const kept = new Map<id, Promise<text>>()
  const use = (id: id, text: Promise<text>) => {
    kept.delete(id)
    kept.set(id, text)
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break
      kept.delete(oldest)
    }
    return text
  }
  const find = (id: id) => {
    const text = kept.get(id)
    return text && use(id, text)
  }
  return {
    find,
    open(id, open) {
      const found = find(id)
      if (found) return found
      const opening = open()
      opening.catch(() => {
        if (kept.get(id) === opening) kept.delete(id)
      })
      return use(id, opening)
    },
  }
}
