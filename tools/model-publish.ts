import { stat } from 'node:fs/promises'
import { calibrationPrompts } from '../src/engine/measure/calibration-prompts.ts'
import { measureFolder } from '../src/engine/measure/measure-folder.ts'
import { measureModel, testMeasured } from '../src/engine/measure/measure-model.ts'
import { createViemChain } from '../src/chain/viem-chain.ts'
import type { MeasuredModel, MeasureProgress } from '../src/ports/engine.ts'
import { parseNetwork } from '../src/protocol/network-file.ts'
import { readJson } from './model-publish/json-files.ts'
import { namePublisher } from './model-publish/list-model.ts'
import { type PublishOptions, parseOptions, usage } from './model-publish/options.ts'
import { openPublisherKey } from './model-publish/publisher-key.ts'
import { registerModel } from './model-publish/register-model.ts'
import { type MeasureFolder, writeFolder } from './model-publish/write-folder.ts'
import { writeModel } from './model-publish/write-model.ts'
import { nodePlace } from './node-runtime.ts'
import { ToolError } from './tool-error.ts'

const ownKeyFile = '.opentab/publisher.key'

/** A developer has more time than somebody who waits at a page. */
const thorough = { prompts: calibrationPrompts, answerTokens: 48, strength: 0.5 }

const words: Record<MeasureProgress['stage'], string> = {
  check: 'Checking the file',
  prepare: 'Preparing it with float products',
  observe: 'Watching it answer',
  test: 'Testing it with 8-bit products',
}

function showProgress({ stage, fraction }: MeasureProgress): void {
  process.stderr.write(`\r${words[stage]}: ${Math.round(fraction * 100)} %   ${fraction === 1 ? '\n' : ''}`)
}

async function measure(file: Blob): Promise<MeasuredModel> {
  const measured = await measureModel(file, nodePlace, { ...thorough, onProgress: showProgress })
  await testMeasured(file, measured, nodePlace, { onProgress: showProgress })
  return measured
}

const measureInNode: MeasureFolder = (files) => {
  process.stderr.write('Measuring what it answers\n')
  return measureFolder(files, nodePlace)
}

async function publish({ words: said, registration }: PublishOptions): Promise<void> {
  const isFolder = (await stat(said.modelFile).catch(() => null))?.isDirectory() === true
  const written = isFolder ? await writeFolder(said, measureInNode) : await writeModel(said, measure)
  const { id, manifest, folder } = written
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  console.log(`${manifest.name}, ${manifest.license}, ${bytes} bytes, family ${manifest.family}`)
  console.log(`Model id ${id}`)
  console.log(`In the catalogue, from ${folder}`)
  if (!registration) return
  const { royaltyBps, sources, networkFile, keyFile, agreed } = registration
  const network = await readNetwork(networkFile)
  const key = process.env['OPENTAB_PUBLISHER_KEY']
  const publisher = await openPublisherKey({ key, keyFile, ownKeyFile }, network)
  const consent = { say: (line: string) => console.log(line), agreed }
  const chain = createViemChain(network)
  const listed = await registerModel({ modelId: id, royaltyBps, sources }, publisher, chain, consent)
  await namePublisher(folder, listed.publisher)
  console.log(`Listing ${listed.listingId} of ${listed.publisher}`)
  if (listed.transaction) console.log(`Transaction ${listed.transaction}`)
}

async function readNetwork(file: string) {
  const read = await readJson(file)
  if (read !== null) return parseNetwork(read)
  const what = 'The model is in the catalogue but not on the chain.'
  throw new ToolError(
    'tools/bad-option',
    `${what} ${file} is missing: start the local chain with npm start, or add --no-register.`,
  )
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options) await publish(options)
  else console.log(usage)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
