/** Returns the first link in an error's chain of causes that satisfies `matches`, or null. */
export function findCause(error: unknown, matches: (link: object) => boolean): object | null {
  for (let link = error; typeof link === 'object' && link !== null; link = causeOf(link)) {
    if (matches(link)) return link
  }
  return null
}

/** Whether an error carries a JSON-RPC or EIP-1193 code. */
export function hasCode(code: number): (link: object) => boolean {
  return (link) => 'code' in link && link.code === code
}

function causeOf(link: object): unknown {
  return 'cause' in link ? link.cause : null
}
