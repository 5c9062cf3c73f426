import { createWorkerEngine } from '../../src/engine/worker-engine.ts'
import type { Network } from '../../src/domain/network.ts'
import type { VerifiedModel } from '../../src/ports/index.ts'
import type { Answer } from '../../src/roles/tasks/answer.ts'
import { type AuditReport, checkAnswer } from '../../src/roles/audit/audit.ts'
import { readModel } from '../browser/engine-page.ts'

const engine = createWorkerEngine()

/** Loads a model on wasm, with nobody else around. */
export async function loadAlone(id: VerifiedModel['id'], folder: string): Promise<void> {
  await engine.load({ ...(await readModel(folder)), id }, { backends: ['wasm'] })
}

/** Answers a job's terms as the bare engine does. */
export async function answerAlone({
  terms,
}: Answer): Promise<{ promptIds: number[]; tokenIds: number[]; text: string }> {
  const promptIds = await engine.text.encodeChat(terms.messages)
  const { sampler, seed, maxTokens, stop } = terms
  const answer = engine.generate({ promptIds, sampler, seed, maxTokens, stop })
  const tokenIds: number[] = []
  let text = ''
  for (;;) {
    const step = await answer.next()
    text += step.value.text
    if (step.done) return { promptIds, tokenIds, text }
    tokenIds.push(step.value.tokenId)
  }
}

export function audit(answer: Answer, network: Network): Promise<AuditReport> {
  return checkAnswer(answer, { engine, network, openText: async () => engine.text })
}
