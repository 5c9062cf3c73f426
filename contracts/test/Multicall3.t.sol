// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Multicall3} from "../src/Multicall3.sol";
import {TestDollar} from "../src/TestDollar.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract Multicall3Test is SettlementTest {
    Multicall3 private multicall;

    function setUp() public override {
        super.setUp();
        multicall = new Multicall3();
    }

    function test_calls_are_made_one_after_another() public {
        Multicall3.Call3[] memory calls = new Multicall3.Call3[](2);
        calls[0] = Multicall3.Call3(address(dollar), false, abi.encodeCall(TestDollar.mint, (stranger, 5)));
        calls[1] = Multicall3.Call3(address(dollar), false, abi.encodeCall(dollar.balanceOf, (stranger)));
        Multicall3.Result[] memory results = multicall.aggregate3(calls);
        vm.assertTrue(results[0].success && results[1].success, "both succeed");
        vm.assertEq(abi.decode(results[1].returnData, (uint256)), 5, "what the second returned");
    }

    function test_all_are_undone_where_one_reverts() public {
        vm.expectRevert(bytes("Multicall3: call failed"));
        multicall.aggregate3(mintAndFail(false));
        vm.assertEq(dollar.balanceOf(stranger), 0, "nothing happened");
    }

    function test_a_call_that_may_fail_fails_alone() public {
        Multicall3.Result[] memory results = multicall.aggregate3(mintAndFail(true));
        vm.assertTrue(results[0].success && !results[1].success, "the first alone succeeds");
        vm.assertEq(dollar.balanceOf(stranger), 5, "the first counts");
    }

    /// @dev Gives the stranger money, then tries to move money that the contract does not have.
    function mintAndFail(bool allowFailure) private view returns (Multicall3.Call3[] memory calls) {
        calls = new Multicall3.Call3[](2);
        calls[0] = Multicall3.Call3(address(dollar), false, abi.encodeCall(TestDollar.mint, (stranger, 5)));
        calls[1] =
            Multicall3.Call3(address(dollar), allowFailure, abi.encodeCall(dollar.transfer, (stranger, 1)));
    }
}
