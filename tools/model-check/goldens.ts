import type { Distribution } from '../../src/ports/engine.ts'

/** The likeliest ids at one position of the reference; the rest of the mass is 1 − Σ exp. */
export type GoldenPosition = { ids: number[]; logprobs: number[] }

/** A prompt and the reference's own greedy answer. Names are those of the file. */
export type GoldenPrompt = {
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[]
  prompt_ids: number[]
  greedy_ids: number[]
  /** What predicts each of `greedy_ids`, given all before it. */
  positions: GoldenPosition[]
}

/** What a goldens file holds. */
export type Goldens = { model: string; prompts: GoldenPrompt[] }

/** Sums over the positions of one prompt, so that prompts can be added up. */
export type PromptScore = { positions: number; klNats: number; agreements: number }

/** Compares the engine's whole distributions with the reference's. */
export function compareDistributions(positions: GoldenPosition[], found: Distribution[]): PromptScore {
  const score: PromptScore = { positions: positions.length, klNats: 0, agreements: 0 }
  positions.forEach((reference, index) => {
    score.klNats += divergence(reference, found[index]!)
    if (reference.ids[0] === found[index]!.ids[0]) score.agreements++
  })
  return score
}

/** KL divergence of the engine from the reference over the reference's ids and one bucket for the rest. */
function divergence({ ids, logprobs }: GoldenPosition, found: Distribution): number {
  const logProbOf = new Map(found.ids.map((id, i) => [id, found.logProbs[i]!]))
  let [sum, referenceRest, foundRest] = [0, 1, 1]
  ids.forEach((id, i) => {
    const [reference, engine] = [logprobs[i]!, logProbOf.get(id) ?? -Infinity]
    sum += Math.exp(reference) * (reference - engine)
    referenceRest -= Math.exp(reference)
    foundRest -= Math.exp(engine)
  })
  // Rounded log-probabilities can leave a rest just below nothing.
  if (referenceRest <= 1e-9) return sum
  return sum + referenceRest * Math.log(referenceRest / Math.max(foundRest, 1e-12))
}
