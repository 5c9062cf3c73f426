// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {IEarningsBond} from "../src/IEarningsBond.sol";
import {ReceiptHash} from "../src/ReceiptHash.sol";
import {GasSnapshot} from "./GasSnapshot.sol";

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

    function claimGas(string memory name, uint256 count) private returns (uint256) {
        BatchSettlement.VoucherClaim[] memory first = new BatchSettlement.VoucherClaim[](count);
        for (uint256 i = 0; i < count; ++i) {
            first[i] = lines[i];
        }
        bytes memory call = abi.encodeCall(settlement.claim, (first));
        return snapshot(name, receiver, address(settlement), call);
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
