// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBatchSettlement} from "../src/IBatchSettlement.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// @notice Acts on three channels at random, as payer and receiver may.
contract Actor is SettlementTest {
    uint256 private constant CHANNELS = 3;

    function act_deposit(uint256 salt, uint128 amount) external {
        uint256 left = dollar.balanceOf(payer);
        if (left > 0) fund(pick(salt), uint128(bound(amount, 1, left)));
    }

    function act_claim(uint256 salt, uint128 total) external {
        bytes32 id = settlement.getChannelId(pick(salt));
        claim(pick(salt), uint128(bound(total, 0, balanceOf(id))));
    }

    function act_settle() external {
        settlement.settle(receiver, address(dollar));
    }

    function act_refund(uint256 salt, uint128 amount) external {
        vm.prank(receiver);
        settlement.refund(pick(salt), uint128(bound(amount, 1, FUNDS)));
    }

    function act_withdraw(uint256 salt, uint128 amount) external {
        IBatchSettlement.ChannelConfig memory config = pick(salt);
        bytes32 id = settlement.getChannelId(config);
        (, uint40 initiatedAt) = settlement.pendingWithdrawals(id);
        uint128 unclaimed = balanceOf(id) - claimedOf(id);
        if (initiatedAt == 0 && unclaimed > 0) {
            vm.prank(payer);
            settlement.initiateWithdraw(config, uint128(bound(amount, 1, unclaimed)));
        } else if (initiatedAt != 0) {
            vm.warp(initiatedAt + DELAY);
            vm.prank(payer);
            settlement.finalizeWithdraw(config);
        }
    }

    function pick(uint256 salt) private view returns (IBatchSettlement.ChannelConfig memory) {
        return channel(salt % CHANNELS);
    }

    /// @dev What all channels hold, and what was claimed from them.
    function sums() external view returns (uint256 balance, uint256 claimed) {
        for (uint256 salt = 0; salt < CHANNELS; ++salt) {
            bytes32 id = settlement.getChannelId(channel(salt));
            balance += balanceOf(id);
            claimed += claimedOf(id);
        }
    }

    function held() external view returns (uint256) {
        return dollar.balanceOf(address(settlement));
    }

    function paid() external view returns (uint256) {
        return dollar.balanceOf(receiver);
    }

    function receiverTotals() external view returns (uint256 totalClaimed, uint256 totalSettled) {
        return settlement.receivers(receiver, address(dollar));
    }

    function allMoney() external view returns (uint256) {
        return dollar.balanceOf(payer) + dollar.balanceOf(receiver) + dollar.balanceOf(address(settlement));
    }
}

contract InvariantTest is SettlementTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Actor private actor;

    function setUp() public override {
        actor = new Actor();
        actor.setUp();
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](5);
        selectors[0] = Actor.act_deposit.selector;
        selectors[1] = Actor.act_claim.selector;
        selectors[2] = Actor.act_settle.selector;
        selectors[3] = Actor.act_refund.selector;
        selectors[4] = Actor.act_withdraw.selector;
        targets[0] = FuzzSelector(address(actor), selectors);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    function invariant_the_contract_holds_what_it_owes() public view {
        (uint256 balance,) = actor.sums();
        (, uint256 totalSettled) = actor.receiverTotals();
        vm.assertEq(actor.held(), balance - totalSettled, "held");
    }

    function invariant_no_channel_is_overdrawn() public view {
        (uint256 balance, uint256 claimed) = actor.sums();
        vm.assertLe(claimed, balance, "claimed");
    }

    function invariant_the_receiver_gets_what_was_claimed() public view {
        (, uint256 claimed) = actor.sums();
        (uint256 totalClaimed, uint256 totalSettled) = actor.receiverTotals();
        vm.assertEq(totalClaimed, claimed, "claimed");
        vm.assertEq(actor.paid(), totalSettled, "settled");
    }

    function invariant_no_money_is_made_or_lost() public view {
        vm.assertEq(actor.allMoney(), FUNDS, "total");
    }
}
