import type { Address } from '../src/domain/bytes.ts'
import type { Network } from '../src/domain/network.ts'
import { BaseError } from '../src/errors/index.ts'
import type { Chain } from '../src/ports/chain.ts'
import type { HubFigures } from './hub/figures.ts'
import type { HubPolicy } from './hub/hub-policy.ts'
import type { RunningHub } from './hub/hub.ts'
import type { FailingTasks, LastingTroubles } from './lasting-troubles.ts'

const readEveryMs = 10_000
/** Fewer deposits than this left in the account's gas is a warning. */
const lowGasTransactions = 200n

/** How a hub is, for its host. */
export type HubStatus = {
  account: Address
  chainId: number
  network: string
  spreadMillionths: number
  /** Figures as last read; null until the chain has answered once. */
  figures: (HubFigures & HubGas) | null
  /** Why the last reading failed, and when; null while all is well. */
  trouble: { code: string; shortMessage: string; sinceMs: number } | null
  /** What of its work fails now. */
  failing: FailingTasks
  warnings: HubWarning[]
}

/** What the account has to send transactions with. */
export type HubGas = {
  gasWei: bigint
  /** Deposits that it could still send. */
  transactionsLeft: number
}

/** What a host should do something about. */
export type HubWarning =
  'books-failing' | 'backup-failing' | 'claim-failing' | 'chain-silent' | 'gas-low' | 'balance-low'

/** What a hub's status is read from. */
export type HubStatusDeps = {
  hub: Pick<RunningHub, 'terms' | 'figures'>
  network: Network
  chain: Pick<Chain, 'gasBalance' | 'gasCost'>
  policy: Pick<HubPolicy, 'depositMicroUsd'>
  troubles: Pick<LastingTroubles, 'failing'>
}

/** Reads a hub's figures every few seconds, so that whoever asks for them waits for no chain. */
export class HubStatusReader {
  readonly #deps: HubStatusDeps
  readonly #timer: NodeJS.Timeout
  #figures: HubStatus['figures'] = null
  #trouble: HubStatus['trouble'] = null
  #reading: Promise<void> | null = null

  constructor(deps: HubStatusDeps) {
    this.#deps = deps
    this.#timer = setInterval(() => void this.read(), readEveryMs)
    this.#timer.unref()
  }

  /** Reads now; a failure is told in the status. A chain that is slow is not asked again meanwhile. */
  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null))
    return this.#reading
  }

  async #read(): Promise<void> {
    const readings = [this.#deps.hub.figures(), readGas(this.#deps)] as const
    try {
      const [figures, gas] = await Promise.all(readings)
      this.#figures = { ...figures, ...gas }
      this.#trouble = null
    } catch (error) {
      const { code, shortMessage } = describe(error)
      this.#trouble = { code, shortMessage, sinceMs: this.#trouble?.sinceMs ?? Date.now() }
    }
    // A failure is told at once, but what is still being read is not asked for twice.
    await Promise.allSettled(readings)
  }

  status(): HubStatus {
    const { account, chainId, spreadMillionths } = this.#deps.hub.terms
    return {
      account,
      chainId,
      network: this.#deps.network.name,
      spreadMillionths,
      figures: this.#figures,
      trouble: this.#trouble,
      failing: this.#deps.troubles.failing(),
      warnings: this.#warnings(),
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #warnings(): HubWarning[] {
    const { transactionsLeft = Infinity, freeMicroUsd = null } = this.#figures ?? {}
    const isPoor = freeMicroUsd !== null && freeMicroUsd < this.#deps.policy.depositMicroUsd
    const { books, backup, claim } = this.#deps.troubles.failing()
    return [
      ...(books ? ['books-failing' as const] : []),
      ...(backup ? ['backup-failing' as const] : []),
      ...(claim ? ['claim-failing' as const] : []),
      ...(this.#trouble ? ['chain-silent' as const] : []),
      ...(transactionsLeft < lowGasTransactions ? ['gas-low' as const] : []),
      ...(isPoor ? ['balance-low' as const] : []),
    ]
  }
}

async function readGas({ hub, chain }: HubStatusDeps): Promise<HubGas> {
  const [gasWei, costWei] = await Promise.all([chain.gasBalance(hub.terms.account), chain.gasCost('deposit')])
  return { gasWei, transactionsLeft: costWei === 0n ? 0 : Number(gasWei / costWei) }
}

function describe(error: unknown): { code: string; shortMessage: string } {
  if (error instanceof BaseError) return error
  return { code: 'hub/failed', shortMessage: String(error) }
}
