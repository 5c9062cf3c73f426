import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createViemChain } from '../src/chain/viem-chain.ts'
import { systemClock } from '../src/device/system-clock.ts'
import type { PeerId } from '../src/domain/bytes.ts'
import { type Network, isLocalChain } from '../src/domain/network.ts'
import type { MicroUsd } from '../src/domain/price.ts'
import { BaseError, RelayError } from '../src/errors/index.ts'
import { parseNetwork } from '../src/protocol/network-file.ts'
import { backUpBooks } from './hub/books/back-up-books.ts'
import { type HubPolicy, defaultHubPolicy } from './hub/hub-policy.ts'
import { type RunningHub, createHub } from './hub/hub.ts'
import { hubKeyFile, openHubKey } from './hub/hub-key.ts'
import { openSqliteHubStore } from './hub/books/sqlite-hub-store.ts'
import type { HubOptions } from './hub-options.ts'
import { type HubStatus, HubStatusReader } from './hub-status.ts'
import { LastingTroubles } from './lasting-troubles.ts'
import type { RelayLog } from './log.ts'
import { RunningAnswers } from './running-answers.ts'

const weiPerCoin = 10n ** 18n
/** What a local chain's coin is taken to be worth. */
const localMicroUsdPerCoin = 3_000_000_000n

/**
 * A hub's transaction may pay 3.6 times the base fee, whatever it is for: the next one waits for it, and may be the claim
 * that has to come before a payer's withdrawal.
 */
const baseFeeHeadroom = 3n

/** A transaction may take so long after the hub has stopped taking new ones. */
const lastAnswersMs = 30_000

/** A payment hub as its relay sees it. */
export type RelayHub = Pick<RunningHub, 'protocols'> & {
  /** How it is, as read a few seconds ago. */
  status(): HubStatus
  /** Ends all lines, claims what is worth it and closes the books. */
  stop(): Promise<void>
}

/** What a hub is started with. */
export type StartHubOptions = Omit<HubOptions, 'networkFile'> & {
  network: Network
  /** The account's key, where the environment has it. */
  key: string | null
  /** The relay that it runs on. */
  peerId: PeerId
  log: RelayLog
}

/**
 * Opens a hub's key and books and sets it to work.
 * @throws RelayError, StorageError when the books cannot be opened
 */
export async function startHub(options: StartHubOptions): Promise<RelayHub> {
  const { network, dataDir } = options
  const policy = policyOf(options)
  const troubles = new LastingTroubles(options.log)
  const { log } = troubles
  const ownKeyFile = join(dataDir, hubKeyFile)
  const signer = await openHubKey({ key: options.key, keyFile: options.keyFile, ownKeyFile }, network)
  await makeFolder(dataDir)
  const store = openSqliteHubStore(hubBooksFile(dataDir, network.chainId), { log })
  const chain = createViemChain(network, { baseFeeHeadroom })
  const clock = systemClock
  const hub = createHub({ network, chain, signer, peerId: options.peerId, store, clock, log, policy })
  const over = new AbortController()
  const copying = options.backupFile
    ? backUpBooks({ books: store, file: options.backupFile, clock, log }, over.signal)
    : null
  const reader = new HubStatusReader({ hub, network, chain, policy, troubles })
  // Tabs need the relay even while the chain is silent, so it does not wait for what only its host reads.
  void reader.read()
  const answers = new RunningAnswers()
  return {
    protocols: hub.protocols.map(({ spec, answer }) => ({ spec, answer: answers.follow(answer) })),
    status: () => reader.status(),
    async stop() {
      reader.stop()
      try {
        await hub.stop()
        // What is on its way to the chain still has to be written down.
        await answers.ended(lastAnswersMs)
      } finally {
        over.abort()
        await copying
        await store.close()
      }
    },
  }
}

/** Returns where a hub keeps its books of a chain. */
export function hubBooksFile(dataDir: string, chainId: number): string {
  return join(dataDir, `hub-${chainId}.sqlite`)
}

/**
 * Returns the content of a network.json.
 * @throws RelayError `relay/invalid-option`
 */
export async function readNetworkFile(path: string): Promise<Network> {
  try {
    return parseNetwork(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    const details = cause instanceof BaseError ? cause.shortMessage : String(cause)
    throw new RelayError('relay/invalid-option', `No network can be read from ${path}.`, { details, cause })
  }
}

function policyOf({ network, microUsdPerCoin, ...options }: StartHubOptions): HubPolicy {
  const { spreadMillionths, depositMicroUsd, maxOpenMicroUsd } = options
  const weiPerMicroUsd = weiPerCoin / (microUsdPerCoin ?? assumedMicroUsdPerCoin(network))
  return {
    ...defaultHubPolicy,
    spreadMillionths,
    depositMicroUsd,
    maxOpenMicroUsd,
    weiPerMicroUsd,
  }
}

/** With a wrong price every fee is wrong, so it is assumed where gas costs nothing alone. */
function assumedMicroUsdPerCoin(network: Network): MicroUsd {
  if (isLocalChain(network)) return localMicroUsdPerCoin
  throw new RelayError('relay/invalid-option', `A hub on ${network.name} must know what its gas costs.`, {
    details: "Give the price of the chain's native coin in dollars with --gas-token-usd.",
  })
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new RelayError('relay/data-unwritable', `The hub's books cannot be kept in ${path}.`, { cause })
  })
}
