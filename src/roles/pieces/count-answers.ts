import type { AskEvent } from '../ask/ask-event.ts'
import type { Requester } from '../ask/request.ts'
import type { Provider } from '../provide/provide.ts'
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

/** Returns a requester whose answers count among those under way, from when a tab took the job to the receipt. */
export function countAsks(requester: Requester, answers: AnswersFirst): Requester {
  return {
    ...requester,
    ask: (request, signal) => counted(requester.ask(request, signal), answers),
    embed: (request, signal) => counted(requester.embed(request, signal), answers),
  }
}

async function* counted<result>(
  asking: AsyncGenerator<AskEvent, result, void>,
  answers: AnswersFirst,
): AsyncGenerator<AskEvent, result, void> {
  let leave = () => {}
  try {
    for (;;) {
      const { done, value } = await asking.next()
      if (done) return value
      if (value.type === 'accepted') {
        leave()
        leave = answers.enter()
      }
      yield value
    }
  } finally {
    leave()
    await asking.return(undefined as never)
  }
}
