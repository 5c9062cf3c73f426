/** Tokens guessed at most: with the one before them they make one short step. */
export const mostGuesses = 7

/** Longest end of the text that is looked for further up. */
export const longestMatch = 3

/** What may come next, and how many tokens of the text's end were found before it; 0 for no guess. */
export type Guess = { tokenIds: readonly number[]; matched: number }

/** Nothing that came before says what comes next. */
export const noGuess: Guess = { tokenIds: [], matched: 0 }

/** Looks for the latest place where the text went as it goes now, and guesses that it goes on as it did there. */
export function guessTokens(text: readonly number[]): Guess {
  for (let matched = Math.min(longestMatch, text.length - 1); matched > 0; matched--) {
    const next = findEndAbove(text, matched)
    if (next > 0) return { tokenIds: continueFrom(text, next), matched }
  }
  return noGuess
}

/** Returns the place after the latest earlier occurrence of the last `count` tokens; −1 for none. */
function findEndAbove(text: readonly number[], count: number): number {
  for (let next = text.length - 1; next >= count; next--) {
    let alike = 0
    while (alike < count && text[next - 1 - alike] === text[text.length - 1 - alike]) alike++
    if (alike === count) return next
  }
  return -1
}

/** A repetition that reaches the end of the text is taken to go on. */
function continueFrom(text: readonly number[], next: number): number[] {
  const period = text.length - next
  return Array.from({ length: mostGuesses }, (_, index) => text[next + (index % period)]!)
}
