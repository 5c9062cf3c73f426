import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { formatMetrics, type RelayHealth } from './metrics.ts'
import { toListenError } from './listen-error.ts'

/** A running health server; `url` has no slash at its end. */
export type HealthServer = { url: string; stop(): Promise<void> }

/**
 * Answers `/health` with JSON and `/metrics` with Prometheus text.
 * @throws RelayError `relay/port-in-use`, `relay/not-started`
 */
export async function startHealthServer(
  host: string,
  port: number,
  health: () => RelayHealth,
): Promise<HealthServer> {
  const server = createServer(({ url }, response) => answer(url ?? '/', response, health))
  await listen(server, host, port)
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(url: string, response: ServerResponse, health: () => RelayHealth): void {
  if (url === '/health') {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: 'ok', ...health() }))
  } else if (url === '/metrics') {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
    response.end(formatMetrics(health()))
  } else {
    response.writeHead(404, { 'content-type': 'text/plain' })
    response.end('This relay answers /health and /metrics.\n')
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(toListenError(cause, '--http-port', port)))
    server.listen(port, host, resolve)
  })
}
