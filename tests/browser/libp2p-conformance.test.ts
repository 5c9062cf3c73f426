import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startRelay, type Relay } from '../../relay/start-relay.ts'
import { directoryCases } from '../conformance/directory.ts'
import { transportCases } from '../conformance/transport.ts'
import { moduleIn, openHarness, type Harness } from './harness.ts'

let harness: Harness
let page: Page
let relay: Relay
let dataDir: string

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'opentab-relay-'))
  relay = await startRelay({ dataDir })
  harness = await openHarness()
  page = await harness.openPage()
  page.on('console', (message) => console.log(message.text()))
})

afterAll(async () => {
  await harness?.close()
  await relay?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

const inPage = () =>
  moduleIn<typeof import('./conformance-page.ts')>(page, 'tests/browser/conformance-page.ts')

describe('transport', () => {
  test.each(transportCases)('$name', ({ name }) => inPage().call('runTransportCase', name, relay.multiaddrs))
})

describe('directory', () => {
  test.each(directoryCases)('$name', ({ name }) => inPage().call('runDirectoryCase', name, relay.multiaddrs))
})
