import type { KnownAnswer, ModelManifest } from '../../src/domain/model.ts'
import type { Distribution } from '../../src/ports/engine.ts'
import { compareDistributions, type GoldenPrompt, type PromptScore } from './goldens.ts'

/** A model that runs, here or in a browser, whatever its known answer says. */
export type OpenedModel = {
  /** Short name of its arithmetic, such as `wasm-int8-6`. */
  arithmetic: string
  /** Mean distance of its log-probabilities from those of an answer, in nats. */
  distanceFrom(answer: KnownAnswer): Promise<number>
  /** Its distance from a reference on one prompt, fed with the reference's own tokens. */
  score(prompt: GoldenPrompt): Promise<PromptScore>
  close(): Promise<void>
}

/** Returns the `top` likeliest tokens at each of the last `count` positions. */
type ReadDistributions = (tokenIds: number[], count: number, top: number) => Promise<Distribution[]>

/** Returns a manifest with which a model loads even where it answers wrongly: how far off it is will be told. */
export function withAnyAnswer<manifest extends ModelManifest>(manifest: manifest): manifest {
  return { ...manifest, knownAnswer: { ...manifest.knownAnswer, toleranceNats: 1e9 } }
}

/** Returns what a model's distributions say of it. */
export function compareBy(read: ReadDistributions): Pick<OpenedModel, 'distanceFrom' | 'score'> {
  return {
    async distanceFrom({ promptIds, tokenIds, logProbs }) {
      const found = await read([...promptIds, ...tokenIds], tokenIds.length, Infinity)
      const differences = tokenIds.map((tokenId, index) => {
        const { ids, logProbs: ours } = found[index]!
        return Math.abs(ours[ids.indexOf(tokenId)]! - logProbs[index]!)
      })
      return differences.reduce((sum, difference) => sum + difference, 0) / differences.length
    },
    async score({ prompt_ids, greedy_ids, positions }) {
      return compareDistributions(
        positions,
        await read([...prompt_ids, ...greedy_ids], greedy_ids.length, Infinity),
      )
    },
  }
}
