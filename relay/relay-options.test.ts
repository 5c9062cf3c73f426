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

test('a hub takes 5%, opens channels of a dollar, and keeps its books beside the key', () => {
  const options = parseRelayOptions(['--hub', '--network', 'network.json', '--data', '/data'], {})
  expect(options?.hub).toEqual({
    networkFile: 'network.json',
    keyFile: null,
    dataDir: '/data/hub',
    backupFile: null,
    spreadMillionths: 50_000,
    microUsdPerCoin: null,
    depositMicroUsd: 1_000_000n,
    maxOpenMicroUsd: 5_000_000n,
  })
})

test('a hub is run as the host says, and its key stays out of the options', () => {
  const args = ['--hub', '--hub-spread', '2.5%', '--gas-token-usd', '2999.95', '--hub-key-file', '/key']
  const env = {
    OPENTAB_NETWORK: 'base.json',
    OPENTAB_HUB_DEPOSIT: '2',
    OPENTAB_HUB_MAX_OPEN: '20',
    OPENTAB_HUB_BACKUP: '/mnt/books.sqlite',
    OPENTAB_HUB_DATA: '/books',
    OPENTAB_HUB_KEY: 'secret',
  }
  const options = parseRelayOptions(args, env)
  expect(options?.hub).toEqual({
    networkFile: 'base.json',
    keyFile: '/key',
    dataDir: '/books',
    backupFile: '/mnt/books.sqlite',
    spreadMillionths: 25_000,
    microUsdPerCoin: 2_999_950_000n,
    depositMicroUsd: 2_000_000n,
    maxOpenMicroUsd: 20_000_000n,
  })
  expect(Object.values(options?.hub ?? {})).not.toContain('secret')
})

test('a hub is never started by what lies around', () => {
  const env = { OPENTAB_HUB_KEY: 'secret', OPENTAB_NETWORK: 'base.json', OPENTAB_HUB_SPREAD: '5%' }
  expect(parseRelayOptions([], env)?.hub).toBeNull()
  expect(parseRelayOptions([], { ...env, OPENTAB_HUB: '1' })?.hub).toMatchObject({ networkFile: 'base.json' })
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
  [['--hub']],
  [['--hub', '--network', 'n.json', '--hub-spread', '60%']],
  [['--hub', '--network', 'n.json', '--hub-spread', '0.05']],
  [['--hub', '--network', 'n.json', '--gas-token-usd', '0']],
  [['--hub', '--network', 'n.json', '--gas-token-usd', 'much']],
  [['--hub', '--network', 'n.json', '--hub-deposit', '10']],
])('%j is refused by name', (args) => {
  expect(() => parseRelayOptions(args, {})).toThrow(expect.objectContaining({ code: 'relay/invalid-option' }))
})
