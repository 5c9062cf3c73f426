import type { ChatMessage } from '../src/domain/job.ts'

/** Texts to be copied: prose, instructions and code. */
export const passages = [
  'The harbour master keeps a ledger of every boat that enters the bay. Each line holds the name of the boat, ' +
    'the hour of its arrival, the depth of its keel and the number of its crew. At dusk he copies the lines into ' +
    'a second ledger, which is kept in the lighthouse, so that a fire in one house never loses the record.',
  'To repot a lemon tree, water it the evening before. Loosen the roots with your fingers, cut away what is ' +
    'brown, and set the tree into a pot two fingers wider than the last. Fill the pot with fresh earth, press ' +
    'it down, and water it again. Keep the tree in the shade for a week before it goes back into the sun.',
  'function addTax(prices) { const taxed = []; for (const price of prices) { const tax = price * 0.19; ' +
    'const total = price + tax; taxed.push({ price: price, tax: tax, total: total }) } return taxed }',
]

/** For each passage a word of it, and another for its place. */
export const replacements = [
  ['boat', 'ship'],
  ['tree', 'bush'],
  ['price', 'cost'],
] as const

/** Asks for a text that copies nothing. */
export function storyPrompt(number: number): string {
  return `Tell me a long story about lighthouse number ${number}.`
}

/** Asks for a passage again, word for word. */
export function copyPrompt(passage: string): string {
  return `Repeat this text exactly, twice:\n\n${passage}`
}

/** Asks for a passage with one of its words changed. */
export function editPrompt(passage: string, [from, to]: readonly [string, string]): string {
  return `Rewrite this text with the word "${to}" in place of "${from}". Change nothing else:\n\n${passage}`
}

/** Asks what is in a passage, in its own words. */
export function quotePrompt(passage: string): string {
  return `Summarise this text in two sentences. Quote it word for word:\n\n${passage}`
}

const subjects = 'boat child river stone teacher garden window letter horse village'.split(' ')
const verbs = 'follows finds leaves keeps hears carries paints watches opens remembers'.split(' ')
const objects = 'bread music winter silver paper cotton honey thunder gold smoke'.split(' ')
/** Tokens of a sentence below: "The old boat follows bread near the river." */
const sentenceTokens = 9
/** Tokens of the chat template, and of what is asked after the text. */
const frameTokens = 26

/** Returns a conversation of one message. */
export function say(content: string): ChatMessage[] {
  return [{ role: 'user', content }]
}

/**
 * Asks for a story after a text of other words in every round; nothing of it was read in another one.
 * The whole conversation has about so many tokens.
 */
export function sayAtLength(tokens: number, round: number): ChatMessage[] {
  const sentences = Math.max(1, Math.round((tokens - frameTokens) / sentenceTokens))
  const text = Array.from({ length: sentences }, (_, index) => describeScene(index + 7919 * (round + 1)))
  const content = `${text.join(' ')} Tell me a long story about all of this.`
  return [{ role: 'system', content: `${round}. Answer.` }, ...say(content)]
}

function describeScene(number: number): string {
  const pick = (words: string[], step: number) =>
    words[(number * step + (number >> 3) * (step + 2)) % words.length]!
  return `The old ${pick(subjects, 3)} ${pick(verbs, 7)} ${pick(objects, 9)} near the ${pick(subjects, 7)}.`
}
