import type { TransferAuthorization } from '../../domain/authorization.ts'
import { type Address, type Hex, type PeerId, sameAddress } from '../../domain/bytes.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { ChainError, LedgerError } from '../../errors/index.ts'
import { parseAddress } from '../../ledger/parse-address.ts'
import type { Clock } from '../../ports/index.ts'
import { canPayGas } from '../common/can-pay-gas.ts'
import type { KnownHubs } from '../hub/known-hubs.ts'
import { checkFee, isPlausibleFee } from '../hub/plausible-fee.ts'
import { SponsorFees } from '../hub/sponsor-fees.ts'
import { SignedTransfers, type SignedTransferDeps } from './signed-transfers.ts'

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
  to: Address
  amountMicroUsd: MicroUsd
  /** Taken by the hub that sent it; 0 where the wallet paid its own gas, or nobody knows any more. */
  feeMicroUsd: MicroUsd
  /** Null where the chain shows it and nobody said which transaction it was. */
  transaction: Hex | null
}

/** Where the money is, and whose. */
export type PayOutDeps = SignedTransferDeps & { hubs: KnownHubs; clock: Clock }

/** How dollars leave the wallet for any address, with or without gas. */
export interface PayOut {
  /**
   * Returns what sending costs now.
   * @throws ChainError `chain/insufficient-funds` where there is neither a hub nor gas
   */
  quote(): Promise<PayOutQuote>
  /**
   * Sends money at a quoted fee. What may be under way already, a reload between, is sent again as it was signed, so
   * that it moves once.
   * @throws LedgerError `ledger/bad-address`, `ledger/bad-amount`; ChainError `chain/insufficient-funds`
   * @throws HubError why the hub refuses, `hub/no-answer` while only the chain can tell, `hub/fee-taken` where it took
   * its fee alone
   */
  send(to: string, amountMicroUsd: MicroUsd, quote: PayOutQuote): Promise<PaidOut>
  /** Returns what has moved since nobody could tell whether it would. Each is told once. */
  arrived(): Promise<PaidOut[]>
}

type HubFee = { peerId: PeerId; account: Address; feeMicroUsd: MicroUsd }

/** Returns the ways out of one wallet. */
export function createPayOut(deps: PayOutDeps): PayOut {
  const { chain, wallet, hubs } = deps
  const signed = new SignedTransfers(deps)
  const fees = new SponsorFees(deps)
  const balance = () => chain.balance(wallet.address)

  const hasMoved = async (transfer: TransferAuthorization) =>
    (await chain.authorizationState(transfer)) === 'used'

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

  const sendThroughHub = async (
    transfer: TransferAuthorization,
    { peerId, account, feeMicroUsd }: HubFee,
  ): Promise<Hex | null> => {
    checkFee(feeMicroUsd)
    const client = hubs.client(peerId)
    const sent = await fees.pay({ peerId, account }, feeMicroUsd, { transfer }, (fee) =>
      client.transfer(transfer, fee),
    )
    return sent?.transaction ?? null
  }

  const sendItself = async (transfer: TransferAuthorization): Promise<Hex | null> => {
    const sent = await chain.submitTransfers([transfer], wallet).catch(async (error: unknown) => {
      if (await hasMoved(transfer).catch(() => false)) return null
      throw error
    })
    await fees.done({ transfer }, null)
    return sent
  }

  const paidOut = (
    { to, amount: amountMicroUsd }: TransferAuthorization,
    feeMicroUsd: MicroUsd,
    transaction: Hex | null,
  ): PaidOut => ({ to, amountMicroUsd, feeMicroUsd, transaction })

  return {
    async quote() {
      const held = await balance()
      const most = (feeMicroUsd: MicroUsd) => (held > feeMicroUsd ? held - feeMicroUsd : 0n)
      for (const { peerId, account } of await hubs.connected()) {
        if (!(await fees.trusts({ peerId, account }))) continue
        const quoted = await hubs
          .client(peerId)
          .quote('transfer')
          .catch(() => null)
        if (quoted === null || !isPlausibleFee(quoted.feeMicroUsd)) continue
        const { feeMicroUsd } = quoted
        return { hub: { peerId, account }, feeMicroUsd, mostMicroUsd: most(feeMicroUsd) }
      }
      if (await canPayGas('transfer', wallet, chain))
        return { hub: null, feeMicroUsd: 0n, mostMicroUsd: held }
      throw new ChainError(
        'chain/insufficient-funds',
        'No hub is there to send this, and the wallet has no gas.',
      )
    },
    async send(text, amountMicroUsd, { hub, feeMicroUsd }) {
      const to = await check(text, amountMicroUsd, feeMicroUsd)
      const transfer = await signed.sign(to, amountMicroUsd)
      const send = hub ? () => sendThroughHub(transfer, { ...hub, feeMicroUsd }) : () => sendItself(transfer)
      const transaction = (await hasMoved(transfer).catch(() => false)) ? null : await send()
      await signed.forget(transfer)
      return paidOut(transfer, feeMicroUsd, transaction)
    },
    arrived: async () => (await signed.takeMoved()).map((transfer) => paidOut(transfer, 0n, null)),
  }
}
