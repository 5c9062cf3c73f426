/** Reports how many lines, statements, branches and functions of the contracts their tests reach. */
import { forge } from './forge.ts'

// Gas is measured on optimised code alone, and what invariants reach depends on chance.
const leftOut = ['--no-match-contract', 'GasTest|InvariantTest', '--no-match-coverage', 'contracts/test']
process.exitCode = await forge('coverage', '--report', 'summary', ...leftOut)
