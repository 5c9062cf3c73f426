/** What a recomputation says of an answer. */
export type MarginVerdict = 'same' | 'close' | 'different'

/** Between honest machines with different arithmetic the mean margin stays near 0.07. */
const honestMeanMargin = 0.15
/** And about 14% of the tokens differ. */
const honestDisagreement = 0.25

/**
 * Judges the margins by which claimed tokens lose to an auditor's own choices.
 * Where both have the same bits one disagreement is proof; elsewhere only a pattern tells.
 */
export function judgeMargins(margins: readonly number[], sameBits: boolean): MarginVerdict {
  const disagreeing = margins.filter((margin) => margin > 0).length
  if (disagreeing === 0) return 'same'
  if (sameBits) return 'different'
  const mean = margins.reduce((total, margin) => total + margin, 0) / margins.length
  return mean <= honestMeanMargin && disagreeing / margins.length <= honestDisagreement
    ? 'close'
    : 'different'
}
