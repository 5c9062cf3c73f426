/** Splits a growing text into its finished sentences and the rest. */
export function splitSentences(text: string): { finished: string; rest: string } {
  const ends = [...text.matchAll(/[.!?…。！？]["'”’)\]]*(?=\s)|\n/gu)]
  const last = ends.at(-1)
  const end = last ? last.index + last[0].length : 0
  return { finished: text.slice(0, end), rest: text.slice(end) }
}
