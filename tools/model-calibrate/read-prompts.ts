import { readFile } from 'node:fs/promises'
import { ToolError } from '../tool-error.ts'

/**
 * Reads prompts that lines of `---` separate; one before the first or after the last prompt makes no empty prompt.
 *
 * @throws ToolError `tools/bad-option` where the file cannot be read or holds no prompt
 */
export async function readPrompts(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ToolError('tools/bad-option', `${file} cannot be read.`, { cause })
  })
  const prompts = text
    .split(/^---$/m)
    .map((prompt) => prompt.trim())
    .filter((prompt) => prompt !== '')
  if (prompts.length > 0) return prompts
  throw new ToolError('tools/bad-option', `${file} holds no prompt.`)
}
