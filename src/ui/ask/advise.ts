import type { Failure } from '../../state/failure.ts'

/** The button that helps most after a failure. */
export type Remedy = 'retry' | 'send-again' | 'wallet' | 'new-conversation'

/** One sentence on what helps, and the button for it. */
export type Advice = { text: string; remedy: Remedy }

const adviceByCode: Record<string, Advice> = {
  'market/no-offers': {
    text: 'You can share this computer in another browser or profile, or wait for somebody to come online.',
    remedy: 'retry',
  },
  'market/no-model': { text: 'Choose another model over the prompt and send again.', remedy: 'retry' },
  'market/provider-full': {
    text: 'All tabs are busy. One is usually free again within a minute.',
    remedy: 'retry',
  },
  'market/provider-stopped': { text: 'Another tab can answer the same prompt.', remedy: 'retry' },
  'market/price-changed': {
    text: 'Nobody was asked at a price that you had not seen; sending again agrees to it.',
    remedy: 'send-again',
  },
  'market/cancelled': { text: 'Your prompt is kept.', remedy: 'retry' },
  'engine/context-exceeded': {
    text: 'The conversation has grown longer than the model can read.',
    remedy: 'new-conversation',
  },
  'engine/invalid-settings': {
    text: 'One of the settings is out of its range; change it and send again.',
    remedy: 'retry',
  },
  'chain/insufficient-funds': { text: 'Add money to your wallet, then send again.', remedy: 'wallet' },
  'chain/user-rejected': { text: 'The deposit was not signed, so nothing was spent.', remedy: 'retry' },
  'chain/unreachable': {
    text: 'The chain does not answer, so nothing can be paid right now.',
    remedy: 'retry',
  },
  'hub/unreachable': {
    text: 'The relay that passes payments on does not answer; another may.',
    remedy: 'retry',
  },
  'hub/out-of-funds': { text: 'That relay cannot pay now; another tab or relay may.', remedy: 'retry' },
  'hub/spread-changed': { text: 'The new price stands over the prompt.', remedy: 'retry' },
  'hub/fee-too-high': { text: 'The relay asks too much for the deposit. Nothing was sent.', remedy: 'retry' },
  'hub/no-answer': {
    text: 'The relay fell silent; only the chain can tell whether the deposit went through. Your wallet shows it in a moment.',
    remedy: 'wallet',
  },
  'hub/unpaid': {
    text: 'The relay did not confirm that it paid the tab. What you paid for is kept here.',
    remedy: 'retry',
  },
  'hub/withdrawing': {
    text: 'What was set aside is being taken back; sending again sets some aside anew.',
    remedy: 'retry',
  },
  'transport/no-relay': { text: 'No relay answers. This page goes on trying by itself.', remedy: 'retry' },
  'page/reloaded': { text: 'Ask again to get it whole.', remedy: 'retry' },
}

/** Returns what a person can do after a failure. */
export function advise({ code, retryable }: Failure): Advice {
  return (
    adviceByCode[code] ?? {
      text: retryable
        ? 'The same prompt may well work when sent again.'
        : 'Sending it unchanged will not help.',
      remedy: 'retry',
    }
  )
}
