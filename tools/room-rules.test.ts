import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const repository = resolve(import.meta.dirname, '..')
const oxlint = join(dirname(createRequire(import.meta.url).resolve('oxlint/package.json')), 'bin/oxlint')
let project: string

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'opentab-lint-'))
  await mkdir(join(project, 'tools'))
  for (const file of ['oxlint.config.ts', 'tools/room-rules.ts']) {
    await copyFile(join(repository, file), join(project, file))
  }
  await symlink(join(repository, 'node_modules'), join(project, 'node_modules'), 'dir')
})

afterAll(() => rm(project, { recursive: true }))

/** Lints one file as if it stood in the repository, and returns the rules that it breaks. */
async function rulesBrokenBy(path: string, code: string): Promise<string[]> {
  const file = join(project, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${code}\n`)
  const output = await new Promise<string>((done) => {
    execFile(process.execPath, [oxlint, '--format=json', path], { cwd: project }, (_error, stdout) =>
      done(stdout),
    )
  })
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string }[] }
  return diagnostics.map(({ code }) => /\((.+)\)/.exec(code)?.[1] ?? code)
}

const allowed: [string, string][] = [
  ['src/domain/a.ts', "export { BaseError } from '../errors/index.ts'"],
  ['src/protocol/a.ts', "export * as v from 'valibot'"],
  ['src/ports/a.ts', "export type { Address } from '../domain/bytes.ts'"],
  ['src/ledger/a.ts', "export { hashTypedData } from 'viem'"],
  ['src/roles/ask/a.ts', "export { signVoucher } from '../../ledger/sign-voucher.ts'"],
  ['src/roles/ask/a.ts', "export * from '../fund/fund-channel.ts'"],
  ['src/roles/pieces/a.ts', "export type { Provider } from '../provide/provide.ts'"],
  ['src/engine/decode/a.ts', "export { Op } from '../graph/op.ts'"],
  ['src/engine/worker/a.ts', "export * from 'onnxruntime-web/wasm'"],
  ['src/engine/text/a.ts', "export { Tokenizer } from '@huggingface/tokenizers'"],
  ['src/engine/text/a.test.ts', "export * from '@huggingface/transformers'"],
  ['src/ui/ask/a.ts', "export type { Job } from '../../domain/job.ts'"],
  ['relay/a.ts', "export { createLibp2p } from 'libp2p'"],
  ['relay/hub/pay/a.ts', "export type { EarnLine } from '../earn/earn-line.ts'"],
  ['relay/hub/pay/a.ts', "export { TokenBucket } from '../../token-bucket.ts'"],
  ['src/main.ts', "export * from './chain/viem-chain.ts'"],
  ['src/roles/ask/a.test.ts', "export * from '../../engine/memory-engine.ts'"],
]

const forbidden: [string, string][] = [
  ['src/errors/a.ts', "export * from '../domain/job.ts'"],
  ['src/domain/a.ts', "export type { Chain } from '../ports/index.ts'"],
  ['src/domain/a.ts', "export * from 'viem'"],
  ['src/protocol/a.ts', "export * from '../ports/index.ts'"],
  ['src/ports/a.ts', "export { localChainId } from '../domain/network.ts'"],
  ['src/ledger/a.ts', "export { createPublicClient } from 'viem'"],
  ['src/ledger/a.ts', "export * from 'viem/accounts'"],
  ['src/roles/ask/a.ts', "export * from '../../transport/libp2p-transport.ts'"],
  ['src/roles/ask/a.ts', "export const load = () => import('../../chain/viem-chain.ts')"],
  ['src/roles/ask/a.ts', "export * from '../provide/provide.ts'"],
  ['src/roles/provide/a.ts', "export type { Requester } from '../ask/request.ts'"],
  ['src/roles/fund/a.ts', "export * from '../pay/hub-payment.ts'"],
  ['src/roles/common/a.ts', "export * from '../hub/hub-client.ts'"],
  ['src/roles/provide/a.test.ts', "export * from '../ask/request.ts'"],
  ['src/engine/decode/a.ts', "export * from '../../models/piece-store.ts'"],
  ['src/engine/decode/a.ts', "export * from 'onnxruntime-web/wasm'"],
  ['src/engine/worker/a.ts', "export { Tokenizer } from '@huggingface/tokenizers'"],
  ['src/engine/text/a.ts', "export * from '@huggingface/transformers'"],
  ['src/transport/a.ts', "export * from '../chain/viem-chain.ts'"],
  ['src/transport/a.ts', "export * from 'viem'"],
  ['src/chain/a.ts', "export * from 'libp2p'"],
  ['src/storage/a.ts', "export * from 'node:fs'"],
  ['src/state/a.ts', "export * from '../chain/viem-chain.ts'"],
  ['src/ui/ask/a.ts', "export * from '../../roles/ask/request.ts'"],
  ['src/ui/ask/a.ts', "export { localChainId } from '../../domain/network.ts'"],
  ['relay/a.ts', "export * from '../src/engine/worker-engine.ts'"],
  ['relay/hub/books/a.ts', "export * from '../../../src/engine/worker-engine.ts'"],
  ['relay/hub/books/a.ts', "export * from '../pay/payment.ts'"],
  ['relay/hub/earn/a.ts', "export type { PayDesk } from '../pay/pay-desk.ts'"],
  ['src/roles/ask/a.test.ts', "export * from '../../chain/viem-chain.ts'"],
]

test.each(allowed)('%s may write: %s', async (path, code) => {
  expect(await rulesBrokenBy(path, code)).toEqual([])
})

test.each(forbidden)('%s may not write: %s', async (path, code) => {
  expect(await rulesBrokenBy(path, code)).toContain('no-restricted-imports')
})

test('a type of another room cannot come in through an import() type', async () => {
  const code = "export type Chain = import('../chain/viem-chain.ts').ViemChain"
  expect(await rulesBrokenBy('src/domain/a.ts', code)).toContain('consistent-type-imports')
})

test.each(['domain', 'protocol', 'ledger', 'roles'])(
  '%s takes no time, chance or network by itself',
  async (room) => {
    const path = `src/${room}/impure.ts`
    expect(await rulesBrokenBy(path, 'export const a = Date.now()')).toContain('no-restricted-globals')
    expect(await rulesBrokenBy(path, 'export const a = Math.random()')).toContain('no-restricted-properties')
    expect(await rulesBrokenBy(path, "export const a = fetch('/')")).toContain('no-restricted-globals')
    expect(await rulesBrokenBy(path, "export const a = globalThis.fetch('/')")).toContain(
      'no-restricted-properties',
    )
  },
)
