import type { Exchange } from '../../state/exchange.svelte.ts'
import { formatUsd } from '../format.ts'

type Broken = Pick<Exchange, 'text' | 'chargeMicroUsd' | 'deposited' | 'hasOpenDeposit'>

/** After these nobody here knows whether a deposit went through. */
const unclearCodes = ['hub/no-answer', 'page/reloaded']

/** Returns the sentences on what is left of an answer that failed: the text, what was paid, what was set aside. */
export function keptWords(exchange: Broken, code: string): string[] {
  const { text, chargeMicroUsd, deposited, hasOpenDeposit } = exchange
  const isClear = !deposited && !hasOpenDeposit && !unclearCodes.includes(code)
  const words: string[] = []
  if (chargeMicroUsd > 0n) words.push(`The text above is kept; ${formatUsd(chargeMicroUsd)} was paid for it.`)
  else if (text !== '') words.push('The text above is kept; nothing was paid for it.')
  else if (isClear) words.push('Nothing was paid.')
  if (deposited) words.push(depositedWords(deposited))
  if (hasOpenDeposit && code === 'market/cancelled') {
    words.push('The deposit that was under way may still be made; your wallet shows it then.')
  }
  return words
}

function depositedWords({ amountMicroUsd, feeMicroUsd }: NonNullable<Broken['deposited']>): string {
  const fee = feeMicroUsd > 0n ? `; sending it cost ${formatUsd(feeMicroUsd)} of that` : ''
  return `${formatUsd(amountMicroUsd)} was set aside for later answers${fee}.`
}
