import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findBrowser } from './find-browser.ts'

const downloadTimeoutMs = 5 * 60_000
const packageTimeoutMs = 10 * 60_000

type Say = (line: string) => void

/**
 * Returns the path of a browser, installing one where there is none and the machine allows it.
 *
 * @returns null when there is no browser and none could be installed; `say` has then told why and what to do
 */
export async function ensureBrowser(say: Say = console.log): Promise<string | null> {
  const found = findBrowser()
  if (found) return found
  if (process.env.OPENTAB_BROWSER) {
    say(`OPENTAB_BROWSER names ${process.env.OPENTAB_BROWSER}, which does not exist.`)
    return null
  }
  say('No Chrome, Chromium or Edge was found. Downloading Chromium…')
  if (await downloadWithPlaywright()) return findBrowser()
  if (process.getuid?.() === 0 && (await succeeds('apt-get', ['--version']))) {
    say("The download did not work. Installing Debian's package chromium…")
    if (await installWithApt()) return findBrowser()
  }
  say('No browser could be installed. Install Chrome, Chromium or Edge, or set OPENTAB_BROWSER to its path.')
  return null
}

async function downloadWithPlaywright(): Promise<boolean> {
  const require = createRequire(import.meta.url)
  const cli = join(dirname(require.resolve('playwright-core/package.json')), 'cli.js')
  const downloaded = await succeeds(
    process.execPath,
    [cli, 'install', 'chromium', '--no-shell'],
    downloadTimeoutMs,
  )
  const path = downloaded ? findBrowser() : null
  // A download that lacks system libraries is there and does not run.
  return path !== null && succeeds(path, ['--version'])
}

async function installWithApt(): Promise<boolean> {
  const apt = (args: string[]) => succeeds('apt-get', args, packageTimeoutMs)
  return (
    (await apt(['update'])) &&
    apt(['install', '--yes', '--no-install-recommends', 'chromium', 'fonts-liberation'])
  )
}

function succeeds(command: string, args: string[], timeoutMs = 30_000): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const child = spawn(command, args, { stdio: 'ignore', timeout: timeoutMs, env })
    child.once('error', () => resolve(false))
    child.once('close', (code) => resolve(code === 0))
  })
}
