/** What the relay tells about itself; figures only, nobody's address. */
export type RelayHealth = {
  peerId: string
  multiaddrs: string[]
  /** Connections now. */
  peers: number
  /** Tabs with a line to the directory. */
  tabs: number
  reservations: number
  offers: number
  uptimeSeconds: number
  published: number
  refused: number
  malformed: number
  limited: number
  departed: number
}

type Metric = { name: string; type: 'gauge' | 'counter'; help: string; value(health: RelayHealth): number }

const metrics: Metric[] = [
  { name: 'peers', type: 'gauge', help: 'Connections now.', value: ({ peers }) => peers },
  { name: 'tabs', type: 'gauge', help: 'Tabs with a line to the directory.', value: ({ tabs }) => tabs },
  {
    name: 'reservations',
    type: 'gauge',
    help: 'Tabs that can be dialled.',
    value: (now) => now.reservations,
  },
  { name: 'offers', type: 'gauge', help: 'Offers on the board.', value: ({ offers }) => offers },
  { name: 'uptime_seconds', type: 'gauge', help: 'Since the start.', value: (now) => now.uptimeSeconds },
  { name: 'offers_published_total', type: 'counter', help: 'Offers taken.', value: (now) => now.published },
  { name: 'offers_refused_total', type: 'counter', help: 'Offers refused.', value: ({ refused }) => refused },
  {
    name: 'requests_malformed_total',
    type: 'counter',
    help: 'Broken frames.',
    value: (now) => now.malformed,
  },
  {
    name: 'requests_limited_total',
    type: 'counter',
    help: 'Too many requests.',
    value: (now) => now.limited,
  },
  { name: 'departures_total', type: 'counter', help: 'Departures told.', value: ({ departed }) => departed },
]

/** Returns the health in Prometheus text format 0.0.4. */
export function formatMetrics(health: RelayHealth): string {
  const relay = metrics.map(({ name, type, help, value }) =>
    formatMetric(`opentab_relay_${name}`, type, help, value(health)),
  )
  const memoryBytes = process.memoryUsage().rss
  const memory = formatMetric('process_resident_memory_bytes', 'gauge', 'Resident memory.', memoryBytes)
  return [...relay, memory, ''].join('\n')
}

function formatMetric(name: string, type: Metric['type'], help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}`
}
