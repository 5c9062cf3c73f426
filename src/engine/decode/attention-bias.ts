/** Small enough that no score lifts it above another, and finite so that nothing becomes NaN. */
const masked = -3e38

/**
 * Returns what is added to the scores of `tokens` new tokens that follow `length` old ones: 0 where a token
 * may look, −3e38 beyond itself and before its window, which counts the token itself. Shape `[tokens, capacity]`.
 */
export function causalBias(
  length: number,
  tokens: number,
  capacity: number,
  windowTokens = Infinity,
): Float32Array<ArrayBuffer> {
  const bias = new Float32Array(tokens * capacity).fill(masked)
  for (let token = 0; token < tokens; token++) {
    const end = length + token + 1
    bias.fill(0, token * capacity + Math.max(0, end - windowTokens), token * capacity + end)
  }
  return bias
}
