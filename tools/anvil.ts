import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { localChainId } from '../src/domain/network.ts'
import { ChainError } from '../src/errors/index.ts'
import { foundryBinary } from './native-binary.ts'

const startTimeoutMs = 30_000
const stopTimeoutMs = 10_000
const stateIntervalSeconds = 5
/** As on a layer-2 chain, where such payments are at home: a transaction costs a thousandth of a dollar or so. */
const baseFeeWei = 5_000_000

/** How a local chain is run. */
export type AnvilOptions = {
  /** 0, the default, takes a free port. */
  port?: number
  /** Where the chain is kept across restarts; without it the chain lives in memory alone. */
  stateFile?: string
  /** Told, in words for people, when a corrupt state file was moved aside. */
  onNotice?: (notice: string) => void
}

/** A running local chain. */
export type Anvil = {
  readonly pid: number
  readonly port: number
  readonly rpcUrl: string
  /** Resolves when the process is gone, whoever ended it. */
  readonly exited: Promise<void>
  /** Writes the state, ends the process and waits until it is gone. */
  stop(): Promise<void>
}

/**
 * Starts a local chain (anvil from npm) and returns it once it answers.
 * A corrupt state file is moved aside, and the chain starts afresh.
 *
 * @throws ChainError `chain/port-in-use`, `chain/not-started`
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const { stateFile, onNotice = console.warn } = options
  if (stateFile) await mkdir(dirname(stateFile), { recursive: true })
  const first = await launch(options)
  if ('anvil' in first) return first.anvil
  if (!stateFile || !isCorruptState(first.output)) throw startError(first.output, options.port)

  const aside = `${stateFile}.corrupt-${Date.now()}`
  await rename(stateFile, aside)
  onNotice(`The chain's state file is corrupt. It was moved to ${aside}, and the chain starts afresh.`)
  const second = await launch(options)
  if ('anvil' in second) return second.anvil
  throw startError(second.output, options.port)
}

type Launch = { anvil: Anvil } | { output: string }

async function launch({ port = 0, stateFile }: AnvilOptions): Promise<Launch> {
  const args = ['--port', String(port), '--chain-id', String(localChainId), '--accounts', '1']
  args.push('--base-fee', String(baseFeeWei))
  if (stateFile) args.push('--state', stateFile, '--state-interval', String(stateIntervalSeconds))
  const child = spawn(foundryBinary('anvil'), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const endWithParent = () => child.kill('SIGKILL')
  process.once('exit', endWithParent)
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      process.off('exit', endWithParent)
      resolve()
    })
  })
  const started = await waitUntilListening(child, exited)
  if ('output' in started) return started
  const stop = async () => {
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await exited
    clearTimeout(force)
  }
  return {
    anvil: {
      pid: child.pid ?? 0,
      port: started.port,
      rpcUrl: `http://127.0.0.1:${started.port}`,
      exited,
      stop,
    },
  }
}

/** Anvil prints its address once it answers; until then its output is kept for the error message. */
async function waitUntilListening(
  child: ChildProcess,
  exited: Promise<void>,
): Promise<{ port: number } | { output: string }> {
  let output = ''
  const listening = new Promise<{ port: number }>((resolve) => {
    const onData = (data: Buffer) => {
      output += data.toString()
      const address = /Listening on \S+:(\d+)\s/.exec(output)
      if (address) resolve({ port: Number(address[1]) })
    }
    child.stdout?.on('data', onData)
    child.stderr?.on('data', onData)
  })
  const failed = once(child, 'error').then(([error]) => ({ output: String(error) }))
  const timer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs)
  const started = await Promise.race([listening, failed, exited.then(() => ({ output }))])
  clearTimeout(timer)
  child.stdout?.removeAllListeners('data').resume()
  child.stderr?.removeAllListeners('data').resume()
  return started
}

function isCorruptState(output: string): boolean {
  return output.includes("for '--state") || /failed to (load|parse).*state/i.test(output)
}

function startError(output: string, port = 0): ChainError {
  if (/address already in use/i.test(output)) {
    const message = `Port ${port} is already in use, so the local chain cannot start. Choose another port.`
    return new ChainError('chain/port-in-use', message, { details: output })
  }
  return new ChainError('chain/not-started', 'The local chain did not start.', { details: output.trim() })
}
