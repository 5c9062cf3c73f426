const kept = 1_000

/** Gives a request that comes again the answer of the first time: one that was sent to the chain is sent once. */
export class RecentAnswers<answer> {
  readonly #answers = new Map<string, Promise<answer>>()

  /**
   * Works once for a key, also when asked for it again meanwhile; what failed may be tried again, and so may what
   * does not hold any more.
   */
  async once(
    key: string,
    work: () => Promise<answer>,
    stillHolds: () => Promise<boolean> = async () => true,
  ): Promise<answer> {
    const known = this.#answers.get(key)
    if (!known) return this.#begin(key, work)
    const answer = await known
    if (await stillHolds()) return answer
    // Whoever asked at the same time may have begun anew.
    const now = this.#answers.get(key)
    return now && now !== known ? now : this.#begin(key, work)
  }

  #begin(key: string, work: () => Promise<answer>): Promise<answer> {
    const answer = work()
    this.#answers.set(key, answer)
    answer.catch(() => {
      if (this.#answers.get(key) === answer) this.#answers.delete(key)
    })
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= kept) break
      this.#answers.delete(oldest)
    }
    return answer
  }
}
