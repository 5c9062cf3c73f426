import { GuessPolicy } from './guess-policy.ts'
import { guessTokens, noGuess } from './guess-tokens.ts'
import type { StepMeter } from './step-meter.ts'

/** Guesses how one answer goes on, and learns how well that goes. */
export type Guesser = {
  /** Returns the tokens that are worth checking in the next step: at most so many, often none. */
  guess(most: number): readonly number[]
  /** Takes in what was chosen in that step. */
  learn(chosen: readonly number[]): void
}

const neverGuesses: Guesser = { guess: () => [], learn: () => {} }

/** Returns a guesser for an answer to a prompt; one that never guesses where steps are not measured. */
export function createGuesser(promptIds: readonly number[], steps: StepMeter | undefined): Guesser {
  if (!steps) return neverGuesses
  const text = [...promptIds]
  const policy = new GuessPolicy()
  // Not along with the prompt, whose steps are full as they are.
  let guess = noGuess
  return {
    guess(most) {
      // Rows of several sequences share a step only one by one: guesses would cost the others theirs.
      if (!steps.alone) return []
      const available = Math.max(Math.min(guess.tokenIds.length, most), 0)
      return guess.tokenIds.slice(0, policy.count(available, guess.matched, steps.cost))
    },
    learn(chosen) {
      // Guesses that were not checked are judged all the same: it costs nothing.
      guess.tokenIds.slice(0, chosen.length).forEach((guessed, index) => {
        policy.judge(guess.matched, guessed === chosen[index])
      })
      text.push(...chosen)
      guess = guessTokens(text)
    },
  }
}
