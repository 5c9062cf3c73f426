import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { multiaddr } from '@multiformats/multiaddr'
import { RelayError } from '../src/errors/index.ts'
import { type HubOptions, hubFlags, hubUsage, parseHubOptions } from './hub-options.ts'

/** How a relay is run, from flags or the environment. */
export type RelayOptions = {
  /** Where tabs connect; 0 takes a free port. */
  port: number
  /** Where the status page, `/health` and `/metrics` answer; 0 takes a free port. */
  httpPort: number
  /** Interface to listen on. */
  host: string
  /** Directory of the relay's key. */
  dataDir: string
  /** Multiaddrs told to tabs in place of the ones listened on. */
  announce: string[]
  /** Tabs that may be here at a time. */
  maxTabs: number
  /** Null when it is no payment hub. */
  hub: HubOptions | null
}

/** What `--help` prints. */
export const relayUsage = `Usage: node relay/main.ts [options]

  --port <n>        where tabs connect, WebSocket (OPENTAB_RELAY_PORT, 9101)
  --http-port <n>   status page, /health and /metrics (OPENTAB_RELAY_HTTP_PORT, 9102)
  --host <address>  interface to listen on (OPENTAB_RELAY_HOST, 127.0.0.1)
  --data <dir>      where the relay's key is kept (OPENTAB_RELAY_DATA, .opentab/relay)
  --announce <addr> address told to tabs, such as /dns4/relay.example.org/tcp/443/tls/ws;
                    may be given several times (OPENTAB_RELAY_ANNOUNCE, separated by commas)
  --max-tabs <n>    tabs at a time (OPENTAB_RELAY_MAX_TABS, 5000)
  --help            this text

${hubUsage}`

type Environment = Record<string, string | undefined>

/**
 * Returns the options of a command line, or null when it asks for help. Flags come before the environment.
 * @throws RelayError `relay/invalid-option`
 */
export function parseRelayOptions(args: string[], env: Environment): RelayOptions | null {
  const flags = parseFlags(args)
  if (flags.help) return null
  const text = (flag: string | undefined, variable: string, fallback: string) =>
    flag ?? env[`OPENTAB_RELAY_${variable}`] ?? fallback
  const dataDir = text(flags.data, 'DATA', '.opentab/relay')
  return {
    port: parseCount('--port', text(flags.port, 'PORT', '9101'), 65_535),
    httpPort: parseCount('--http-port', text(flags['http-port'], 'HTTP_PORT', '9102'), 65_535),
    host: parseHost(text(flags.host, 'HOST', '127.0.0.1')),
    dataDir,
    announce: (flags.announce ?? (env.OPENTAB_RELAY_ANNOUNCE ?? '').split(',').filter(Boolean)).map(
      parseAddress,
    ),
    maxTabs: parseCount('--max-tabs', text(flags['max-tabs'], 'MAX_TABS', '5000'), 100_000),
    hub: parseHubOptions(flags, env, dataDir),
  }
}

function parseFlags(args: string[]) {
  const string = { type: 'string' } as const
  try {
    return parseArgs({
      args,
      options: {
        port: string,
        'http-port': string,
        host: string,
        data: string,
        announce: { type: 'string', multiple: true },
        'max-tabs': string,
        ...hubFlags,
        help: { type: 'boolean' },
      },
    }).values
  } catch (cause) {
    const details = cause instanceof Error ? cause.message : String(cause)
    throw new RelayError('relay/invalid-option', 'The command line cannot be read.', { details, cause })
  }
}

function parseHost(text: string): string {
  if (isIP(text) !== 0) return text
  throw new RelayError(
    'relay/invalid-option',
    `--host must be an IP address of this computer, not "${text}".`,
  )
}

function parseAddress(text: string): string {
  try {
    return multiaddr(text).toString()
  } catch (cause) {
    throw new RelayError('relay/invalid-option', `--announce must be a multiaddr, not "${text}".`, { cause })
  }
}

function parseCount(name: string, text: string, max: number): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count <= max) return count
  throw new RelayError('relay/invalid-option', `${name} must be a number from 0 to ${max}, not "${text}".`)
}
