import { EngineError } from '../../errors/index.ts'
import type { FileLayout } from '../../ports/engine.ts'

/** Whether a model is a folder in the layout of transformers.js, and not a GGUF file. */
export function isFolder(layout: FileLayout | undefined): layout is FileLayout {
  return layout?.format === 'onnx-folder'
}

/** The files of a folder that describe it, all before its graph. */
export type FolderHead = { config: object; tokenizer: object; tokenizerConfig: object }

/**
 * Reads `config.json`, `tokenizer.json` and `tokenizer_config.json` from the head of a folder, its files one after the
 * other. A template in a file of its own, `chat_template.jinja`, becomes part of the configuration.
 *
 * @throws EngineError `engine/malformed-model`, also for a head cut short
 */
export async function readFolderHead(head: Blob, layout: FileLayout): Promise<FolderHead> {
  const fileOf = (path: string) => cutFile(head, layout, path)
  const [config, tokenizer, tokenizerConfig] = await Promise.all(
    ['config.json', 'tokenizer.json', 'tokenizer_config.json'].map(async (path) =>
      parseObject(path, await fileOf(path)?.text()),
    ),
  )
  const template = await fileOf('chat_template.jinja')?.text()
  const withTemplate = template === undefined ? {} : { chat_template: template }
  return { config: config!, tokenizer: tokenizer!, tokenizerConfig: { ...tokenizerConfig!, ...withTemplate } }
}

/** Returns a file of a folder, or undefined where it has none of that name; throws where the head ends before it. */
function cutFile(head: Blob, { files }: FileLayout, path: string): Blob | undefined {
  let start = 0
  for (const file of files) {
    const end = start + file.bytes
    if (file.path === path) {
      if (end > head.size) throw malformed(`${path} lies beyond the head.`)
      return head.slice(start, end)
    }
    start = end
  }
  return undefined
}

function parseObject(path: string, text: string | undefined): object {
  if (text === undefined) throw malformed(`There is no ${path}.`)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw malformed(`${path} is not what it should be.`)
}

function malformed(details: string): EngineError {
  return new EngineError('engine/malformed-model', 'The files that describe this model are damaged.', {
    details,
  })
}
