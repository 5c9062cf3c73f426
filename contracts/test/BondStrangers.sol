// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {EarningsBond} from "../src/EarningsBond.sol";
import {ReceiptHash} from "../src/ReceiptHash.sol";
import {BondActor} from "./BondActor.sol";
import {StrangerCollector} from "./StrangerCollector.sol";

/// @notice Beside the providers, two strangers who hold receipts and money and mean no good: they dispute the same
///         receipts again and again, earn from themselves, and sign what is not theirs to sign.
contract BondStrangers is BondActor {
    uint256 private constant RECEIPTS = 4;
    StrangerCollector private strangers;
    /// @dev What the disputes about a receipt locked, as these tests count it.
    mapping(bytes32 receiptHash => uint256) private lockedBy;
    bytes32[] private disputed;

    function setUp() public override {
        super.setUp();
        strangers = new StrangerCollector(dollar);
        for (uint256 who = 0; who < 2; ++who) {
            vm.prank(strangerOf(who));
            dollar.approve(address(bond), type(uint256).max);
        }
    }

    /// @dev One of few receipts, as often as it goes; it must go exactly until it has locked a whole bond.
    function act_stranger_disputes(uint256 who, uint256 whose, uint256 job, uint128 most) external {
        uint256 key = keyOf(whose);
        most = uint128(bound(most, 1, 2 * TARGET));
        provide(strangerOf(who), most);
        ReceiptHash.Receipt memory receipt = receiptOf(key, string(abi.encode("kept", job % RECEIPTS)), "yes");
        receipt.issuedAtSeconds = 1;
        bytes32 receiptHash = bond.getReceiptDigest(receipt);
        uint128 atStake = bondedOf(receipt.provider) + lockedOf(receipt.provider);
        bool allowed = atStake > 0 && lockedBy[receiptHash] < TARGET;
        bytes memory signature = signed(key, receipt);
        vm.prank(strangerOf(who));
        try bond.dispute(receipt, signature, most) returns (uint256 id) {
            vm.assertTrue(allowed, "disputed too often");
            opened(id);
            if (lockedBy[receiptHash] == 0) disputed.push(receiptHash);
            lockedBy[receiptHash] += bond.getDispute(id).locked;
        } catch {
            vm.assertTrue(!allowed, "a receipt could not be disputed");
        }
    }

    /// @dev The stranger pays itself through the bond, from a channel that its own collector fills.
    function act_stranger_earns(uint256 who, uint128 amount) external {
        amount = uint128(bound(amount, 1, 3 * TARGET));
        BatchSettlement.ChannelConfig memory config = bondChannel(STRANGER_KEY + who % 2, bytes32(0));
        config.payer = strangerOf(who);
        bytes32 id = settlement.getChannelId(config);
        settlement.deposit(config, amount, address(strangers), "");
        uint128 total = claimedOf(id) + amount;
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, total, total));
        bytes memory signature = sign(STRANGER_KEY + who % 2, settlement.getClaimBatchDigest(lines));
        settlement.claimWithSignature(lines, signature);
        vm.prank(strangerOf(who));
        bond.credit(config);
        note(strangerOf(who), amount, false);
    }

    /// @dev Signs for the panel, for a provider, and for a channel's authorizer.
    function act_stranger_forges(uint256 whose, uint256 which, bool guilty) external {
        ReceiptHash.Receipt memory one = receiptOf(keyOf(whose), "forged", "yes");
        ReceiptHash.Receipt memory other = receiptOf(keyOf(whose), "forged", "no");
        bytes memory signature = signed(STRANGER_KEY, one);
        refuses(abi.encodeCall(EarningsBond.dispute, (one, signature, 1)));
        refuses(abi.encodeCall(EarningsBond.slash, (one, signature, other, signed(STRANGER_KEY, other))));
        if (open.length == 0) return;
        uint256 id = open[which % open.length];
        bytes[] memory votes = new bytes[](2);
        votes[0] = votes[1] = sign(STRANGER_KEY, bond.getVerdictDigest(id, guilty));
        refuses(abi.encodeCall(EarningsBond.resolve, (id, guilty, votes)));
        if (block.timestamp <= bond.getDispute(id).deadline) {
            refuses(abi.encodeCall(EarningsBond.expire, (id)));
        }
    }

    /// @notice Receipts that locked more than a bond or another amount than the contract says; none, if all is well.
    function overlocked() external view returns (uint256 count) {
        for (uint256 i = 0; i < disputed.length; ++i) {
            uint256 locked = lockedBy[disputed[i]];
            if (locked > TARGET || locked != bond.disputedAmount(disputed[i])) ++count;
        }
    }

    function refuses(bytes memory call) private {
        vm.prank(stranger);
        (bool succeeded,) = address(bond).call(call);
        vm.assertTrue(!succeeded, "a stranger was believed");
    }

    function strangerOf(uint256 who) private pure returns (address) {
        return vm.addr(STRANGER_KEY + who % 2);
    }
}
