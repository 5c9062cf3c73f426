import type { DraftFault, MeasureStage, PublishCost, PublishStage } from '../../state/publishing.svelte.ts'

/** What is done while a file is measured. */
export const measureWords: Record<MeasureStage, string> = {
  check: 'Looking at what the file is',
  prepare: 'Preparing its weights',
  observe: 'Watching it answer',
  test: 'Running it as other tabs will',
}

/** What is done while a model is published. */
export const publishWords: Record<PublishStage, string> = {
  describe: 'Hashing every piece of it',
  keep: 'Keeping its pieces in this browser',
  register: 'Listing it on the chain',
}

/** What has to be changed before a draft can be published. */
export const draftFaults: Record<DraftFault, string> = {
  'no-name': 'Give it a name.',
  'no-license': 'Name its licence, as SPDX writes it, such as Apache-2.0.',
  royalty: 'The royalty is between 0 and 30 percent.',
  source: 'An address begins with https:// and has no question mark in it; eight at most.',
}

/** Returns what listing a model costs and who pays it. */
export function describeCost(cost: PublishCost | null, chainName: string): string {
  if (cost === null) return 'Asking what listing it costs…'
  if (cost.isGiven) return `Listing it on ${chainName} costs you nothing: its fee is given to you there.`
  const [needed, held] = [formatCoin(cost.costWei), formatCoin(cost.gasWei)]
  if (cost.gasWei < cost.costWei) {
    return `Listing it on ${chainName} takes about ${needed} of the chain’s coin, and your account has ${held}: send some to it first.`
  }
  return `Listing it on ${chainName} takes about ${needed} of the chain’s coin; your account has ${held}.`
}

/** Returns what helps after a failure. */
export function adviseOnPublishing(code: string): string {
  const advice: Record<string, string> = {
    'engine/unsupported-model':
      'Nothing was uploaded. Another file of the same model may be in a type that works.',
    'engine/malformed-model':
      'Nothing was uploaded. Is it a whole GGUF file? Download it again and compare its size.',
    'engine/known-answer-failed':
      'Nothing was uploaded. A file with more bits a weight keeps closer to its model.',
    'engine/out-of-memory': 'Close other tabs and programs, or publish it from a computer with more memory.',
    'storage/quota': 'Make room, on the Share page or in the browser’s settings, then publish it again.',
    'storage/malformed-manifest':
      'Shorten the name, or write the licence as SPDX does, then publish it again.',
    'chain/insufficient-funds':
      'Nothing was sent. Send some of the chain’s coin to your account, then publish it again.',
    'chain/no-registry':
      'This page’s chain lists no models; the command line can still put one into a page’s own list.',
    'chain/unreachable':
      'What was measured is kept while this page is open: publish it again when the chain answers.',
  }
  return advice[code] ?? 'What was done is kept: publishing again goes on from there.'
}

const weiPerCoin = 10 ** 18

function formatCoin(wei: bigint): string {
  return (Number(wei) / weiPerCoin).toLocaleString('en-US', { maximumSignificantDigits: 2 })
}
