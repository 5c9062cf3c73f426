import { fileURLToPath } from 'node:url'

/** Where benches keep what only they need; nothing in it is worth keeping. */
export const benchFolder = fileURLToPath(new URL('../.opentab/bench', import.meta.url))
