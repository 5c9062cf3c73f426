import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { Connect, Plugin } from 'vite'

/** Serves `network.json` (chain, contracts, relays) from the folder where the running stack wrote it. */
export function serveNetwork(file: string): Plugin {
  const use = ({ middlewares }: { middlewares: Connect.Server }) => {
    middlewares.use('/network.json', (_request, response) => void sendJson(file, response))
  }
  return { name: 'opentab:serve-network', configureServer: use, configurePreviewServer: use }
}

async function sendJson(file: string, response: ServerResponse): Promise<void> {
  const json = await readFile(file, 'utf8').catch(() => null)
  response.writeHead(json === null ? 404 : 200, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
  })
  response.end(json ?? '{}')
}
