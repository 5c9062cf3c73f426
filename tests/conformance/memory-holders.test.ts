import { test } from 'vitest'
import { createMemoryNetwork } from '../../src/transport/memory-network.ts'
import { holdersCases } from './holders.ts'

test.each(holdersCases)('$name', async ({ run }) => {
  const network = createMemoryNetwork()
  await run({
    async join() {
      const { peerId, transport, holders } = network.join()
      await transport.start()
      return { peerId, holders, leave: () => network.kill(peerId) }
    },
  })
})
