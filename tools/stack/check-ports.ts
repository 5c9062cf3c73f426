import { createServer } from 'node:net'
import { ToolError } from '../tool-error.ts'
import type { StackOptions } from './options.ts'

/**
 * Makes sure before anything starts that every chosen port is free.
 *
 * @throws ToolError `tools/port-in-use` with the flag that chooses another
 */
export async function checkPorts(options: StackOptions): Promise<void> {
  const ports = [
    { what: 'page', flag: '--port', port: options.port },
    { what: 'relay', flag: '--relay-port', port: options.relayPort },
    { what: "relay's health", flag: '--relay-http-port', port: options.relayHttpPort },
    { what: 'local chain', flag: '--chain-port', port: options.chainPort },
  ]
  for (const { what, flag, port } of ports) {
    if (port === 0 || (await isFree(port))) continue
    throw new ToolError(
      'tools/port-in-use',
      `Port ${port}, for the ${what}, is already in use, perhaps by another npm start.\n` +
        `Stop what uses it, or choose another: npm start -- ${flag} ${port + 1}`,
    )
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
