// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract RefundTest is SettlementTest {
    function refund(uint128 amount) private {
        vm.prank(receiver);
        settlement.refund(channel(1), amount);
    }

    function test_fuzz_a_refund_is_limited_to_what_is_unclaimed(uint128 claimed, uint128 amount) public {
        claimed = uint128(bound(claimed, 0, 500));
        amount = uint128(bound(amount, 1, type(uint128).max));
        bytes32 id = fund(channel(1), 500);
        claim(channel(1), claimed);
        refund(amount);
        uint256 paid = amount < 500 - claimed ? amount : 500 - claimed;
        vm.assertEq(dollar.balanceOf(payer), FUNDS - 500 + paid, "payer");
        vm.assertEq(balanceOf(id), 500 - paid, "channel");
        vm.assertEq(settlement.refundNonce(id), 1, "nonce");
    }

    function test_a_refund_reduces_a_pending_withdrawal() public {
        bytes32 id = fund(channel(1), 500);
        vm.prank(payer);
        settlement.initiateWithdraw(channel(1), 400);
        refund(100);
        (uint128 amount, uint40 initiatedAt) = settlement.pendingWithdrawals(id);
        vm.assertEq(amount, 300, "what is left");
        vm.assertTrue(initiatedAt != 0, "still pending");
        refund(300);
        (amount, initiatedAt) = settlement.pendingWithdrawals(id);
        vm.assertEq(amount, 0, "nothing left");
        vm.assertEq(initiatedAt, 0, "no longer pending");
    }

    function test_a_full_refund_closes_the_channel() public {
        bytes32 id = fund(channel(1), 500);
        vm.expectEmit(address(settlement));
        emit BatchSettlement.Refunded(id, receiver, 500);
        vm.expectEmit(address(settlement));
        emit BatchSettlement.ChannelClosed(id, channel(1));
        refund(500);
    }

    function test_strangers_cannot_refund() public {
        fund(channel(1), 500);
        vm.prank(payer);
        vm.expectRevert(BatchSettlement.NotAuthorizedToRefund.selector);
        settlement.refund(channel(1), 1);
    }

    function test_nothing_cannot_be_refunded() public {
        fund(channel(1), 500);
        vm.prank(receiver);
        vm.expectRevert(BatchSettlement.ZeroRefund.selector);
        settlement.refund(channel(1), 0);
    }

    function test_anyone_may_bring_a_signed_refund_once() public {
        bytes32 id = fund(channel(1), 500);
        bytes memory signature = sign(RECEIVER_KEY, settlement.getRefundDigest(id, 0, 200));
        vm.prank(stranger);
        settlement.refundWithSignature(channel(1), 200, 0, signature);
        vm.assertEq(dollar.balanceOf(payer), FUNDS - 300, "payer");
        vm.expectRevert(BatchSettlement.InvalidRefundNonce.selector);
        settlement.refundWithSignature(channel(1), 200, 0, signature);
    }

    function test_a_direct_refund_voids_a_signed_one() public {
        bytes32 id = fund(channel(1), 500);
        bytes memory signature = sign(RECEIVER_KEY, settlement.getRefundDigest(id, 0, 200));
        refund(1);
        vm.expectRevert(BatchSettlement.InvalidRefundNonce.selector);
        settlement.refundWithSignature(channel(1), 200, 0, signature);
    }

    function test_only_the_authorizer_signs_refunds() public {
        bytes32 id = fund(channel(1), 500);
        bytes memory signature = sign(PAYER_KEY, settlement.getRefundDigest(id, 0, 200));
        vm.expectRevert(BatchSettlement.InvalidSignature.selector);
        settlement.refundWithSignature(channel(1), 200, 0, signature);
    }
}
