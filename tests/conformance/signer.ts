import { recoverTypedDataAddress } from 'viem'
import type { Signer, TypedData } from '../../src/ports/signer.ts'
import { assert, assertEqual, type ConformanceCase } from './case.ts'

const typedData: TypedData = {
  domain: {
    name: 'Opentab',
    version: '1',
    chainId: 31337,
    verifyingContract: '0x0000000000000000000000000000000000000e02',
  },
  types: { Note: [{ name: 'amount', type: 'uint128' }] },
  primaryType: 'Note',
  message: { amount: 7n },
}

/** What every `Signer` keeps to. */
export const signerCases: ConformanceCase<Signer>[] = [
  {
    name: 'signs typed data so that its address can be recovered',
    async run(signer) {
      const signature = await signer.signTypedData(typedData)
      assertEqual(await recoverTypedDataAddress({ ...typedData, signature }), signer.address, 'the signer')
    },
  },
  {
    name: 'signs what it is given and nothing like it',
    async run(signer) {
      const signature = await signer.signTypedData(typedData)
      const other = { ...typedData, message: { amount: 8n } }
      const recovered = await recoverTypedDataAddress({ ...other, signature })
      assert(recovered !== signer.address, 'another message has another signature')
    },
  },
]
