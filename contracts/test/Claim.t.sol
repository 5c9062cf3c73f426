// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// @notice Contract wallet that accepts the signatures of one key (ERC-1271).
contract Wallet {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recover(digest, signature) == owner ? this.isValidSignature.selector : bytes4(0);
    }
}

contract ClaimTest is SettlementTest {
    function test_a_claim_raises_both_totals() public {
        bytes32 id = fund(channel(1), 500);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(channel(1), 300, 200));
        vm.expectEmit(address(settlement));
        emit BatchSettlement.Claimed(id, receiver, 200, 200);
        vm.prank(receiver);
        settlement.claim(lines);
        vm.assertEq(claimedOf(id), 200, "channel");
        (uint128 totalClaimed, uint128 totalSettled) = settlement.receivers(receiver, address(dollar));
        vm.assertEq(totalClaimed, 200, "receiver");
        vm.assertEq(totalSettled, 0, "nothing is settled yet");
    }

    function test_fuzz_a_claim_pays_exactly_the_rise(uint128 deposited, uint128 first, uint128 second)
        public
    {
        deposited = uint128(bound(deposited, 2, FUNDS));
        first = uint128(bound(first, 1, deposited - 1));
        second = uint128(bound(second, first, deposited));
        fund(channel(1), deposited);
        claim(channel(1), first);
        claim(channel(1), second);
        settlement.settle(receiver, address(dollar));
        vm.assertEq(dollar.balanceOf(receiver), second, "paid");
        vm.assertEq(dollar.balanceOf(address(settlement)), deposited - second, "held");
    }

    function test_a_replayed_or_lower_voucher_changes_nothing() public {
        bytes32 id = fund(channel(1), 500);
        claim(channel(1), 200);
        claim(channel(1), 200);
        claim(channel(1), 100);
        vm.assertEq(claimedOf(id), 200, "claimed");
    }

    function test_one_call_claims_many_channels() public {
        BatchSettlement.VoucherClaim[] memory lines = new BatchSettlement.VoucherClaim[](3);
        for (uint128 i = 0; i < 3; ++i) {
            fund(channel(i), 100);
            lines[i] = line(channel(i), 10 + i, 10 + i);
        }
        vm.prank(receiver);
        settlement.claim(lines);
        (uint128 totalClaimed,) = settlement.receivers(receiver, address(dollar));
        vm.assertEq(totalClaimed, 33, "sum");
    }

    function test_fuzz_the_ceiling_holds(uint128 ceiling, uint128 total) public {
        ceiling = uint128(bound(ceiling, 0, FUNDS - 1));
        total = uint128(bound(total, ceiling + 1, FUNDS));
        fund(channel(1), FUNDS);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(channel(1), ceiling, total));
        vm.prank(receiver);
        vm.expectRevert(BatchSettlement.ClaimExceedsCeiling.selector);
        settlement.claim(lines);
    }

    function test_the_balance_is_the_limit() public {
        fund(channel(1), 500);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(channel(1), 501, 501));
        vm.prank(receiver);
        vm.expectRevert(BatchSettlement.ClaimExceedsBalance.selector);
        settlement.claim(lines);
    }

    function test_only_the_authorizer_signs_vouchers() public {
        fund(channel(1), 500);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(channel(1), 500, 500));
        lines[0].signature =
            sign(PAYER_KEY, settlement.getVoucherDigest(settlement.getChannelId(channel(1)), 500));
        vm.prank(receiver);
        vm.expectRevert(BatchSettlement.InvalidSignature.selector);
        settlement.claim(lines);
    }

    function test_without_an_authorizer_the_payer_signs() public {
        BatchSettlement.ChannelConfig memory config = channel(1);
        config.payerAuthorizer = address(0);
        bytes32 id = fund(config, 500);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, 300, 300));
        vm.prank(receiver);
        vm.expectRevert(BatchSettlement.InvalidSignature.selector);
        settlement.claim(lines);
        lines[0].signature = sign(PAYER_KEY, settlement.getVoucherDigest(id, 300));
        vm.prank(receiver);
        settlement.claim(lines);
        vm.assertEq(claimedOf(id), 300, "claimed");
    }

    function test_a_contract_wallet_may_be_the_payer() public {
        payer = address(new Wallet(vm.addr(PAYER_KEY)));
        dollar.mint(payer, 500);
        BatchSettlement.ChannelConfig memory config = channel(1);
        config.payerAuthorizer = address(0);
        bytes32 id = fund(config, 500);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, 300, 300));
        lines[0].signature = sign(PAYER_KEY, settlement.getVoucherDigest(id, 300));
        vm.prank(receiver);
        settlement.claim(lines);
        vm.assertEq(claimedOf(id), 300, "claimed");
    }

    function test_strangers_cannot_claim() public {
        fund(channel(1), 500);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(channel(1), 500, 500));
        vm.prank(stranger);
        vm.expectRevert(BatchSettlement.NotAuthorizedToClaim.selector);
        settlement.claim(lines);
    }

    function test_an_empty_batch_is_refused() public {
        BatchSettlement.VoucherClaim[] memory lines = new BatchSettlement.VoucherClaim[](0);
        vm.expectRevert(BatchSettlement.EmptyBatch.selector);
        settlement.claim(lines);
        vm.expectRevert(BatchSettlement.EmptyBatch.selector);
        settlement.claimWithSignature(lines, "");
    }

    function test_anyone_may_bring_a_signed_batch() public {
        bytes32 id = fund(channel(1), 500);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(channel(1), 300, 200));
        bytes memory signature = sign(RECEIVER_KEY, settlement.getClaimBatchDigest(lines));
        vm.prank(stranger);
        settlement.claimWithSignature(lines, signature);
        vm.assertEq(claimedOf(id), 200, "claimed");
    }

    function test_a_signed_batch_cannot_be_changed() public {
        fund(channel(1), 500);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(channel(1), 300, 200));
        bytes memory signature = sign(RECEIVER_KEY, settlement.getClaimBatchDigest(lines));
        lines[0].totalClaimed = 300;
        vm.expectRevert(BatchSettlement.InvalidSignature.selector);
        settlement.claimWithSignature(lines, signature);
    }

    function test_a_signed_batch_has_one_authorizer() public {
        BatchSettlement.ChannelConfig memory other = channel(2);
        other.receiverAuthorizer = stranger;
        BatchSettlement.VoucherClaim[] memory lines = new BatchSettlement.VoucherClaim[](2);
        fund(channel(1), 500);
        fund(other, 500);
        lines[0] = line(channel(1), 100, 100);
        lines[1] = line(other, 100, 100);
        bytes memory signature = sign(RECEIVER_KEY, settlement.getClaimBatchDigest(lines));
        vm.expectRevert(BatchSettlement.NotReceiverAuthorizer.selector);
        settlement.claimWithSignature(lines, signature);
    }

    function test_settling_pays_everything_claimed_once() public {
        fund(channel(1), 500);
        claim(channel(1), 200);
        vm.expectEmit(address(settlement));
        emit BatchSettlement.Settled(receiver, address(dollar), stranger, 200);
        vm.prank(stranger);
        settlement.settle(receiver, address(dollar));
        settlement.settle(receiver, address(dollar));
        vm.assertEq(dollar.balanceOf(receiver), 200, "paid");
        (uint128 totalClaimed, uint128 totalSettled) = settlement.receivers(receiver, address(dollar));
        vm.assertEq(totalSettled, totalClaimed, "settled");
    }

    function test_one_transaction_claims_and_settles() public {
        fund(channel(1), 500);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(BatchSettlement.claim, (batch(line(channel(1), 200, 200))));
        calls[1] = abi.encodeCall(BatchSettlement.settle, (receiver, address(dollar)));
        vm.prank(receiver);
        settlement.multicall(calls);
        vm.assertEq(dollar.balanceOf(receiver), 200, "paid");
    }
}
