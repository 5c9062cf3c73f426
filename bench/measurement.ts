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
  /** The ratio that the project wants to reach, where there is one. */
  goal?: number
  /** Milliseconds by which each of ours takes longer, where that is what counts. */
  addedMs?: number
}

/** What the command line asks for. */
export type BenchOptions = {
  /** Times that each figure is taken; its median counts. */
  rounds: number
  /** Whether a figure of that name is wanted. */
  wants(name: string): boolean
}

/** Something that `npm run bench` runs by name. Several figures may come out of one run. */
export type Bench = { names: string[]; run(options: BenchOptions): Promise<Measurement[]> }

/** What was measured of both sides, in turns. */
export type Figures = { ours: number[]; rival: number[] }

/** Compares the medians of figures that were taken in turns. */
export function compare(
  name: string,
  unit: string,
  rivalName: string,
  figures: Figures,
  goal?: number,
): Measurement {
  const ours = median(figures.ours)
  const rival = median(figures.rival)
  return { name, ours, rival, rivalName, unit, ratio: ours / rival, ...(goal === undefined ? {} : { goal }) }
}

/** Whether a goal is reached, as far as the printed digits tell. */
export function meetsGoal({ ratio, goal }: Measurement): boolean {
  return goal === undefined || Number(ratio.toFixed(2)) >= goal
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
