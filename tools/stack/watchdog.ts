import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Ends a process when this one is gone, even when it was killed and could end nothing itself. */
export function endWithThisProcess(pid: number): () => void {
  const file = fileURLToPath(new URL('watchdog-process.ts', import.meta.url))
  // A group of its own, so that what ends this process's group does not end the watchdog too.
  const watchdog = fork(file, [String(pid)], { detached: true, stdio: 'ignore', execArgv: [] })
  watchdog.unref()
  watchdog.channel?.unref()
  return () => watchdog.kill('SIGKILL')
}
