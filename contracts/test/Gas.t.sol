// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {IEarningsBond} from "../src/IEarningsBond.sol";
import {ReceiptHash} from "../src/ReceiptHash.sol";
import {AllowanceCollector} from "./AllowanceCollector.sol";
import {BondTest} from "./BondTest.sol";
import {GasSnapshot} from "./GasSnapshot.sol";
import {Permit2Test} from "./Permit2Test.sol";

/// @notice Gas of the settlement, with the figures that x402's own contract reaches as upper bounds.
contract GasTest is GasSnapshot {
    BatchSettlement.VoucherClaim[] private lines;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 10; ++i) {
            fund(channel(i), 100);
            lines.push(line(channel(i), 50, 50));
        }
        BatchSettlement.ChannelConfig memory older = channel(10);
        older.receiver = stranger;
        fund(older, 100);
        claim(older, 20);
        settlement.settle(stranger, address(dollar));
        claim(older, 40);
    }

    /// @dev The receiver's first claim, which is the dearest.
    function test_gas_of_a_claim_of_1() public {
        vm.assertLe(claimGas("claim_1", 1), 40_000, "claim of 1");
    }

    function test_gas_of_a_claim_of_10() public {
        vm.assertLe(claimGas("claim_10", 10), 192_000, "claim of 10");
    }

    function test_gas_of_settling() public {
        bytes memory call = abi.encodeCall(settlement.settle, (stranger, address(dollar)));
        vm.assertLe(snapshot("settle", receiver, address(settlement), call), 31_000, "settle");
    }

    /// @dev To a receiver that has no money yet and was never paid.
    function test_gas_of_settling_for_the_first_time() public {
        claim(channel(0), 50);
        bytes memory call = abi.encodeCall(settlement.settle, (receiver, address(dollar)));
        snapshot("settle_first", receiver, address(settlement), call);
    }

    /// @dev As a hub sends it for a provider.
    function test_gas_of_a_signed_claim_of_1() public {
        signedClaimGas("claim_signed_1", 1);
    }

    function test_gas_of_a_signed_claim_of_10() public {
        signedClaimGas("claim_signed_10", 10);
    }

    function test_gas_of_a_deposit() public {
        BatchSettlement.ChannelConfig memory config = channel(11);
        bytes memory data = authorize(settlement.getChannelId(config), 500, PAYER_KEY);
        bytes memory call = abi.encodeCall(settlement.deposit, (config, 500, address(collector), data));
        snapshot("deposit", stranger, address(settlement), call);
    }

    function test_gas_of_a_refund() public {
        bytes memory call = abi.encodeCall(settlement.refund, (channel(0), 100));
        snapshot("refund", receiver, address(settlement), call);
    }

    function test_gas_of_a_signed_refund() public {
        bytes memory signature =
            sign(RECEIVER_KEY, settlement.getRefundDigest(settlement.getChannelId(channel(0)), 0, 100));
        bytes memory call = abi.encodeCall(settlement.refundWithSignature, (channel(0), 100, 0, signature));
        snapshot("refund_signed", stranger, address(settlement), call);
    }

    function test_gas_of_announcing_a_withdrawal() public {
        bytes memory call = abi.encodeCall(settlement.initiateWithdraw, (channel(0), 100));
        snapshot("withdraw_initiate", payer, address(settlement), call);
    }

    function test_gas_of_a_withdrawal() public {
        vm.prank(payer);
        settlement.initiateWithdraw(channel(0), 100);
        vm.warp(block.timestamp + DELAY);
        bytes memory call = abi.encodeCall(settlement.finalizeWithdraw, (channel(0)));
        snapshot("withdraw_finalize", payer, address(settlement), call);
    }

    function claimGas(string memory name, uint256 count) private returns (uint256) {
        bytes memory call = abi.encodeCall(settlement.claim, (first(count)));
        return snapshot(name, receiver, address(settlement), call);
    }

    function signedClaimGas(string memory name, uint256 count) private {
        bytes memory signature = sign(RECEIVER_KEY, settlement.getClaimBatchDigest(first(count)));
        bytes memory call = abi.encodeCall(settlement.claimWithSignature, (first(count), signature));
        snapshot(name, stranger, address(settlement), call);
    }

    function first(uint256 count) private view returns (BatchSettlement.VoucherClaim[] memory some) {
        some = new BatchSettlement.VoucherClaim[](count);
        for (uint256 i = 0; i < count; ++i) {
            some[i] = lines[i];
        }
    }
}

