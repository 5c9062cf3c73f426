import type { ModelId } from './model.ts'

/** A model that ran on this machine, and how fast it answered alone. */
export type SpeedTrial = { modelId: ModelId; weightBytes: number; tokensPerSecond: number }

/** How fast a model answers here. */
export type Speed = {
  tokensPerSecond: number
  /** The model that was measured, where this one was not. */
  scaledFrom: ModelId | null
}

/**
 * Returns a model's speed on this machine: measured, or scaled from the model closest to it in size. A token reads every
 * weight once, so that the time it takes goes with their bytes. Null where nothing has run here. Trials are of one back
 * end.
 */
export function estimateSpeed(
  model: { id: ModelId; weightBytes: number },
  trials: readonly SpeedTrial[],
): Speed | null {
  const measured = trials.find(({ modelId }) => modelId === model.id)
  if (measured) return { tokensPerSecond: measured.tokensPerSecond, scaledFrom: null }
  const distance = ({ weightBytes }: SpeedTrial) => Math.abs(Math.log(weightBytes / model.weightBytes))
  const [closest] = trials.toSorted((a, b) => distance(a) - distance(b))
  if (!closest) return null
  const scale = closest.weightBytes / model.weightBytes
  return { tokensPerSecond: closest.tokensPerSecond * scale, scaledFrom: closest.modelId }
}
