import { chdir } from 'node:process'
import { resolve } from 'node:path'
import { BaseError } from '../src/errors/index.ts'
import { parseOptions, usage } from './stack/options.ts'
import { type Stack, startStack } from './stack/start-stack.ts'

/** One Ctrl-C may arrive twice: from the terminal, and once more handed on by npm. */
const sameSignalMs = 1_000
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

chdir(resolve(import.meta.dirname, '..'))
const abort = new AbortController()
const stopRequested = new Promise<void>((resolve) => {
  let firstMs: number | null = null
  const onSignal = () => {
    if (firstMs !== null && performance.now() - firstMs > sameSignalMs) process.exit(130)
    if (firstMs !== null) return
    firstMs = performance.now()
    console.log('\nStopping… (Ctrl-C again ends it at once)')
    abort.abort()
    resolve()
  }
  for (const signal of signals) process.on(signal, onSignal)
  process.once('disconnect', onSignal)
})

try {
  process.exit(await run())
} catch (error) {
  if (abort.signal.aborted) process.exit(0)
  console.error(error instanceof BaseError ? `\n${error.message}\n(${error.code})` : error)
  process.exit(1)
}

async function run(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (!options) {
    console.log(usage)
    return 0
  }
  const stack = await startStack({ ...options, say: (line) => console.log(line), signal: abort.signal })
  console.log(`\n${readyText(stack)}`)
  const ended = await Promise.race([stopRequested.then(() => null), stack.broken])
  if (ended) console.error(`${ended} Stopping the rest; start again with npm start.`)
  await stack.stop()
  console.log('Stopped.')
  return ended ? 1 : 0
}

function readyText({ url, provider }: Stack): string {
  const answering = provider
    ? 'A headless tab is sharing already: type a question and press Send. Test money is added by itself.'
    : `Nobody is sharing yet: open ${url}#/share in one tab and press Start sharing, then ask in another.`
  return `Ready: ${url}\n  ${answering}\n  To share this computer too, open ${url}#/share. Ctrl-C stops everything.`
}
