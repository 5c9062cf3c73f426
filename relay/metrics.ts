import { formatUnits } from './format-units.ts'
import type { HubFigures } from './hub/figures.ts'
import type { HubGas, HubStatus } from './hub-status.ts'
import type { RelayHealth } from './relay-health.ts'

type Metric<source> = {
  name: string
  type: 'gauge' | 'counter'
  help: string
  value: (source: source) => number | string
}

const relayMetrics: Metric<RelayHealth>[] = [
  gauge('peers', 'Connections now.', ({ peers }) => peers),
  gauge('tabs', 'Tabs with a line to the directory.', ({ tabs }) => tabs),
  gauge('reservations', 'Tabs that can be dialled.', ({ reservations }) => reservations),
  gauge('offers', 'Offers on the board.', ({ offers }) => offers),
  gauge('lenders', 'Tabs that lend the bytes of models.', ({ lenders }) => lenders),
  gauge('uptime_seconds', 'Since the start.', ({ uptimeSeconds }) => uptimeSeconds),
  counter('offers_published_total', 'Offers taken.', ({ published }) => published),
  counter('offers_refused_total', 'Offers refused.', ({ refused }) => refused),
  counter('requests_malformed_total', 'Requests that broke a protocol.', ({ malformed }) => malformed),
  counter('requests_limited_total', 'Too many requests.', ({ limited }) => limited),
  counter('departures_total', 'Departures told.', ({ departed }) => departed),
]

const hubMetrics: Metric<HubStatus>[] = [
  gauge('up', 'Whether its figures could be read just now.', ({ trouble, figures }) =>
    Number(trouble === null && figures !== null),
  ),
  gauge('books_failing', 'Whether its books cannot be written.', ({ failing }) =>
    Number(failing.books !== null),
  ),
  gauge('backup_failing', 'Whether its books cannot be copied.', ({ failing }) =>
    Number(failing.backup !== null),
  ),
  gauge('claim_failing', 'Whether claims do not go through.', ({ failing }) =>
    Number(failing.claim !== null),
  ),
]

const hubFigureMetrics: Metric<HubFigures & HubGas>[] = [
  gauge('jobs_open', 'Jobs that are being paid now.', ({ jobsOpen }) => jobsOpen),
  counter('jobs_total', 'Jobs opened.', ({ jobsTotal }) => jobsTotal),
  gauge('pay_lines', 'Lines of requesters.', ({ payLines }) => payLines),
  gauge('earn_lines', 'Lines of providers.', ({ earnLines }) => earnLines),
  gauge('provider_channels', 'Channels to providers.', ({ providerChannels }) => providerChannels),
  counter('volume_dollars_total', 'Handed on to providers.', dollarsOf('volumeMicroUsd')),
  counter('spread_dollars_total', 'Earned on top of it.', dollarsOf('spreadMicroUsd')),
  counter('fees_dollars_total', 'Fees that channels paid.', dollarsOf('feesMicroUsd')),
  gauge('unclaimed_dollars', 'Earned from payers, not yet claimed.', dollarsOf('unclaimedMicroUsd')),
  gauge('exposure_dollars', 'Promised to providers, not yet claimed.', dollarsOf('exposureMicroUsd')),
  gauge('locked_dollars', 'Deposited for providers, not yet promised.', dollarsOf('lockedMicroUsd')),
  gauge('balance_dollars', "Tokens on the hub's account.", dollarsOf('freeMicroUsd')),
  gauge('gas_coins', "Native coins on the hub's account.", ({ gasWei }) => formatUnits(gasWei, 18)),
  gauge('gas_transactions', 'Deposits that the gas is enough for.', (gas) => gas.transactionsLeft),
  counter('out_of_funds_total', 'Jobs that the hub could not pay for.', ({ outOfFunds }) => outOfFunds),
]

/** Returns the health in Prometheus text format 0.0.4. */
export function formatMetrics(health: RelayHealth): string {
  const { hub } = health
  const lines = relayMetrics.map((metric) => formatMetric('opentab_relay', metric, health))
  if (hub) for (const metric of hubMetrics) lines.push(formatMetric('opentab_hub', metric, hub))
  if (hub?.figures)
    for (const metric of hubFigureMetrics) lines.push(formatMetric('opentab_hub', metric, hub.figures))
  lines.push(formatMetric('process', residentMemory, process.memoryUsage().rss))
  return `${lines.join('\n')}\n`
}

const residentMemory: Metric<number> = gauge('resident_memory_bytes', 'Resident memory.', (bytes) => bytes)

function formatMetric<source>(prefix: string, metric: Metric<source>, source: source): string {
  const { type, help, value } = metric
  const name = `${prefix}_${metric.name}`
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value(source)}`
}

function gauge<source>(name: string, help: string, value: Metric<source>['value']): Metric<source> {
  return { name, type: 'gauge', help, value }
}

function counter<source>(name: string, help: string, value: Metric<source>['value']): Metric<source> {
  return { name, type: 'counter', help, value }
}

type DollarFigure = Extract<keyof HubFigures, `${string}MicroUsd`>

function dollarsOf(figure: DollarFigure): (figures: HubFigures) => string {
  return (figures) => formatUnits(figures[figure], 6)
}
