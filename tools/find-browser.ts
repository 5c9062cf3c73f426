import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { ToolError } from './tool-error.ts'

/** How a browser is started. */
export type BrowserOptions = {
  /** Gives pages WebGPU on the processor, where the machine has no GPU. Slow, and right enough for tests. */
  softwareWebGpu?: boolean
  /** More command-line switches. */
  args?: string[]
}

const quietArgs = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-default-browser-check',
  '--no-first-run',
]
const softwareWebGpuArgs = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']
const linuxNames = [
  'google-chrome-stable',
  'google-chrome',
  'chromium',
  'chromium-browser',
  'microsoft-edge-stable',
  'microsoft-edge',
]
const macApps = ['Google Chrome', 'Chromium', 'Microsoft Edge']
const windowsPrograms = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Chromium\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
]

/**
 * Returns the path of an installed Chrome, Chromium or Edge, or null.
 * `OPENTAB_BROWSER` comes first, then the usual places of the system, then Playwright's own download.
 */
export function findBrowser(env: NodeJS.ProcessEnv = process.env): string | null {
  const chosen = env.OPENTAB_BROWSER
  if (chosen) return existsSync(chosen) ? chosen : null
  return [...systemPaths(env), chromium.executablePath()].find((path) => path && existsSync(path)) ?? null
}

function systemPaths(env: NodeJS.ProcessEnv): string[] {
  if (process.platform === 'darwin') {
    return ['/Applications', join(homedir(), 'Applications')].flatMap((folder) =>
      macApps.map((app) => join(folder, `${app}.app`, 'Contents/MacOS', app)),
    )
  }
  if (process.platform === 'win32') {
    return [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .flatMap((folder) => windowsPrograms.map((program) => join(folder, program)))
  }
  const folders = [...(env.PATH ?? '').split(delimiter), '/usr/bin', '/opt/google/chrome', '/snap/bin']
  return linuxNames.flatMap((name) => folders.map((folder) => join(folder, name)))
}

/**
 * Starts an installed browser without a window and with an empty profile.
 *
 * @throws ToolError `tools/no-browser`
 */
export function launchBrowser(options: BrowserOptions = {}): Promise<Browser> {
  return chromium.launch(launchOptions(options))
}

/** Starts an installed browser without a window on a profile that is kept in a folder. */
export function launchProfile(folder: string, options: BrowserOptions = {}): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, launchOptions(options))
}

function launchOptions({ softwareWebGpu = false, args = [] }: BrowserOptions) {
  const executablePath = findBrowser()
  if (!executablePath) throw new ToolError('tools/no-browser', noBrowserMessage())
  return {
    executablePath,
    // Playwright's own switch asks for the old headless mode, which has no WebGPU.
    ignoreDefaultArgs: ['--headless'],
    args: ['--headless=new', ...quietArgs, ...(softwareWebGpu ? softwareWebGpuArgs : []), ...args],
    // Chromium's sandbox refuses to run as root.
    chromiumSandbox: process.platform !== 'linux' || process.getuid?.() !== 0,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  }
}

function noBrowserMessage(): string {
  const chosen = process.env.OPENTAB_BROWSER
  if (chosen) return `OPENTAB_BROWSER names ${chosen}, which does not exist.`
  return 'No Chrome, Chromium or Edge was found. Install one, or set OPENTAB_BROWSER to its path.'
}
