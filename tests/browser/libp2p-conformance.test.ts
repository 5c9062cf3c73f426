import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { directoryCases } from '../conformance/directory.ts'
import { transportCases } from '../conformance/transport.ts'
import { startTestRelay, type TestRelay } from '../fixtures/test-relay.ts'
import { moduleIn, openHarness, type Harness } from './harness.ts'

let harness: Harness
let page: Page
let relay: TestRelay

beforeAll(async () => {
  relay = await startTestRelay()
  harness = await openHarness()
  page = await harness.openPage()
})

afterAll(async () => {
  await harness?.close()
  await relay?.stop()
})

const inPage = () =>
  moduleIn<typeof import('./conformance-page.ts')>(page, 'tests/browser/conformance-page.ts')

describe('transport', () => {
  test.each(transportCases)('$name', ({ name }) => inPage().call('runTransportCase', name, relay.multiaddrs))
})

describe('directory', () => {
  test.each(directoryCases)('$name', ({ name }) => inPage().call('runDirectoryCase', name, relay.multiaddrs))
})
