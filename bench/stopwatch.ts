/** How one answer went. */
export type Timing = {
  /** Tokens of the conversation before the answer. */
  promptTokens: number
  /** Tokens of the answer. */
  tokens: number
  firstTokenMs: number
  /** From the first token to the last. */
  decodeMs: number
}

/** Clocks the tokens of one answer from now on. */
export function startStopwatch() {
  const startedMs = performance.now()
  let firstMs = Number.NaN
  let lastMs = Number.NaN
  return {
    /** Another token came, or several in one step. */
    tick() {
      lastMs = performance.now()
      if (Number.isNaN(firstMs)) firstMs = lastMs
    },
    read: () => ({ firstTokenMs: firstMs - startedMs, decodeMs: lastMs - firstMs }),
  }
}

/** Tokens a second once an answer flows. */
export function decodeSpeed({ tokens, decodeMs }: Timing): number {
  return ((tokens - 1) / decodeMs) * 1000
}

/** Tokens of the prompt read a second. */
export function prefillSpeed({ promptTokens, firstTokenMs }: Timing): number {
  return (promptTokens / firstTokenMs) * 1000
}

/** Answers that could begin in a second, one after the other. */
export function startSpeed({ firstTokenMs }: Timing): number {
  return 1000 / firstTokenMs
}
