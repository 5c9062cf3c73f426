import { spawn } from 'node:child_process'

/** How a program ended. */
export type ProgramResult = {
  /** Null when a signal ended it or it could not be started. */
  exitCode: number | null
  stdout: string
  /** Both streams, as a person would have seen them. */
  output: string
}

/** Runs a program to its end in the current folder. With `show`, its output appears at once as well. */
export function runProgram(program: string, args: string[], { show = false } = {}): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
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

/** Arguments that run the program of an npm package on this Node, without a shell or a wrapper between. */
export function runPackage(
  bin: string,
  args: string[],
  options?: { show?: boolean },
): Promise<ProgramResult> {
  return runProgram(process.execPath, [`node_modules/${bin}`, ...args], options)
}
