import { longestMatch } from './guess-tokens.ts'

/** Steps saved, of those spent, from which guessing is worth its risk. */
const leastGain = 1.1

/** Judgements that count, roughly: a text may begin to copy, or stop. */
const memoryJudgements = 24

/** How often a guess agrees, by the length of its match, until this text has shown it; longer matches mean more. */
const usualAgreement = [0.2, 0.45, 0.65]

/** Every so many refusals a few guesses are checked all the same, so that their cost is measured anew. */
const refusalsBetweenTries = 64
const triedGuesses = 3

/** Decides how many guesses are worth checking, from how often they agreed and what more rows cost. */
export class GuessPolicy {
  readonly #agreement = usualAgreement.slice(0, longestMatch)
  #refusals = 0

  /**
   * Returns how many of `available` guesses to check.
   *
   * @param matched length of the match that they follow
   * @param cost cost of a step by its rows, in steps of one row
   */
  count(available: number, matched: number, cost: (rows: number) => number): number {
    if (available === 0) return 0
    const agreement = this.#agreement[matched - 1]!
    const { count, gain } = findBestCount(available, agreement, cost)
    if (gain >= leastGain) {
      this.#refusals = 0
      return count
    }
    if (++this.#refusals < refusalsBetweenTries || agreement < usualAgreement[0]!) return 0
    this.#refusals = 0
    return Math.min(available, triedGuesses)
  }

  /** Takes in whether a guessed token agreed, given that those before it did; also of guesses not checked. */
  judge(matched: number, agreed: boolean): void {
    const before = this.#agreement[matched - 1]!
    this.#agreement[matched - 1] = before + (Number(agreed) - before) / memoryJudgements
  }
}

/** Expected tokens of a step over its cost, for the best number of guesses. */
function findBestCount(available: number, agreement: number, cost: (rows: number) => number) {
  const best = { count: 0, gain: 1 }
  let tokens = 1
  let allAgree = 1
  for (let count = 1; count <= available; count++) {
    allAgree *= agreement
    tokens += allAgree
    const gain = tokens / cost(1 + count)
    if (gain > best.gain) Object.assign(best, { count, gain })
  }
  return best
}
