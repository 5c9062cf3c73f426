import type { TransferAuthorization } from '../../domain/authorization.ts'
import type { Address } from '../../domain/bytes.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { Chain, DocumentStore, Signer } from '../../ports/index.ts'

/** Where signed moves of one account's money are kept, and what tells their end. */
export type SignedTransferDeps = { chain: Chain; wallet: Signer; documents: DocumentStore }

const collection = 'signed-transfers'

/** Moves of money that an account has signed, kept until the chain has told their end, through reloads. */
export class SignedTransfers {
  readonly #deps: SignedTransferDeps

  constructor(deps: SignedTransferDeps) {
    this.#deps = deps
  }

  /**
   * Returns what moves this amount to this address: what was signed for that before, if it has not ended, or else
   * signed now. It may have moved already: nobody has taken it for moved yet.
   */
  async sign(to: Address, amount: MicroUsd): Promise<TransferAuthorization> {
    const { chain, wallet, documents } = this.#deps
    const key = this.#keyOf(to, amount)
    const earlier = asTransfer(await documents.get(collection, key))
    if (earlier && (await chain.authorizationState(earlier)) !== 'ended') return earlier
    let counts = await chain.authorizeTransfer(to, amount, wallet)
    await documents.change(collection, key, (now) => {
      const isOther = now !== undefined && asTransfer(now)?.nonce !== earlier?.nonce
      return (counts = isOther ? asTransfer(now)! : counts)
    })
    return counts
  }

  /** Returns what has moved without anybody having said so, and forgets it. */
  async takeMoved(): Promise<TransferAuthorization[]> {
    const { chain, documents } = this.#deps
    const moved: TransferAuthorization[] = []
    for (const key of await documents.keys(collection)) {
      const transfer = asTransfer(await documents.get(collection, key))
      if (!transfer || key !== this.#keyOf(transfer.to, transfer.amount)) continue
      const state = await chain.authorizationState(transfer)
      if (state === 'open') continue
      if ((await this.forget(transfer)) && state === 'used') moved.push(transfer)
    }
    return moved
  }

  /** Forgets what has moved; returns false where another tab has done so. */
  async forget({ to, amount, nonce }: TransferAuthorization): Promise<boolean> {
    let isForgotten = false
    await this.#deps.documents.change(collection, this.#keyOf(to, amount), (now) => {
      isForgotten = asTransfer(now)?.nonce === nonce
      return isForgotten ? undefined : now
    })
    return isForgotten
  }

  /** One browser may have several accounts and know several chains. */
  #keyOf(to: Address, amount: MicroUsd): string {
    const { chain, wallet } = this.#deps
    return [chain.network.chainId, wallet.address, to, amount].join(' ')
  }
}

const asTransfer = (kept: unknown) => kept as TransferAuthorization | undefined
