import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { BaseError } from '../../src/errors/index.ts'
import { launchBrowser, type BrowserOptions } from '../../tools/find-browser.ts'
import type { CallExport } from './answer-calls.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

type Functions = Record<string, (...args: never[]) => unknown>

/** A module inside the page: arguments and results are copied, errors keep their codes. */
export type PageModule<module> = {
  call<name extends keyof module & string>(
    name: name,
    ...args: module[name] extends (...args: infer args) => unknown ? args : never
  ): Promise<module[name] extends (...args: never[]) => infer result ? Awaited<result> : never>
}

/**
 * A real browser on the development server, for code that needs one.
 *
 * @example
 * const harness = await openHarness()
 * const page = await harness.openPage()
 * await moduleIn<typeof import('./sum-page.ts')>(page, 'tests/browser/sum-page.ts').call('sum', 1, 2) // 3
 */
export type Harness = {
  /** Address of the server, without a slash at the end. */
  url: string
  /** Its pages share storage. */
  context: BrowserContext
  /** A blank, cross-origin isolated page with the page's own security policy. */
  openPage(context?: BrowserContext): Promise<Page>
  /** A context with storage of its own. */
  newContext(): Promise<BrowserContext>
  close(): Promise<void>
}

/** Starts a browser and a server of the sources; pages come cross-origin isolated. */
export async function openHarness(options: BrowserOptions = {}): Promise<Harness> {
  const server = await serveSources()
  const browser = await launchBrowser(options).catch(async (error: unknown) => {
    await server.close()
    throw error
  })
  const url = serverUrl(server)
  const context = await browser.newContext()
  return {
    url,
    context,
    newContext: () => browser.newContext(),
    openPage: (within = context) => openBlankPage(within, url),
    async close() {
      await browser.close()
      await server.close()
    },
  }
}

/** Returns a module of this repository as it runs in the page. `path` is relative to the root. */
export function moduleIn<module = Functions>(page: Page, path: string): PageModule<module> {
  return {
    async call(name, ...args) {
      const outcome = await page.evaluate(
        ([path, name, args]) =>
          (globalThis as unknown as { callExport: CallExport }).callExport(path, name, args),
        [`/${path}`, name, args as unknown[]] as const,
      )
      if ('error' in outcome) {
        const { code, shortMessage, details, ...traits } = outcome.error
        throw new BaseError(code, shortMessage, traits, details ? { details } : {})
      }
      return outcome.value as never
    },
  }
}

/** Sources are watched by nobody here: a page that reloads itself would break the test in it. */
async function serveSources(): Promise<ViteDevServer> {
  const server = await createServer({
    root,
    configFile: `${root}/vite.config.ts`,
    logLevel: 'error',
    cacheDir: 'node_modules/.vite-browser',
    // viem is hundreds of files, and every fresh context would load each of them.
    optimizeDeps: { noDiscovery: true, include: ['viem', 'viem/accounts'] },
    server: { host: '127.0.0.1', port: 0, strictPort: false, hmr: false, watch: null },
  })
  return server.listen()
}

function serverUrl(server: ViteDevServer): string {
  const address = server.httpServer?.address()
  if (!address || typeof address === 'string') throw new Error('The development server has no port.')
  return `http://127.0.0.1:${address.port}`
}

async function openBlankPage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${url}/tests/browser/harness.html`)
  await page.waitForFunction(() => 'callExport' in globalThis)
  return page
}
