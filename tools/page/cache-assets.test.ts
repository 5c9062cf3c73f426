import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { preview } from 'vite'
import { cacheAssets } from './cache-assets.ts'

test('assets that are there are kept for ever, whatever else is asked for is not', async () => {
  const outDir = await mkdtemp(join(tmpdir(), 'opentab-assets-'))
  await mkdir(join(outDir, 'assets'))
  await writeFile(join(outDir, 'assets/some-1a2b.js'), 'export {}')
  await writeFile(join(outDir, 'index.html'), '<p>')
  const server = await preview({
    configFile: false,
    logLevel: 'error',
    build: { outDir },
    plugins: [cacheAssets()],
    preview: { host: '127.0.0.1', port: 0 },
  })
  try {
    const { port } = server.httpServer.address() as AddressInfo
    const control = async (path: string) =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).headers.get('cache-control')
    expect(await control('/assets/some-1a2b.js')).toContain('immutable')
    expect(await control('/assets/some-1a2b.js?x')).toContain('immutable')
    for (const path of ['/', '//', '/index.html', '/assets/gone-1a2b.js'])
      expect(await control(path)).toBe('no-cache')
  } finally {
    await server.close()
    await rm(outDir, { recursive: true })
  }
})
