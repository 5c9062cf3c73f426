// Opens the page without a network: hashed files from the cache, the page itself from the network while there is one.
const cacheName = 'opentab-page-1'

const isPage = (request) => request.mode === 'navigate'
// The runtime's large binaries stay with the browser's own cache.
const isHashed = (url) => /^\/(assets|icons)\//.test(url.pathname) && !url.pathname.endsWith('.wasm')

async function keep(request, response) {
  if (response.ok) await (await caches.open(cacheName)).put(request, response.clone())
  return response
}

// A newer page has files of other names. Of those that both have, what it names is kept; the rest is fetched again.
async function keepPage(response) {
  const cache = await caches.open(cacheName)
  const before = await (await cache.match('/'))?.text()
  const page = await response.clone().text()
  await cache.put('/', response)
  if (page === before) return
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url)
    if (pathname !== '/' && !page.includes(pathname)) await cache.delete(url)
  }
}

async function fromNetworkFirst(request) {
  try {
    const response = await fetch(request)
    // Other addresses that a person opens here are files. What cannot be kept is shown all the same.
    const isHome = new URL(request.url).pathname === '/'
    if (isHome && response.ok) await keepPage(response.clone()).catch(() => {})
    return response
  } catch (error) {
    const kept = await caches.match('/')
    if (kept) return kept
    throw error
  }
}

async function fromCacheFirst(request) {
  return (await caches.match(request)) ?? keep(request, await fetch(request))
}

self.addEventListener('install', () => self.skipWaiting())

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  if (isPage(request)) event.respondWith(fromNetworkFirst(request))
  else if (isHashed(url)) event.respondWith(fromCacheFirst(request))
})
