import type { Hex } from '../../domain/bytes.ts'
import type { EmbedWork, ChatWork } from '../../domain/job.ts'
import { promptHashOf, promptsHashOf } from '../../ledger/output-chain.ts'
import type { ModelText } from '../../ports/index.ts'

/** What a job gives a model to read. */
export type Prompt = {
  /** Token ids of each text that is read by itself. */
  texts: number[][]
  /** All of them. */
  tokens: number
  hash: Hex
}

/** Returns the prompt of a job, as both sides count and hash it. */
export async function readPrompt(
  work: EmbedWork | Pick<ChatWork, 'task' | 'messages'>,
  text: ModelText,
): Promise<Prompt> {
  if (work.task === 'embed') {
    const texts = await Promise.all(work.texts.map((each) => text.encodeForEmbedding(each)))
    return { texts, tokens: texts.reduce((sum, { length }) => sum + length, 0), hash: promptsHashOf(texts) }
  }
  const promptIds = await text.encodeChat(work.messages)
  return { texts: [promptIds], tokens: promptIds.length, hash: promptHashOf(promptIds) }
}
