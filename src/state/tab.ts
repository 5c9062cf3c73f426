import type { Address, Hex } from '../domain/bytes.ts'
import type { CatalogueEntry } from '../domain/model.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Accounts } from '../ports/accounts.ts'
import type { ClaimSeen } from '../ports/chain.ts'
import type { Directory } from '../ports/directory.ts'
import type { Device } from '../ports/device.ts'
import type { DocumentStore } from '../ports/document-store.ts'
import type { EngineProbe } from '../ports/engine.ts'
import type { Holders } from '../ports/holders.ts'
import type { KeptModels } from '../ports/kept-models.ts'
import type { Transport } from '../ports/transport.ts'
import type { AuditReport } from '../roles/audit/audit.ts'
import type { Governor } from '../roles/provide/govern.ts'
import type { ListedModels } from '../roles/models/listed-models.ts'
import type { Lender } from '../roles/pieces/lend.ts'
import type { PayOut } from '../roles/wallet/pay-out.ts'
import type { Provider } from '../roles/provide/provide.ts'
import type { Publisher } from '../roles/models/publish.ts'
import type { Answer } from '../roles/tasks/answer.ts'
import type { Requester } from '../roles/ask/request.ts'
import type { ServedJobs } from '../roles/provide/served-jobs.ts'
import type { Settlement } from '../roles/wallet/settle.ts'
import type { PaymentTrail, TracedPayment } from '../roles/wallet/trace-payment.ts'
import type { Withdrawals } from '../roles/wallet/withdraw.ts'

/** What the page knows of its line to the relays. */
export type Link = Pick<Transport, 'peerId' | 'status' | 'watchStatus'>

/**
 * All that this tab can do. Each part loads its code when it is first asked for;
 * one that failed to load is tried again by the next call.
 */
export type Tab = {
  readonly documents: DocumentStore
  /** On disk while a model is loaded or answers: who finds it at the next visit knows that the page ended meanwhile. */
  readonly crashMark: { set(doing: string | null): void; take(): Promise<string | null> }
  /** Number of this tab among the open tabs of this browser. */
  place(): Promise<number>
  network(): Promise<Network>
  /** Address of the account kept in this browser: it earns, and pays unless a wallet does. */
  account(): Promise<Address>
  /** Money of an account, read from the chain. */
  balanceOf(owner: Address): Promise<MicroUsd>
  /** The accounts of this browser, and the wallets beside it. */
  accounts(): Promise<Accounts>
  /** The page's own models, and those listed on the chain as far as they are known here. */
  catalogue(): Promise<CatalogueEntry[]>
  /** Models that publishers listed on the chain. */
  listed(): Promise<Pick<ListedModels, 'refresh'>>
  /** Who holds which models. */
  holders(): Promise<Pick<Holders, 'find'>>
  /** What is kept of models, and what there is room for. */
  keptModels(): Promise<KeptModels>
  /** Lends the bytes of models to other tabs. */
  lender(): Promise<Lender>
  probe(): Promise<EngineProbe>
  /** The machine that this tab runs on. */
  device(): Promise<Device>
  link(): Promise<Link>
  /** Offers whose signatures were checked, and how many tabs there are. */
  offers(): Promise<Pick<Directory, 'watch'>>
  requester(): Promise<Requester>
  provider(): Promise<Provider>
  /** Keeps the provider to its owner's rules. */
  governor(): Promise<Governor>
  /** Makes a model of a file, for everybody. */
  publisher(): Promise<Publisher>
  settlement(): Promise<Settlement>
  withdrawals(): Promise<Withdrawals>
  payOut(): Promise<PayOut>
  /** What this browser answered and claimed. */
  served(): Promise<Pick<ServedJobs, 'jobs' | 'claims'>>
  /** Claims that anybody made on a channel, as the chain tells of them from a time on; oldest first. */
  claimsOn(channelId: Hex, sinceSeconds: number): Promise<ClaimSeen[]>
  /** Checks a receipt's signature and finds the voucher that pays it. */
  trace(payment: TracedPayment): Promise<PaymentTrail>
  /** Re-computes an answer with the model in this tab. */
  check(answer: Answer, signal?: AbortSignal): Promise<AuditReport>
  /** Gives test dollars, on the local chain alone. */
  addTestFunds(amount: MicroUsd): Promise<void>
}
