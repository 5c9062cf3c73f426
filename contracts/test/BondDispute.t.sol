// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEarningsBond} from "../src/IEarningsBond.sol";
import {ReceiptHash} from "../src/ReceiptHash.sol";
import {BondTest} from "./BondTest.sol";

contract BondDisputeTest is BondTest {
    function setUp() public override {
        super.setUp();
        earn(600);
    }

    function test_a_dispute_locks_as_much_as_its_accuser_stakes() public {
        ReceiptHash.Receipt memory receipt = receiptOf(PROVIDER_KEY, "disputed", "maybe");
        uint40 deadline = uint40(block.timestamp) + PANEL_TIME;
        bytes32 receiptHash = bond.getReceiptDigest(receipt);
        vm.expectEmit(address(bond));
        emit IEarningsBond.DisputeOpened(1, provider, stranger, receiptHash, 200, 200, deadline);
        uint256 id = openDispute(PROVIDER_KEY, 200);
        IEarningsBond.Dispute memory open = bond.getDispute(id);
        vm.assertEq(open.provider, provider, "provider");
        vm.assertEq(open.accuser, stranger, "accuser");
        vm.assertEq(open.stake, 200, "staked");
        vm.assertEq(open.locked, 200, "locked by the dispute");
        vm.assertEq(open.deadline, deadline, "deadline");
        vm.assertEq(open.receiptHash, receiptHash, "receipt");
        vm.assertEq(lockedOf(provider), 200, "locked");
        vm.assertEq(bondedOf(provider), 400, "still held");
        vm.assertEq(dollar.balanceOf(stranger), FUNDS - 200, "stake");
    }

    function test_fuzz_the_bond_is_the_limit_of_a_stake(uint128 most) public {
        most = uint128(bound(most, 600, type(uint128).max));
        openDispute(PROVIDER_KEY, most);
        vm.assertEq(lockedOf(provider), 600, "locked");
        vm.assertEq(dollar.balanceOf(stranger), FUNDS - 600, "stake");
    }

    function test_there_must_be_something_to_dispute() public {
        ReceiptHash.Receipt memory receipt = receiptOf(PROVIDER_KEY, "disputed", "maybe");
        bytes memory signature = signed(PROVIDER_KEY, receipt);
        vm.expectRevert(IEarningsBond.ZeroStake.selector);
        bond.dispute(receipt, signature, 0);
        vm.expectRevert(IEarningsBond.InvalidReceiptSignature.selector);
        bond.dispute(receipt, sign(STRANGER_KEY, bytes32(0)), 1);
        vm.warp(block.timestamp + HOLD + PERIOD);
        vm.expectRevert(IEarningsBond.NothingAtStake.selector);
        bond.dispute(receipt, signature, 1);
    }

    function test_guilty_rewards_the_accuser() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        bytes[] memory signatures = verdicts(id, true, 2);
        vm.expectEmit(address(bond));
        emit IEarningsBond.DisputeResolved(id, true);
        vm.expectEmit(address(bond));
        emit IEarningsBond.Credited(stranger, 260);
        vm.expectEmit(address(bond));
        emit IEarningsBond.Credited(commons, 140);
        bond.resolve(id, true, signatures);
        vm.assertEq(bond.withdraw(stranger), 260, "stake and reward");
        vm.assertEq(bond.withdraw(commons), 140, "commons");
        vm.assertEq(bondedOf(provider), 400, "the rest of the bond");
        vm.assertEq(lockedOf(provider), 0, "nothing is locked");
        (,,, uint32 convictions) = bond.getAccount(provider);
        vm.assertEq(convictions, 1, "convicted");
    }

    function test_not_guilty_gives_the_stake_to_the_provider() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        bond.resolve(id, false, verdicts(id, false, 3));
        vm.assertEq(availableOf(provider), 200, "stake");
        vm.assertEq(bondedOf(provider), 600, "bond");
        vm.assertEq(lockedOf(provider), 0, "nothing is locked");
        vm.assertEq(availableOf(stranger), 0, "accuser");
    }

    function test_without_a_verdict_both_have_their_money_back_but_for_the_accusers_twentieth() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        vm.warp(block.timestamp + PANEL_TIME);
        vm.expectRevert(IEarningsBond.DisputeStillOpen.selector);
        bond.expire(id);
        vm.warp(block.timestamp + 1);
        vm.expectEmit(address(bond));
        emit IEarningsBond.DisputeExpired(id, 10);
        bond.expire(id);
        vm.assertEq(bond.withdraw(stranger), 190, "accuser");
        vm.assertEq(bond.withdraw(provider), 10, "provider");
        vm.assertEq(bondedOf(provider), 600, "bond");
        vm.assertEq(lockedOf(provider), 0, "nothing is locked");
    }

    function test_the_smallest_stake_loses_something_too() public {
        expired(openDispute(PROVIDER_KEY, 1));
        vm.assertEq(availableOf(stranger), 0, "accuser");
        vm.assertEq(availableOf(provider), 1, "provider");
    }

    function test_a_verdict_may_come_at_the_last_second_but_not_later() public {
        uint256 first = openDispute(PROVIDER_KEY, 200);
        uint256 second = openDispute(PROVIDER_KEY, 200);
        bytes[] memory signatures = verdicts(first, true, 2);
        vm.warp(block.timestamp + PANEL_TIME);
        bond.resolve(first, true, signatures);
        signatures = verdicts(second, true, 2);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(IEarningsBond.VerdictTooLate.selector);
        bond.resolve(second, true, signatures);
    }

    function test_a_quorum_must_sign() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        bytes[] memory one = verdicts(id, true, 1);
        vm.expectRevert(abi.encodeWithSelector(IEarningsBond.QuorumMissing.selector, 1, 2));
        bond.resolve(id, true, one);
    }

    function test_nobody_counts_twice() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        bytes[] memory twice = verdicts(id, true, 2);
        twice[1] = twice[0];
        vm.expectRevert(abi.encodeWithSelector(IEarningsBond.InvalidVerdict.selector, 1));
        bond.resolve(id, true, twice);
        bytes[] memory turned = verdicts(id, true, 2);
        (turned[0], turned[1]) = (turned[1], turned[0]);
        vm.expectRevert(abi.encodeWithSelector(IEarningsBond.InvalidVerdict.selector, 1));
        bond.resolve(id, true, turned);
    }

    function test_only_the_panel_counts() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        bytes[] memory signatures = verdicts(id, true, 2);
        signatures[0] = sign(STRANGER_KEY, bond.getVerdictDigest(id, true));
        vm.expectRevert(abi.encodeWithSelector(IEarningsBond.InvalidVerdict.selector, 0));
        bond.resolve(id, true, signatures);
        signatures[0] = "";
        vm.expectRevert(abi.encodeWithSelector(IEarningsBond.InvalidVerdict.selector, 0));
        bond.resolve(id, true, signatures);
    }

    function test_a_verdict_says_which_dispute_and_what() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        uint256 other = openDispute(PROVIDER_KEY, 200);
        bytes[] memory signatures = verdicts(id, true, 2);
        vm.expectRevert(abi.encodeWithSelector(IEarningsBond.InvalidVerdict.selector, 0));
        bond.resolve(id, false, signatures);
        vm.expectRevert(abi.encodeWithSelector(IEarningsBond.InvalidVerdict.selector, 0));
        bond.resolve(other, true, signatures);
    }

    function test_a_dispute_ends_once() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        bytes[] memory signatures = verdicts(id, true, 2);
        bond.resolve(id, true, signatures);
        bytes memory unknown = abi.encodeWithSelector(IEarningsBond.UnknownDispute.selector, id);
        vm.expectRevert(unknown);
        bond.resolve(id, true, signatures);
        vm.expectRevert(unknown);
        bond.expire(id);
        vm.expectRevert(unknown);
        bond.getDispute(id);
    }

    function test_a_receipt_locks_a_whole_bond_once() public {
        ReceiptHash.Receipt memory receipt = receiptOf(PROVIDER_KEY, "disputed", "maybe");
        bytes memory signature = signed(PROVIDER_KEY, receipt);
        earn(400);
        for (uint128 most = 400; most <= 1000; most += 600) {
            expired(openDispute(receipt, PROVIDER_KEY, most));
        }
        vm.assertEq(bondedOf(provider), TARGET, "all is back");
        vm.assertEq(bond.disputedAmount(bond.getReceiptDigest(receipt)), TARGET, "a whole bond");
        vm.expectRevert(IEarningsBond.AlreadyDisputed.selector);
        bond.dispute(receipt, signature, 1);
        openDispute(receiptOf(PROVIDER_KEY, "another job", "maybe"), PROVIDER_KEY, 1000);
        vm.assertEq(lockedOf(provider), TARGET, "another receipt is another matter");
    }

    function test_a_small_dispute_with_a_friend_spares_no_larger_one() public {
        ReceiptHash.Receipt memory receipt = receiptOf(PROVIDER_KEY, "disputed", "maybe");
        expired(openDispute(receipt, PROVIDER_KEY, 1));
        openDispute(receipt, PROVIDER_KEY, 600);
        vm.assertEq(lockedOf(provider), 600, "the whole bond");
    }

    function test_a_lock_comes_back_with_its_age() public {
        vm.warp(block.timestamp + 2 * PERIOD);
        earn(300);
        (uint128[9] memory before, uint40[9] memory releaseAt) = bond.getBond(provider);
        uint256 id = openDispute(PROVIDER_KEY, 700);
        (uint128[9] memory amounts,) = bond.getBond(provider);
        vm.assertEq(amounts[6], 0, "the oldest part is locked whole");
        vm.assertEq(amounts[8], 200, "and of the newest what was missing");
        expired(id);
        uint40[9] memory releaseAtBack;
        (amounts, releaseAtBack) = bond.getBond(provider);
        uint256 passed = PANEL_TIME / PERIOD;
        for (uint256 i = passed; i < 9; ++i) {
            vm.assertEq(amounts[i - passed], before[i], "the same parts");
            vm.assertEq(releaseAtBack[i - passed], releaseAt[i], "released at the same times");
        }
    }

    /// @dev Neither the accuser nor the provider's friend changes when the money is free.
    function test_fuzz_a_dispute_delays_and_hastens_nothing(uint40 wait) public {
        uint256 earnedAt = block.timestamp;
        vm.warp(block.timestamp + bound(wait, 0, HOLD));
        uint256 id = openDispute(PROVIDER_KEY, 600);
        uint256 lost = 30;
        expired(id);
        if (block.timestamp < earnedAt + HOLD) {
            vm.assertEq(bondedOf(provider), 600, "held again");
            vm.assertEq(bond.withdraw(provider), lost, "nothing is free early");
        } else if (block.timestamp >= earnedAt + HOLD + PERIOD) {
            vm.assertEq(bondedOf(provider), 0, "its time was over");
            vm.assertEq(bond.withdraw(provider), 600 + lost, "free at once");
        }
        vm.warp(block.timestamp > earnedAt + HOLD + PERIOD ? block.timestamp : earnedAt + HOLD + PERIOD);
        bond.withdraw(provider);
        vm.assertEq(dollar.balanceOf(provider), 600 + lost, "free after the same time as ever");
    }

    function test_what_a_lock_that_came_back_adds_to_a_full_bond_is_credit() public {
        uint256 id = openDispute(PROVIDER_KEY, 600);
        vm.warp(block.timestamp + PERIOD);
        earn(900);
        expired(id);
        (uint128[9] memory amounts,) = bond.getBond(provider);
        vm.assertEq(bondedOf(provider), TARGET, "target");
        vm.assertEq(amounts[8 - PANEL_TIME / PERIOD], 900, "the newest part is whole");
        vm.assertEq(availableOf(provider), 500 + 30, "the oldest gives way");
    }

    function test_a_dispute_with_a_friend_shelters_nothing_from_a_verdict() public {
        uint256 friends = openDispute(receiptOf(PROVIDER_KEY, "honest", "yes"), PROVIDER_KEY, 600);
        vm.warp(block.timestamp + 1 hours);
        uint256 id = openDispute(PROVIDER_KEY, 1000);
        IEarningsBond.Dispute memory open = bond.getDispute(id);
        vm.assertEq(open.locked, 0, "nothing is left to lock");
        vm.assertEq(open.stake, 600, "as much at stake as they have");
        bond.resolve(id, true, verdicts(id, true, 2));
        vm.assertEq(availableOf(stranger), 600, "the accuser's stake");
        vm.warp(block.timestamp + PANEL_TIME - 1 hours + 1);
        vm.expectEmit(address(bond));
        emit IEarningsBond.LockForfeited(friends, provider, 600);
        bond.expire(friends);
        vm.assertEq(availableOf(commons), 600, "what was sheltered");
        vm.assertEq(bondedOf(provider) + availableOf(provider) + lockedOf(provider), 0, "provider");
    }

    function test_nothing_comes_back_where_nothing_was_locked() public {
        openDispute(receiptOf(PROVIDER_KEY, "honest", "yes"), PROVIDER_KEY, 600);
        uint256 innocent = openDispute(PROVIDER_KEY, 100);
        uint256 silent = openDispute(PROVIDER_KEY, 200);
        bond.resolve(innocent, false, verdicts(innocent, false, 2));
        vm.assertEq(availableOf(provider), 100, "the stake");
        vm.warp(block.timestamp + PANEL_TIME + 1);
        bond.expire(silent);
        vm.assertEq(availableOf(provider), 110, "a twentieth of the stake");
        vm.assertEq(bondedOf(provider), 0, "bond");
        vm.assertEq(lockedOf(provider), 600, "the lock of the other dispute");
    }

    /// @dev Waits for the panel in vain.
    function expired(uint256 id) private {
        vm.warp(block.timestamp + PANEL_TIME + 1);
        bond.expire(id);
    }
}
