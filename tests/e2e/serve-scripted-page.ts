import { createServer } from 'vite'

export type ServedPage = { url: string; close: () => Promise<void> }

/** Serves the working tree as the page, without a stack behind it. Edits made meanwhile do not reload it. */
export async function serveScriptedPage(): Promise<ServedPage> {
  const server = await createServer({
    logLevel: 'error',
    // All that the page may load later is prepared at once: what is found on the way would need a reload.
    optimizeDeps: { entries: ['src/main.ts', 'src/ui/**/*.svelte', 'tests/e2e/scripted-page/main.ts'] },
    cacheDir: 'node_modules/.vite-e2e',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  })
  await server.listen()
  const address = server.httpServer?.address()
  if (!address || typeof address === 'string') throw new Error('The page is not served on a port.')
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() }
}
