import type { TransferAuthorization } from '../domain/authorization.ts'
import { type Address, type Hex, type PeerId, sameAddress } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import { BaseError, ChainError, HubError, LedgerError } from '../errors/index.ts'
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

type Balances = { walletMicroUsd: MicroUsd; toMicroUsd: MicroUsd }

/** A signed move of money that a hub was given. However often it is sent, it happens once. */
type Handed = {
  transfer: TransferAuthorization
  before: Balances
  /** Whether a hub that was given it fell silent, so that only the chain can tell what became of it. */
  isSilent: boolean
}

type HubFee = { peerId: PeerId; account: Address; feeMicroUsd: MicroUsd }

/** Returns the ways out of one wallet. */
export function createPayOut({ chain, wallet, hubs, clock }: PayOutDeps): PayOut {
  const handed = new Map<string, Handed>()
  const balance = () => chain.balance(wallet.address)

  const balances = async (to: Address): Promise<Balances> => {
    const [walletMicroUsd, toMicroUsd] = await Promise.all([balance(), chain.balance(to)])
    return { walletMicroUsd, toMicroUsd }
  }

  /** Returns whether both balances come to show that the money has moved. */
  const hasMoved = async ({ transfer, before }: Handed, timeoutMs: number): Promise<boolean> => {
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      const now = await balances(transfer.to).catch(() => null)
      const hasLeft = now && now.walletMicroUsd <= before.walletMicroUsd - transfer.amount
      if (hasLeft && now.toMicroUsd >= before.toMicroUsd + transfer.amount) return true
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
    if (sameAddress(to, wallet.address)) {
      throw new LedgerError('ledger/bad-address', "This is the wallet's own address.")
    }
    if (amountMicroUsd <= 0n) throw new LedgerError('ledger/bad-amount', 'There is nothing to send.')
    if ((await balance()) < amountMicroUsd + feeMicroUsd) {
      throw new ChainError('chain/insufficient-funds', 'The wallet holds less than that and the fee.')
    }
    return to
  }

  /** Signs a move of money, or returns the one that a hub was given for it before and may still send. */
  const sign = async (to: Address, amount: MicroUsd): Promise<Handed> => {
    const key = `${to} ${amount}`
    const known = handed.get(key)
    const isAlive = known && known.transfer.validBeforeSeconds > clock.nowMs() / 1000 + leastLeftSeconds
    const transfer = isAlive ? known.transfer : await chain.authorizeTransfer(to, amount, wallet)
    const isSilent = isAlive === true && known.isSilent
    const move = { transfer, isSilent, before: isSilent ? known.before : await balances(to) }
    handed.set(key, move)
    return move
  }

  const done = ({ transfer: { to, amount } }: Handed, transaction: Hex | null): PaidOut => {
    handed.delete(`${to} ${amount}`)
    return { amountMicroUsd: amount, transaction }
  }

  const sendThroughHub = async (move: Handed, { peerId, account, feeMicroUsd }: HubFee): Promise<PaidOut> => {
    checkFee(feeMicroUsd)
    if (move.isSilent && (await hasMoved(move, 0))) return done(move, null)
    const fee = await chain.authorizeTransfer(account, feeMicroUsd, wallet)
    const sent = await hubs
      .client(peerId)
      .transfer(move.transfer, fee)
      .catch((error: unknown) => (error instanceof BaseError ? error : Promise.reject(error)))
    const isError = sent instanceof BaseError
    if (!isError || sent.code === 'hub/no-answer') move.isSilent = true
    if (await hasMoved(move, move.isSilent ? visibleTimeoutMs : 0)) {
      return done(move, isError ? null : sent.transaction)
    }
    throw isError ? sent : new HubError('hub/no-answer', 'The chain does not show the payment yet.')
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
      const move = await sign(to, amountMicroUsd)
      if (hub) return sendThroughHub(move, { ...hub, feeMicroUsd })
      return done(move, await chain.submitTransfers([move.transfer], wallet))
    },
  }
}
