/** Slices are a multiple of this, where they are not as long as was seen to be right: shorter ones save no time. */
const leastTokens = 8

/** Whoever waits for a token, and the page, which draws with the same GPU, feel a step that takes longer. */
const aimedMs = 50

/** How much a slower step counts. A quicker one counts at once: it shows what the machine can do. */
const slowShare = 1 / 8

/** Decides how many tokens of a prompt go through a GPU at once: as many as were seen to be right and are quick. */
export class SliceLength {
  #right: number
  #exactly: number | null = null
  #stepMs = Number.NaN
  #tokenMs = Number.NaN

  /** `right` is how long slices may be until more is known. */
  constructor(right: number) {
    this.#right = right
  }

  /** Longest slice now. */
  get tokens(): number {
    return this.#exactly ?? Math.min(this.#right, this.quick)
  }

  /** Tokens of a step that is quick, whether or not it is right; no limit until that was measured. */
  get quick(): number {
    if (Number.isNaN(this.#tokenMs)) return Infinity
    const stepMs = this.#stepMs || 0
    // Where a single token takes long already, a slice may take twice that: no length would make it quick.
    const tokens = 1 + Math.max(aimedMs - stepMs, stepMs) / Math.max(this.#tokenMs, 1e-6)
    return Math.max(Math.floor(tokens / leastTokens), 1) * leastTokens
  }

  /** Allows slices of so many tokens from now on. */
  allow(right: number): void {
    this.#right = right
  }

  /** Does some work in slices of exactly so many tokens, however long they take. */
  async exactly<value>(tokens: number, work: () => Promise<value>): Promise<value> {
    this.#exactly = tokens
    try {
      return await work()
    } finally {
      this.#exactly = null
    }
  }

  /** Takes in a finished step of one sequence. */
  observe(tokens: number, tookMs: number): void {
    if (tokens === 1) this.#stepMs = learn(this.#stepMs, tookMs)
    else this.#tokenMs = learn(this.#tokenMs, Math.max(tookMs - (this.#stepMs || 0), 0) / (tokens - 1))
  }
}

function learn(before: number, now: number): number {
  return now > before ? before + (now - before) * slowShare : now
}
