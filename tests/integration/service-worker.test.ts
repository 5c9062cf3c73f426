import { readFile } from 'node:fs/promises'
import { runInNewContext } from 'node:vm'
import { beforeEach, expect, test } from 'vitest'

const program = await readFile(new URL('../../public/service-worker.js', import.meta.url), 'utf8')
const origin = 'https://page.example'

type Fetching = {
  request: { url: string; method: string; mode: string }
  respondWith(response: Promise<Response>): void
}

let served: Map<string, string>
let isOffline: boolean
let kept: Map<string, Response>
let onFetch: (event: Fetching) => void

const urlOf = (request: string | { url: string }) =>
  new URL(typeof request === 'string' ? request : request.url, origin).href

/** The one cache of a browser, and a host that serves what a test says. */
beforeEach(() => {
  served = new Map()
  isOffline = false
  kept = new Map()
  const match = async (request: string | { url: string }) => kept.get(urlOf(request))?.clone()
  const cache = {
    match,
    put: async (request: string | { url: string }, response: Response) =>
      void kept.set(urlOf(request), response),
    delete: async (url: string) => kept.delete(url),
    keys: async () => [...kept.keys()].map((url) => ({ url })),
  }
  const listen = (type: string, listener: typeof onFetch) => {
    if (type === 'fetch') onFetch = listener
  }
  runInNewContext(program, {
    URL,
    location: { origin },
    caches: { open: async () => cache, match },
    self: { addEventListener: listen },
    async fetch({ url }: { url: string }) {
      if (isOffline) throw new TypeError('Failed to fetch')
      const content = served.get(new URL(url).pathname)
      return new Response(content ?? 'Not found', { status: content === undefined ? 404 : 200 })
    },
  })
})

/** Returns what the page or the person gets from an address. */
async function open(path: string, mode = 'navigate'): Promise<string> {
  let response: Promise<Response> | undefined
  const request = { url: origin + path, method: 'GET', mode }
  onFetch({ request, respondWith: (given) => (response = given) })
  return (await response!).text()
}

const load = (path: string) => open(path, 'cors')
const keptPaths = () => [...kept.keys()].map((url) => new URL(url).pathname).sort()

function deploy(version: number): string {
  const page = `<script src="/assets/main-${version}.js"></script><link href="/icons/icon.svg">`
  const files = ['/icons/icon.svg', `/assets/main-${version}.js`, `/assets/wallet-${version}.js`]
  served = new Map([['/', page], ['/network.json', '{}'], ...files.map((path) => [path, path] as const)])
  return page
}

async function visit(version: number): Promise<void> {
  await open('/')
  for (const path of ['/icons/icon.svg', `/assets/main-${version}.js`]) await load(path)
}

test('without a network the page opens with all that was loaded', async () => {
  const page = deploy(1)
  await visit(1)
  await load('/assets/wallet-1.js')
  await visit(1)
  isOffline = true
  expect(await open('/')).toBe(page)
  expect(await load('/assets/main-1.js')).toBe('/assets/main-1.js')
  expect(await load('/assets/wallet-1.js')).toBe('/assets/wallet-1.js')
})

test('a file of the same address is not kept in the place of the page', async () => {
  const page = deploy(1)
  await visit(1)
  expect(await open('/network.json')).toBe('{}')
  isOffline = true
  expect(await open('/')).toBe(page)
})

test('nor is what a host says when it has no page', async () => {
  const page = deploy(1)
  await visit(1)
  served.delete('/')
  expect(await open('/')).toBe('Not found')
  isOffline = true
  expect(await open('/')).toBe(page)
})

test('a newer page drops the files of the one before', async () => {
  deploy(1)
  await visit(1)
  await load('/assets/wallet-1.js')
  deploy(2)
  await visit(2)
  expect(keptPaths()).toEqual(['/', '/assets/main-2.js', '/icons/icon.svg'])
})

test('a page that cannot be kept is shown all the same', async () => {
  const page = deploy(1)
  kept.set = () => {
    throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
  }
  expect(await open('/')).toBe(page)
})
