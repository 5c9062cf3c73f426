// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {InvariantTest} from "./InvariantTest.sol";
import {SettlementTest} from "./SettlementTest.sol";
import {StrangerCollector} from "./StrangerCollector.sol";

/// @notice Acts at random as one payer and three receivers, as honestly and as greedily as they may, and as a
///         stranger, who may send what others signed and give money away, and nothing else.
contract Actor is SettlementTest {
    uint256 private constant CHANNELS = 6;
    uint256 private constant RECEIVERS = 3;
    StrangerCollector private strangers;

    /// @notice Highest voucher that was signed for each channel.
    mapping(bytes32 channelId => uint128) public ceilings;
    /// @notice Everything that the stranger gave away.
    uint256 public gifts;

    function setUp() public override {
        super.setUp();
        strangers = new StrangerCollector(dollar);
    }

    function act_deposit(uint256 salt, uint128 amount) external {
        uint256 left = dollar.balanceOf(payer);
        if (left > 0) fund(pick(salt), uint128(bound(amount, 1, left)));
    }

    /// @dev Tries any total against any ceiling; it must pass exactly when both limits allow it.
    function act_claim(uint256 salt, uint128 ceiling, uint128 total, bool signed) external {
        BatchSettlement.ChannelConfig memory config = pick(salt);
        bytes32 id = settlement.getChannelId(config);
        ceiling = uint128(bound(ceiling, 0, FUNDS));
        total = uint128(bound(total, 0, uint256(ceiling) * 9 / 8));
        if (ceiling > ceilings[id]) ceilings[id] = ceiling;
        bool allowed = total <= claimedOf(id) || (total <= ceiling && total <= balanceOf(id));
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, ceiling, total));
        bool passed = signed ? claimSigned(lines, keyOf(salt)) : claimAs(config.receiver, lines);
        vm.assertTrue(passed == allowed, allowed ? "an honest claim was refused" : "claimed too much");
    }

    function act_settle(uint256 who) external {
        settlement.settle(receiverOf(who), address(dollar));
    }

    function act_refund(uint256 salt, uint128 amount, bool signed) external {
        BatchSettlement.ChannelConfig memory config = pick(salt);
        bytes32 id = settlement.getChannelId(config);
        uint128 claimed = claimedOf(id);
        amount = uint128(bound(amount, 1, FUNDS));
        if (signed) {
            refundSigned(config, amount, keyOf(salt));
        } else {
            vm.prank(config.receiver);
            settlement.refund(config, amount);
        }
        vm.assertLe(claimed, balanceOf(id), "claimed money was refunded");
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

    /// @dev The stranger's collector brings a present, or less than it said.
    function act_stranger_deposits(uint256 salt, uint128 amount, uint128 missing) external {
        amount = uint128(bound(amount, 1, FUNDS));
        missing = uint128(bound(missing, 0, 1)) * uint128(bound(missing, 1, amount));
        strangers.fallShortBy(missing);
        vm.prank(stranger);
        try settlement.deposit(pick(salt), amount, address(strangers), "") {
            vm.assertEq(missing, 0, "too little was taken for a deposit");
            gifts += amount;
        } catch {
            vm.assertTrue(missing > 0, "a present was refused");
        }
    }

    /// @dev The stranger claims in its own name, signs for the receiver, or for the payer.
    function act_stranger_claims(uint256 salt, uint128 total) external {
        BatchSettlement.ChannelConfig memory config = pick(salt);
        uint128 claimed = claimedOf(settlement.getChannelId(config));
        total = uint128(bound(total, uint256(claimed) + 1, 2 * uint256(FUNDS)));
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, total, total));
        vm.assertTrue(!claimAs(stranger, lines), "a stranger claimed");
        vm.assertTrue(!claimSigned(lines, STRANGER_KEY), "a stranger signed for the receiver");
        bytes32 digest = settlement.getVoucherDigest(settlement.getChannelId(config), total);
        lines[0].signature = sign(STRANGER_KEY, digest);
        vm.assertTrue(!claimSigned(lines, keyOf(salt)), "a stranger signed for the payer");
    }

    /// @dev The stranger takes back what is not its own.
    function act_stranger_takes_back(uint256 salt, uint128 amount) external {
        BatchSettlement.ChannelConfig memory config = pick(salt);
        bytes32 id = settlement.getChannelId(config);
        amount = uint128(bound(amount, 1, FUNDS));
        uint256 nonce = settlement.refundNonce(id);
        bytes memory forged = sign(STRANGER_KEY, settlement.getRefundDigest(id, nonce, amount));
        refuses(abi.encodeCall(settlement.refund, (config, amount)));
        refuses(abi.encodeCall(settlement.refundWithSignature, (config, amount, nonce, forged)));
        refuses(abi.encodeCall(settlement.initiateWithdraw, (config, amount)));
        refuses(abi.encodeCall(settlement.finalizeWithdraw, (config)));
    }

    /// @notice Settles with everybody and empties every channel.
    function payEverybody() external {
        for (uint256 i = 0; i < RECEIVERS; ++i) {
            settlement.settle(receiverOf(i), address(dollar));
        }
        for (uint256 salt = 0; salt < CHANNELS; ++salt) {
            BatchSettlement.ChannelConfig memory config = pick(salt);
            vm.prank(config.receiver);
            settlement.refund(config, type(uint128).max);
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

    function claimAs(address sender, BatchSettlement.VoucherClaim[] memory lines) private returns (bool) {
        vm.prank(sender);
        try settlement.claim(lines) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev The stranger sends a claim that somebody signed.
    function claimSigned(BatchSettlement.VoucherClaim[] memory lines, uint256 key) private returns (bool) {
        bytes memory signature = sign(key, settlement.getClaimBatchDigest(lines));
        vm.prank(stranger);
        try settlement.claimWithSignature(lines, signature) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev The stranger sends a refund that the receiver signed, and tries to send it again.
    function refundSigned(BatchSettlement.ChannelConfig memory config, uint128 amount, uint256 key) private {
        bytes32 id = settlement.getChannelId(config);
        uint256 nonce = settlement.refundNonce(id);
        bytes memory signature = sign(key, settlement.getRefundDigest(id, nonce, amount));
        vm.prank(stranger);
        settlement.refundWithSignature(config, amount, nonce, signature);
        refuses(abi.encodeCall(settlement.refundWithSignature, (config, amount, nonce, signature)));
    }

    function refuses(bytes memory call) private {
        vm.prank(stranger);
        (bool succeeded,) = address(settlement).call(call);
        vm.assertTrue(!succeeded, "a stranger took money back");
    }

    function pick(uint256 salt) private view returns (BatchSettlement.ChannelConfig memory config) {
        salt %= CHANNELS;
        config = channel(salt);
        config.receiver = config.receiverAuthorizer = receiverOf(salt);
    }

    function receiverOf(uint256 who) private pure returns (address) {
        return vm.addr(keyOf(who));
    }

    /// @dev The receiver's key of a channel or, as its number is a multiple, of a receiver.
    function keyOf(uint256 salt) private pure returns (uint256) {
        return RECEIVER_KEY + salt % CHANNELS % RECEIVERS;
    }
}

contract SettlementInvariantTest is InvariantTest {
    uint256 private constant FUNDS = 1_000_000_000;
    Actor private actor;

    function setUp() public {
        actor = new Actor();
        actor.setUp();
        bytes4[] memory actions = new bytes4[](8);
        actions[0] = Actor.act_deposit.selector;
        actions[1] = Actor.act_claim.selector;
        actions[2] = Actor.act_settle.selector;
        actions[3] = Actor.act_refund.selector;
        actions[4] = Actor.act_withdraw.selector;
        actions[5] = Actor.act_stranger_deposits.selector;
        actions[6] = Actor.act_stranger_claims.selector;
        actions[7] = Actor.act_stranger_takes_back.selector;
        actAs(address(actor), actions);
    }

    function invariant_the_contract_holds_what_it_owes() public view {
        (uint256 balance, uint256 claimed) = actor.sums();
        (uint256 totalClaimed, uint256 totalSettled, uint256 paid) = actor.receiverSums();
        vm.assertEq(actor.held(), balance - totalSettled, "held");
        vm.assertEq(totalClaimed, claimed, "claimed");
        vm.assertEq(paid, totalSettled, "settled");
        vm.assertEq(actor.payerHas() + paid + actor.held(), FUNDS + actor.gifts(), "no money is made or lost");
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
        vm.assertEq(actor.payerHas(), FUNDS + actor.gifts() - claimed, "the payer has the rest");
    }
}
