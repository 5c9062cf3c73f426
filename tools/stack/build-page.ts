import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ToolError } from '../tool-error.ts'

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))
const stampFile = join(root, '.opentab', 'page.sha256')
const sources = ['index.html', 'vite.config.ts', 'package-lock.json', 'src', 'public', 'tools/page']

/** Builds the page into dist/, unless the sources are those of the last build. Returns whether it was built. */
export async function buildPage(signal?: AbortSignal): Promise<boolean> {
  const hash = await hashSources()
  const stamp = await readFile(stampFile, 'utf8').catch(() => null)
  if (stamp === hash && existsSync(join(root, 'dist/index.html'))) return false
  await runVite(signal)
  await mkdir(dirname(stampFile), { recursive: true })
  await writeFile(stampFile, hash)
  return true
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const source of sources) {
    for (const file of await filesIn(join(root, source))) {
      if (file.endsWith('.test.ts')) continue
      hash
        .update(file)
        .update('\0')
        .update(await readFile(file))
    }
  }
  return hash.digest('hex')
}

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null)
  if (entries === null) return existsSync(path) ? [path] : []
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function runVite(signal?: AbortSignal): Promise<void> {
  const args = [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error']
  // Test runners set NODE_ENV, and Vite would build a page for development then.
  const env = { ...process.env, NODE_ENV: 'production' }
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], signal })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (data: string) => (output += data))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else
        reject(
          new ToolError('tools/build-failed', 'The page could not be built.', { details: output.trim() }),
        )
    })
  })
}
