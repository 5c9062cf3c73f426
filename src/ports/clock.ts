/** Time, so that rules and roles can be driven by a test. */
export interface Clock {
  /** Unix time in milliseconds. */
  nowMs(): number
  /** Resolves after a while, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
