// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {EarningsBond} from "../src/EarningsBond.sol";
import {IEarningsBond} from "../src/IEarningsBond.sol";
import {BondTest} from "./BondTest.sol";

contract BondCreditTest is BondTest {
    function test_earnings_are_held_up_to_the_target() public {
        earn(600);
        vm.assertEq(bondedOf(provider), 600, "held");
        vm.assertEq(availableOf(provider), 0, "nothing is free yet");
        earn(700);
        vm.assertEq(bondedOf(provider), TARGET, "target");
        vm.assertEq(availableOf(provider), 300, "the rest");
    }

    function test_fuzz_the_oldest_earnings_are_released_first(uint128 first, uint128 second) public {
        first = uint128(bound(first, 1, TARGET));
        second = uint128(bound(second, 1, TARGET));
        earn(first);
        vm.warp(block.timestamp + PERIOD);
        earn(second);
        (uint128[9] memory amounts,) = bond.getBond(provider);
        uint128 sum = first + second;
        vm.assertEq(amounts[8], second, "the newest part is whole");
        vm.assertEq(amounts[7], (sum > TARGET ? TARGET : sum) - second, "the oldest gives way");
        vm.assertEq(availableOf(provider), sum > TARGET ? sum - TARGET : 0, "available");
    }

    function test_fuzz_earnings_are_held_for_the_whole_time(uint40 wait) public {
        wait = uint40(bound(wait, 0, HOLD));
        earn(600);
        vm.warp(block.timestamp + wait);
        vm.assertEq(bondedOf(provider), 600, "held");
        vm.assertEq(bond.withdraw(provider), 0, "nothing");
    }

    function test_fuzz_earnings_are_released_in_the_ninth_period(uint40 wait) public {
        wait = uint40(bound(wait, HOLD + PERIOD, 1000 * HOLD));
        earn(600);
        vm.warp(block.timestamp + wait);
        vm.assertEq(availableOf(provider), 600, "available before anybody has called");
        vm.expectEmit(address(bond));
        emit IEarningsBond.BondReleased(provider, 600);
        vm.expectEmit(address(bond));
        emit IEarningsBond.Withdrawn(provider, stranger, 600);
        vm.prank(stranger);
        vm.assertEq(bond.withdraw(provider), 600, "paid");
        vm.assertEq(dollar.balanceOf(provider), 600, "to the provider");
        vm.assertEq(bond.withdraw(provider), 0, "once");
    }

    function test_the_bond_says_until_when_it_is_held() public {
        earn(100);
        uint256 earnedAt = block.timestamp;
        vm.warp(block.timestamp + 3 * PERIOD);
        earn(50);
        (uint128[9] memory amounts, uint40[9] memory releaseAt) = bond.getBond(provider);
        vm.assertEq(amounts[5], 100, "three periods old");
        vm.assertEq(amounts[8], 50, "new");
        vm.assertTrue(
            releaseAt[5] > earnedAt + HOLD && releaseAt[5] <= earnedAt + HOLD + PERIOD, "eight to nine"
        );
        vm.warp(releaseAt[5] - 1);
        vm.assertEq(bondedOf(provider), 150, "until then");
        vm.warp(releaseAt[5]);
        vm.assertEq(bondedOf(provider), 50, "from then on");
        (amounts,) = bond.getBond(provider);
        vm.assertEq(amounts[8], 0, "nothing in this period");
    }

    function test_the_publisher_of_the_channels_listing_has_its_royalty() public {
        BatchSettlement.ChannelConfig memory config = bondChannel(PROVIDER_KEY, listingId);
        bytes32 id = fund(config, 500);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, 500, 500));
        vm.prank(provider);
        settlement.claim(lines);
        vm.expectEmit(address(bond));
        emit IEarningsBond.RoyaltyCredited(listingId, publisher, 50);
        vm.expectEmit(address(bond));
        emit IEarningsBond.EarningsCredited(id, provider, 500, 50);
        vm.expectEmit(address(bond));
        emit IEarningsBond.BondHeld(provider, 450);
        vm.assertEq(bond.credit(config), 500, "earned");
        vm.assertEq(bond.withdraw(publisher), 50, "publisher");
        vm.assertEq(bondedOf(provider), 450, "provider");
    }

    function test_fuzz_royalty_and_earnings_make_up_what_was_claimed(uint128 amount) public {
        amount = uint128(bound(amount, 1, FUNDS));
        earn(PROVIDER_KEY, listingId, amount);
        vm.assertEq(
            availableOf(publisher) + availableOf(provider) + bondedOf(provider), amount, "nothing is lost"
        );
        vm.assertEq(availableOf(publisher), amount / 10, "rounded down");
    }

    function test_a_claim_is_credited_once_whoever_settles() public {
        BatchSettlement.ChannelConfig memory config = bondChannel(PROVIDER_KEY, 0);
        fund(config, 500);
        vm.assertEq(bond.credit(config), 0, "nothing is claimed");
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, 200, 200));
        vm.prank(provider);
        settlement.claim(lines);
        settlement.settle(address(bond), address(dollar));
        vm.assertEq(bond.credit(config), 200, "once");
        vm.assertEq(bond.credit(config), 0, "not twice");
        vm.assertEq(bondedOf(provider), 200, "held");
    }

    function test_only_channels_to_the_bond_in_its_token_count() public {
        BatchSettlement.ChannelConfig memory config = bondChannel(PROVIDER_KEY, 0);
        config.receiver = receiver;
        vm.expectRevert(IEarningsBond.ForeignChannel.selector);
        bond.credit(config);
        config = bondChannel(PROVIDER_KEY, 0);
        config.token = stranger;
        vm.expectRevert(IEarningsBond.ForeignChannel.selector);
        bond.credit(config);
    }

    function test_a_present_is_nobodys_credit() public {
        dollar.mint(address(bond), 500);
        earn(100);
        vm.assertEq(availableOf(provider) + bondedOf(provider), 100, "only what was earned");
    }

    function test_an_account_that_cannot_be_paid_blocks_nobody() public {
        earn(PROVIDER_KEY, 0, 2 * TARGET);
        earn(STRANGER_KEY, 0, 2 * TARGET);
        vm.mockCallRevert(
            address(dollar), abi.encodeCall(dollar.transfer, (provider, TARGET)), "blocked by the token"
        );
        vm.expectRevert(bytes("blocked by the token"));
        bond.withdraw(provider);
        vm.assertEq(bond.withdraw(stranger), TARGET, "the other is paid");
        earn(PROVIDER_KEY, 0, 5);
        vm.assertEq(availableOf(provider), TARGET + 5, "nothing is lost");
    }

    function test_one_transaction_credits_and_pays() public {
        BatchSettlement.ChannelConfig memory config = bondChannel(PROVIDER_KEY, 0);
        fund(config, 3 * TARGET);
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, 3 * TARGET, 3 * TARGET));
        vm.prank(provider);
        settlement.claim(lines);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IEarningsBond.credit, (config));
        calls[1] = abi.encodeCall(IEarningsBond.withdraw, (provider));
        bond.multicall(calls);
        vm.assertEq(dollar.balanceOf(provider), 2 * TARGET, "paid");
    }

    function test_the_terms_must_make_sense() public {
        for (uint256 field = 0; field < 13; ++field) {
            IEarningsBond.BondTerms memory bad = terms();
            if (field == 0) bad.settlement = address(0);
            if (field == 1) bad.token = address(0);
            if (field == 2) bad.registry = address(0);
            if (field == 3) bad.commons = address(0);
            if (field == 4) bad.target = 0;
            if (field == 5) bad.holdSeconds = 0;
            if (field == 6) bad.disputeSeconds = 0;
            if (field == 7) bad.rewardBps = 5001;
            if (field == 8) bad.quorum = 4;
            if (field == 9) bad.quorum = 1;
            if (field == 10) bad.panel[0] = address(0);
            if (field == 11) bad.panel[0] = bad.panel[1];
            if (field == 12) (bad.panel, bad.quorum) = (new address[](0), 0);
            vm.expectRevert(IEarningsBond.InvalidTerms.selector);
            new EarningsBond(bad);
        }
    }
}
