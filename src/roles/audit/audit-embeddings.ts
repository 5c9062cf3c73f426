import { isSameEmbedding } from '../../domain/embedding.ts'
import type { Embeddings } from '../tasks/answer.ts'
import { embeddingsHead } from '../tasks/embedding-witness.ts'
import { readPrompt } from '../tasks/read-prompt.ts'
import {
  type AuditDeps,
  type AuditFinding,
  type AuditReport,
  checkReceipt,
  hasSameBits,
  judge,
} from './audit.ts'

/** Checks embeddings again: their receipt and, where the model is loaded, every one of them. */
export async function checkEmbeddings(
  embeddings: Embeddings,
  deps: AuditDeps,
  signal?: AbortSignal,
): Promise<AuditReport> {
  const { terms, vectors, offer } = embeddings
  const exact = hasSameBits(deps.engine, offer)
  const recomputed = await recompute(embeddings, deps, exact, signal)
  const receipt = await checkReceipt(embeddings, embeddingsHead(terms.jobId, vectors), deps.network)
  const findings = [receipt, recomputed]
  return { verdict: judge(findings, recomputed, exact), findings }
}

async function recompute(
  { terms, vectors }: Embeddings,
  { engine }: AuditDeps,
  exact: boolean,
  signal?: AbortSignal,
): Promise<AuditFinding> {
  if (engine.loaded?.id !== terms.modelId) {
    return { check: 'embeddings', ok: null, text: 'To embed the texts again, this tab needs the model.' }
  }
  const { texts } = await readPrompt(terms, engine.text)
  let wrong = 0
  for (const [index, claimed] of vectors.entries()) {
    const own = await engine.embed(texts[index]!, signal)
    if (!isSameEmbedding(claimed, own, exact)) wrong++
  }
  if (wrong > 0) {
    const text = `Computed again here: ${wrong} of ${vectors.length} texts come out otherwise.`
    return { check: 'embeddings', ok: false, text }
  }
  const how = exact ? 'bit by bit' : 'as far as machines that round differently can tell'
  return { check: 'embeddings', ok: true, text: `Computed again here: all the same, ${how}.` }
}
