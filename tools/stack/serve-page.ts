import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type InlineConfig, type PreviewServer, type ViteDevServer, createServer, preview } from 'vite'
import { serveNetwork } from '../page/serve-network.ts'
import { root } from './build-page.ts'

/** The page at an address, until it is stopped. */
export type ServedPage = { url: string; stop(): Promise<void> }

/** What is served, and where. */
export type ServePageOptions = {
  port: number
  networkFile: string
  /** Serve the sources with hot reload instead of what was built. */
  development: boolean
}

/** Serves the page on this machine alone. */
export async function servePage({ port, networkFile, development }: ServePageOptions): Promise<ServedPage> {
  const config: InlineConfig = {
    root,
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'error',
    clearScreen: false,
    // Ahead of the configuration's own, which serves the default folder.
    plugins: [{ ...serveNetwork(networkFile), enforce: 'pre' }],
    server: { port, strictPort: port !== 0, host: '127.0.0.1' },
    preview: { port, strictPort: port !== 0, host: '127.0.0.1' },
  }
  const server = await withoutSignalHandlers(async () =>
    development ? (await createServer(config)).listen() : preview(config),
  )
  return { url: urlOf(server), stop: () => server.close() }
}

/** Vite ends the whole process at SIGTERM or at the end of its input; here the stack is stopped in order instead. */
async function withoutSignalHandlers<server>(start: () => Promise<server>): Promise<server> {
  const signalBefore = process.listeners('SIGTERM')
  const endBefore = process.stdin.listeners('end')
  const server = await start()
  for (const listener of process.listeners('SIGTERM')) {
    if (!signalBefore.includes(listener)) process.off('SIGTERM', listener)
  }
  for (const listener of process.stdin.listeners('end')) {
    if (!endBefore.includes(listener)) process.stdin.off('end', listener as () => void)
  }
  return server
}

function urlOf(server: ViteDevServer | PreviewServer): string {
  const address = server.httpServer?.address() as AddressInfo | null | undefined
  return `http://localhost:${address?.port}/`
}
