import { afterEach, beforeEach, expect, test } from 'vitest'
import { hubStatus, relayHealth } from '../tests/fixtures/relay-health.ts'
import { type HealthServer, startHealthServer } from './health-server.ts'
import type { RelayHealth } from './relay-health.ts'

let server: HealthServer
let health: RelayHealth

beforeEach(async () => {
  health = relayHealth
  server = await startHealthServer('127.0.0.1', 0, () => health)
})
afterEach(() => server.stop())

const read = (path: string) => fetch(`${server.url}${path}`)

test('amounts are exact in JSON', async () => {
  const response = await read('/health')
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.json()).toMatchObject({
    status: 'ok',
    offers: 311,
    hub: { account: hubStatus.account, figures: { volumeMicroUsd: '2469012345', jobsTotal: 12_345 } },
  })
})

test('a hub that needs its host makes the relay degraded, not down', async () => {
  health = { ...relayHealth, hub: { ...hubStatus, warnings: ['gas-low'] } }
  const response = await read('/health')
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ status: 'degraded' })
})

test('page and metrics tell the same, and nothing is kept by caches', async () => {
  const [page, metrics] = await Promise.all([read('/'), read('/metrics')])
  expect(await page.text()).toContain(hubStatus.account)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await metrics.text()).toContain('opentab_hub_jobs_total 12345')
  for (const { headers } of [page, metrics]) expect(headers.get('cache-control')).toBe('no-store')
})
