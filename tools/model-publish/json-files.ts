import { readFile, writeFile } from 'node:fs/promises'
import { ToolError } from '../tool-error.ts'

/** Returns what a file holds, or null where there is none. @throws ToolError when it is not JSON */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ToolError('tools/bad-option', `${file} is not JSON.`, { cause })
  }
}

/** Writes a file that people may want to read. */
export function writeJson(file: string, value: unknown): Promise<void> {
  return writeFile(file, `${JSON.stringify(value, null, 2)}\n`)
}
