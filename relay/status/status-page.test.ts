import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hubStatus, relayHealth } from '../../tests/fixtures/relay-health.ts'
import type { HubWarning } from '../hub-status.ts'
import { renderStatusPage, statusPagePolicy } from './status-page.ts'

/** Returns the words of the page's main part. */
function textOf(page: string): string {
  const [, main = ''] = /<main>(.*)<\/main>/s.exec(page) ?? []
  return main.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')
}

test('the host sees how tabs and money are', () => {
  const text = textOf(renderStatusPage(relayHealth))
  expect(text).toContain('Tabs here 1,201')
  expect(text).toContain('Up for 3 d 4 h')
  expect(text).toContain('Account 0x2c7536E3605D9C16a7a3D7b1898e529396a65c23 Base, takes 5% on top')
  expect(text).toContain('Spread earned $123.45')
  expect(text).toContain('Gas left 0.012345 coins, about 20,576 transactions')
  expect(text).toContain('Open exposure $2.950001')
  expect(text).toContain('Provider channels 9 7 here now')
  expect(text).not.toContain('is low')
})

test('what needs the host is said in words, not by colour alone', () => {
  const trouble = {
    code: 'chain/unreachable',
    shortMessage: 'No answer.',
    sinceMs: Date.UTC(2026, 0, 1, 3, 4, 5),
  }
  const warnings: HubWarning[] = [
    'books-failing',
    'backup-failing',
    'claim-failing',
    'chain-silent',
    'gas-low',
    'balance-low',
  ]
  const failing = {
    books: { ...trouble, code: 'storage/quota' },
    backup: { ...trouble, code: 'storage/unavailable' },
    claim: { ...trouble, code: 'chain/reverted' },
  }
  const text = textOf(renderStatusPage({ ...relayHealth, hub: { ...hubStatus, trouble, failing, warnings } }))
  expect(text).toContain('cannot be written since 03:04:05 UTC (storage/quota), so payments are refused.')
  expect(text).toContain('cannot be copied since 03:04:05 UTC (storage/unavailable).')
  expect(text).toContain('Claims do not go through since 03:04:05 UTC (chain/reverted)')
  expect(text).toContain('cannot be read since 03:04:05 UTC: No answer.')
  expect(text).toContain('Gas is low: about 20,576 transactions are left.')
  expect(text).toContain(
    'The account&#39;s balance is low: it does not cover another full deposit (--hub-deposit)',
  )
})

test('what others were refused stands apart from what went wrong here', () => {
  const troubles = [{ atMs: 0, event: 'hub-backup-failed', facts: { code: 'storage/quota' } }]
  const refusals = [{ atMs: 0, event: 'offer-refused', facts: {} }]
  const text = textOf(renderStatusPage({ ...relayHealth, troubles, refusals }))
  expect(text).toMatch(
    /What went wrong lately .*hub-backup-failed.* What others were refused lately .*offer-refused/,
  )
})

test('a relay without a hub says so', () => {
  expect(textOf(renderStatusPage({ ...relayHealth, hub: null }))).toContain('started without --hub')
})

test('what others wrote is text and never markup', () => {
  const refusals = [{ atMs: 0, event: 'hub-desk-refused', facts: { failure: '<script>alert(1)</script>' } }]
  const page = renderStatusPage({ ...relayHealth, refusals })
  expect(page).not.toContain('<script>alert')
  expect(page).toContain('&#60;script&#62;alert')
  expect(page).toContain('<time datetime="1970-01-01T00:00:00.000Z">01-01 00:00:00 UTC</time>')
})

test('the page loads nothing, and its policy lets only its own style and script run', () => {
  const page = renderStatusPage(relayHealth)
  expect(page).not.toMatch(/(?:src|href)="https?:/)
  for (const tag of ['style', 'script']) {
    const [, content = ''] = new RegExp(`<${tag}>(.*)</${tag}>`, 's').exec(page) ?? []
    const hash = createHash('sha256').update(content).digest('base64')
    expect(statusPagePolicy).toContain(`${tag}-src 'sha256-${hash}'`)
  }
})
