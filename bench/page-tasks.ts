import type { Browser } from 'playwright-core'

/** Tasks of pages' main threads, watched from outside. */
export type PageTasks = {
  /** Ends the watch. Returns how long the longest task of the pages at this address took the processor, in milliseconds. */
  longestMs(url: string): Promise<number>
}

/** What is read of a trace event; durations in microseconds, `tdur` of the processor's time. */
type TraceEvent = {
  pid: number
  tid: number
  name: string
  dur?: number
  tdur?: number
  args?: { name?: string; data?: { url?: string } }
}
type Thread = { name: string; longestMicroseconds: number }

/** Watches every page that a browser has and opens. A thread that waits for a busy machine is not held up by its page. */
export async function watchPageTasks(browser: Browser): Promise<PageTasks> {
  const session = await browser.newBrowserCDPSession()
  const threads = new Map<string, Thread>()
  const urls = new Map<number, Set<string>>()
  const threadOf = ({ pid, tid }: TraceEvent): Thread => {
    const thread = threads.get(`${pid} ${tid}`) ?? { name: '', longestMicroseconds: 0 }
    threads.set(`${pid} ${tid}`, thread)
    return thread
  }
  const take = (event: TraceEvent) => {
    const url = event.args?.data?.url
    if (url) urls.set(event.pid, (urls.get(event.pid) ?? new Set()).add(url))
    if (event.name === 'thread_name') threadOf(event).name = event.args?.name ?? ''
    if (!event.name.endsWith('RunTask')) return
    const thread = threadOf(event)
    thread.longestMicroseconds = Math.max(thread.longestMicroseconds, event.tdur ?? event.dur ?? 0)
  }
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value as unknown as TraceEvent[]) take(event)
  })
  const includedCategories = ['__metadata', 'toplevel', 'devtools.timeline']
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories, excludedCategories: ['*'] },
  })
  return {
    async longestMs(url) {
      const complete = new Promise<void>((resolve) =>
        session.once('Tracing.tracingComplete', () => resolve()),
      )
      await session.send('Tracing.end')
      await complete
      const isOurs = (pid: number) => [...(urls.get(pid) ?? [])].some((each) => each.startsWith(url))
      const ours = [...threads].flatMap(([key, { name, longestMicroseconds }]) =>
        name === 'CrRendererMain' && isOurs(Number(key.split(' ')[0])) ? [longestMicroseconds / 1000] : [],
      )
      return Math.max(...ours)
    },
  }
}
