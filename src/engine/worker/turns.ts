/** Returns a function that runs one piece of work after the other, whatever becomes of each. */
export function createTurns(): <value>(work: () => Promise<value>) => Promise<value> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
}
