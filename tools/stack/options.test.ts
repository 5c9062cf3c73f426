import { expect, test } from 'vitest'
import { defaultOptions, flagsOf, parseOptions } from './options.ts'

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

test('flags lead back to the options, and name only what is not so anyway', () => {
  const env = { OPENTAB_PORT: '6000' }
  expect(flagsOf(parseOptions([], env)!, env)).toEqual([])
  const args = [
    ...['--port', '4173', '--relay-http-port', '0', '--chain-port', '7', '--data', '/tmp/run'],
    ...['--no-provider', '--dev', '--no-browser-install'],
  ]
  expect(flagsOf(parseOptions(args, env)!, env)).toEqual(args)
  expect(flagsOf({ ...defaultOptions, dataFolder: 'my data' }, {})).toEqual(['--data', '"my data"'])
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
