// Runs on any Node from 18 up with nothing installed: installs what is missing,
// then runs a TypeScript file with the Node that the project brings along.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const windows = process.platform === 'win32'
const ownNode = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node')

function fail(message) {
  console.error(message)
  process.exit(1)
}

function packagesIn(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, 'utf8')).packages
  } catch {
    return null
  }
}

/** npm writes down what it installed once it is done, so an interrupted installation shows as none. */
function isInstalled() {
  const wanted = packagesIn(join(root, 'package-lock.json'))
  const installed = packagesIn(join(modules, '.package-lock.json'))
  if (!wanted)
    fail('package-lock.json is missing or damaged. Restore it with: git checkout package-lock.json')
  if (!installed || !existsSync(ownNode)) return false
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    const found = installed[path]
    return path === '' || (found ? found.version === version : optional === true)
  })
}

function install() {
  console.log('Installing packages (the first time this takes a few minutes)…')
  // npm must not run on the Node that it is about to replace.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules))
  const env = { ...process.env, PATH: path.join(delimiter) }
  const { status, error } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: root,
    env,
    stdio: 'inherit',
    shell: windows,
  })
  if (error) fail(`npm could not be run (${error.message}). Install Node.js together with npm.`)
  if (status !== 0)
    fail('The packages could not be installed: see above. Is this machine connected to a registry?')
  if (!existsSync(ownNode)) {
    fail('The package "node" brought no program. Allow its install script: npm config delete ignore-scripts')
  }
}

const [script, ...args] = process.argv.slice(2)
if (!script) fail('Usage: node tools/bootstrap.mjs FILE.ts [ARGUMENT…]')
if (!isInstalled()) install()

const env = { ...process.env, PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter) }
// The channel tells the child when this process is gone, however it ended.
const child = spawn(ownNode, [join(root, script), ...args], {
  env,
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
})
// npm does not hand every signal on: when it is gone, so is the terminal's wish to have this running.
const npm = process.ppid
if (process.env.npm_lifecycle_event) {
  setInterval(() => process.ppid !== npm && child.kill('SIGTERM'), 500).unref()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.once('error', (error) => fail(`Node could not be started: ${error.message}`))
child.once('exit', (code, signal) =>
  process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)),
)
