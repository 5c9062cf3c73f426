/** Whose work it is; work of nobody in particular is all of one owner. */
export type Owned = { readonly owner?: string | undefined }

/** Owners whose last turn is remembered: more than can wait at once. */
const mostRemembered = 64

/** Lets owners take turns, however much work each of them has waiting. */
export class OwnerTurns {
  /** Owners by their last turn, the latest last, and how many turns there had been. */
  readonly #last = new Map<string | undefined, number>()
  #turns = 0

  /**
   * Returns work that waits in the order of its turns: the first of each owner, the second of each, and so on. Whose last turn
   * is longest ago comes first; an owner's own work keeps its order.
   */
  order<work extends Owned>(waiting: readonly work[]): work[] {
    const byOwner = [...Map.groupBy(waiting, ({ owner }) => owner)]
    byOwner.sort(([one], [other]) => this.#lastTurn(one) - this.#lastTurn(other))
    const ordered: work[] = []
    for (let round = 0; ordered.length < waiting.length; round++) {
      for (const [, works] of byOwner) ordered.push(...works.slice(round, round + 1))
    }
    return ordered
  }

  /** The work's owner has a turn now. */
  take({ owner }: Owned): void {
    this.#last.delete(owner)
    this.#last.set(owner, this.#turns++)
    if (this.#last.size <= mostRemembered) return
    for (const longestAgo of this.#last.keys()) return void this.#last.delete(longestAgo)
  }

  #lastTurn(owner: string | undefined): number {
    return this.#last.get(owner) ?? -1
  }
}
