/** Returns what `Math.round` does. Weights lie on either side of a half at random, and its own branches go wrong at each. */
export function round(value: number): number {
  const rounded = Math.floor(value + 0.5)
  // The sum itself is rounded up just below one half.
  return rounded - 0.5 > value ? rounded - 1 : rounded
}
