import type { TransferAuthorization } from '../domain/authorization.ts'
import { type Address, type Hex, type PeerId, sameAddress } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import { ChainError, HubError, LedgerError } from '../errors/index.ts'
import { parseAddress } from '../ledger/parse-address.ts'
import type { Chain, Clock, Signer } from '../ports/index.ts'
import { canPayGas } from './hub/choose-route.ts'
import type { KnownHubs } from './hub/known-hubs.ts'
import { checkFee, isPlausibleFee } from './hub/plausible-fee.ts'

const pollMs = 1_000
const visibleTimeoutMs = 30_000
/** An authorisation that ends sooner is not sent again. */
const leastLeftSeconds = 60

/** What sending money out of the wallet costs, and who sends it. */
export type PayOutQuote = {
  /** Hub that sends it for the fee; null where the wallet pays its own gas. */
  hub: { peerId: PeerId; account: Address } | null
  feeMicroUsd: MicroUsd
  /** The most that can be sent. */
  mostMicroUsd: MicroUsd
}

/** Money that has left the wallet. */
export type PaidOut = {
  amountMicroUsd: MicroUsd
  /** Null where the chain shows it and the hub did not say which transaction it was. */
  transaction: Hex | null
}

/** Where the money is, and whose. */
export type PayOutDeps = { chain: Chain; wallet: Signer; hubs: KnownHubs; clock: Clock }

/** How dollars leave the wallet for any address, with or without gas. */
export interface PayOut {
  /**
   * Returns what sending costs now.
   * @throws ChainError `chain/insufficient-funds` where there is neither a hub nor gas
   */
  quote(): Promise<PayOutQuote>
  /**
   * Sends money at a quoted fee. What may be under way already is sent again as it was signed, so that it moves once.
   * @throws LedgerError `ledger/bad-address`, `ledger/bad-amount`; ChainError `chain/insufficient-funds`
   * @throws HubError why the hub refuses, or `hub/no-answer` while only the chain can tell
   */
  send(to: string, amountMicroUsd: MicroUsd, quote: PayOutQuote): Promise<PaidOut>
}

/** Two moves of money that a hub was given and may have sent. */
type Unsettled = { transfer: TransferAuthorization; fee: TransferAuthorization; beforeMicroUsd: MicroUsd }

/** Returns the ways out of one wallet. */
export function createPayOut({ chain, wallet, hubs, clock }: PayOutDeps): PayOut {
  const unsettled = new Map<string, Unsettled>()
  const balance = () => chain.balance(wallet.address)

  /** Returns whether the wallet's balance comes to show that both moves were made. */
  const hasLeft = async (
    { transfer, fee, beforeMicroUsd }: Unsettled,
    timeoutMs: number,
  ): Promise<boolean> => {
    const afterMicroUsd = beforeMicroUsd - transfer.amount - fee.amount
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      const now = await balance().catch(() => null)
      if (now !== null && now <= afterMicroUsd) return true
      if (waitedMs >= timeoutMs) return false
      await clock.sleep(pollMs)
    }
  }

  const check = async (text: string, amountMicroUsd: MicroUsd, feeMicroUsd: MicroUsd): Promise<Address> => {
    const to = parseAddress(text)
    const { token, settlement } = chain.network
    if ([token, settlement].some((contract) => sameAddress(contract, to))) {
      throw new LedgerError('ledger/bad-address', 'Money sent to a contract of this network is lost.')
    }
    if (amountMicroUsd <= 0n) throw new LedgerError('ledger/bad-amount', 'There is nothing to send.')
    if ((await balance()) < amountMicroUsd + feeMicroUsd) {
      throw new ChainError('chain/insufficient-funds', 'The wallet holds less than that and the fee.')
    }
    return to
  }

  const sign = async (
    to: Address,
    amount: MicroUsd,
    { account, feeMicroUsd }: HubFee,
  ): Promise<Unsettled> => ({
    beforeMicroUsd: await balance(),
    transfer: await chain.authorizeTransfer(to, amount, wallet),
    fee: await chain.authorizeTransfer(account, feeMicroUsd, wallet),
  })

  const sendThroughHub = async (to: Address, amount: MicroUsd, hub: HubFee): Promise<PaidOut> => {
    checkFee(hub.feeMicroUsd)
    const key = `${hub.account} ${to} ${amount}`
    const known = unsettled.get(key)
    if (known && (await hasLeft(known, 0))) {
      unsettled.delete(key)
      return { amountMicroUsd: amount, transaction: null }
    }
    const isAlive = known && known.transfer.validBeforeSeconds > clock.nowMs() / 1000 + leastLeftSeconds
    const moves = isAlive ? known : await sign(to, amount, hub)
    unsettled.set(key, moves)
    const sent = await hubs
      .client(hub.peerId)
      .transfer(moves.transfer, moves.fee)
      .catch((error: unknown) => error)
    const isRefused = sent instanceof HubError && sent.code !== 'hub/no-answer'
    if (isRefused && !isAlive) unsettled.delete(key)
    if (await hasLeft(moves, isRefused ? 0 : visibleTimeoutMs)) {
      unsettled.delete(key)
      const transaction = sent instanceof Error ? null : (sent as { transaction: Hex | null }).transaction
      return { amountMicroUsd: amount, transaction }
    }
    throw sent instanceof Error
      ? sent
      : new HubError('hub/no-answer', 'The chain does not show the payment yet.')
  }

  return {
    async quote() {
      const held = await balance()
      const most = (feeMicroUsd: MicroUsd) => (held > feeMicroUsd ? held - feeMicroUsd : 0n)
      for (const { peerId, account } of await hubs.connected()) {
        const quoted = await hubs
          .client(peerId)
          .quote('transfer')
          .catch(() => null)
        if (quoted === null || !isPlausibleFee(quoted.feeMicroUsd)) continue
        const { feeMicroUsd } = quoted
        return { hub: { peerId, account }, feeMicroUsd, mostMicroUsd: most(feeMicroUsd) }
      }
      if (await canPayGas({ chain, wallet })) return { hub: null, feeMicroUsd: 0n, mostMicroUsd: held }
      throw new ChainError(
        'chain/insufficient-funds',
        'No hub is there to send this, and the wallet has no gas.',
      )
    },
    async send(text, amountMicroUsd, { hub, feeMicroUsd }) {
      const to = await check(text, amountMicroUsd, feeMicroUsd)
      if (hub) return sendThroughHub(to, amountMicroUsd, { ...hub, feeMicroUsd })
      const transfer = await chain.authorizeTransfer(to, amountMicroUsd, wallet)
      return { amountMicroUsd, transaction: await chain.submitTransfers([transfer], wallet) }
    },
  }
}

type HubFee = { peerId: PeerId; account: Address; feeMicroUsd: MicroUsd }
