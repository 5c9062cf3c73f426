import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as OnnxRuntime from 'onnxruntime-web/wasm'
import { benchFolder } from './bench-folder.ts'

const native = { name: 'onnxruntime-node', version: '1.30.0' }

/** What the native runtime has in common with the one for browsers. */
export type NativeRuntime = Pick<typeof OnnxRuntime, 'InferenceSession' | 'Tensor'>

/**
 * Returns the native runtime, installed beside the product, which does without it.
 *
 * @throws Error when npm cannot install it
 */
export async function loadNativeRuntime(): Promise<NativeRuntime> {
  const folder = join(benchFolder, `${native.name}-${native.version}`)
  // By its path: by its name Node would find the product's empty stand-in.
  const path = join(folder, 'node_modules', native.name)
  if (!existsSync(path)) await install(folder)
  return createRequire(import.meta.url)(path) as NativeRuntime
}

async function install(folder: string): Promise<void> {
  console.log(`Installing ${native.name} ${native.version}…`)
  await mkdir(folder, { recursive: true })
  const manifest = { private: true, dependencies: { [native.name]: native.version } }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  // Run by npm itself, npm would install into the folder that it was run in.
  const args = ['install', `--prefix=${folder}`, '--no-audit', '--no-fund', '--loglevel=error']
  const child = spawn('npm', args, {
    cwd: folder,
    // Otherwise it fetches libraries for GPUs, which nobody asks for here.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  const [status] = (await once(child, 'exit')) as [number | null]
  if (status !== 0) throw new Error(`npm could not install ${native.name}.`)
}
