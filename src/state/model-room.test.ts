import { expect, it } from 'vitest'
import { entry, fakeTab } from '../../tests/fixtures/fake-tab.ts'
import type { KeptModel, KeptModels } from '../ports/kept-models.ts'
import { RoomForModel } from './model-room.svelte.ts'

const kept = (id: string, lastUsedAtMs: number): KeptModel => ({
  id: `0x${id.repeat(32)}`,
  name: id,
  bytes: 100,
  lastUsedAtMs,
})

/** A browser that is full until something is removed. */
function fullBrowser() {
  let models = [kept('01', 1), kept('02', 2), { ...kept('a1', 3), id: entry.id }]
  const keptModels: KeptModels = {
    room: async () => ({ missingBytes: 150, freeBytes: 100 * (3 - models.length), isPersistent: true }),
    list: async () => models,
    async remove(id) {
      models = models.filter((model) => model.id !== id)
    },
  }
  return async () => keptModels
}

it('says how much is missing, and names other models that could go', async () => {
  const room = new RoomForModel(fakeTab({ keptModels: fullBrowser() }))
  expect(room.shortBytes).toBe(0)
  await room.look(entry)
  expect(room.shortBytes).toBe(150)
  expect(room.others.map(({ name }) => name)).toEqual(['01', '02'])
})

it('removes one at a time, each only when told, and looks again', async () => {
  const room = new RoomForModel(fakeTab({ keptModels: fullBrowser() }))
  await room.look(entry)
  await room.remove(room.others[0]!)
  expect(room.shortBytes).toBe(50)
  await room.remove(room.others[0]!)
  expect(room.shortBytes).toBe(0)
  expect(room.others).toEqual([])
})

it('asks for no room where the browser does not say how much there is', async () => {
  const unknown = { missingBytes: 1e9, freeBytes: null, isPersistent: false }
  const keptModels = async () => ({ room: async () => unknown, list: async () => [], remove: async () => {} })
  const room = new RoomForModel(fakeTab({ keptModels }))
  await room.look(entry)
  expect(room.shortBytes).toBe(0)
})
