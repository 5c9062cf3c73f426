import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, type Server, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteHubStore } from '../../relay/hub/books/sqlite-hub-store.ts'
import { hubBooksFile } from '../../relay/start-hub.ts'
import { localChainId } from '../../src/domain/network.ts'
import { ToolError } from '../tool-error.ts'
import { checkPlaces } from './check-places.ts'
import { type StackOptions, defaultOptions, parseOptions } from './options.ts'

let servers: Server[]
let dataFolder: string
let anywhere: StackOptions

beforeEach(async () => {
  servers = []
  dataFolder = await mkdtemp(join(tmpdir(), 'opentab-places-'))
  anywhere = { ...defaultOptions, port: 0, relayPort: 0, relayHttpPort: 0, chainPort: 0, dataFolder }
})

afterEach(async () => {
  for (const server of servers) server.close()
  await rm(dataFolder, { recursive: true })
})

async function takePort(): Promise<number> {
  const server = createServer()
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return (server.address() as AddressInfo).port
}

/** Returns what is said against these options, and the options that it advises. */
async function refused(options: StackOptions) {
  const error: unknown = await checkPlaces(options).catch((reason: unknown) => reason)
  if (!(error instanceof ToolError)) throw new Error('Nothing was said against it.')
  const [said = '', command = ''] = error.shortMessage.split('npm start -- ')
  return { code: error.code, said, advised: parseOptions(command.split(' '), {})! }
}

test('no port is advised that another part has', async () => {
  const port = await takePort()
  const { code, said, advised } = await refused({
    ...anywhere,
    relayPort: port,
    relayHttpPort: port + 1,
    provider: false,
  })
  expect(code).toBe('tools/port-in-use')
  expect(said).toContain(`Port ${port}, for the relay, is already in use.`)
  expect(advised).toMatchObject({ dataFolder, provider: false, chainPort: 0 })
  expect(advised.relayPort).toBeGreaterThan(port + 1)
  await checkPlaces(advised)
})

test('one port for two parts is refused', async () => {
  const port = await takePort()
  servers[0]!.close()
  const { said, advised } = await refused({ ...anywhere, relayPort: port, relayHttpPort: port })
  expect(said).toContain(`Port ${port}, for the relay's health, is chosen for another part too.`)
  expect(advised.relayPort).toBe(port)
  await checkPlaces(advised)
})

test('beside another npm start one command gets around all that it has, its folder too', async () => {
  const hubData = join(dataFolder, 'relay', 'hub')
  await mkdir(hubData, { recursive: true })
  const books = openSqliteHubStore(hubBooksFile(hubData, localChainId))
  const own = {
    ...anywhere,
    port: await takePort(),
    relayPort: await takePort(),
    relayHttpPort: await takePort(),
    chainPort: await takePort(),
  }
  const { code, said, advised } = await refused(own)
  expect(code).toBe('tools/port-in-use')
  for (const port of [own.port, own.relayPort, own.relayHttpPort, own.chainPort]) {
    expect(said).toContain(`Port ${port}, `)
  }
  expect(said).toContain(`Another npm start runs in ${dataFolder}.`)
  expect(advised.dataFolder).not.toBe(dataFolder)
  await checkPlaces(advised)
  expect(await refused(anywhere)).toMatchObject({ code: 'tools/data-in-use' })
  await books.close()
  await checkPlaces(anywhere)
})
