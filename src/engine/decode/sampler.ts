import type { Hex } from '../../domain/bytes.ts'
import type { SamplerSettings } from '../../domain/job.ts'
import { EngineError } from '../../errors/index.ts'
import { createGumbelNoise, largestGumbel } from './gumbel-noise.ts'
import { findLikelyTokens, type LikelyTokens } from './likely-tokens.ts'

/** Chooses tokens in a way that anyone with the same logits, settings and seed can repeat. */
export type Sampler = {
  /** Returns the token at `position` of the sequence. `seen` holds the tokens before it. */
  choose(logits: Float32Array, position: number, seen: ReadonlySet<number>): number
  /** Returns the choice, and by how much logit / temperature `claimed` would have to rise to become it. */
  judge(logits: Float32Array, position: number, seen: ReadonlySet<number>, claimed: number): Judgement
}

/** What would have been chosen, and the margin of the claimed token in units of logit / temperature. */
export type Judgement = { choice: number; margin: number }

/**
 * Seeded sampling: argmax over logit / temperature + Gumbel noise, which draws from the softmax;
 * at temperature 0 the likeliest token. Equal scores go to the lower id.
 */
export function createSampler(settings: SamplerSettings, seed: Hex): Sampler {
  checkSettings(settings)
  const noise = createGumbelNoise(seed)
  const scale = settings.temperature > 0 ? settings.temperature : 1
  const score = (logit: number, position: number, tokenId: number) =>
    settings.temperature > 0 ? logit / scale + noise(position, tokenId) : logit

  const argmax = (logits: Float32Array, likely: LikelyTokens, position: number) => {
    const headroom = settings.temperature > 0 ? largestGumbel : 0
    let choice = -1
    let best = -Infinity
    let onFloor = 0
    for (let id = 0; id < logits.length; id++) {
      const logit = logits[id]!
      if (logit < likely.floor || (logit === likely.floor && onFloor++ >= likely.onFloor)) continue
      if (logit / scale + headroom < best) continue
      const candidate = score(logit, position, id)
      if (candidate > best) [choice, best] = [id, candidate]
    }
    if (choice < 0) throw new EngineError('engine/device-lost', 'The model returned no usable numbers.')
    return { choice, best }
  }

  return {
    choose(logits, position, seen) {
      const penalised = penalise(logits, seen, settings.repetitionPenalty)
      return argmax(penalised, findLikelyTokens(penalised, settings), position).choice
    },
    judge(logits, position, seen, claimed) {
      const penalised = penalise(logits, seen, settings.repetitionPenalty)
      const likely = findLikelyTokens(penalised, settings)
      const { choice, best } = argmax(penalised, likely, position)
      if (claimed === choice) return { choice, margin: 0 }
      const logit = penalised[claimed]
      if (logit === undefined) return { choice, margin: Infinity }
      const shortOfFloor = (likely.floor - logit) / scale
      const shortOfBest = best - score(logit, position, claimed)
      return { choice, margin: Math.max(shortOfFloor, shortOfBest, 0) }
    },
  }
}

/** Divides positive and multiplies negative logits of the tokens seen. */
function penalise(logits: Float32Array, seen: ReadonlySet<number>, penalty: number): Float32Array {
  if (penalty === 1) return logits
  const penalised = logits.slice()
  for (const id of seen) {
    const logit = penalised[id]
    if (logit !== undefined) penalised[id] = logit > 0 ? logit / penalty : logit * penalty
  }
  return penalised
}

/** @throws EngineError `engine/invalid-settings` naming what is out of range */
function checkSettings(settings: SamplerSettings): void {
  const { temperature, topK, topP, minP, repetitionPenalty } = settings
  const wrong = [
    temperature >= 0 && Number.isFinite(temperature) ? '' : `temperature ${temperature}`,
    topK >= 0 && Number.isInteger(topK) ? '' : `topK ${topK}`,
    topP >= 0 && topP <= 1 ? '' : `topP ${topP}`,
    minP >= 0 && minP <= 1 ? '' : `minP ${minP}`,
    repetitionPenalty > 0 && Number.isFinite(repetitionPenalty)
      ? ''
      : `repetitionPenalty ${repetitionPenalty}`,
  ].filter(Boolean)
  if (wrong.length === 0) return
  throw new EngineError('engine/invalid-settings', `Out of range: ${wrong.join(', ')}.`)
}
