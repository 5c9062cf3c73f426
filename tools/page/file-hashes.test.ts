import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createServer } from 'vite'
import { fileHashes } from './file-hashes.ts'

test('a file is imported as its hash, by a path or by its name in a package', async () => {
  const server = await createServer({
    configFile: false,
    logLevel: 'error',
    plugins: [fileHashes()],
    server: { middlewareMode: true, ws: false },
  })
  try {
    for (const [name, path] of [
      ['/index.html', fileURLToPath(new URL('../../index.html', import.meta.url))],
      ['viem/package.json', fileURLToPath(import.meta.resolve('viem/package.json'))],
    ] as const) {
      const expected = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
      expect(await server.ssrLoadModule(`${name}?sha256`)).toMatchObject({ default: `0x${expected}` })
    }
  } finally {
    await server.close()
  }
})
