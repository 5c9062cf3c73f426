#!/usr/bin/env node
// Native-solc command line over solc from npm: just what forge asks of a compiler. Runs on Node 20 too.
import { readFileSync } from 'node:fs'
import solc from 'solc'

if (process.argv.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`)
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
} else {
  console.error('Supported: --version, --standard-json')
  process.exitCode = 1
}
