// Opens the page without a network: hashed files from the cache, the page itself from the network while there is one.
const cacheName = 'opentab-page-1'

const isPage = (request) => request.mode === 'navigate'
// The runtime's large binaries stay with the browser's own cache.
const isHashed = (url) => /^\/(assets|icons)\//.test(url.pathname) && !url.pathname.endsWith('.wasm')

async function keep(request, response) {
  if (response.ok) await (await caches.open(cacheName)).put(request, response.clone())
  return response
}

async function fromNetworkFirst(request) {
  try {
    return await keep('/', await fetch(request))
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
