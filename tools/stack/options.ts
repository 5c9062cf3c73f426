import { parseArgs } from 'node:util'
import { ToolError } from '../tool-error.ts'

/** What `npm start` runs, and where. */
export type StackOptions = {
  /** Where the page is served; 0 takes a free port, here and below. */
  port: number
  relayPort: number
  relayHttpPort: number
  chainPort: number
  /** Run data: the chain's state, the relay's key, the provider tab's profile, network.json. */
  dataFolder: string
  /** Whether to start a headless tab that answers. */
  provider: boolean
  /** Serve the sources with hot reload instead of the built page. */
  development: boolean
  /** Whether a browser may be installed where there is none. */
  installBrowser: boolean
}

/** What runs without flags and environment. */
export const defaultOptions: StackOptions = {
  port: 4173,
  relayPort: 9101,
  relayHttpPort: 9102,
  chainPort: 8545,
  dataFolder: '.opentab',
  provider: true,
  development: false,
  installBrowser: true,
}

/** What `--help` prints. */
export const usage = `Usage: npm start -- [options]

Starts a local chain, the relay, the page and a headless tab that answers.

  --port <n>             the page (OPENTAB_PORT, ${defaultOptions.port})
  --relay-port <n>       the relay (OPENTAB_RELAY_PORT, ${defaultOptions.relayPort})
  --relay-http-port <n>  the relay's /health and /metrics (OPENTAB_RELAY_HTTP_PORT, ${defaultOptions.relayHttpPort})
  --chain-port <n>       the local chain (OPENTAB_CHAIN_PORT, ${defaultOptions.chainPort})
  --data <folder>        run data, kept across restarts (OPENTAB_DATA, ${defaultOptions.dataFolder})
  --no-provider          start no headless tab
  --dev                  serve the sources with hot reload instead of the built page
  --no-browser-install   install no browser where there is none
  --help                 this text

A port of 0 takes a free one. OPENTAB_BROWSER names the browser to use.`

type Environment = Record<string, string | undefined>

/**
 * Returns the options of a command line, or null when it asks for help. Flags come before the environment.
 *
 * @throws ToolError `tools/bad-option`
 */
export function parseOptions(args: string[], env: Environment): StackOptions | null {
  const flags = parseFlags(args)
  if (flags.help) return null
  const port = (flag: string | undefined, name: string, fallback: number) =>
    parsePort(`--${name}`, flag ?? env[`OPENTAB_${name.toUpperCase().replaceAll('-', '_')}`], fallback)
  return {
    port: port(flags.port, 'port', defaultOptions.port),
    relayPort: port(flags['relay-port'], 'relay-port', defaultOptions.relayPort),
    relayHttpPort: port(flags['relay-http-port'], 'relay-http-port', defaultOptions.relayHttpPort),
    chainPort: port(flags['chain-port'], 'chain-port', defaultOptions.chainPort),
    dataFolder: flags.data ?? env.OPENTAB_DATA ?? defaultOptions.dataFolder,
    provider: !flags['no-provider'],
    development: flags.dev ?? false,
    installBrowser: !flags['no-browser-install'],
  }
}

/** Returns the flags that give these options, without those that this environment gives anyway. */
export function flagsOf(options: StackOptions, env: Environment): string[] {
  const usual = parseOptions([], env)
  const given = (flag: string, key: 'port' | 'relayPort' | 'relayHttpPort' | 'chainPort' | 'dataFolder') =>
    options[key] === usual?.[key] ? [] : [flag, inShell(String(options[key]))]
  return [
    ...given('--port', 'port'),
    ...given('--relay-port', 'relayPort'),
    ...given('--relay-http-port', 'relayHttpPort'),
    ...given('--chain-port', 'chainPort'),
    ...given('--data', 'dataFolder'),
    ...(options.provider ? [] : ['--no-provider']),
    ...(options.development ? ['--dev'] : []),
    ...(options.installBrowser ? [] : ['--no-browser-install']),
  ]
}

function inShell(word: string): string {
  return /^[\w./:+-]+$/.test(word) ? word : JSON.stringify(word)
}

function parseFlags(args: string[]) {
  const string = { type: 'string' } as const
  const boolean = { type: 'boolean' } as const
  try {
    return parseArgs({
      args,
      options: {
        port: string,
        'relay-port': string,
        'relay-http-port': string,
        'chain-port': string,
        data: string,
        'no-provider': boolean,
        dev: boolean,
        'no-browser-install': boolean,
        help: boolean,
      },
    }).values
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ToolError('tools/bad-option', `${message}\nSee npm start -- --help`, { cause })
  }
}

function parsePort(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined || text === '') return fallback
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new ToolError('tools/bad-option', `${name} must be a number from 0 to 65535, not "${text}".`)
}
