import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { VerifiedModel } from '../../src/ports/engine.ts'

/** Serves a model's manifest and files, and nothing else, to pages on this machine. */
export async function serveModel({
  manifest,
  files,
}: VerifiedModel): Promise<{ address: string; close(): Promise<void> }> {
  const served = new Map(manifest.files.map(({ path }, index) => [`/${path}`, files[index]!]))
  served.set('/manifest.json', new Blob([JSON.stringify(manifest)]))
  const server = createServer((request, response) => {
    const file = served.get(request.url ?? '')
    if (!file) return void response.writeHead(404).end()
    response.writeHead(200, {
      'content-length': file.size,
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    })
    // A page that goes away needs no answer.
    pipeline(Readable.from(file.stream()), response).catch(() => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
