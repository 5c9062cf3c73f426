const kept = 1_000

/** Gives a request that comes again the answer of the first time: one that was sent to the chain is sent once. */
export class RecentAnswers<answer> {
  readonly #answers = new Map<string, Promise<answer>>()

  /** Works once for a key, also when asked for it again meanwhile; what failed may be tried again. */
  once(key: string, work: () => Promise<answer>): Promise<answer> {
    const known = this.#answers.get(key)
    if (known) return known
    const answer = work()
    this.#answers.set(key, answer)
    answer.catch(() => this.#answers.delete(key))
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= kept) break
      this.#answers.delete(oldest)
    }
    return answer
  }
}
