import { parseArgs } from 'node:util'
import { listingLimits } from '../../src/domain/model.ts'
import { isMirror, manifestLimits } from '../../src/models/manifest-schema.ts'
import { ToolError } from '../tool-error.ts'
import { type ModelWords, folderFor } from './write-model.ts'

/** What `--help` prints. */
export const usage = `Usage: npm run model:publish -- MODEL.gguf|FOLDER [options]

Checks that the engine runs a model, measures its known answer and its scales, writes its manifest, puts it into the
page's catalogue, and registers it on the chain.

A folder in the layout of transformers.js is published as it is, with one of its graphs.

What an earlier manifest says need not be said again. A known-answer.json and a smoothing.safetensors beside the model
(npm run model:calibrate) count as measured.

  --license ID         SPDX identifier (default: what the file says)
  --graph PATH         which graph of a folder, such as onnx/model_q4.onnx (default: the only one)
  --royalty PERCENT    share of what the model earns that goes to its publisher, 0 to 30 (default: 0); never changes
  --name TEXT          name for people (default: what the file says)
  --description TEXT   one plain sentence for people
  --context N          longest prompt plus answer, in tokens (default: what the file says)
  --source URL         folder that serves manifest and files, in catalogue and listing; may be repeated
  --mirror URL         folder that serves the files too, such as https://…/resolve/main/ of a repository of models. The
                       manifest names it, and so it is part of the model's id; may be repeated, up to 8
  --out FOLDER         where they go (default: a folder of the model's name in public/models)
  --known-answer FILE  JSON from another reference: promptIds, tokenIds, logProbs, toleranceNats
  --measure            measure anew what lies beside the model already
  --no-register        leave the chain alone
  --network FILE       network.json of the chain (default: .opentab/network.json, which npm start writes)
  --key-file FILE      publisher's key in hexadecimal, or OPENTAB_PUBLISHER_KEY (default: one made for the local chain)
  --yes                pay for the registration where that takes money`

/** How a model is published. */
export type PublishOptions = {
  words: ModelWords
  /** Null leaves the chain alone. */
  registration: {
    royaltyBps: number
    sources: string[]
    networkFile: string
    keyFile: string | undefined
    agreed: boolean
  } | null
}

/** @throws ToolError `tools/bad-option` with the usage */
export function parseOptions(args: string[]): PublishOptions | null {
  const { values, positionals } = parseFlags(args)
  if (values.help) return null
  const [modelFile] = positionals
  if (modelFile === undefined || positionals.length > 1)
    throw badOption('One model file is published at a time.')
  const sources = values.source?.map(parseSource)
  const words: ModelWords = {
    modelFile,
    folder: values.out ?? folderFor(modelFile),
    name: values.name,
    license: values.license,
    contextTokens: values.context === undefined ? undefined : Number(values.context),
    graph: values.graph,
    knownAnswerFile: values['known-answer'],
    description: values.description,
    sources,
    mirrors: values.mirror && parseMirrors(values.mirror),
    measureAnew: values.measure,
  }
  if (values['no-register']) return { words, registration: null }
  const { network: networkFile, 'key-file': keyFile, yes: agreed } = values
  const royaltyBps = parseRoyalty(values.royalty)
  return { words, registration: { royaltyBps, sources: sources ?? [], networkFile, keyFile, agreed } }
}

function parseFlags(args: string[]) {
  const string = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        license: string,
        graph: string,
        royalty: { type: 'string', default: '0' },
        name: string,
        description: string,
        context: string,
        source: { type: 'string', multiple: true },
        mirror: { type: 'string', multiple: true },
        out: string,
        'known-answer': string,
        measure: flag,
        'no-register': flag,
        network: { type: 'string', default: '.opentab/network.json' },
        'key-file': string,
        yes: flag,
        help: flag,
      },
    })
  } catch (cause) {
    throw badOption(cause instanceof Error ? cause.message : String(cause))
  }
}

/** Returns hundredths of a percent. */
function parseRoyalty(text: string): number {
  const bps = Math.round(Number(text) * 100)
  if (text.trim() !== '' && bps >= 0 && bps <= listingLimits.royaltyBps) return bps
  throw badOption('--royalty is a number from 0 to 30.')
}

function parseSource(text: string): string {
  const isWeb = /^https?:\/\//.test(text) && URL.canParse(text)
  if (isWeb && text.length <= listingLimits.sourceBytes) return text.endsWith('/') ? text : `${text}/`
  throw badOption('--source is the http address of a folder.')
}

function parseMirrors(texts: string[]): string[] {
  const mirrors = [...new Set(texts.map(parseMirror))]
  if (mirrors.length <= manifestLimits.mirrors) return mirrors
  throw badOption(`--mirror may be given ${manifestLimits.mirrors} times.`)
}

function parseMirror(text: string): string {
  const address = text.endsWith('/') ? text : `${text}/`
  if (!isMirror(address)) throw badOption('--mirror is the http address of a folder, without a query.')
  const { username, password, pathname } = new URL(address)
  // Everybody who looks at the model reads it.
  if (username || password) throw badOption('--mirror must hold no name and no password.')
  if (/\/(tree|blob)\//.test(pathname)) {
    throw badOption(
      '--mirror is where the files themselves lie: below resolve/main/, not on a page about them.',
    )
  }
  return address
}

function badOption(message: string): ToolError {
  return new ToolError('tools/bad-option', `${message}\n\n${usage}`)
}
