/** What an answer takes and what there is. */
export type SlotMemory = {
  weightBytes: number
  /** Keys and values of one token of one answer. */
  cacheBytesPerToken: number
  /** The longest text. */
  contextTokens: number
  /** Longest texts for which one step has room; null where nothing but memory bounds them. */
  stepPlaces: number | null
  /** Memory of the whole computer; null where its browser does not say. */
  memoryBytes: number | null
}

const gibibyte = 2 ** 30
/** More share a step at no gain: eight rows make it full. */
const mostSlots = 8
/** What most computers have, where nobody says. */
const usualMemoryBytes = 4 * gibibyte
/** The rest is the system's, the browser's and its owner's. */
const usableShare = 0.5
/** WebAssembly has 32-bit addresses; a quarter stays free for what a step computes. */
const programBytes = 3 * gibibyte
/** Runtime, graph, tokenizer and page. */
const overheadBytes = 0.4 * gibibyte
/** An answer's keys and values: its own, those laid out for a step that others share, and those inside the runtime. */
const copiesOfCache = 3
/** Texts that are checked beside all answers, and may share a step with them. */
export const checksBeside = 1

/** Returns how many answers of any length a model has memory for side by side: at least one. */
export function countSlots({
  weightBytes,
  cacheBytesPerToken,
  contextTokens,
  stepPlaces,
  memoryBytes,
}: SlotMemory): number {
  const cacheBytes = cacheBytesPerToken * contextTokens
  const inTab = (memoryBytes ?? usualMemoryBytes) * usableShare - weightBytes - overheadBytes
  const inProgram = programBytes - weightBytes
  const inStep = (stepPlaces ?? Infinity) - checksBeside
  const slots = Math.floor(Math.min(inTab / (copiesOfCache * cacheBytes), inProgram / cacheBytes, inStep))
  return Math.min(Math.max(slots, 1), mostSlots)
}
