import { toWireError } from '../src/errors/index.ts'
import type { CallExport } from '../tests/browser/harness-page.ts'
import { bring, load, loadBrought, unload } from './load-page.ts'

const functions: Record<string, (...args: never[]) => unknown> = { bring, load, loadBrought, unload }

/** Calls what was built into this page, whatever its path was. */
const callExport: CallExport = async (_path, name, args) => {
  try {
    const called = functions[name] as (...args: unknown[]) => unknown
    return { value: await called(...args) }
  } catch (error) {
    return { error: toWireError(error, 'bench/failed') }
  }
}

Object.assign(globalThis, { callExport })
