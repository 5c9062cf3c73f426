import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkModel as checkEngine } from '../../src/engine/check-model.ts'
import { sumBytes } from '../../src/models/pieces.ts'
import type { VerifiedModel } from '../../src/ports/engine.ts'
import { checkBytes } from './check-bytes.ts'
import { compareGoldens, compareKnownAnswer } from './compare-answers.ts'
import { compareListing } from './compare-listing.ts'
import { localFiles, remoteFiles } from './model-files.ts'
import { openInNode } from './open-in-node.ts'
import type { CheckOptions } from './options.ts'
import { type Description, isRemote, readDescription } from './read-description.ts'
import type { Report } from './report.ts'

type ModelOptions = CheckOptions & { kind: 'model' }
type Say = (line: string) => void

/** Runs the checks that are wanted, and reports each. `say` hears how far a model is from goldens, prompt by prompt. */
export async function runChecks(options: CheckOptions, report: Report, say: Say): Promise<void> {
  if (options.kind === 'model') await checkModel(options, report, say)
  else await checkGoldens(options, report, say)
}

/** Checks a model from its description on. What comes after a wrong byte would tell nothing. */
async function checkModel(options: ModelOptions, report: Report, say: Say): Promise<void> {
  const described = await report.check('description', async () => {
    const value = await readDescription(options.where)
    const { name, license, family } = value.manifest
    return { value, line: `${name}, ${license}, family ${family}` }
  })
  if (!described) return report.skip('id', 'bytes', ...laterChecks(options))
  await report.check('id', () => compareListing(described))
  const { address, manifest, id } = described
  const kept = isRemote(address) ? await mkdtemp(join(tmpdir(), 'opentab-check-')) : null
  try {
    const source = kept === null ? localFiles(address) : remoteFiles(address, kept)
    const files = await report.check('bytes', () => checkBytes(manifest, source, showProgress(described)))
    if (!files) return report.skip(...laterChecks(options))
    await checkAnswers({ id, manifest, files }, options, report, say)
  } finally {
    if (kept !== null) await rm(kept, { recursive: true })
  }
}

function laterChecks({ goldens }: ModelOptions): string[] {
  return ['engine', 'load', 'answer', ...(goldens ? ['goldens'] : [])]
}

/** Checks what a model whose bytes are right is worth. */
async function checkAnswers(
  model: VerifiedModel,
  options: ModelOptions,
  report: Report,
  say: Say,
): Promise<void> {
  const { manifest, files } = model
  const { recipe, inBrowser, goldens } = options
  const runs = await report.check('engine', async () => {
    await checkEngine(new Blob(files), manifest)
    return { value: true, line: `runs ${manifest.format ?? 'GGUF'} models of the family ${manifest.family}` }
  })
  if (!runs) return report.skip(...laterChecks(options).slice(1))
  const opened = await report.check('load', async () => {
    const value = inBrowser
      ? await (await browser()).openInBrowser(model, recipe)
      : await openInNode(model, recipe)
    return { value, line: `computes as ${value.arithmetic} in ${inBrowser ? 'a browser' : 'Node'}` }
  })
  if (!opened) return report.skip(...laterChecks(options).slice(2))
  try {
    await report.check('answer', () => compareKnownAnswer(opened, manifest.knownAnswer))
    if (goldens) await report.check('goldens', () => compareGoldens(opened, goldens, say))
  } finally {
    await opened.close()
  }
}

/** Compares a model of the page with goldens, and does nothing else. */
async function checkGoldens(
  { address, recipe, goldens }: CheckOptions & { kind: 'goldens' },
  report: Report,
  say: Say,
): Promise<void> {
  await report.check('goldens', async () => {
    const opened = await (await browser()).openAddress(address, recipe)
    try {
      return await compareGoldens(opened, goldens, say)
    } finally {
      await opened.close()
    }
  })
}

/** What drives a browser takes a while to read in, and is not always wanted. */
const browser = () => import('./open-in-browser.ts')

/** Hashing takes a while where there are many bytes; nobody reads along in a file. */
function showProgress({ manifest }: Description): (bytes: number) => void {
  if (!process.stderr.isTTY) return () => {}
  const total = sumBytes(manifest.files)
  let done = 0
  return (bytes) => {
    done += bytes
    process.stderr.write(`\r${Math.floor((100 * done) / total)} %${done === total ? '\r' : ''}`)
  }
}
