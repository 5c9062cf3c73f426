import { join } from 'node:path'
import { maxSpreadMillionths } from '../src/domain/hub.ts'
import type { MicroUsd } from '../src/domain/price.ts'
import { RelayError } from '../src/errors/index.ts'
import { defaultHubPolicy } from './hub/hub-policy.ts'

/** How a hub is run, from flags or the environment. Its key stays in the environment or in its file. */
export type HubOptions = {
  /** `network.json`: chain, token and contracts. */
  networkFile: string
  /** File that holds the account's private key, where it is not in the environment. */
  keyFile: string | null
  /** Directory of the database. */
  dataDir: string
  /** File that the database is copied to again and again, or null. */
  backupFile: string | null
  spreadMillionths: number
  /** Price of the chain's native coin; null where none was given. */
  microUsdPerCoin: MicroUsd | null
  /** Most that is put into a provider's channel at a time. */
  depositMicroUsd: MicroUsd
  /** Most that may lie unspent in one provider's channels. */
  maxOpenMicroUsd: MicroUsd
}

/** What a hub does unless told otherwise. */
export const defaultHubOptions = {
  keyFile: null,
  backupFile: null,
  spreadMillionths: defaultHubPolicy.spreadMillionths,
  microUsdPerCoin: null,
  depositMicroUsd: defaultHubPolicy.depositMicroUsd,
  maxOpenMicroUsd: defaultHubPolicy.maxOpenMicroUsd,
} as const satisfies Partial<HubOptions>

/** The part of `--help` that is about the hub. */
export const hubUsage = `  --hub                    pay providers for requesters, for a spread (OPENTAB_HUB=1). With it:
  --network <file>         network.json of the chain that the money is on (OPENTAB_NETWORK)
  --hub-key-file <file>    private key of the hub's account, in hexadecimal; or the key itself in
                           OPENTAB_HUB_KEY. On a local chain alone it is made by itself
  --hub-spread <share>     on top of a provider's charge, as 5% or in millionths (OPENTAB_HUB_SPREAD, 5%)
  --gas-token-usd <price>  of the coin that pays for gas (OPENTAB_GAS_TOKEN_USD; 3000 on a local chain)
  --hub-deposit <usd>      most put into a provider's channel at a time (OPENTAB_HUB_DEPOSIT, 1)
  --hub-max-open <usd>     most that lies unspent with one provider (OPENTAB_HUB_MAX_OPEN, 5)
  --hub-data <dir>         where the hub's books are kept (OPENTAB_HUB_DATA, hub in --data)
  --hub-backup <file>      copy of the books, made anew every quarter of an hour (OPENTAB_HUB_BACKUP, none)`

const string = { type: 'string' } as const

/** The hub's flags, as `parseArgs` takes them. */
export const hubFlags = {
  hub: { type: 'boolean' },
  network: string,
  'hub-key-file': string,
  'hub-spread': string,
  'gas-token-usd': string,
  'hub-deposit': string,
  'hub-max-open': string,
  'hub-data': string,
  'hub-backup': string,
} as const

type HubFlags = { hub?: boolean } & {
  [flag in Exclude<keyof typeof hubFlags, 'hub'>]?: string
}

type Environment = Record<string, string | undefined>

/**
 * Returns how a hub is to be run, or null when none is asked for.
 * @throws RelayError `relay/invalid-option`
 */
export function parseHubOptions(flags: HubFlags, env: Environment, dataDir: string): HubOptions | null {
  const isWanted = flags.hub ?? ['1', 'true'].includes(env.OPENTAB_HUB ?? '')
  const networkFile = flags.network ?? env.OPENTAB_NETWORK
  const { spreadMillionths, depositMicroUsd, maxOpenMicroUsd } = defaultHubOptions
  const spread = flags['hub-spread'] ?? env.OPENTAB_HUB_SPREAD
  if (!isWanted) return null
  if (!networkFile) throw invalid('A hub needs to know its chain. Give its network.json with --network.')
  const dollars = (flag: keyof HubFlags, variable: string) =>
    parseDollars(`--${flag}`, (flags[flag] as string | undefined) ?? env[`OPENTAB_${variable}`])
  const options = {
    networkFile,
    keyFile: flags['hub-key-file'] ?? null,
    dataDir: flags['hub-data'] ?? env.OPENTAB_HUB_DATA ?? join(dataDir, 'hub'),
    backupFile: flags['hub-backup'] ?? env.OPENTAB_HUB_BACKUP ?? null,
    spreadMillionths: spread ? parseSpread(spread) : spreadMillionths,
    microUsdPerCoin: dollars('gas-token-usd', 'GAS_TOKEN_USD'),
    depositMicroUsd: dollars('hub-deposit', 'HUB_DEPOSIT') ?? depositMicroUsd,
    maxOpenMicroUsd: dollars('hub-max-open', 'HUB_MAX_OPEN') ?? maxOpenMicroUsd,
  }
  if (options.maxOpenMicroUsd >= options.depositMicroUsd) return options
  throw invalid('--hub-max-open must not be less than --hub-deposit.')
}

function parseSpread(text: string): number {
  const [, percent] = /^(\d+(?:\.\d{1,4})?)%$/.exec(text) ?? []
  const millionths = percent === undefined ? Number(text) : Math.round(Number(percent) * 10_000)
  const isSpread = (percent !== undefined || /^\d+$/.test(text)) && millionths <= maxSpreadMillionths
  if (isSpread) return millionths
  throw invalid(`--hub-spread must be a share such as 5%, or millionths, up to a half; not "${text}".`)
}

function parseDollars(name: string, text: string | undefined): MicroUsd | null {
  if (text === undefined || text === '') return null
  const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text) ?? []
  const microUsd = whole === undefined ? 0n : BigInt(whole + fraction.padEnd(6, '0'))
  if (microUsd > 0n) return microUsd
  throw invalid(`${name} must be an amount of dollars such as 2.50, not "${text}".`)
}

function invalid(shortMessage: string): RelayError {
  return new RelayError('relay/invalid-option', shortMessage)
}
