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
        emit IEarningsBond.DisputeOpened(1, provider, stranger, receiptHash, 200, deadline);
        uint256 id = openDispute(PROVIDER_KEY, 200);
        IEarningsBond.Dispute memory open = bond.getDispute(id);
        vm.assertEq(open.provider, provider, "provider");
        vm.assertEq(open.accuser, stranger, "accuser");
        vm.assertEq(open.amount, 200, "amount");
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
    }

    function test_not_guilty_gives_the_stake_to_the_provider() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        bond.resolve(id, false, verdicts(id, false, 3));
        vm.assertEq(availableOf(provider), 200, "stake");
        vm.assertEq(bondedOf(provider), 600, "bond");
        vm.assertEq(lockedOf(provider), 0, "nothing is locked");
        vm.assertEq(availableOf(stranger), 0, "accuser");
    }

    function test_without_a_verdict_both_have_their_money_back() public {
        uint256 id = openDispute(PROVIDER_KEY, 200);
        vm.warp(block.timestamp + PANEL_TIME);
        vm.expectRevert(IEarningsBond.DisputeStillOpen.selector);
        bond.expire(id);
        vm.warp(block.timestamp + 1);
        vm.expectEmit(address(bond));
        emit IEarningsBond.DisputeExpired(id);
        bond.expire(id);
        vm.assertEq(bond.withdraw(stranger), 200, "accuser");
        vm.assertEq(bondedOf(provider), 600, "provider");
        vm.assertEq(lockedOf(provider), 0, "nothing is locked");
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

    function test_a_dispute_with_oneself_frees_nothing_early() public {
        uint256 id = openDispute(PROVIDER_KEY, 600);
        vm.warp(block.timestamp + HOLD);
        bond.expire(id);
        vm.warp(block.timestamp + HOLD);
        vm.assertEq(bondedOf(provider), 600, "held anew");
        vm.warp(block.timestamp + PERIOD);
        vm.assertEq(availableOf(provider), 600, "and released in the end");
    }
}
