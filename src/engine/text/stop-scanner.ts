/** Text that may be shown, and whether a stop string ended it. */
export type StopScan = { text: string; stopped: boolean }

/** Finds stop strings in text that comes in parts, and holds back what may be the beginning of one. */
export type StopScanner = {
  push(text: string): StopScan
  /** Returns what was held back: no stop string came of it. */
  end(): string
}

/** Returns a scanner for these stop strings; empty ones are ignored. */
export function createStopScanner(stops: readonly string[]): StopScanner {
  const wanted = stops.filter((stop) => stop.length > 0)
  let held = ''
  return {
    push(text) {
      held += text
      const at = firstStop(held, wanted)
      if (at >= 0) {
        const before = held.slice(0, at)
        held = ''
        return { text: before, stopped: true }
      }
      const safe = held.length - longestBeginning(held, wanted)
      const shown = held.slice(0, safe)
      held = held.slice(safe)
      return { text: shown, stopped: false }
    },
    end() {
      const rest = held
      held = ''
      return rest
    },
  }
}

function firstStop(text: string, stops: readonly string[]): number {
  const places = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  return places.length > 0 ? Math.min(...places) : -1
}

/** Length of the longest end of `text` with which a stop string begins. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops) {
    const most = Math.min(stop.length - 1, text.length)
    for (let length = most; length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length
    }
  }
  return longest
}
