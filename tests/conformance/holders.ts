import type { PeerId } from '../../src/domain/bytes.ts'
import type { ModelId } from '../../src/domain/model.ts'
import type { Holders } from '../../src/ports/holders.ts'
import { assert, assertEqual, type ConformanceCase } from './case.ts'

/** A tab as the cases see it. */
export type HoldersTab = { peerId: PeerId; holders: Holders; leave(): Promise<void> }

/** Tabs that share their relays. */
export type HoldersSubject = {
  /** A new tab that is online; taken away after the case. */
  join(): Promise<HoldersTab>
}

const modelOf = (byte: string): ModelId => `0x${byte.repeat(32)}`

/** What every `Holders` keeps to. */
export const holdersCases: ConformanceCase<HoldersSubject>[] = [
  {
    name: 'names the tabs that hold a model, but not the one that asks',
    async run({ join }) {
      const [a, b] = [await join(), await join()]
      await a.holders.announce([modelOf('01'), modelOf('02')])
      await b.holders.announce([modelOf('02')])
      assertEqual(await b.holders.find(modelOf('01')), { peers: [a.peerId], count: 1 }, 'the first model')
      assertEqual(await b.holders.find(modelOf('02')), { peers: [a.peerId], count: 2 }, 'the second model')
      assertEqual(await b.holders.find(modelOf('03')), { peers: [], count: 0 }, 'an unknown model')
    },
  },
  {
    name: 'forgets what a tab takes back, and a tab that has left',
    async run({ join }) {
      const [a, b, asker] = [await join(), await join(), await join()]
      await a.holders.announce([modelOf('04')])
      await b.holders.announce([modelOf('04')])
      await a.holders.announce([])
      assertEqual((await asker.holders.find(modelOf('04'))).peers, [b.peerId], 'who is left')
      await b.leave()
      let count = 1
      for (let attempt = 0; count > 0 && attempt < 50; attempt++) {
        count = (await asker.holders.find(modelOf('04'))).count
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      assert(count === 0, 'a tab that left is still named')
    },
  },
]
