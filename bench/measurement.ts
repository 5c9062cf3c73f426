/** One figure of this project against a rival's, taken in the same run. */
export type Measurement = {
  name: string
  ours: number
  rival: number
  rivalName: string
  /** Always something of which more is better, so that a ratio above 1 is good. */
  unit: string
  /** Ours over the rival's. */
  ratio: number
}

/** Something that `npm run bench` runs by name. Several figures may come out of one run. */
export type Bench = { names: string[]; run(): Promise<Measurement[]> }

/** Compares the medians of figures that were taken in turns. */
export function compare(
  name: string,
  unit: string,
  rivalName: string,
  figures: { ours: number[]; rival: number[] },
): Measurement {
  const ours = median(figures.ours)
  const rival = median(figures.rival)
  return { name, ours, rival, rivalName, unit, ratio: ours / rival }
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
