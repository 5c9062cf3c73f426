import { expect, test } from 'vitest'
import { parseRelayOptions } from './relay-options.ts'

test('without a word it listens on this machine alone', () => {
  expect(parseRelayOptions([], {})).toEqual({
    port: 9101,
    httpPort: 9102,
    host: '127.0.0.1',
    dataDir: '.opentab/relay',
    announce: [],
    maxTabs: 5000,
    hub: null,
  })
})

test('flags come before the environment', () => {
  const env = {
    OPENTAB_RELAY_PORT: '1',
    OPENTAB_RELAY_HOST: '0.0.0.0',
    OPENTAB_RELAY_ANNOUNCE: '/dns4/a/tcp/1/ws',
  }
  const options = parseRelayOptions(['--port', '2', '--data', '/keys'], env)
  expect(options).toMatchObject({
    port: 2,
    host: '0.0.0.0',
    dataDir: '/keys',
    announce: ['/dns4/a/tcp/1/ws'],
  })
})

test('several addresses may be announced', () => {
  const options = parseRelayOptions(['--announce', '/dns4/a/tcp/1/ws', '--announce', '/dns4/b/tcp/1/ws'], {})
  expect(options?.announce).toEqual(['/dns4/a/tcp/1/ws', '/dns4/b/tcp/1/ws'])
})

test('help is no start', () => {
  expect(parseRelayOptions(['--help'], {})).toBeNull()
})

test.each([
  [['--port', 'http']],
  [['--port', '70000']],
  [['--colour', 'red']],
  [['left over']],
  [['--host', 'localhost']],
  [['--announce', 'example.org']],
])('%j is refused by name', (args) => {
  expect(() => parseRelayOptions(args, {})).toThrow(expect.objectContaining({ code: 'relay/invalid-option' }))
})
