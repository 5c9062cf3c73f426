import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const root = resolve(import.meta.dirname, '../..')

/** `npm start` as a person runs it, with the whole of what it has printed. */
export type NpmStart = {
  output(): string
  /** Resolves with the first match of what it prints, or rejects when it ends without one. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** Every process that belongs to it now. */
  processes(): number[]
  /** What Ctrl-C does: the signal goes to the whole group. */
  interrupt(): void
  /** Resolves when it has ended and let go of its output. */
  exited: Promise<void>
  kill(): void
}

export function npmStart(...args: string[]): NpmStart {
  const child = spawn('npm', ['start', '--', ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pid = child.pid ?? 0
  const exited = once(child, 'close').then(() => {})
  const read = collectOutput(child)
  return {
    output: read.output,
    printed: (pattern) => read.printed(pattern, exited),
    processes: () => descendants(pid),
    interrupt: () => process.kill(-pid, 'SIGINT'),
    exited,
    kill: () => descendants(pid).forEach((member) => process.kill(member, 'SIGKILL')),
  }
}

function collectOutput({ stdout, stderr }: ChildProcess) {
  let text = ''
  const listeners = new Set<() => void>()
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (data: string) => {
      text += stripVTControlCharacters(data)
      for (const listener of listeners) listener()
    })
  }
  return {
    output: () => text,
    printed: (pattern: RegExp, exited: Promise<unknown>) =>
      new Promise<RegExpExecArray>((found, fail) => {
        const look = () => {
          const match = pattern.exec(text)
          if (match) found(match)
        }
        listeners.add(look)
        look()
        void exited.then(() => fail(new Error(`npm start ended without printing ${pattern}:\n${text}`)))
      }),
  }
}

/** Lists a process and all below it, those that have ended and were not yet collected left out. */
function descendants(ancestor: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n')
  const alive = rows.map((row) => row.trim().split(/\s+/)).filter(([, , state]) => !state?.startsWith('Z'))
  const found = alive.some(([pid]) => Number(pid) === ancestor) ? [ancestor] : []
  for (const parent of found) {
    for (const [pid, ppid] of alive) if (Number(ppid) === parent) found.push(Number(pid))
  }
  return found
}

/** Whether a process is still at work. */
export function isAlive(pid: number): boolean {
  return descendants(pid).includes(pid)
}
