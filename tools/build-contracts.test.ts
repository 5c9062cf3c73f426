import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const script = fileURLToPath(new URL('build-contracts.ts', import.meta.url))

test('the generated interfaces are those of the contracts', async () => {
  const { stderr } = await promisify(execFile)(process.execPath, [script, '--check'])
  expect(stderr).not.toContain('Stale')
}, 120_000)
