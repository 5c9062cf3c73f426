import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toListenError } from './listen-error.ts'
import { formatMetrics } from './metrics.ts'
import type { RelayHealth } from './relay-health.ts'
import { renderStatusPage, statusPagePolicy } from './status/status-page.ts'

/** A running health server; `url` has no slash at its end. */
export type HealthServer = { url: string; stop(): Promise<void> }

/**
 * Answers `/` with a page for people, `/health` with JSON and `/metrics` with Prometheus text: the same figures.
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
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  if (url === '/') {
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': statusPagePolicy,
    }
    response.writeHead(200, headers).end(renderStatusPage(health()))
  } else if (url === '/health') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(toJson(withStatus(health())))
  } else if (url === '/metrics') {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(formatMetrics(health()))
  } else {
    response
      .writeHead(404, { 'content-type': 'text/plain' })
      .end('This relay answers /, /health and /metrics.\n')
  }
}

/** A relay whose hub needs its host goes on introducing tabs: it is degraded, not down. */
function withStatus(health: RelayHealth): RelayHealth & { status: 'ok' | 'degraded' } {
  return { status: health.hub && health.hub.warnings.length > 0 ? 'degraded' : 'ok', ...health }
}

/** Amounts as decimal strings, as everywhere between processes. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, one) => (typeof one === 'bigint' ? one.toString() : one))
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(toListenError(cause, '--http-port', port)))
    server.listen(port, host, resolve)
  })
}
