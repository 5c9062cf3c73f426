import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { smoothingPoints } from '../../src/engine/graph/smoothing.ts'
import { parseSmoothing } from '../../src/engine/graph/smoothing-file.ts'
import { tinyShape, writeTinyLlama } from '../fixtures/llama/tiny-llama.ts'

type Outcome = { code: number; stdout: string; stderr: string }

const tool = resolve(import.meta.dirname, '../../tools/model-calibrate.ts')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opentab-calibrate-'))
  await writeFile(join(folder, 'tiny.gguf'), writeTinyLlama())
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: string[]): Promise<Outcome> =>
  promisify(execFile)(process.execPath, [tool, ...args], { cwd: folder }).then(
    (output) => ({ code: 0, ...output }),
    (failed: Outcome) => failed,
  )

/** Calibrates the tiny model on a text; returns what was said and the scales of each point. */
async function calibrateOn(name: string, text: string) {
  await writeFile(join(folder, `${name}.txt`), text)
  const outcome = await run(
    'tiny.gguf',
    '--text',
    `${name}.txt`,
    '--tokens',
    '3',
    '--out',
    `${name}.safetensors`,
  )
  const smoothing = parseSmoothing(new Uint8Array(await readFile(join(folder, `${name}.safetensors`))))
  const layers = Array.from({ length: tinyShape.layers }, (_, layer) => layer)
  const points = layers.flatMap((layer) => [
    smoothingPoints.attentionInput(layer),
    smoothingPoints.feedForwardInput(layer),
  ])
  return { outcome, scales: points.map((point) => smoothing.scalesOf(point, tinyShape.width)!) }
}

test('npm run model:calibrate writes the scales that a text gives, and other scales for another text', async () => {
  const [two, one] = await Promise.all([
    calibrateOn('two', 'the hello\n---\nand the\nringing\n---\n'),
    calibrateOn('one', '12345 ?!'),
  ])
  // The separator after the last prompt begins no third one.
  expect(two.outcome).toMatchObject({ code: 0, stderr: expect.stringMatching(/\r2 of 2 prompts\n$/) })
  expect(two.outcome.stdout).toMatch(/^two\.safetensors: 9 points, 6 tokens seen, \d+ bytes\n$/)
  expect(one.outcome).toMatchObject({ code: 0, stderr: expect.stringMatching(/\r1 of 1 prompts\n$/) })
  for (const scales of two.scales) {
    expect(scales.every((scale) => Number.isFinite(scale) && scale > 0)).toBe(true)
    expect(new Set(scales).size).toBeGreaterThan(1)
  }
  expect(one.scales).not.toEqual(two.scales)
})

test('npm run model:calibrate ends with 1 and its usage for an option that is none, and writes nothing', async () => {
  const before = await readdir(folder)
  const usage = expect.stringContaining('Usage: npm run model:calibrate -- MODEL.gguf')
  expect(await run('tiny.gguf', '--tokens', 'many')).toMatchObject({ code: 1, stdout: '', stderr: usage })
  expect(await readdir(folder)).toEqual(before)
})
