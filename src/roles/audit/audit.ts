import type { Hex } from '../../domain/bytes.ts'
import type { JobTerms } from '../../domain/job.ts'
import { judgeMargins } from '../../domain/judge-margins.ts'
import type { Network } from '../../domain/network.ts'
import type { Offer } from '../../domain/offer.ts'
import { BaseError } from '../../errors/index.ts'
import { verifyReceipt } from '../../ledger/verify-receipt.ts'
import type { Engine } from '../../ports/index.ts'
import type { OpenText } from '../models/open-text.ts'
import { answerHead } from '../tasks/answer-witness.ts'
import type { Answer, Settled } from '../tasks/answer.ts'
import { readPrompt } from '../tasks/read-prompt.ts'

/** `confirmed`: repeated bit by bit. `plausible`: fits as far as a machine that rounds differently can tell. */
export type AuditVerdict = 'confirmed' | 'plausible' | 'unverified' | 'mismatch'

/** What one check came to. */
export type AuditFinding = {
  check: 'receipt' | 'prompt' | 'text' | 'tokens' | 'embeddings'
  /** Null when it could not be checked here. */
  ok: boolean | null
  /** One sentence for a person. */
  text: string
}

/** All findings, and what they add up to. */
export type AuditReport = { verdict: AuditVerdict; findings: AuditFinding[] }

/** What an answer is checked with. */
export type AuditDeps = { engine: Engine; openText: OpenText; network: Network }

/** Checks that a provider signed what came. */
export async function checkReceipt(
  result: Settled & { terms: JobTerms },
  outputHead: Hex,
  network: Network,
): Promise<AuditFinding> {
  const { receipt, terms, offer, promptHash, tokens } = result
  if (receipt === null) return { check: 'receipt', ok: null, text: 'The provider left without a receipt.' }
  const { arithmeticId } = offer
  try {
    await verifyReceipt(receipt, { terms, arithmeticId, promptHash, tokens, outputHead }, network)
    return { check: 'receipt', ok: true, text: 'The provider signed exactly this answer.' }
  } catch (error) {
    const text = error instanceof BaseError ? error.shortMessage : 'The receipt could not be read.'
    return { check: 'receipt', ok: false, text }
  }
}

/** Checks what the tokenizer alone can tell: the prompt that was counted, and the text that was shown. */
async function checkText(answer: Answer, openText: OpenText): Promise<AuditFinding[]> {
  const tokenizer = await openText(answer.terms.modelId).catch(() => null)
  if (tokenizer === null) {
    return [{ check: 'prompt', ok: null, text: 'This tab does not know the model, so it cannot count.' }]
  }
  const promptOk = (await readPrompt(answer.terms, tokenizer)).hash === answer.promptHash
  const decoded = await tokenizer.decode(answer.tokenIds)
  const textOk = decoded.startsWith(answer.text) || answer.finishReason === 'cancelled'
  return [
    {
      check: 'prompt',
      ok: promptOk,
      text: promptOk ? 'Your conversation was read whole.' : 'Another conversation was read than yours.',
    },
    {
      check: 'text',
      ok: textOk,
      text: textOk ? 'The text is what the tokens say.' : 'The text shown is not what the tokens say.',
    },
  ]
}

async function recompute(
  answer: Answer,
  { engine, openText }: AuditDeps,
  signal?: AbortSignal,
): Promise<AuditFinding> {
  const { terms, tokenIds, offer } = answer
  if (engine.loaded?.id !== terms.modelId) {
    return {
      check: 'tokens',
      ok: null,
      text: 'To compute the answer again, this tab needs the model: start sharing once, then check again.',
    }
  }
  const text = await openText(terms.modelId)
  if (text === null || tokenIds.length === 0)
    return { check: 'tokens', ok: null, text: 'Nothing to compute.' }
  const promptIds = await text.encodeChat(terms.messages)
  const { sampler, seed } = terms
  const { margins } = await engine.recompute({ promptIds, tokenIds, sampler, seed }, signal)
  const verdict = judgeMargins(margins, hasSameBits(engine, offer))
  const differing = margins.filter((margin) => margin > 0).length
  const sentences = {
    same: `Computed again here: all ${margins.length} tokens are the same.`,
    close: `Computed again, where machines round differently: ${differing} of ${margins.length} tokens differ, as honest machines do.`,
    different: `Computed again here: ${differing} of ${margins.length} tokens are not what the model says.`,
  }
  return { check: 'tokens', ok: verdict !== 'different', text: sentences[verdict] }
}

/** Checks a kept answer again: its receipt, its prompt, its text and, where the model is loaded, its tokens. */
export async function checkAnswer(
  answer: Answer,
  deps: AuditDeps,
  signal?: AbortSignal,
): Promise<AuditReport> {
  const tokens = await recompute(answer, deps, signal)
  const { terms, tokenIds, offer } = answer
  const head = answerHead(terms.jobId, tokenIds, offer.chunkTokens)
  const findings = [
    await checkReceipt(answer, head, deps.network),
    ...(await checkText(answer, deps.openText)),
    tokens,
  ]
  return {
    verdict: judge(findings, tokens, hasSameBits(deps.engine, offer)),
    findings,
  }
}

/** Whether this tab's model gives the bits that an offer's provider has to give. */
export function hasSameBits({ loaded }: Engine, { arithmeticId }: Offer): boolean {
  return loaded !== null && loaded.exact && loaded.arithmeticId === arithmeticId
}

/** Returns what findings add up to; `recomputed` is the one of them for which the model was run. */
export function judge(findings: AuditFinding[], recomputed: AuditFinding, exact: boolean): AuditVerdict {
  if (findings.some(({ ok }) => ok === false)) return 'mismatch'
  if (recomputed.ok === null) return 'unverified'
  return exact ? 'confirmed' : 'plausible'
}
