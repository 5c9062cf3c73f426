const wantedSteps = 4

/** Returns round numbers from zero to at least `max`, about four steps apart. */
export function niceTicks(max: number): number[] {
  const rough = max / wantedSteps
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough) ?? rough
  const count = Math.ceil(max / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)))
}
