import * as v from 'valibot'
import { expect, test } from 'vitest'
import { ProtocolError } from '../errors/index.ts'
import { amount } from './fields.ts'
import { encodeFrame, parseFrame } from './frame-codec.ts'

const schema = v.strictObject({ type: v.literal('pay'), amount })
const bytes = (text: string) => new TextEncoder().encode(text)

test('amounts travel as decimal strings and come back as bigints', () => {
  const frame = encodeFrame({ type: 'pay', amount: 2n ** 128n - 1n })
  expect(new TextDecoder().decode(frame)).toBe(
    '{"type":"pay","amount":"340282366920938463463374607431768211455"}',
  )
  expect(parseFrame(schema, frame).amount).toBe(2n ** 128n - 1n)
})

test.each([
  ['nothing', ''],
  ['no JSON', '{"type":'],
  ['bytes that are not UTF-8', '\xff'],
  ['another type', '{"type":"take","amount":"1"}'],
  ['a number for an amount', '{"type":"pay","amount":1}'],
  ['a negative amount', '{"type":"pay","amount":"-1"}'],
  ['an amount with leading zeros', '{"type":"pay","amount":"01"}'],
  ['an amount past uint128', '{"type":"pay","amount":"340282366920938463463374607431768211456"}'],
  ['a surplus field', '{"type":"pay","amount":"1","tip":"2"}'],
  ['an array', '[]'],
])('%s is malformed', (_name, text) => {
  const frame = text === '\xff' ? Uint8Array.of(0xff) : bytes(text)
  expect(() => parseFrame(schema, frame)).toThrow(ProtocolError)
  expect(() => parseFrame(schema, frame)).toThrow(expect.objectContaining({ code: 'protocol/malformed' }))
})
