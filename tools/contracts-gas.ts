/** Writes the gas of the contracts' calls to contracts/gas.json, which every test run compares with. */
import { env } from 'node:process'
import { forge } from './forge.ts'

env['WRITE_GAS'] = 'true'
// One test at a time, because all write to the same file.
process.exitCode = await forge('test', '--match-path', 'contracts/test/Gas.t.sol', '--threads', '1')
