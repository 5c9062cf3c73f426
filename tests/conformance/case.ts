/** One promise of a port. Plain functions, so that the same cases run in Node and inside a page. */
export type ConformanceCase<subject> = { name: string; run(subject: subject): Promise<void> }

/** Throws the message unless the condition holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

/** Compares by JSON, bigints told from numbers; the order of keys counts. */
export function assertEqual(actual: unknown, expected: unknown, message: string): void {
  const [left, right] = [actual, expected].map((value) => JSON.stringify(value, writeBigInt))
  if (left !== right) throw new Error(`${message}: got ${left}, expected ${right}`)
}

function writeBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

/** Asserts that a promise rejects with an error of the given code. */
export async function assertRejects(promise: Promise<unknown>, code: string | string[]): Promise<void> {
  const codes = [code].flat()
  try {
    await promise
  } catch (error) {
    const actual = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (codes.includes(actual)) return
    throw new Error(`rejected with ${actual} in place of ${codes.join(' or ')}`, { cause: error })
  }
  throw new Error(`resolved in place of rejecting with ${codes.join(' or ')}`)
}

/** Resolves with the first value that satisfies `matches`, from a `watch*` function of a port. */
export function firstMatch<value>(
  watch: (callback: (value: value) => void) => () => void,
  matches: (value: value) => boolean,
): Promise<value> {
  const { promise, resolve } = Promise.withResolvers<value>()
  const stop = watch((value) => {
    if (matches(value)) resolve(value)
  })
  return promise.finally(() => stop())
}
