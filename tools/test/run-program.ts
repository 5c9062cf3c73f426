import { spawn } from 'node:child_process'

/** How a program ended. */
export type ProgramResult = {
  /** Null when a signal ended it or it could not be started. */
  exitCode: number | null
  stdout: string
  /** Both streams, as a person would have seen them. */
  output: string
}

/** No suite comes near it on two cores: a program that runs so long hangs. */
const suiteMinutes = 25

/** How a program is run. */
export type ProgramOptions = {
  /** Its output appears at once as well. */
  show?: boolean
  /** It is ended after so long; after 25 minutes unless told. */
  limitMinutes?: number
}

/** Runs a program to its end in the current folder, within its time limit, and ends what it left running. */
export function runProgram(
  program: string,
  args: string[],
  { show = false, limitMinutes = suiteMinutes }: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    // A process group of its own: a worker that hangs, or a child it forgot, would keep the output open for ever.
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const endGroup = () => endProcessGroup(child.pid)
    const limit = setTimeout(() => {
      onData(`${program} still ran after ${limitMinutes} minutes and was ended.\n`, process.stderr)
      endGroup()
    }, limitMinutes * 60_000)
    process.once('exit', endGroup)
    child.once('exit', () => {
      clearTimeout(limit)
      process.off('exit', endGroup)
      endGroup()
    })
    let stdout = ''
    let output = ''
    const onData = (data: string, target: NodeJS.WriteStream) => {
      output += data
      if (show) target.write(data)
    }
    child.stdout.setEncoding('utf8').on('data', (data: string) => {
      stdout += data
      onData(data, process.stdout)
    })
    child.stderr.setEncoding('utf8').on('data', (data: string) => onData(data, process.stderr))
    child.once('error', (error) => resolve({ exitCode: null, stdout, output: `${output}${error.message}\n` }))
    child.once('close', (exitCode) => resolve({ exitCode, stdout, output }))
  })
}

function endProcessGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nobody of the group is left.
  }
}

/** Arguments that run the program of an npm package on this Node, without a shell or a wrapper between. */
export function runPackage(bin: string, args: string[], options?: ProgramOptions): Promise<ProgramResult> {
  return runProgram(process.execPath, [`node_modules/${bin}`, ...args], options)
}
