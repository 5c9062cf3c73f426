// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestDollar} from "../src/TestDollar.sol";
import {x402BatchSettlement} from "../src/x402BatchSettlement.sol";
import {AllowanceCollector} from "./AllowanceCollector.sol";
import {TestBase} from "./TestBase.sol";

/// @notice Written against the published interface of x402 `batch-settlement` alone: its names of file, contract,
///         structs, functions, events, errors and types. It compiles and passes with this implementation too.
contract CanonicalTest is TestBase {
    uint256 private constant PAYER_KEY = 0xa11ce;
    uint256 private constant AUTHORIZER_KEY = 0xa07;

    x402BatchSettlement private settlement;
    AllowanceCollector private collector;
    TestDollar private token;
    address private payer = vm.addr(PAYER_KEY);
    address private authorizer = vm.addr(AUTHORIZER_KEY);
    address private constant RECEIVER = address(0xbeef);

    function setUp() public {
        vm.warp(1_000_000);
        settlement = new x402BatchSettlement();
        collector = new AllowanceCollector();
        token = new TestDollar();
        token.mint(payer, 1000);
        vm.prank(payer);
        token.approve(address(collector), 1000);
    }

    function config() private view returns (x402BatchSettlement.ChannelConfig memory) {
        return x402BatchSettlement.ChannelConfig({
            payer: payer,
            payerAuthorizer: payer,
            receiver: RECEIVER,
            receiverAuthorizer: authorizer,
            token: address(token),
            withdrawDelay: 3600,
            salt: bytes32(uint256(42))
        });
    }

    function claims(uint128 ceiling, uint128 total)
        private
        view
        returns (x402BatchSettlement.VoucherClaim[] memory lines)
    {
        bytes32 structHash = keccak256(abi.encode(settlement.VOUCHER_TYPEHASH(), channelId(), ceiling));
        lines = new x402BatchSettlement.VoucherClaim[](1);
        lines[0] = x402BatchSettlement.VoucherClaim({
            voucher: x402BatchSettlement.Voucher({channel: config(), maxClaimableAmount: ceiling}),
            signature: sign(PAYER_KEY, typed(structHash)),
            totalClaimed: total
        });
    }

    function channelId() private view returns (bytes32) {
        return typed(keccak256(abi.encode(settlement.CHANNEL_CONFIG_TYPEHASH(), config())));
    }

    function typed(bytes32 structHash) private view returns (bytes32) {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = settlement.eip712Domain();
        vm.assertEq(uint8(fields), 0x0f, "name, version, chain and contract");
        vm.assertEq(keccak256(bytes(name)), keccak256("x402 Batch Settlement"), "name");
        vm.assertEq(salt, bytes32(0), "no salt");
        vm.assertEq(extensions.length, 0, "no extensions");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                verifyingContract
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function deposit(uint128 amount) private {
        settlement.deposit(config(), amount, address(collector), "");
    }

    function balanceOf(bytes32 id) private view returns (x402BatchSettlement.ChannelState memory state) {
        (state.balance, state.totalClaimed) = settlement.channels(id);
    }

    function test_the_types_are_the_published_ones() public view {
        vm.assertEq(
            settlement.CHANNEL_CONFIG_TYPEHASH(),
            keccak256(
                "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)"
            ),
            "channel"
        );
        vm.assertEq(
            settlement.VOUCHER_TYPEHASH(),
            keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)"),
            "voucher"
        );
        vm.assertEq(
            settlement.REFUND_TYPEHASH(),
            keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)"),
            "refund"
        );
        vm.assertEq(
            settlement.CLAIM_ENTRY_TYPEHASH(),
            keccak256("ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"),
            "entry"
        );
        vm.assertEq(
            settlement.CLAIM_BATCH_TYPEHASH(),
            keccak256(
                "ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
            ),
            "batch"
        );
        vm.assertEq(settlement.MIN_WITHDRAW_DELAY(), 15 minutes, "shortest delay");
        vm.assertEq(settlement.MAX_WITHDRAW_DELAY(), 30 days, "longest delay");
    }

    function test_the_errors_are_the_published_ones() public pure {
        bytes4[21] memory errors = [
            x402BatchSettlement.InvalidChannel.selector,
            x402BatchSettlement.ZeroDeposit.selector,
            x402BatchSettlement.DepositOverflow.selector,
            x402BatchSettlement.InvalidSignature.selector,
            x402BatchSettlement.NotReceiverAuthorizer.selector,
            x402BatchSettlement.NotAuthorizedToClaim.selector,
            x402BatchSettlement.NotAuthorizedToRefund.selector,
            x402BatchSettlement.ClaimExceedsCeiling.selector,
            x402BatchSettlement.ClaimExceedsBalance.selector,
            x402BatchSettlement.WithdrawalAlreadyPending.selector,
            x402BatchSettlement.WithdrawalNotPending.selector,
            x402BatchSettlement.NotAuthorizedToFinalizeWithdraw.selector,
            x402BatchSettlement.WithdrawDelayNotElapsed.selector,
            x402BatchSettlement.NothingToWithdraw.selector,
            x402BatchSettlement.WithdrawAmountExceedsAvailable.selector,
            x402BatchSettlement.WithdrawDelayOutOfRange.selector,
            x402BatchSettlement.EmptyBatch.selector,
            x402BatchSettlement.DepositCollectionFailed.selector,
            x402BatchSettlement.InvalidCollector.selector,
            x402BatchSettlement.InvalidRefundNonce.selector,
            x402BatchSettlement.ZeroRefund.selector
        ];
        vm.assertTrue(errors[0] == bytes4(keccak256("InvalidChannel()")), "without arguments");
    }

    function test_the_digests_are_those_of_the_types() public view {
        bytes32 id = channelId();
        vm.assertEq(settlement.getChannelId(config()), id, "channel");
        vm.assertEq(
            settlement.getVoucherDigest(id, 7),
            typed(keccak256(abi.encode(settlement.VOUCHER_TYPEHASH(), id, uint128(7)))),
            "voucher"
        );
        vm.assertEq(
            settlement.getRefundDigest(id, 3, 7),
            typed(keccak256(abi.encode(settlement.REFUND_TYPEHASH(), id, uint256(3), uint128(7)))),
            "refund"
        );
        bytes32 entry = keccak256(abi.encode(settlement.CLAIM_ENTRY_TYPEHASH(), id, uint128(9), uint128(7)));
        bytes32 entries = keccak256(abi.encodePacked(entry));
        vm.assertEq(
            settlement.getClaimBatchDigest(claims(9, 7)),
            typed(keccak256(abi.encode(settlement.CLAIM_BATCH_TYPEHASH(), entries))),
            "batch"
        );
    }

    function test_deposit_claim_and_settle() public {
        bytes32 id = channelId();
        vm.expectEmit(address(settlement));
        emit x402BatchSettlement.ChannelCreated(id, config());
        vm.expectEmit(address(settlement));
        emit x402BatchSettlement.Deposited(id, address(this), 500, 500);
        deposit(500);

        x402BatchSettlement.VoucherClaim[] memory lines = claims(300, 200);
        bytes memory signature = sign(AUTHORIZER_KEY, settlement.getClaimBatchDigest(lines));
        vm.expectEmit(address(settlement));
        emit x402BatchSettlement.Claimed(id, address(this), 200, 200);
        settlement.claimWithSignature(lines, signature);
        vm.assertEq(balanceOf(id).totalClaimed, 200, "claimed");

        lines = claims(300, 300);
        vm.prank(authorizer);
        settlement.claim(lines);
        vm.expectEmit(address(settlement));
        emit x402BatchSettlement.Settled(RECEIVER, address(token), address(this), 300);
        settlement.settle(RECEIVER, address(token));
        x402BatchSettlement.ReceiverState memory state;
        (state.totalClaimed, state.totalSettled) = settlement.receivers(RECEIVER, address(token));
        vm.assertEq(state.totalSettled, state.totalClaimed, "settled");
        vm.assertEq(token.balanceOf(RECEIVER), 300, "paid");
    }

    function test_withdraw_and_refund() public {
        bytes32 id = channelId();
        deposit(500);
        vm.expectEmit(address(settlement));
        emit x402BatchSettlement.WithdrawInitiated(id, 400, 1_003_600);
        vm.prank(payer);
        settlement.initiateWithdraw(config(), 400);

        bytes memory signature = sign(AUTHORIZER_KEY, settlement.getRefundDigest(id, 0, 100));
        vm.expectEmit(address(settlement));
        emit x402BatchSettlement.Refunded(id, address(this), 100);
        settlement.refundWithSignature(config(), 100, 0, signature);
        vm.assertEq(settlement.refundNonce(id), 1, "nonce");
        x402BatchSettlement.WithdrawalState memory pending;
        (pending.amount, pending.initiatedAt) = settlement.pendingWithdrawals(id);
        vm.assertEq(pending.amount, 300, "the refund lowers the withdrawal");

        vm.warp(pending.initiatedAt + 3600);
        vm.expectEmit(address(settlement));
        emit x402BatchSettlement.WithdrawFinalized(id, payer, 300);
        vm.prank(payer);
        settlement.finalizeWithdraw(config());
        vm.expectEmit(address(settlement));
        emit x402BatchSettlement.ChannelClosed(id, config());
        vm.prank(authorizer);
        settlement.refund(config(), 100);
        vm.assertEq(balanceOf(id).balance, 0, "empty");
    }

    function test_multicall_returns_what_its_calls_return() public {
        deposit(500);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(settlement.getChannelId, (config()));
        calls[1] = abi.encodeCall(settlement.settle, (RECEIVER, address(token)));
        bytes[] memory results = settlement.multicall(calls);
        vm.assertEq(abi.decode(results[0], (bytes32)), channelId(), "result");
    }
}