/// @notice Gas taken as x402 takes its own contract's: a channel's whole life in one transaction, so that storage is
///         warm, and the money pulled by allowance. `npm run bench -- gas` compares it with x402's figures.
contract X402GasTest is GasSnapshot {
    AllowanceCollector private puller;

    function setUp() public override {
        super.setUp();
        puller = new AllowanceCollector();
        vm.prank(payer);
        dollar.approve(address(puller), type(uint256).max);
    }

    function test_gas_of_a_deposit_as_x402_takes_it() public {
        bytes memory call = abi.encodeCall(settlement.deposit, (channel(0), 1000, address(puller), ""));
        snapshotWarm("as_x402_deposit", payer, address(settlement), call);
    }

    function test_gas_of_a_claim_of_1_as_x402_takes_it() public {
        claimGas("as_x402_claim_1", 1);
    }

    function test_gas_of_a_claim_of_10_as_x402_takes_it() public {
        claimGas("as_x402_claim_10", 10);
    }

    function test_gas_of_settling_as_x402_takes_it() public {
        pull(0);
        claim(channel(0), 100);
        bytes memory call = abi.encodeCall(settlement.settle, (receiver, address(dollar)));
        snapshotWarm("as_x402_settle", stranger, address(settlement), call);
    }

    function test_gas_of_a_refund_as_x402_takes_it() public {
        pull(0);
        bytes memory call = abi.encodeCall(settlement.refund, (channel(0), 1000));
        snapshotWarm("as_x402_refund", receiver, address(settlement), call);
    }

    function test_gas_of_a_signed_refund_as_x402_takes_it() public {
        pull(0);
        bytes32 digest = settlement.getRefundDigest(settlement.getChannelId(channel(0)), 0, 1000);
        bytes memory call =
            abi.encodeCall(settlement.refundWithSignature, (channel(0), 1000, 0, sign(RECEIVER_KEY, digest)));
        snapshotWarm("as_x402_refund_signed", stranger, address(settlement), call);
    }

    function claimGas(string memory name, uint256 count) private {
        BatchSettlement.VoucherClaim[] memory lines = new BatchSettlement.VoucherClaim[](count);
        for (uint256 i = 0; i < count; ++i) {
            pull(i);
            lines[i] = line(channel(i), 100, 100);
        }
        snapshotWarm(name, receiver, address(settlement), abi.encodeCall(settlement.claim, (lines)));
    }

    function pull(uint256 salt) private {
        settlement.deposit(channel(salt), 1000, address(puller), "");
    }
}

/// @notice Gas of deposits by Permit2, by a payer that made some before.
contract Permit2GasTest is GasSnapshot, Permit2Test {
    /// @dev Random, as payers choose it.
    uint256 private constant NONCE = uint256(keccak256("nonce"));

    function setUp() public override(BondTest, Permit2Test) {
        super.setUp();
        deposit(plainChannel(1), 100, data(plainChannel(1), 100, 1, PAYER_KEY, allowance(100, PAYER_KEY)));
    }

    function test_gas_of_a_permit2_deposit() public {
        allow(FUNDS);
        depositGas("deposit_permit2", "");
    }

    /// @dev The payer signs the allowance too (EIP-2612), as it does when it has no gas.
    function test_gas_of_a_permit2_deposit_with_its_allowance() public {
        bytes memory second = allowance(500, PAYER_KEY);
        depositGas("deposit_permit2_allowance", second);
    }

    function depositGas(string memory name, bytes memory eip2612) private {
        BatchSettlement.ChannelConfig memory config = plainChannel(2);
        bytes memory authorization = data(config, 500, NONCE, PAYER_KEY, eip2612);
        bytes memory call =
            abi.encodeCall(settlement.deposit, (config, 500, address(permitCollector), authorization));
        snapshot(name, stranger, address(settlement), call);
    }

    function coolAll() internal override {
        super.coolAll();
        vm.cool(address(permitCollector));
        vm.cool(address(permit2));
        vm.cool(address(plain));
    }
}

/// @notice Gas of the bond, for a provider that has earned in every period.
contract BondGasTest is GasSnapshot {
    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 9; ++i) {
            earn(PROVIDER_KEY, listingId, 200);
            vm.warp(block.timestamp + PERIOD);
        }
    }

    function test_gas_of_a_credit() public {
        BatchSettlement.ChannelConfig memory config = bondChannel(PROVIDER_KEY, listingId);
        fund(config, 200);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, 2000, 2000));
        vm.prank(provider);
        settlement.claim(lines);
        snapshot("bond_credit", stranger, address(bond), abi.encodeCall(bond.credit, (config)));
    }

    function test_gas_of_a_withdrawal() public {
        snapshot("bond_withdraw", stranger, address(bond), abi.encodeCall(bond.withdraw, (provider)));
    }

    function test_gas_of_a_slash() public {
        ReceiptHash.Receipt memory one = receiptOf(PROVIDER_KEY, "job", "yes");
        ReceiptHash.Receipt memory other = receiptOf(PROVIDER_KEY, "job", "no");
        bytes memory call = abi.encodeCall(
            IEarningsBond.slash, (one, signed(PROVIDER_KEY, one), other, signed(PROVIDER_KEY, other))
        );
        snapshot("bond_slash", stranger, address(bond), call);
    }

    function test_gas_of_a_dispute() public {
        ReceiptHash.Receipt memory receipt = receiptOf(PROVIDER_KEY, "job", "yes");
        bytes memory call =
            abi.encodeCall(IEarningsBond.dispute, (receipt, signed(PROVIDER_KEY, receipt), 300));
        snapshot("bond_dispute", stranger, address(bond), call);
    }

    function test_gas_of_a_verdict() public {
        uint256 id = openDispute(PROVIDER_KEY, 300);
        bytes memory call = abi.encodeCall(IEarningsBond.resolve, (id, false, verdicts(id, false, 2)));
        snapshot("bond_resolve", stranger, address(bond), call);
    }
}
