import type { WireError } from '../../errors/index.ts'

/** What a worker can be asked: for each name what goes in, what comes on the way, and what comes out. */
export type Calls = Record<string, { input: unknown; event: unknown; output: unknown }>

/** From the page to the worker. */
export type ToWorker =
  | { kind: 'call'; id: number; name: string; input: unknown }
  | { kind: 'cancel'; id: number }
  /** The page took an event: the worker may send one more. */
  | { kind: 'taken'; id: number }

/** From the worker to the page. */
export type FromWorker =
  | { kind: 'event'; id: number; event: unknown }
  | { kind: 'result'; id: number; output: unknown }
  | { kind: 'error'; id: number; error: WireError }
  /** A step was finished: the worker lives. */
  | { kind: 'beat' }
  /** The worker can compute no more. */
  | { kind: 'lost'; error: WireError }

/** Events that may be on their way at once; beyond that the worker waits until the page takes one. */
export const eventWindow = 8
