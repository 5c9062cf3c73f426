// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract WithdrawTest is SettlementTest {
    function announce(uint128 amount) private {
        vm.prank(payer);
        settlement.initiateWithdraw(channel(1), amount);
    }

    function finalize() private {
        vm.prank(payer);
        settlement.finalizeWithdraw(channel(1));
    }

    function test_the_payer_takes_money_back_after_the_delay() public {
        bytes32 id = fund(channel(1), 500);
        vm.expectEmit(address(settlement));
        emit BatchSettlement.WithdrawInitiated(id, 400, uint40(block.timestamp) + DELAY);
        announce(400);
        (uint128 amount, uint40 initiatedAt) = settlement.pendingWithdrawals(id);
        vm.assertEq(amount, 400, "announced");
        vm.assertEq(initiatedAt, block.timestamp, "since");
        vm.warp(block.timestamp + DELAY);
        vm.expectEmit(address(settlement));
        emit BatchSettlement.WithdrawFinalized(id, payer, 400);
        finalize();
        vm.assertEq(dollar.balanceOf(payer), FUNDS - 100, "payer");
        vm.assertEq(balanceOf(id), 100, "channel");
    }

    function test_fuzz_not_a_second_early(uint40 wait) public {
        fund(channel(1), 500);
        announce(400);
        vm.warp(block.timestamp + bound(wait, 0, DELAY - 1));
        vm.prank(payer);
        vm.expectRevert(BatchSettlement.WithdrawDelayNotElapsed.selector);
        settlement.finalizeWithdraw(channel(1));
    }

    function test_the_last_second_of_the_delay_counts() public {
        fund(channel(1), 500);
        announce(400);
        vm.warp(block.timestamp + DELAY - 1);
        vm.prank(payer);
        vm.expectRevert(BatchSettlement.WithdrawDelayNotElapsed.selector);
        settlement.finalizeWithdraw(channel(1));
        vm.warp(block.timestamp + 1);
        finalize();
    }

    function test_the_receiver_may_claim_first() public {
        fund(channel(1), 500);
        announce(500);
        claim(channel(1), 450);
        vm.warp(block.timestamp + DELAY);
        finalize();
        vm.assertEq(dollar.balanceOf(payer), FUNDS - 450, "payer takes the rest");
        settlement.settle(receiver, address(dollar));
        vm.assertEq(dollar.balanceOf(receiver), 450, "receiver is paid");
    }

    function test_an_emptied_channel_is_closed() public {
        bytes32 id = fund(channel(1), 500);
        announce(500);
        vm.warp(block.timestamp + DELAY);
        vm.expectEmit(address(settlement));
        emit BatchSettlement.WithdrawFinalized(id, payer, 500);
        vm.expectEmit(address(settlement));
        emit BatchSettlement.ChannelClosed(id, channel(1));
        finalize();
    }

    function test_the_session_key_may_withdraw_to_the_payer() public {
        fund(channel(1), 500);
        vm.prank(session);
        settlement.initiateWithdraw(channel(1), 500);
        vm.warp(block.timestamp + DELAY);
        vm.prank(session);
        settlement.finalizeWithdraw(channel(1));
        vm.assertEq(dollar.balanceOf(payer), FUNDS, "payer");
    }

    function test_strangers_cannot_withdraw() public {
        fund(channel(1), 500);
        vm.prank(stranger);
        vm.expectRevert(BatchSettlement.InvalidChannel.selector);
        settlement.initiateWithdraw(channel(1), 1);
        vm.prank(stranger);
        vm.expectRevert(BatchSettlement.NotAuthorizedToFinalizeWithdraw.selector);
        settlement.finalizeWithdraw(channel(1));
    }

    function test_one_withdrawal_at_a_time() public {
        fund(channel(1), 500);
        announce(100);
        vm.prank(payer);
        vm.expectRevert(BatchSettlement.WithdrawalAlreadyPending.selector);
        settlement.initiateWithdraw(channel(1), 100);
    }

    function test_only_unclaimed_money_can_be_withdrawn() public {
        fund(channel(1), 500);
        claim(channel(1), 200);
        vm.prank(payer);
        vm.expectRevert(BatchSettlement.WithdrawAmountExceedsAvailable.selector);
        settlement.initiateWithdraw(channel(1), 301);
        vm.prank(payer);
        vm.expectRevert(BatchSettlement.NothingToWithdraw.selector);
        settlement.initiateWithdraw(channel(1), 0);
    }

    function test_a_withdrawal_must_be_announced() public {
        fund(channel(1), 500);
        vm.prank(payer);
        vm.expectRevert(BatchSettlement.WithdrawalNotPending.selector);
        settlement.finalizeWithdraw(channel(1));
    }
}
