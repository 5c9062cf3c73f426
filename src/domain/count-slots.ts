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
/** What is kept of answers that ended wherever a model runs: 4,000 tokens of one with 135 million weights. */
export const leastIdleBytes = 192 * 2 ** 20
/** On a GPU a text's room grows by half at a time, and in steps of so many tokens. */
const roomGrowth = 1.5
const roomStep = 256
/** Texts that are checked beside all answers, and may share a step with them. */
export const checksBeside = 1

/**
 * Returns how many answers of any length a model has memory for side by side, with what is kept of those that ended:
 * at least one.
 */
export function countSlots(memory: SlotMemory): number {
  const { weightBytes, stepPlaces } = memory
  const cacheBytes = longestCacheBytes(memory)
  const inTab = bytesInTab(memory) - countIdleBytes(memory)
  const inProgram = programBytes - weightBytes
  const inStep = (stepPlaces ?? Infinity) - checksBeside
  const slots = Math.floor(Math.min(inTab / (copiesOfCache * cacheBytes), inProgram / cacheBytes, inStep))
  return Math.min(Math.max(slots, 1), mostSlots)
}

/**
 * Returns how many bytes the caches of answers that ended may take, for next turns to go on from: what a text of full
 * length takes, however its room grew, but no more than there is beside one answer, and never less than `leastIdleBytes`.
 */
export function countIdleBytes(memory: Omit<SlotMemory, 'stepPlaces'>): number {
  const { cacheBytesPerToken, contextTokens } = memory
  const wholeText = cacheBytesPerToken * roomGrowth * (contextTokens + roomStep)
  const besideAnAnswer = bytesInTab(memory) - copiesOfCache * longestCacheBytes(memory)
  return Math.max(leastIdleBytes, Math.min(wholeText, besideAnAnswer))
}

/** What there is for keys and values in a tab. */
function bytesInTab({ memoryBytes, weightBytes }: Pick<SlotMemory, 'memoryBytes' | 'weightBytes'>): number {
  return (memoryBytes ?? usualMemoryBytes) * usableShare - weightBytes - overheadBytes
}

function longestCacheBytes({
  cacheBytesPerToken,
  contextTokens,
}: Pick<SlotMemory, 'cacheBytesPerToken' | 'contextTokens'>): number {
  return cacheBytesPerToken * contextTokens
}
