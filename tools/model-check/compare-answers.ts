import { readFile } from 'node:fs/promises'
import type { KnownAnswer } from '../../src/domain/model.ts'
import { ToolError } from '../tool-error.ts'
import type { GoldenPrompt, Goldens, PromptScore } from './goldens.ts'
import type { OpenedModel } from './opened-model.ts'
import type { GoldensChoice } from './options.ts'
import type { Finding } from './report.ts'

/** Compares a model with its known answer. @throws ToolError where it is further off than its tolerance */
export async function compareKnownAnswer(
  { distanceFrom }: OpenedModel,
  answer: KnownAnswer,
): Promise<Finding<null>> {
  const nats = await distanceFrom(answer)
  const line = `${nats.toFixed(4)} nats from its known answer, ${answer.toleranceNats} allowed`
  if (nats <= answer.toleranceNats) return { value: null, line }
  throw new ToolError('tools/check-failed', `${line}.`)
}

/** Compares a model with a reference, prompt by prompt. @throws ToolError where it is further off on the average */
export async function compareGoldens(
  { arithmetic, score }: OpenedModel,
  { file, toleranceNats }: GoldensChoice,
  say: (line: string) => void,
): Promise<Finding<null>> {
  const { model, prompts } = await readGoldens(file)
  say(`${model} as ${arithmetic}, ${prompts.length} prompts`)
  say('mean KL   same top   tokens   prompt')
  const total: PromptScore = { positions: 0, klNats: 0, agreements: 0 }
  for (const prompt of prompts) {
    const found = await score(prompt)
    say(describeScore(found, prompt.messages.at(-1)?.content ?? ''))
    total.positions += found.positions
    total.klNats += found.klNats
    total.agreements += found.agreements
  }
  say(describeScore(total, 'all'))
  const nats = total.klNats / total.positions
  const line = `${nats.toFixed(4)} nats a token from ${model}, ${toleranceNats} allowed`
  if (nats <= toleranceNats) return { value: null, line }
  throw new ToolError('tools/check-failed', `${line}.`)
}

async function readGoldens(file: string): Promise<Goldens> {
  const goldens = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Partial<Goldens> | null,
    (cause: unknown) => {
      throw new ToolError('tools/bad-option', `${file} cannot be read.`, { cause })
    },
  )
  if (goldens?.model && goldens.prompts && goldens.prompts.length > 0 && goldens.prompts.every(isPrompt)) {
    return { model: goldens.model, prompts: goldens.prompts }
  }
  throw new ToolError('tools/bad-option', `${file} holds no goldens.`)
}

function isPrompt({ messages, prompt_ids, greedy_ids, positions }: Partial<GoldenPrompt>): boolean {
  if (![messages, prompt_ids, greedy_ids, positions].every(Array.isArray)) return false
  return positions!.length > 0 && positions!.length === greedy_ids!.length
}

function describeScore({ positions, klNats, agreements }: PromptScore, name: string): string {
  const columns = [
    (klNats / positions).toFixed(4).padStart(7),
    `${((100 * agreements) / positions).toFixed(1)}%`.padStart(9),
    String(positions).padStart(7),
    name.replaceAll(/\s+/g, ' ').slice(0, 60),
  ]
  return columns.join('   ')
}
