import { expect, test } from 'vitest'
import { parsePrivateKey } from './parse-private-key.ts'

const key = '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'

test.each([key, `0x${key}`, ` 0X${key.toUpperCase()}\n`])('%j is taken', (text) => {
  expect(parsePrivateKey(text)).toBe(`0x${key}`)
})

test.each(['', key.slice(1), `${key}00`, 'abandon abandon ability', '0'.repeat(64), 'f'.repeat(64)])(
  '%j is refused',
  (text) => {
    expect(() => parsePrivateKey(text)).toThrow(expect.objectContaining({ code: 'account/malformed-key' }))
  },
)
