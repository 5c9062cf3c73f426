import { execFile } from 'node:child_process'
import { openAsBlob } from 'node:fs'
import { truncate, unlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { computeModelId } from '../../src/models/model-id.ts'
import type { Goldens } from '../../tools/model-check/goldens.ts'
import { writeOnnxFolder } from '../../tools/onnx-folder/write-onnx-folder.ts'
import { allChecks, check, copyTinyModel, modelFile } from '../fixtures/checked-model.ts'
import { tinyQwen2, writeTinyModel } from '../fixtures/families/tiny-models.ts'
import { readFolder } from '../fixtures/llama/read-folder.ts'

const tool = resolve(import.meta.dirname, '../../tools/model-check.ts')

let tiny: Awaited<ReturnType<typeof copyTinyModel>>
beforeEach(async () => {
  tiny = await copyTinyModel()
})
afterEach(() => tiny.remove())

/** Lists the folder in the catalogue one folder up, under an id. */
const list = (id: string) =>
  writeFile(
    tiny.at('../catalogue.json'),
    JSON.stringify({
      version: 1,
      models: [{ id, manifest: 'tiny/manifest.json', sources: ['tiny/'], description: 'A tiny one.' }],
    }),
  )

describe('a folder', () => {
  test('that is right passes every check, by its name and by its manifest’s', async () => {
    const id = await computeModelId(await tiny.readManifest())
    for (const where of [tiny.folder, tiny.at('manifest.json')]) {
      const found = await check(where)
      expect(found).toMatchObject({ ok: true, passed: allChecks, failed: [], skipped: [] })
      expect(found.lineOf('id')).toBe(`${id}, which no catalogue beside it lists`)
      expect(found.lineOf('bytes')).toBe('317888 bytes, 1 file, 1 piece')
      expect(found.lineOf('load')).toBe('computes as wasm-int8-6 in Node')
      expect(found.lineOf('answer')).toMatch(/^0\.0\d+ nats from its known answer, 0\.1 allowed$/)
    }
  })

  test('with a flipped byte is told by file and piece', async () => {
    await tiny.describe()
    await tiny.flipByte(200_000)
    const found = await check(tiny.folder)
    expect(found).toMatchObject({
      ok: false,
      passed: ['description', 'id'],
      failed: ['bytes'],
      skipped: ['engine', 'load', 'answer'],
    })
    expect(found.lineOf('bytes')).toContain('Piece 3 of tiny-llama.gguf')
  })

  test('with too few or too many bytes, or none, is told by how many', async () => {
    const { files } = await tiny.describe()
    const [{ bytes }] = files as [(typeof files)[0]]
    await truncate(tiny.at(modelFile), bytes - 100_000)
    const short = await check(tiny.folder)
    expect(short).toMatchObject({ ok: false, failed: ['bytes'] })
    expect(short.lineOf('bytes')).toBe('tiny-llama.gguf has 100000 bytes too few: it ends in piece 3.')
    await truncate(tiny.at(modelFile), bytes)
    expect((await check(tiny.folder)).lineOf('bytes')).toContain('Piece 3 of tiny-llama.gguf')
    await tiny.restore()
    await truncate(tiny.at(modelFile), bytes + 7)
    expect((await check(tiny.folder)).lineOf('bytes')).toBe(
      'tiny-llama.gguf has 7 surplus bytes after its last piece.',
    )
    await unlink(tiny.at(modelFile))
    expect((await check(tiny.folder)).lineOf('bytes')).toBe('tiny-llama.gguf is not there.')
  })

  test('whose manifest was changed has another id than the catalogue lists, and both are named', async () => {
    const manifest = await tiny.readManifest()
    const id = await computeModelId(manifest)
    await list(id)
    expect((await check(tiny.folder)).lineOf('id')).toBe(`${id}, as ../catalogue.json lists it`)
    const changed = { ...manifest, contextTokens: 511 }
    await tiny.writeManifest(changed)
    const found = await check(tiny.folder)
    expect(found).toMatchObject({ ok: false, failed: ['id'], skipped: [] })
    expect(found.lineOf('id')).toBe(
      `The id is ${await computeModelId(changed)}, and ../catalogue.json lists ${id}.`,
    )
  })

  test('whose manifest gives the whole file another hash is told, though its pieces are right', async () => {
    const { files, ...manifest } = await tiny.readManifest()
    const sha256 = `0x${'ab'.repeat(32)}`
    await tiny.writeManifest({ ...manifest, files: files.map((file) => ({ ...file, sha256 })) })
    const found = await check(tiny.folder)
    expect(found).toMatchObject({ ok: false, failed: ['bytes'] })
    expect(found.lineOf('bytes')).toContain('tiny-llama.gguf has the right pieces and another hash')
  })

  test('whose manifest is malformed is refused where it is', async () => {
    await tiny.writeManifest({ ...(await tiny.readManifest()), contextTokens: 0 })
    const found = await check(tiny.folder)
    expect(found).toMatchObject({ ok: false, failed: ['description'], skipped: allChecks.slice(1) })
    expect(found.lineOf('description')).toContain('contextTokens')
    await writeFile(tiny.at('manifest.json'), '{')
    expect((await check(tiny.folder)).lineOf('description')).toContain('is not JSON')
    await unlink(tiny.at('manifest.json'))
    expect((await check(tiny.folder)).lineOf('description')).toContain('holds no manifest.json')
  })

  test('whose bytes are right and whose answer is another has no quality', async () => {
    const manifest = await tiny.readManifest()
    const { knownAnswer } = manifest
    const logProbs = knownAnswer.logProbs.map((logProb) => logProb - 2)
    await tiny.writeManifest({ ...manifest, knownAnswer: { ...knownAnswer, logProbs } })
    const found = await check(tiny.folder)
    expect(found).toMatchObject({ ok: false, failed: ['answer'], passed: allChecks.slice(0, -1) })
    expect(found.lineOf('answer')).toMatch(/^(1\.9|2\.0)\d+ nats from its known answer, 0\.1 allowed\.$/)
  })

  test('of a family that the engine does not know is refused by that name', async () => {
    await tiny.describe({ family: 'mamba' }, writeTinyModel({ ...tinyQwen2, architecture: 'mamba' }))
    const found = await check(tiny.folder)
    expect(found).toMatchObject({ ok: false, failed: ['engine'], skipped: ['load', 'answer'] })
    expect(found.lineOf('engine')).toContain('Opentab cannot run models of the family mamba yet.')
  })

  test('in the layout of transformers.js is checked file by file', async () => {
    const onnx = join(tiny.place, 'models', 'onnx')
    await writeOnnxFolder(await openAsBlob(tiny.at(modelFile)), onnx, { type: 'q4f16', positions: 512 })
    const { manifest, files } = await readFolder(onnx)
    const named = manifest.files.map(({ path }, index) => ({ path, blob: files[index]! }))
    const { knownAnswer } = await tiny.readManifest()
    const { version: _version, files: _files, ...words } = manifest
    const made = await makeManifest(named, { ...words, knownAnswer: { ...knownAnswer, toleranceNats: 2 } })
    await writeFile(join(onnx, 'manifest.json'), JSON.stringify(made.manifest))
    const found = await check(onnx)
    expect(found).toMatchObject({ ok: true, passed: allChecks })
    expect(found.lineOf('bytes')).toContain('6 files, 6 pieces')
    expect(found.lineOf('load')).toContain('wasm-folder-1')
    await truncate(join(onnx, 'onnx', 'model_q4f16.onnx_data'), 1000)
    expect((await check(onnx)).lineOf('bytes')).toContain('onnx/model_q4f16.onnx_data has')
  })
})

describe('goldens', () => {
  /** A reference that finds one token nearly certain wherever it is asked. */
  async function writeGoldens(tokenId: number): Promise<string> {
    const { knownAnswer } = await tiny.readManifest()
    const goldens: Goldens = {
      model: 'a reference',
      prompts: [
        {
          messages: [{ role: 'user', content: 'hello' }],
          prompt_ids: knownAnswer.promptIds,
          greedy_ids: knownAnswer.tokenIds,
          positions: knownAnswer.tokenIds.map((id, index) =>
            tokenId < 0
              ? { ids: [id], logprobs: [knownAnswer.logProbs[index]!] }
              : { ids: [tokenId], logprobs: [-1e-6] },
          ),
        },
      ],
    }
    const file = join(tiny.place, 'goldens.json')
    await writeFile(file, JSON.stringify(goldens))
    return file
  }

  test('tell a model’s divergence besides, within the tolerance or beyond it', async () => {
    const own = await writeGoldens(-1)
    const near = await check(tiny.folder, '--goldens', own)
    expect(near).toMatchObject({ ok: true, passed: [...allChecks, 'goldens'] })
    expect(near.lineOf('goldens')).toMatch(/^0\.0\d+ nats a token from a reference, 0\.02 allowed$/)
    const strict = await check(tiny.folder, '--goldens', own, '--tolerance', '0')
    expect(strict).toMatchObject({ ok: false, passed: allChecks, failed: ['goldens'] })
    expect(await check(tiny.folder, '--goldens', await writeGoldens(7))).toMatchObject({
      failed: ['goldens'],
    })
  })

  test('are held to less with the float products of the WebGPU graph', async () => {
    const found = await check(tiny.folder, '--goldens', await writeGoldens(-1), '--float')
    expect(found).toMatchObject({ ok: true, passed: [...allChecks, 'goldens'] })
    expect(found.lineOf('load')).toBe('computes as wasm-float-4 in Node')
    expect(found.lineOf('goldens')).toMatch(/^0\.000\d nats a token from a reference, 0\.003 allowed$/)
  })

  test('that are none fail by their name', async () => {
    await writeFile(join(tiny.place, 'goldens.json'), '{}')
    const found = await check(tiny.folder, '--goldens', join(tiny.place, 'goldens.json'))
    expect(found).toMatchObject({ ok: false, failed: ['goldens'] })
    expect(found.lineOf('goldens')).toContain('goldens.json holds no goldens.')
  })
})

describe('npm run model:check', () => {
  type Outcome = { code: number; stdout: string; stderr: string }
  const run = (...args: string[]): Promise<Outcome> =>
    promisify(execFile)(process.execPath, [tool, ...args], { cwd: tiny.place }).then(
      (output) => ({ code: 0, ...output }),
      (failed: Outcome) => failed,
    )

  test('ends with 0 for a model that is right, with 1 for one that is not', async () => {
    const right = await run('models/tiny')
    expect(right).toMatchObject({ code: 0, stderr: '' })
    expect(right.stdout.trim().split('\n')).toHaveLength(allChecks.length)
    await tiny.flipByte(100)
    const wrong = await run('models/tiny')
    expect(wrong).toMatchObject({ code: 1, stderr: '' })
    expect(wrong.stdout).toMatch(/^FAILED {2}bytes {8}Piece 0 of tiny-llama\.gguf is not what/m)
  })

  test('prints its help, and answers what cannot be asked with it', async () => {
    const usage = expect.stringContaining('Usage: npm run model:check -- MODEL')
    expect(await run('--help')).toMatchObject({ code: 0, stdout: usage, stderr: '' })
    expect(await run('--price', '1')).toMatchObject({ code: 1, stdout: '', stderr: usage })
  })
})
