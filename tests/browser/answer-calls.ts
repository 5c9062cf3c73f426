import { toWireError, type WireError } from '../../src/errors/index.ts'

/** What a call into the page came to: errors keep their codes on the way out. */
export type CallOutcome = { value: unknown } | { error: WireError }

export type CallExport = (path: string, name: string, args: unknown[]) => Promise<CallOutcome>

/** Lets the test outside call what the page's modules export. */
export function answerCalls(openModule: (path: string) => Promise<object>): void {
  const callExport: CallExport = async (path, name, args) => {
    try {
      const module = (await openModule(path)) as Record<string, (...args: unknown[]) => unknown>
      const called = module[name]
      if (!called) throw new Error(`${path} exports no ${name}`)
      return { value: await called(...args) }
    } catch (error) {
      return { error: toWireError(error, 'test/failed') }
    }
  }
  Object.assign(globalThis, { callExport })
}
