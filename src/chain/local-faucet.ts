import { createTestClient, http, parseEther, walletActions } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { Address } from '../domain/bytes.ts'
import { type Network, isLocalChain } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { ChainError } from '../errors/index.ts'
import { testDollarAbi } from './abi/test-dollar.ts'
import type { Rpc } from './rpc.ts'

const gasGiftWei = parseEther('10')
const enoughGasWei = parseEther('1')

/** @throws ChainError `chain/not-local` on every chain but the local one */
export function checkLocal(network: Pick<Network, 'chainId' | 'name'>): void {
  if (isLocalChain(network)) return
  throw new ChainError('chain/not-local', `There is no test money on ${network.name}.`)
}

/** Fills up an account's gas, which costs nothing on the local chain. */
export async function giveGas(owner: Address, { client, network }: Rpc): Promise<void> {
  checkLocal(network)
  if ((await client.getBalance({ address: owner })) >= enoughGasWei) return
  await localClient(network).setBalance({ address: owner, value: gasGiftWei })
}

/** Mints test dollars through an account made for this one transaction, so that tabs never share a nonce. */
export async function giveDollars(owner: Address, amount: MicroUsd, { client, network }: Rpc): Promise<void> {
  checkLocal(network)
  const minter = privateKeyToAccount(generatePrivateKey())
  const local = localClient(network)
  await local.setBalance({ address: minter.address, value: enoughGasWei })
  const hash = await local.writeContract({
    account: minter,
    address: network.token,
    abi: testDollarAbi,
    functionName: 'mint',
    args: [owner, amount],
    chain: client.chain,
  })
  await client.waitForTransactionReceipt({ hash })
}

function localClient({ rpcUrl }: Network) {
  return createTestClient({ mode: 'anvil', transport: http(rpcUrl) }).extend(walletActions)
}
