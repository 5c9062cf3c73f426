import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { foundryBinary } from './native-binary.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs forge in the repository root, its output shown, and returns its exit status. */
export async function forge(...args: string[]): Promise<number> {
  const child = spawn(foundryBinary('forge'), args, { cwd: root, stdio: 'inherit' })
  const [status] = (await once(child, 'close')) as [number | null]
  return status ?? 1
}
