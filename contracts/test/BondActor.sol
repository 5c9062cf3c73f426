// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {IEarningsBond} from "../src/IEarningsBond.sol";
import {ReceiptHash} from "../src/ReceiptHash.sol";
import {BondTest} from "./BondTest.sol";

/// @notice Three providers earn, withdraw, contradict themselves and are disputed, at random times.
contract BondActor is BondTest {
    uint256 internal constant PROVIDERS = 3;
    uint256 internal constant ACCOUNTS = 7;
    uint256[] internal open;
    uint256 private jobs;

    /// @notice Everything that was ever credited by channels and staked by accusers.
    uint256 public taken;
    /// @notice Everything that was ever paid out.
    uint256 public paid;
    /// @dev What came into an account's bond in each period.
    mapping(address account => mapping(uint256 period => uint256)) private cameIn;

    function act_earn(uint256 who, uint128 amount, bool withRoyalty) external {
        amount = uint128(bound(amount, 1, 3 * TARGET));
        provide(payer, amount);
        earn(keyOf(who), withRoyalty ? listingId : bytes32(0), amount);
        note(accountOf(who % PROVIDERS), amount, withRoyalty);
    }

    /// @dev The provider signs its claim and somebody else sends it, as a hub does.
    function act_earn_through_a_hub(uint256 who, uint128 amount, bool withRoyalty) external {
        amount = uint128(bound(amount, 1, 3 * TARGET));
        provide(payer, amount);
        BatchSettlement.ChannelConfig memory config =
            bondChannel(keyOf(who), withRoyalty ? listingId : bytes32(0));
        bytes32 id = fund(config, amount);
        uint128 total = claimedOf(id) + amount;
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, total, total));
        bytes memory signature = sign(keyOf(who), settlement.getClaimBatchDigest(lines));
        vm.prank(stranger);
        settlement.claimWithSignature(lines, signature);
        bond.credit(config);
        note(accountOf(who % PROVIDERS), amount, withRoyalty);
    }

    function act_withdraw(uint256 who) external {
        paid += bond.withdraw(accountOf(who));
    }

    function act_wait(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 3 * PERIOD));
    }

    function act_slash(uint256 who) external {
        (, uint128 bonded, uint128 locked,) = bond.getAccount(vm.addr(keyOf(who)));
        if (bonded + locked > 0) slash(keyOf(who), string(abi.encode(++jobs)));
    }

    function act_dispute(uint256 who, uint128 most) external {
        address accused = vm.addr(keyOf(who));
        if (bondedOf(accused) + lockedOf(accused) == 0) return;
        provide(stranger, 2 * TARGET);
        ReceiptHash.Receipt memory receipt = receiptOf(keyOf(who), string(abi.encode(++jobs)), "maybe");
        opened(openDispute(receipt, keyOf(who), uint128(bound(most, 1, 2 * TARGET))));
    }

    function act_resolve(uint256 which, bool guilty) external {
        if (open.length == 0) return;
        uint256 id = open[which % open.length];
        if (block.timestamp > bond.getDispute(id).deadline) bond.expire(id);
        else bond.resolve(id, guilty, verdicts(id, guilty, 2));
        open[which % open.length] = open[open.length - 1];
        open.pop();
    }

    /// @notice Waits no longer than without any dispute, ends every one of them, and pays everybody.
    function payEverybody() external {
        vm.warp(block.timestamp + HOLD + PERIOD);
        for (uint256 i = 0; i < open.length; ++i) {
            bond.expire(open[i]);
        }
        delete open;
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            paid += bond.withdraw(accountOf(i));
        }
    }

    /// @notice What the contract owes: credit, bonds, and lock and stake of every open dispute.
    function owed() external view returns (uint256 sum) {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            (uint128 available, uint128 bonded, uint128 locked,) = bond.getAccount(accountOf(i));
            sum += uint256(available) + bonded + locked;
        }
        for (uint256 i = 0; i < open.length; ++i) {
            sum += bond.getDispute(open[i]).stake;
        }
    }

    function held() external view returns (uint256) {
        return dollar.balanceOf(address(bond));
    }

    /// @notice The locks of a provider's open disputes, and what its account says is locked.
    function locks(uint256 who) external view returns (uint256 sum, uint256 locked) {
        address account = vm.addr(keyOf(who));
        for (uint256 i = 0; i < open.length; ++i) {
            IEarningsBond.Dispute memory dispute = bond.getDispute(open[i]);
            if (dispute.provider == account) sum += dispute.locked;
        }
        return (sum, lockedOf(account));
    }

    /// @notice A provider's bond, and the sum of its parts.
    function bondAndParts(uint256 who) external view returns (uint256 bonded, uint256 parts) {
        address account = vm.addr(keyOf(who));
        (uint128[9] memory amounts,) = bond.getBond(account);
        for (uint256 i = 0; i < amounts.length; ++i) {
            parts += amounts[i];
        }
        return (bondedOf(account), parts);
    }

    /// @notice Parts of bonds that are held as younger or older than they are; none, if all is well.
    function misdated() external view returns (uint256 count) {
        uint256 oldest = block.timestamp / PERIOD - 8;
        for (uint256 who = 0; who < PROVIDERS; ++who) {
            (uint128[9] memory amounts,) = bond.getBond(accountOf(who));
            for (uint256 i = 0; i < amounts.length; ++i) {
                if (amounts[i] > cameIn[accountOf(who)][oldest + i]) ++count;
            }
        }
    }

    /// @dev Providers, strangers, publisher and commons: all who can have credit.
    function accountOf(uint256 who) internal pure returns (address) {
        who %= ACCOUNTS;
        if (who < PROVIDERS) return vm.addr(keyOf(who));
        if (who < PROVIDERS + 2) return vm.addr(STRANGER_KEY + who - PROVIDERS);
        return who == 5 ? publisher : commons;
    }

    function keyOf(uint256 who) internal pure returns (uint256) {
        return 0xb0b0 + who % PROVIDERS;
    }

    function opened(uint256 id) internal {
        open.push(id);
        taken += bond.getDispute(id).stake;
    }

    function note(address account, uint128 amount, bool withRoyalty) internal {
        taken += amount;
        uint128 royalty = withRoyalty ? amount * ROYALTY_BPS / 10_000 : 0;
        cameIn[account][block.timestamp / PERIOD] += amount - royalty;
    }

    function provide(address account, uint256 amount) internal {
        if (dollar.balanceOf(account) < amount) dollar.mint(account, amount);
    }
}
