import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Plugin } from 'vite'

const suffix = '?sha256'

/** Lets sources import the SHA-256 of a file, such as `program.wasm?sha256`: none has to be read for it in the page. */
export function fileHashes(): Plugin {
  return {
    name: 'opentab:file-hashes',
    enforce: 'pre',
    async load(id) {
      if (!id.endsWith(suffix)) return
      const file = id.slice(0, -suffix.length)
      this.addWatchFile(file)
      const hash = createHash('sha256').update(await readFile(file))
      return `export default '0x${hash.digest('hex')}'`
    },
  }
}
