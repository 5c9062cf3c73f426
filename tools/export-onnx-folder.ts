import { openAsBlob } from 'node:fs'
import { parseArgs } from 'node:util'
import { type FolderType, folderTypes } from './onnx-folder/hugging-face-graph.ts'
import { writeOnnxFolder } from './onnx-folder/write-onnx-folder.ts'
import { ToolError } from './tool-error.ts'

const usage = `Usage: node tools/export-onnx-folder.ts MODEL.gguf FOLDER [--type NAME]

Writes a model as a folder that transformers.js reads.

  --type NAME  ${Object.keys(folderTypes).join(', ')} (default: q8, which it takes on wasm unless told otherwise)`

function parseOptions(args: string[]): { model: string; folder: string; type: FolderType } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { type: { type: 'string', default: 'q8' } },
    })
    const [model, folder] = positionals
    if (!model || !folder) throw new Error('The model file or the folder is missing.')
    if (!isFolderType(values.type))
      throw new Error(`--type is one of ${Object.keys(folderTypes).join(', ')}.`)
    return { model, folder, type: values.type }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ToolError('tools/bad-option', `${message}\n\n${usage}`, { cause })
  }
}

function isFolderType(name: string): name is FolderType {
  return Object.hasOwn(folderTypes, name)
}

try {
  const { model, folder, type } = parseOptions(process.argv.slice(2))
  await writeOnnxFolder(await openAsBlob(model), folder, { type })
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
