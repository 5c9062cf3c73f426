import { createServer } from 'node:net'
import { join } from 'node:path'
import { ToolError } from '../tool-error.ts'
import { hasLocalHub } from './local-relay.ts'
import { type StackOptions, flagsOf } from './options.ts'

const highestPort = 65_535
const parts = [
  { key: 'port', what: 'page' },
  { key: 'relayPort', what: 'relay' },
  { key: 'relayHttpPort', what: "relay's health" },
  { key: 'chainPort', what: 'local chain' },
] as const

/**
 * Makes sure before anything starts that every chosen port is free and chosen once, and that nothing else runs in the
 * folder.
 *
 * @throws ToolError `tools/port-in-use`, `tools/data-in-use` with the command that starts it elsewhere
 */
export async function checkPlaces(options: StackOptions): Promise<void> {
  const taken = await takenPorts(options)
  const isFolderTaken = hasLocalHub(join(options.dataFolder, 'relay'))
  if (taken.length === 0 && !isFolderTaken) return
  const troubles = taken.map(({ key, what, why }) => `Port ${options[key]}, for the ${what}, ${why}.`)
  if (isFolderTaken) troubles.push(`Another npm start runs in ${options.dataFolder}.`)
  const elsewhere = {
    ...options,
    ...(await otherPorts(taken, options)),
    ...(isFolderTaken && { dataFolder: otherFolder(options.dataFolder) }),
  }
  throw new ToolError(
    taken.length > 0 ? 'tools/port-in-use' : 'tools/data-in-use',
    `${troubles.join('\n')}\n` +
      `Stop what is there, or start beside it: npm start -- ${flagsOf(elsewhere, process.env).join(' ')}`,
  )
}

type TakenPort = (typeof parts)[number] & { why: string }

async function takenPorts(options: StackOptions): Promise<TakenPort[]> {
  const taken: TakenPort[] = []
  const chosen = new Set<number>()
  for (const part of parts) {
    const port = options[part.key]
    if (port === 0) continue
    if (chosen.has(port)) taken.push({ ...part, why: 'is chosen for another part too' })
    else if (!(await isFree(port))) taken.push({ ...part, why: 'is already in use' })
    chosen.add(port)
  }
  return taken
}

/** Returns a port for each that is taken: free, and nobody else's here. */
async function otherPorts(taken: TakenPort[], options: StackOptions): Promise<Partial<StackOptions>> {
  const chosen = new Set(parts.map(({ key }) => options[key]))
  const others: Partial<StackOptions> = {}
  for (const { key } of taken) {
    let port = options[key] + 1
    while (port <= highestPort && (chosen.has(port) || !(await isFree(port)))) port += 1
    others[key] = port <= highestPort ? port : 0
    chosen.add(port)
  }
  return others
}

function otherFolder(folder: string): string {
  for (let number = 2; ; number++) {
    const other = join(folder, String(number))
    if (!hasLocalHub(join(other, 'relay'))) return other
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    })
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
