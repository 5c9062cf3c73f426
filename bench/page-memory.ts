import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'

/** Memory of a browser's pages, watched from outside. */
export type PageMemory = {
  /** Returns the most that the pages took between two moments of wall time, in bytes; NaN where nothing is known. */
  mostBetween(fromMs: number, toMs: number): number
  /** Collects what nothing needs any more, and waits for at least `settledMs`. */
  settle(): Promise<void>
  stop(): void
}

const sampleEveryMs = 10
/** Before a moment, so long is taken for what a page took until then. */
export const settledMs = 500

/** Watches the pages that a browser has now. Only Linux tells what a process takes. */
export async function watchPageMemory(page: Page): Promise<PageMemory> {
  const session = await page.context().browser()!.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const pages = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
  const samples: { atMs: number; bytes: number }[] = []
  const sample = async () => {
    const bytes = await Promise.all(pages.map(readResidentBytes))
    samples.push({ atMs: Date.now(), bytes: bytes.reduce((sum, each) => sum + each, 0) })
  }
  const timer = setInterval(() => void sample(), sampleEveryMs)
  return {
    mostBetween(fromMs, toMs) {
      const within = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
      return within.length > 0 ? Math.max(...within.map(({ bytes }) => bytes)) : Number.NaN
    },
    async settle() {
      const heap = await page.context().newCDPSession(page)
      await heap.send('HeapProfiler.collectGarbage')
      await heap.detach()
      await new Promise((resolve) => setTimeout(resolve, 2 * settledMs))
    },
    stop: () => clearInterval(timer),
  }
}

async function readResidentBytes(process: number): Promise<number> {
  const status = await readFile(`/proc/${process}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? Number.NaN) * 1024
}
