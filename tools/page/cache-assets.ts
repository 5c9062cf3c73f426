import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Plugin } from 'vite'

const folder = '/assets/'

/** What the build names by its content never changes under that name: browsers keep it, and what they compile of it. */
export function cacheAssets(): Plugin {
  return {
    name: 'opentab:cache-assets',
    configurePreviewServer({ config, middlewares }) {
      const built = resolve(config.root, config.build.outDir)
      middlewares.use((request, response, next) => {
        // What is no address is not for us to refuse.
        const pathname = URL.parse(request.url ?? '/', 'http://localhost')?.pathname ?? '/'
        // What is not there may be tomorrow.
        if (pathname.startsWith(folder) && existsSync(`${built}${pathname}`)) {
          response.setHeader('cache-control', 'public, max-age=31536000, immutable')
        }
        next()
      })
    },
  }
}
