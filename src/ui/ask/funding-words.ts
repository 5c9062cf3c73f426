import type { Stage } from '../../state/exchange.svelte.ts'
import { formatUsd } from '../format.ts'

type Funding = Extract<Stage, { type: 'funding' }>

/** Returns what happens to the money before an answer, and what that costs. */
export function fundingWords({ stage, amountMicroUsd, feeMicroUsd, asksTwice }: Funding): string {
  const amount = formatUsd(amountMicroUsd)
  if (stage === 'faucet') return `Adding ${amount} of test money…`
  if (stage === 'deposited') return `${amount} set aside…`
  const fee = feeMicroUsd > 0n ? `, ${formatUsd(feeMicroUsd)} of it for the transaction` : ''
  const prompts = asksTwice ? ' Your wallet asks twice: to sign the deposit, then to send it.' : ''
  return `Setting ${amount} aside${fee}; what is left pays for later answers…${prompts}`
}
