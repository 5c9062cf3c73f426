import type { ReceiptRow } from '../../state/receipts.svelte.ts'

/** Why an answer ended, in words. */
export const finishWords: Record<ReceiptRow['finishReason'], string> = {
  stop: 'The model had finished',
  length: 'It reached the length asked for',
  cancelled: 'It was stopped',
  unpaid: 'The tab was not paid in time',
  failed: 'It broke off',
}
