import type { ModelId } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import type { ModelStore } from '../../ports/index.ts'
import type { Answer } from '../tasks/answer.ts'
import { type AuditDeps, type AuditReport, checkAnswer } from './audit.ts'

/** What answers are checked with beside serving. */
export type CheckerDeps = AuditDeps & { models: ModelStore }

/**
 * Returns what checks kept answers on an engine that may be sharing, too. A model whose bytes are here is loaded for as long
 * as the check takes; sharing goes first, and where it runs another model, the tokens stay unchecked.
 */
export function createChecker(
  deps: CheckerDeps,
): (answer: Answer, signal?: AbortSignal) => Promise<AuditReport> {
  return async (answer, signal) => {
    const release = deps.engine.hold()
    try {
      await loadIfKept(answer.terms.modelId, deps, signal)
      return await checkAnswer(answer, deps, signal)
    } finally {
      release()
    }
  }
}

/** Loads a model whose bytes are here already; one that is not, or for which there is no room now, stays out. */
async function loadIfKept(id: ModelId, { engine, models }: CheckerDeps, signal?: AbortSignal): Promise<void> {
  if (engine.loaded !== null || (await models.status(id)).state !== 'ready') return
  const entry = (await models.catalogue()).find((listed) => listed.id === id)
  if (!entry) return
  const options = signal ? { signal } : {}
  const model = await models.open(entry, options)
  await engine.load(model, { ...options, whileHeld: true }).catch((error: unknown) => {
    if (!(error instanceof EngineError && error.code === 'engine/busy')) throw error
  })
}
