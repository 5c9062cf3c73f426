// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// @notice Upper bounds of execution gas, with storage cold as in a transaction of its own.
contract GasTest is SettlementTest {
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
        vm.assertLe(claimGas(1), 40_000, "claim of 1");
    }

    function test_gas_of_a_claim_of_10() public {
        vm.assertLe(claimGas(10), 192_000, "claim of 10");
    }

    function test_gas_of_settling() public {
        bytes memory call = abi.encodeCall(BatchSettlement.settle, (stranger, address(dollar)));
        vm.assertLe(executionGas(call), 31_000, "settle");
    }

    function claimGas(uint256 count) private returns (uint256) {
        BatchSettlement.VoucherClaim[] memory first = new BatchSettlement.VoucherClaim[](count);
        for (uint256 i = 0; i < count; ++i) {
            first[i] = lines[i];
        }
        return executionGas(abi.encodeCall(BatchSettlement.claim, (first)));
    }

    function executionGas(bytes memory call) private returns (uint256) {
        vm.cool(address(settlement));
        vm.cool(address(dollar));
        vm.prank(receiver);
        (bool succeeded,) = address(settlement).call(call);
        vm.assertTrue(succeeded, "call");
        return vm.lastCallGas().gasTotalUsed;
    }
}
