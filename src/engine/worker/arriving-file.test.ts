import { expect, test } from 'vitest'
import { ArrivingFile } from './arriving-file.ts'

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)
const part = (from: number, to: number) => new Blob([bytes.subarray(from, to)])
const open = (signal = new AbortController().signal) => new ArrivingFile(100, signal)
const read = async (file: ArrivingFile, from: number, to: number) => [
  ...new Uint8Array(await file.slice(from, to).arrayBuffer()),
]

test('a read waits for the parts that it needs, and for no other', async () => {
  const file = open()
  const done: string[] = []
  const reads = [read(file, 10, 30), read(file, 50, 55), read(file, 0, 1000)]
  const names = ['first', 'second', 'whole']
  const told = reads.map((reading, i) => reading.then(() => done.push(names[i]!)))
  file.add(40, part(40, 60))
  await told[1]
  expect(done).toEqual(['second'])
  file.add(20, part(20, 40))
  file.add(0, part(0, 20))
  await told[0]
  expect(done).toEqual(['second', 'first'])
  file.add(60, part(60, 100))
  await told[2]
  expect(await Promise.all(reads)).toEqual([
    [...bytes.subarray(10, 30)],
    [...bytes.subarray(50, 55)],
    [...bytes],
  ])
})

test('the whole file serves as its last part', async () => {
  const file = open()
  file.add(20, part(20, 40))
  const reading = read(file, 10, 90)
  file.add(0, part(0, 100))
  expect(await reading).toEqual([...bytes.subarray(10, 90)])
})

test('nothing is read any more, and nobody waits, once it is given up', async () => {
  const over = new AbortController()
  const file = open(over.signal)
  file.add(0, part(0, 20))
  const reading = read(file, 10, 30)
  over.abort()
  await expect(reading).rejects.toThrow()
  file.add(20, part(20, 40))
  await expect(read(file, 10, 30)).rejects.toThrow()
})

test('what is there is read on, and nobody waits for more, once no more will come', async () => {
  const file = open()
  file.add(0, part(0, 20))
  const reading = read(file, 10, 30)
  expect(file.isWhole).toBe(false)
  file.end()
  await expect(reading).rejects.toThrow()
  expect(await read(file, 10, 20)).toEqual([...bytes.subarray(10, 20)])
  file.add(20, part(20, 100))
  expect(file.isWhole).toBe(true)
})
