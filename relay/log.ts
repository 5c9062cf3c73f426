/** One line for each event that matters at three in the morning: no prompts, no addresses of people. */
export type RelayLog = (event: string, facts?: Record<string, string | number>) => void

/** Writes `time event key=value …` lines. */
export function createLineLog(write: (line: string) => void): RelayLog {
  return (event, facts = {}) => {
    const pairs = Object.entries(facts).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    write([new Date().toISOString(), event, ...pairs].join(' '))
  }
}

/** The end of a peer id tells two apart in a log and is no use to anyone else. */
export function shortPeerId(peerId: string): string {
  return peerId.slice(-8)
}
