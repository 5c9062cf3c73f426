// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {Permit2} from "../src/Permit2.sol";
import {Permit2DepositCollector} from "../src/Permit2DepositCollector.sol";
import {PlainDollar} from "../src/PlainDollar.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// @notice A payer with money of a token that lacks EIP-3009, and what it signs for Permit2.
abstract contract Permit2Test is SettlementTest {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    /// @dev Written out as a wallet hashes it, and not put together from the parts that the contracts use.
    bytes32 private constant TRANSFER_TYPEHASH = keccak256(
        "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,DepositWitness witness)DepositWitness(bytes32 channelId)TokenPermissions(address token,uint256 amount)"
    );

    Permit2 internal permit2;
    Permit2DepositCollector internal permitCollector;
    PlainDollar internal plain;
    uint256 internal deadline;

    function setUp() public virtual override {
        super.setUp();
        permit2 = new Permit2();
        permitCollector = new Permit2DepositCollector(address(settlement), address(permit2));
        plain = new PlainDollar();
        plain.mint(payer, FUNDS);
        deadline = block.timestamp + 1 hours;
    }

    function plainChannel(uint256 salt) internal view returns (BatchSettlement.ChannelConfig memory config) {
        config = channel(salt);
        config.token = address(plain);
    }

    function allow(uint256 amount) internal {
        vm.prank(payer);
        plain.approve(address(permit2), amount);
    }

    function deposit(BatchSettlement.ChannelConfig memory config, uint128 amount, bytes memory collectorData)
        internal
        returns (bytes32)
    {
        settlement.deposit(config, amount, address(permitCollector), collectorData);
        return settlement.getChannelId(config);
    }

    /// @dev The payer's EIP-2612 signature for Permit2, as the collector takes it.
    function allowance(uint256 amount, uint256 key) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(PERMIT_TYPEHASH, payer, address(permit2), amount, plain.nonces(payer), deadline)
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digestOf(plain.DOMAIN_SEPARATOR(), structHash));
        return abi.encode(amount, deadline, v, r, s);
    }

    function data(
        BatchSettlement.ChannelConfig memory config,
        uint256 amount,
        uint256 nonce,
        uint256 key,
        bytes memory eip2612
    ) internal view returns (bytes memory) {
        bytes32 permitted = keccak256(
            abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), address(plain), amount)
        );
        bytes32 id = settlement.getChannelId(config);
        bytes32 witness = keccak256(abi.encode(keccak256("DepositWitness(bytes32 channelId)"), id));
        bytes32 structHash = keccak256(
            abi.encode(TRANSFER_TYPEHASH, permitted, address(permitCollector), nonce, deadline, witness)
        );
        bytes memory signature = sign(key, digestOf(permit2.DOMAIN_SEPARATOR(), structHash));
        return abi.encode(nonce, deadline, signature, eip2612);
    }

    function digestOf(bytes32 domain, bytes32 structHash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }
}
