// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {InvariantTest} from "./InvariantTest.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// @notice Acts at random as one payer and three receivers, as honestly and as greedily as they may.
contract Actor is SettlementTest {
    uint256 private constant CHANNELS = 6;
    uint256 private constant RECEIVERS = 3;

    /// @notice Highest voucher that was signed for each channel.
    mapping(bytes32 channelId => uint128) public ceilings;

    function act_deposit(uint256 salt, uint128 amount) external {
        uint256 left = dollar.balanceOf(payer);
        if (left > 0) fund(pick(salt), uint128(bound(amount, 1, left)));
    }

    /// @dev Tries any total against any ceiling; it must pass exactly when both limits allow it.
    function act_claim(uint256 salt, uint128 ceiling, uint128 total) external {
        BatchSettlement.ChannelConfig memory config = pick(salt);
        bytes32 id = settlement.getChannelId(config);
        ceiling = uint128(bound(ceiling, 0, FUNDS));
        total = uint128(bound(total, 0, uint256(ceiling) * 9 / 8));
        if (ceiling > ceilings[id]) ceilings[id] = ceiling;
        bool allowed = total <= claimedOf(id) || (total <= ceiling && total <= balanceOf(id));
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, ceiling, total));
        vm.prank(config.receiver);
        try settlement.claim(lines) {
            vm.assertTrue(allowed, "claimed too much");
        } catch {
            vm.assertTrue(!allowed, "an honest claim was refused");
        }
    }

    function act_settle(uint256 who) external {
        settlement.settle(receiverOf(who), address(dollar));
    }

    function act_refund(uint256 salt, uint128 amount) external {
        BatchSettlement.ChannelConfig memory config = pick(salt);
        uint128 claimed = claimedOf(settlement.getChannelId(config));
        vm.prank(config.receiver);
        settlement.refund(config, uint128(bound(amount, 1, FUNDS)));
        vm.assertLe(claimed, balanceOf(settlement.getChannelId(config)), "claimed money was refunded");
    }

    function act_withdraw(uint256 salt, uint128 amount) external {
        BatchSettlement.ChannelConfig memory config = pick(salt);
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
            vm.assertLe(claimedOf(id), balanceOf(id), "claimed money was withdrawn");
        }
    }

    /// @notice Settles with everybody and empties every channel.
    function payEverybody() external {
        for (uint256 i = 0; i < RECEIVERS; ++i) {
            settlement.settle(receiverOf(i), address(dollar));
        }
        for (uint256 salt = 0; salt < CHANNELS; ++salt) {
            BatchSettlement.ChannelConfig memory config = pick(salt);
            vm.prank(config.receiver);
            settlement.refund(config, FUNDS);
        }
    }

    /// @notice Channels that claimed more than was signed or than they hold; none, if all is well.
    function overdrawn() external view returns (uint256 count) {
        for (uint256 salt = 0; salt < CHANNELS; ++salt) {
            bytes32 id = settlement.getChannelId(pick(salt));
            if (claimedOf(id) > balanceOf(id) || claimedOf(id) > ceilings[id]) ++count;
        }
    }

    /// @notice What all channels hold, and what was claimed from them.
    function sums() external view returns (uint256 balance, uint256 claimed) {
        for (uint256 salt = 0; salt < CHANNELS; ++salt) {
            bytes32 id = settlement.getChannelId(pick(salt));
            balance += balanceOf(id);
            claimed += claimedOf(id);
        }
    }

    /// @notice What all receivers claimed, were settled, and have.
    function receiverSums() external view returns (uint256 claimed, uint256 settled, uint256 paid) {
        for (uint256 i = 0; i < RECEIVERS; ++i) {
            (uint128 totalClaimed, uint128 totalSettled) =
                settlement.receivers(receiverOf(i), address(dollar));
            claimed += totalClaimed;
            settled += totalSettled;
            paid += dollar.balanceOf(receiverOf(i));
        }
    }

    function held() external view returns (uint256) {
        return dollar.balanceOf(address(settlement));
    }

    function payerHas() external view returns (uint256) {
        return dollar.balanceOf(payer);
    }

    function pick(uint256 salt) private view returns (BatchSettlement.ChannelConfig memory config) {
        salt %= CHANNELS;
        config = channel(salt);
        config.receiver = config.receiverAuthorizer = receiverOf(salt);
    }

    function receiverOf(uint256 who) private pure returns (address) {
        return vm.addr(RECEIVER_KEY + who % RECEIVERS);
    }
}

contract SettlementInvariantTest is InvariantTest {
    uint256 private constant FUNDS = 1_000_000_000;
    Actor private actor;

    function setUp() public {
        actor = new Actor();
        actor.setUp();
        bytes4[] memory actions = new bytes4[](5);
        actions[0] = Actor.act_deposit.selector;
        actions[1] = Actor.act_claim.selector;
        actions[2] = Actor.act_settle.selector;
        actions[3] = Actor.act_refund.selector;
        actions[4] = Actor.act_withdraw.selector;
        actAs(address(actor), actions);
    }

    function invariant_the_contract_holds_what_it_owes() public view {
        (uint256 balance, uint256 claimed) = actor.sums();
        (uint256 totalClaimed, uint256 totalSettled, uint256 paid) = actor.receiverSums();
        vm.assertEq(actor.held(), balance - totalSettled, "held");
        vm.assertEq(totalClaimed, claimed, "claimed");
        vm.assertEq(paid, totalSettled, "settled");
        vm.assertEq(actor.payerHas() + paid + actor.held(), FUNDS, "no money is made or lost");
    }

    function invariant_nothing_is_claimed_beyond_voucher_and_balance() public view {
        vm.assertEq(actor.overdrawn(), 0, "overdrawn");
    }

    /// @dev Whatever came before, everybody can be paid in the end.
    function afterInvariant() public {
        actor.payEverybody();
        (, uint256 claimed) = actor.sums();
        (,, uint256 paid) = actor.receiverSums();
        vm.assertEq(actor.held(), 0, "nothing sticks");
        vm.assertEq(paid, claimed, "receivers have what they claimed");
        vm.assertEq(actor.payerHas(), FUNDS - claimed, "the payer has the rest");
    }
}
