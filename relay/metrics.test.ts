import { expect, test } from 'vitest'
import { hubStatus, relayHealth } from '../tests/fixtures/relay-health.ts'
import { formatMetrics } from './metrics.ts'

const linesOf = (text: string) => text.trimEnd().split('\n')

test('every metric is named, explained and typed as Prometheus has it', () => {
  const lines = linesOf(formatMetrics(relayHealth))
  for (let at = 0; at < lines.length; at += 3) {
    const [, name] = /^# HELP ([a-z_]+) \S.*\.$/.exec(lines[at] ?? '') ?? []
    const [, type] = new RegExp(`^# TYPE ${name} (gauge|counter)$`).exec(lines[at + 1] ?? '') ?? []
    expect(lines[at + 2]).toMatch(new RegExp(`^${name} -?\\d+(\\.\\d+)?$`))
    expect(name?.endsWith('_total')).toBe(type === 'counter')
  }
  const names = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2])
  expect(new Set(names).size).toBe(names.length)
})

test('money is in dollars, to the last micro-dollar', () => {
  const lines = linesOf(formatMetrics(relayHealth))
  expect(lines).toContain('opentab_hub_volume_dollars_total 2469.012345')
  expect(lines).toContain('opentab_hub_exposure_dollars 2.950001')
  expect(lines).toContain('opentab_hub_balance_dollars 88')
  expect(lines).toContain('opentab_hub_gas_coins 0.0123456789')
  expect(lines).toContain('opentab_relay_offers 311')
})

test('a relay without a hub tells nothing of one', () => {
  expect(formatMetrics({ ...relayHealth, hub: null })).not.toContain('opentab_hub')
})

test('a hub whose chain is silent is down, and shows what it knew', () => {
  const trouble = { code: 'chain/unreachable', shortMessage: 'No answer.', sinceMs: 0 }
  const known = linesOf(formatMetrics({ ...relayHealth, hub: { ...hubStatus, trouble } }))
  expect(known).toContain('opentab_hub_up 0')
  expect(known).toContain('opentab_hub_jobs_open 3')
  const unknown = formatMetrics({ ...relayHealth, hub: { ...hubStatus, trouble, figures: null } })
  expect(unknown).not.toContain('opentab_hub_jobs_open')
})

test('a hub that has not read its figures yet is not up', () => {
  expect(linesOf(formatMetrics(relayHealth))).toContain('opentab_hub_up 1')
  const unread = formatMetrics({ ...relayHealth, hub: { ...hubStatus, figures: null } })
  expect(linesOf(unread)).toContain('opentab_hub_up 0')
})

test('what keeps failing is told one by one', () => {
  const failing = { ...hubStatus.failing, backup: { code: 'storage/quota', sinceMs: 0 } }
  const lines = linesOf(formatMetrics({ ...relayHealth, hub: { ...hubStatus, failing } }))
  expect(lines).toContain('opentab_hub_books_failing 0')
  expect(lines).toContain('opentab_hub_backup_failing 1')
  expect(lines).toContain('opentab_hub_claim_failing 0')
})
