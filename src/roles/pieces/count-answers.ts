import type { Provider } from '../provide.ts'
import type { Requester } from '../request.ts'
import type { AnswersFirst } from './answers-first.ts'

/** Counts a provider's jobs among the answers under way. */
export function countJobs({ watch }: Pick<Provider, 'watch'>, answers: AnswersFirst): void {
  let leave: (() => void) | null = null
  watch(({ jobs }) => {
    if (jobs.length > 0) return void (leave ??= answers.enter())
    leave?.()
    leave = null
  })
}

/** Returns a requester whose answers count among those under way, from the question to the receipt. */
export function countAsks(requester: Requester, answers: AnswersFirst): Requester {
  return {
    quote: (modelId, signal) => requester.quote(modelId, signal),
    async *ask(request, signal) {
      const leave = answers.enter()
      try {
        return yield* requester.ask(request, signal)
      } finally {
        leave()
      }
    },
  }
}
