import type { ChatMessage } from '../src/domain/job.ts'
import type { Contender } from './rivals.ts'

/** Returns the tokens per second that all answers got together, prompts included as far as they are not remembered. */
export async function askTogether(
  { ask }: Pick<Contender, 'ask'>,
  conversations: ChatMessage[][],
  maxTokens: number,
): Promise<number> {
  const startedMs = performance.now()
  const answers = await Promise.all(
    conversations.map((conversation) => ask(conversation, maxTokens, { reuse: true })),
  )
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0)
  return (tokens / (performance.now() - startedMs)) * 1000
}
