import {
  type GovernorDecision,
  type GovernorSettings,
  decide,
  defaultGovernorSettings,
  emptyMemory,
} from '../../domain/governor.ts'
import type { Clock, Device } from '../../ports/index.ts'
import type { Provider } from './provide.ts'

/** Whom a governor watches, and whom it holds back. */
export type GovernDeps = { device: Device; clock: Clock; provider: Pick<Provider, 'limit'> }

/** Keeps a provider to its owner's rules. */
export interface Governor {
  /** Decides by these rules from now on, again and again. */
  follow(settings: GovernorSettings): void
  /** Stops deciding, and lets the provider run free. */
  release(): void
  /** Calls back on every change of the decision, and at once; null while there are no rules. Returns an unsubscribe. */
  watch(onDecision: (decision: GovernorDecision | null) => void): () => void
}

/** How often it looks at the time: hours begin and rests end without an event. */
const lookMs = 5_000

/** Returns a governor that follows no rules yet. */
export function createGovernor({ device, clock, provider }: GovernDeps): Governor {
  const listeners = new Set<(decision: GovernorDecision | null) => void>()
  let settings = defaultGovernorSettings
  let memory = emptyMemory
  let decision: GovernorDecision | null = null
  let watching: AbortController | null = null

  const take = (next: GovernorDecision | null) => {
    const { run: takesJobs, dutyCycle } = next ?? { run: true, dutyCycle: 1 }
    provider.limit({ takesJobs, dutyCycle })
    if (JSON.stringify(next) === JSON.stringify(decision)) return
    decision = next
    for (const listener of listeners) listener(next)
  }
  const look = () => {
    const next = decide(settings, device.state(), clock.nowMs(), memory)
    memory = next.memory
    take(next.decision)
  }
  const keepLooking = async ({ signal }: AbortController) => {
    const unwatch = device.watch(look)
    signal.addEventListener('abort', unwatch, { once: true })
    while (!signal.aborted) {
      await clock.sleep(lookMs, signal).catch(() => {})
      if (!signal.aborted) look()
    }
  }

  return {
    follow(rules) {
      settings = rules
      if (watching) return look()
      watching = new AbortController()
      void keepLooking(watching)
    },
    release() {
      watching?.abort()
      watching = null
      memory = emptyMemory
      take(null)
    },
    watch(onDecision) {
      listeners.add(onDecision)
      onDecision(decision)
      return () => listeners.delete(onDecision)
    },
  }
}
