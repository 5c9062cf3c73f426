import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type InlineConfig, build, preview } from 'vite'
import { root } from '../tools/stack/build-page.ts'

/** Serves a page of this folder, built as the product's own page is: what loading it takes is what it takes people. */
export async function serveBuilt(page: string): Promise<{ url: string; close(): Promise<void> }> {
  const outDir = await mkdtemp(join(tmpdir(), 'opentab-built-'))
  const config: InlineConfig = { root, configFile: join(root, 'vite.config.ts'), logLevel: 'error' }
  const input = join(root, 'bench', page)
  await build({ ...config, build: { outDir, emptyOutDir: true, rolldownOptions: { input } } })
  const server = await preview({ ...config, build: { outDir }, preview: { host: '127.0.0.1', port: 0 } })
  const { port } = server.httpServer.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/bench/${page}`,
    async close() {
      await server.close()
      await rm(outDir, { recursive: true, force: true })
    },
  }
}
