import type { HubStatus, HubWarning } from '../hub-status.ts'
import type { LastingTrouble } from '../lasting-troubles.ts'
import { coins, dollars, grouped, percent } from './amounts.ts'
import { type Html, html } from './html.ts'
import { tile } from './tile.ts'

type Figures = NonNullable<HubStatus['figures']>

/** Returns what the page says of the payment hub, or that there is none. */
export function hubSection(hub: HubStatus | null): Html {
  if (hub === null) {
    return html`<section aria-labelledby="hub">
      <h2 id="hub">Payment hub</h2>
      <p class="quiet">None: started without --hub.</p>
    </section>`
  }
  const { account, network, spreadMillionths, figures, trouble } = hub
  const takes = `${network}, takes ${percent(spreadMillionths)} on top of each charge`
  return html`<section aria-labelledby="hub">
    <h2 id="hub">Payment hub</h2>
    <dl>
      ${tile('Account', html`<code>${account}</code>`, takes, 'wide')}
      ${figures ? figureTiles(figures, hub) : html``}
    </dl>
    ${figures || trouble ? html`` : html`<p class="quiet">Its figures are being read from the chain.</p>`}
  </section>`
}

/** Returns what the host should do something about, in words. */
export function hubAlerts(hub: HubStatus | null): Html[] {
  return hub === null
    ? []
    : hub.warnings.map((warning) => html`<p class="alert">${sentenceOf(warning, hub)}</p>`)
}

function figureTiles(figures: Figures, { warnings }: HubStatus): Html {
  const low = (warning: HubWarning) => (warnings.includes(warning) ? 'low' : '')
  const gasNote = `coins, about ${grouped(figures.transactionsLeft)} transactions`
  return html`${tile('Balance', dollars(figures.freeMicroUsd), 'on the account', low('balance-low'))}
  ${tile('Gas left', coins(figures.gasWei), gasNote, low('gas-low'))}
  ${tile('Volume', dollars(figures.volumeMicroUsd), 'handed on to providers')}
  ${tile('Spread earned', dollars(figures.spreadMicroUsd))}
  ${tile('Fees', dollars(figures.feesMicroUsd), 'for deposits and refunds')}
  ${tile('Open exposure', dollars(figures.exposureMicroUsd), 'promised to providers, not yet claimed')}
  ${tile('Unclaimed', dollars(figures.unclaimedMicroUsd), 'earned from requesters')}
  ${tile('Locked', dollars(figures.lockedMicroUsd), 'deposited for providers, unspent')}
  ${tile('Jobs', grouped(figures.jobsTotal), `${grouped(figures.jobsOpen)} now`)}
  ${tile('Provider channels', grouped(figures.providerChannels), `${grouped(figures.earnLines)} here now`)}`
}

function sentenceOf(warning: HubWarning, { figures, trouble, failing, account }: HubStatus): string {
  switch (warning) {
    case 'books-failing':
      return `The hub's books cannot be written ${sinceOf(failing.books)}, so payments are refused. Look at the disk that they are on.`
    case 'backup-failing':
      return `The hub's books cannot be copied ${sinceOf(failing.backup)}. Look at the disk of --hub-backup: the copy there is older than that.`
    case 'claim-failing':
      return `Claims do not go through ${sinceOf(failing.claim)}, and what is unclaimed is at risk. Look at the gas and the log.`
    case 'chain-silent':
      return `The hub's figures cannot be read since ${timeOf(trouble?.sinceMs ?? 0)}: ${trouble?.shortMessage ?? ''} What stands here is from before.`
    case 'gas-low':
      return `Gas is low: about ${grouped(figures?.transactionsLeft ?? 0)} transactions are left. Send some of the chain's native coin to ${account}.`
    case 'balance-low':
      return `The account's balance is low: it does not cover another full deposit (--hub-deposit) for a provider. Send dollars to ${account}, or wait for the next claim.`
  }
}

function sinceOf(failure: LastingTrouble | null): string {
  return `since ${timeOf(failure?.sinceMs ?? 0)} (${failure?.code ?? ''})`
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`
}
