import { expect, test } from 'vitest'
import { defaultOptions, parseOptions } from './options.ts'

test('nothing given means the defaults', () => {
  expect(parseOptions([], {})).toEqual(defaultOptions)
})

test('flags come before the environment', () => {
  const options = parseOptions(['--port', '5000', '--no-provider'], {
    OPENTAB_PORT: '6000',
    OPENTAB_RELAY_HTTP_PORT: '6001',
    OPENTAB_DATA: '/tmp/run',
  })
  expect(options).toEqual({
    ...defaultOptions,
    port: 5000,
    relayHttpPort: 6001,
    dataFolder: '/tmp/run',
    provider: false,
  })
})

test('help is asked for', () => {
  expect(parseOptions(['--help'], {})).toBeNull()
})

test.each([[['--colour']], [['--port', 'http']], [['--chain-port', '70000']], [['--port', '-1']]])(
  '%j is refused',
  (args) => {
    expect(() => parseOptions(args, {})).toThrow(expect.objectContaining({ code: 'tools/bad-option' }))
  },
)
