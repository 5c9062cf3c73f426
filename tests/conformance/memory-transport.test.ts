import { expect, test } from 'vitest'
import type { Transport } from '../../src/ports/transport.ts'
import { createMemoryNetwork } from '../../src/transport/memory-network.ts'
import { transportCases } from './transport.ts'

test.each(transportCases)('$name', async ({ run }) => {
  const network = createMemoryNetwork()
  const joined: Transport[] = []
  const join = async () => {
    const { transport } = network.join()
    joined.push(transport)
    return transport
  }
  await run({ join, nobody: 'nobody' })
  await Promise.all(joined.map((transport) => transport.stop()))
})

test('the same promises hold on a slow network', async () => {
  const network = createMemoryNetwork()
  network.setDelayMs(1)
  for (const { run } of transportCases.slice(0, 6)) {
    await run({ join: async () => network.join(`slow-${Math.random()}`).transport, nobody: 'nobody' })
  }
  expect.assertions(0)
})
