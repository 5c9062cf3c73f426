import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'

/** Memory of a browser's pages, watched from outside. */
export type PageMemory = {
  /** Returns the most that the pages took between two moments of wall time, in bytes; NaN where nothing is known. */
  mostBetween(fromMs: number, toMs: number): number
  stop(): void
}

const sampleEveryMs = 10

/** Watches the pages that a browser has now. Only Linux tells what a process takes. */
export async function watchPageMemory(browser: Browser): Promise<PageMemory> {
  const session = await browser.newBrowserCDPSession()
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
    stop: () => clearInterval(timer),
  }
}

async function readResidentBytes(process: number): Promise<number> {
  const status = await readFile(`/proc/${process}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? Number.NaN) * 1024
}
