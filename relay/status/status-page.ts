import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Trouble } from '../recent-troubles.ts'
import type { RelayHealth } from '../relay-health.ts'
import { duration, grouped } from './amounts.ts'
import { hubAlerts, hubSection } from './hub-section.ts'
import { type Html, html } from './html.ts'
import { tile } from './tile.ts'

const style = readFileSync(new URL('status.css', import.meta.url), 'utf8')
const script = readFileSync(new URL('status.js', import.meta.url), 'utf8')

/** What the page may do: its own style and script, and asking this relay again. */
export const statusPagePolicy = [
  "default-src 'none'",
  `style-src '${hashOf(style)}'`,
  `script-src '${hashOf(script)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Returns the page that tells the host how the relay and its hub are. It loads nothing else. */
export function renderStatusPage(health: RelayHealth): string {
  const head = html`<meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="icon" href="data:," />
    <title>Opentab relay</title>`
  const alerts = hubAlerts(health.hub)
  const body = html`<header>
      <h1>Opentab relay</h1>
      ${statusLine(alerts.length)}
    </header>
    <main>
      ${alerts}${relaySection(health)}${hubSection(health.hub)}${troubleSection(health)}${refusalSection(health)}
    </main>
    <footer>
      Brings itself up to date. The same as <a href="/health">JSON</a> and for
      <a href="/metrics">Prometheus</a>.
    </footer>`
  // Style and script are files of this folder, and go in as they are.
  return `<!doctype html><html lang="en"><head>${head.markup}<style>${style}</style></head><body>${body.markup}<script>${script}</script></body></html>`
}

function statusLine(alerts: number): Html {
  if (alerts === 0) return html`<p role="status">Up</p>`
  return html`<p role="status" class="lost">Up, and needs you</p>`
}

function relaySection({ uptimeSeconds, tabs, offers, reservations, peers, multiaddrs }: RelayHealth): Html {
  return html`<section aria-labelledby="relay">
    <h2 id="relay">Tabs</h2>
    <dl>
      ${tile('Tabs here', grouped(tabs))} ${tile('Offers', grouped(offers))}
      ${tile('Can be dialled', grouped(reservations), 'reservations')} ${tile('Connections', grouped(peers))}
      ${tile('Up for', duration(uptimeSeconds))}
      ${multiaddrs.map((address) => tile('Address', html`<code>${address}</code>`, '', 'wide'))}
    </dl>
  </section>`
}

function troubleSection({ troubles }: RelayHealth): Html {
  return html`<section aria-labelledby="troubles">
    <h2 id="troubles">What went wrong lately</h2>
    ${troubleList(troubles)}
  </section>`
}

function refusalSection({ refusals, malformed, limited, refused }: RelayHealth): Html {
  const counts = `Since the start: ${grouped(refused)} offers refused, ${grouped(malformed)} broken requests, ${grouped(limited)} too many.`
  return html`<section aria-labelledby="refusals">
    <h2 id="refusals">What others were refused lately</h2>
    ${troubleList(refusals)}
    <p class="quiet">${counts}</p>
  </section>`
}

function troubleList(troubles: Trouble[]): Html {
  if (troubles.length === 0) return html`<p>Nothing.</p>`
  return html`<ol>
    ${troubles.map(troubleItem)}
  </ol>`
}

function troubleItem({ atMs, event, facts }: Trouble): Html {
  const at = new Date(atMs).toISOString()
  const pairs = Object.entries(facts).map(([name, value]) => `${name}: ${value}`)
  return html`<li>
    <time datetime="${at}">${at.slice(5, 19).replace('T', ' ')} UTC</time>
    <strong>${event}</strong> ${pairs.join(', ')}
  </li>`
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
