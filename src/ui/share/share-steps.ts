import type { ProviderStage } from '../../state/sharing.svelte.ts'

/** The way from off to online, as people see it. */
export const shareSteps = [
  { stage: 'download', words: 'Download the model' },
  { stage: 'verify', words: 'Check that its bytes are right' },
  { stage: 'prepare', words: 'Prepare it for this computer' },
  { stage: 'self-test', words: 'Test that its answers are right' },
  { stage: 'connect', words: 'Join the market' },
] as const satisfies { stage: ProviderStage; words: string }[]

/** Returns the step that a stage belongs to; null when there is nothing to wait for. */
export function stepIndex(stage: ProviderStage): number | null {
  const shown = stage === 'read' || stage === 'compile' ? 'prepare' : stage
  const index = shareSteps.findIndex((step) => step.stage === shown)
  return index < 0 ? null : index
}
