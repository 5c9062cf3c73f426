import { say } from './prompts.ts'
import type { Contender } from './rivals.ts'

/** Returns the tokens per second that all answers got together, prompts included as far as they are not remembered. */
export async function askTogether(
  { ask }: Pick<Contender, 'ask'>,
  prompts: string[],
  maxTokens: number,
): Promise<number> {
  const startedMs = performance.now()
  const answers = await Promise.all(prompts.map((prompt) => ask(say(prompt), maxTokens, { reuse: true })))
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0)
  return (tokens / (performance.now() - startedMs)) * 1000
}
