import { type WalletClient, createWalletClient, custom, getAddress, numberToHex } from 'viem'
import type { Address } from '../../domain/bytes.ts'
import { sameAddress } from '../../domain/bytes.ts'
import type { Network } from '../../domain/network.ts'
import { ChainError } from '../../errors/index.ts'
import type { Signer } from '../../ports/signer.ts'
import { findCause, hasCode } from '../find-cause.ts'
import { networkChain } from '../rpc.ts'
import type { AnnouncedWallet } from './discover-wallets.ts'

/** EIP-1193 and EIP-3085: the wallet does not know the chain yet. */
const unknownChainCode = 4902
/** EIP-1193: the person said no. */
const userRejectedCode = 4001

/** Returns a signer whose key is in a wallet. Every signature asks the person; nothing is asked before. */
export function createWalletSigner(
  address: Address,
  network: Network,
  find: () => Promise<AnnouncedWallet>,
): Signer {
  const ready = async () => {
    const client = clientOf(await find())
    await checkAccount(client, address)
    await switchChain(client, network)
    return client
  }
  return {
    address,
    signTypedData: (data) => asked(async () => (await ready()).signTypedData({ account: address, ...data })),
    sendTransaction: (call) =>
      asked(async () => {
        const client = await ready()
        return client.sendTransaction({ account: address, chain: networkChain(network), ...call })
      }),
  }
}

/**
 * Asks a wallet for its account, on the network that the page is on.
 * @throws ChainError `chain/user-rejected`, `chain/wrong-network`
 */
export async function connectWallet(wallet: AnnouncedWallet, network: Network): Promise<Address> {
  return asked(async () => {
    const client = clientOf(wallet)
    const [address] = await client.requestAddresses()
    if (!address) throw new ChainError('chain/wrong-account', `${wallet.name} gave no account.`)
    await switchChain(client, network)
    return getAddress(address)
  })
}

/** Nothing is asked twice: a second prompt for one wish would be signed twice. */
function clientOf({ provider }: AnnouncedWallet): WalletClient {
  return createWalletClient({ transport: custom(provider, { retryCount: 0 }) })
}

async function checkAccount(client: WalletClient, address: Address): Promise<void> {
  const isGiven = (given: readonly Address[]) => given.some((other) => sameAddress(other, address))
  if (isGiven(await client.getAddresses()) || isGiven(await client.requestAddresses())) return
  const message = `The wallet does not give out account ${address} now. Choose it there and try again.`
  throw new ChainError('chain/wrong-account', message)
}

/** Asks the wallet to go to the network, and to learn it first where it does not know it. */
async function switchChain(client: WalletClient, network: Network): Promise<void> {
  const { chainId } = network
  if ((await client.getChainId()) === chainId) return
  await client.switchChain({ id: chainId }).catch(async (error: unknown) => {
    if (findCause(error, isUnknownChain) === null) throw error
    await client.addChain({ chain: networkChain(network) })
    // Some wallets add a chain and stay where they were.
    if ((await client.getChainId()) !== chainId) await client.switchChain({ id: chainId })
  })
  if ((await client.getChainId()) !== chainId) {
    throw new ChainError(
      'chain/wrong-network',
      `The wallet is not on ${network.name} (${numberToHex(chainId)}).`,
    )
  }
}

/** Some wallets put the code of "unknown chain" one level down, in the data of another error. */
function isUnknownChain(link: object): boolean {
  if (hasCode(unknownChainCode)(link)) return true
  const data = 'data' in link ? link.data : null
  return (
    findCause(
      data,
      (inner) => 'originalError' in inner && hasCode(unknownChainCode)(Object(inner.originalError)),
    ) !== null
  )
}

async function asked<result>(ask: () => Promise<result>): Promise<result> {
  try {
    return await ask()
  } catch (cause) {
    if (cause instanceof ChainError) throw cause
    if (findCause(cause, hasCode(userRejectedCode)) !== null) {
      throw new ChainError('chain/user-rejected', 'You declined in your wallet.', { cause })
    }
    const details = cause instanceof Error ? cause.message : String(cause)
    throw new ChainError('chain/wallet-failed', 'The wallet did not answer as it should.', { cause, details })
  }
}
