/** Small enough that no score lifts it above another, and finite so that nothing becomes NaN. */
const masked = -3e38

/**
 * Returns what is added to the scores of `tokens` new tokens that follow `length` old ones: 0 where a token
 * may look, −3e38 beyond itself. Shape `[tokens, capacity]`.
 */
export function causalBias(length: number, tokens: number, capacity: number): Float32Array<ArrayBuffer> {
  const bias = new Float32Array(tokens * capacity).fill(masked)
  for (let token = 0; token < tokens; token++) {
    bias.fill(0, token * capacity, token * capacity + length + token + 1)
  }
  return bias
}
