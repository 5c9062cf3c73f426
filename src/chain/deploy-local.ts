import {
  type Hex,
  concatHex,
  createTestClient,
  encodeDeployData,
  getContractAddress,
  http,
  publicActions,
  walletActions,
  zeroHash,
} from 'viem'
import type { Address } from '../domain/bytes.ts'
import { type Network, localChainId } from '../domain/network.ts'
import { ChainError } from '../errors/index.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { batchSettlementBytecode } from './abi/batch-settlement-bytecode.ts'
import { depositCollectorAbi } from './abi/deposit-collector.ts'
import { depositCollectorBytecode } from './abi/deposit-collector-bytecode.ts'
import { earningsBondAbi } from './abi/earnings-bond.ts'
import { earningsBondBytecode } from './abi/earnings-bond-bytecode.ts'
import { modelRegistryBytecode } from './abi/model-registry-bytecode.ts'
import { multicall3Bytecode } from './abi/multicall3-bytecode.ts'
import { permit2Bytecode } from './abi/permit2-bytecode.ts'
import { permit2DepositCollectorAbi } from './abi/permit2-deposit-collector.ts'
import { permit2DepositCollectorBytecode } from './abi/permit2-deposit-collector-bytecode.ts'
import { testDollarBytecode } from './abi/test-dollar-bytecode.ts'
import { permit2Address } from './authorize-permit2.ts'
import { localBondTerms } from './bond-terms.ts'
import { multicallAddress } from './call-together.ts'
import { chainFailure } from './chain-failure.ts'
import { x402Addresses } from './x402-addresses.ts'

const { settlement, collector, permit2Collector } = x402Addresses
/** The deterministic CREATE2 deployer that anvil starts with. */
const deployer: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C'

/**
 * Puts the contracts on a local chain, where they are not there already, and returns its description.
 * Their addresses are always the same.
 *
 * @throws ChainError `chain/not-local` on every chain but 31337, `chain/unreachable`
 */
export async function deployLocal(rpcUrl: string, relays: string[] = []): Promise<Network> {
  try {
    const client = connect(rpcUrl)
    const chainId = await client.getChainId()
    if (chainId !== localChainId) {
      throw new ChainError('chain/not-local', `Chain ${chainId} is not a local chain.`)
    }
    const settlementCode = encodeDeployData({ abi: batchSettlementAbi, bytecode: batchSettlementBytecode })
    const collectorCode = encodeDeployData({
      abi: depositCollectorAbi,
      bytecode: depositCollectorBytecode,
      args: [settlement],
    })
    const permit2CollectorCode = encodeDeployData({
      abi: permit2DepositCollectorAbi,
      bytecode: permit2DepositCollectorBytecode,
      args: [settlement, permit2Address],
    })
    await install(settlement, settlementCode, client)
    await install(collector, collectorCode, client)
    await install(permit2Address, permit2Bytecode, client)
    await install(permit2Collector, permit2CollectorCode, client)
    await install(multicallAddress, multicall3Bytecode, client)
    const token = await deploy(testDollarBytecode, client)
    const registry = await deploy(modelRegistryBytecode, client)
    const bond = await deploy(bondCode(token, registry), client)
    const where = { name: 'Local chain', chainId, rpcUrl, relays }
    return { ...where, token, settlement, collector, permit2Collector, bond, registry }
  } catch (error) {
    throw chainFailure(error, 'deployment')
  }
}

/** Accounts of anvil's mnemonic, so that a dispute can be tried out: the commons, and the panel. */
const commons: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const panel: Address[] = [
  '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC',
  '0x90F79bf6EB2c4f870365E785982E1f101E93b906',
]

function bondCode(token: Address, registry: Address): Hex {
  const { targetMicroUsd, holdSeconds, disputeSeconds, rewardBps } = localBondTerms
  const terms = { holdSeconds, disputeSeconds, rewardBps, target: targetMicroUsd, quorum: 2n }
  return encodeDeployData({
    abi: earningsBondAbi,
    bytecode: earningsBondBytecode,
    args: [{ ...terms, settlement, token, registry, commons, panel }],
  })
}

type LocalClient = ReturnType<typeof connect>

function connect(rpcUrl: string) {
  return createTestClient({ mode: 'anvil', transport: http(rpcUrl), pollingInterval: 100 })
    .extend(publicActions)
    .extend(walletActions)
}

/** Runs creation code at a given address, so that immutables such as the EIP-712 domain come out right. */
async function install(address: Address, creationCode: Hex, client: LocalClient): Promise<void> {
  const stateOverride = [{ address, code: creationCode }]
  const { data: bytecode } = await client.call({ to: address, stateOverride })
  if (!bytecode) throw new ChainError('chain/reverted', `The contract at ${address} could not be created.`)
  if ((await client.getCode({ address })) !== bytecode) await client.setCode({ address, bytecode })
}

async function deploy(creationCode: Hex, client: LocalClient): Promise<Address> {
  const address = getContractAddress({
    opcode: 'CREATE2',
    from: deployer,
    salt: zeroHash,
    bytecode: creationCode,
  })
  if (await client.getCode({ address })) return address
  const [account] = await client.getAddresses()
  if (!account) throw new ChainError('chain/not-local', 'The local chain has no account to deploy from.')
  const data = concatHex([zeroHash, creationCode])
  const hash = await client.sendTransaction({ account, to: deployer, data, chain: null })
  await client.waitForTransactionReceipt({ hash })
  return address
}
