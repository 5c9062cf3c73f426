// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {Erc3009DepositCollector} from "../src/Erc3009DepositCollector.sol";
import {TestDollar} from "../src/TestDollar.sol";
import {TestBase} from "./TestBase.sol";

/// @notice A payer with money, a receiver, and channels between them.
abstract contract SettlementTest is TestBase {
    uint256 internal constant PAYER_KEY = 0xa11ce;
    uint256 internal constant SESSION_KEY = 0x5e55;
    uint256 internal constant RECEIVER_KEY = 0xb0b;
    uint256 internal constant STRANGER_KEY = 0x5714;
    uint128 internal constant FUNDS = 1_000_000_000;
    uint40 internal constant DELAY = 1 hours;

    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    BatchSettlement internal settlement;
    Erc3009DepositCollector internal collector;
    TestDollar internal dollar;
    address internal payer = vm.addr(PAYER_KEY);
    address internal session = vm.addr(SESSION_KEY);
    address internal receiver = vm.addr(RECEIVER_KEY);
    address internal stranger = vm.addr(STRANGER_KEY);
    uint256 private authorizations;

    function setUp() public virtual {
        settlement = new BatchSettlement();
        collector = new Erc3009DepositCollector(address(settlement));
        dollar = new TestDollar();
        dollar.mint(payer, FUNDS);
        vm.warp(1_800_000_000);
    }

    /// @dev A channel from the payer to the receiver; `salt` tells it apart.
    function channel(uint256 salt) internal view returns (BatchSettlement.ChannelConfig memory) {
        return BatchSettlement.ChannelConfig({
            payer: payer,
            payerAuthorizer: session,
            receiver: receiver,
            receiverAuthorizer: receiver,
            token: address(dollar),
            withdrawDelay: DELAY,
            salt: bytes32(salt)
        });
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The payer's EIP-3009 authorization for a deposit, as the collector takes it.
    function authorize(bytes32 channelId, uint256 amount, uint256 key) internal returns (bytes memory) {
        uint256 salt = ++authorizations;
        uint256 validBefore = block.timestamp + 1 hours;
        bytes32 nonce = keccak256(abi.encode(channelId, salt));
        bytes32 structHash =
            keccak256(abi.encode(RECEIVE_TYPEHASH, payer, address(collector), amount, 0, validBefore, nonce));
        bytes memory signature = sign(key, typedDigest(structHash));
        return abi.encode(uint256(0), validBefore, salt, signature);
    }

    function fund(BatchSettlement.ChannelConfig memory config, uint128 amount)
        internal
        returns (bytes32 channelId)
    {
        channelId = settlement.getChannelId(config);
        settlement.deposit(config, amount, address(collector), authorize(channelId, amount, PAYER_KEY));
    }

    /// @dev One line of a claim with a voucher signed by the session key.
    function line(BatchSettlement.ChannelConfig memory config, uint128 ceiling, uint128 totalClaimed)
        internal
        view
        returns (BatchSettlement.VoucherClaim memory)
    {
        bytes32 digest = settlement.getVoucherDigest(settlement.getChannelId(config), ceiling);
        return BatchSettlement.VoucherClaim({
            voucher: BatchSettlement.Voucher(config, ceiling),
            signature: sign(SESSION_KEY, digest),
            totalClaimed: totalClaimed
        });
    }

    function batch(BatchSettlement.VoucherClaim memory only)
        internal
        pure
        returns (BatchSettlement.VoucherClaim[] memory lines)
    {
        lines = new BatchSettlement.VoucherClaim[](1);
        lines[0] = only;
    }

    /// @dev Claims as the receiver.
    function claim(BatchSettlement.ChannelConfig memory config, uint128 total) internal {
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, total, total));
        vm.prank(receiver);
        settlement.claim(lines);
    }

    function balanceOf(bytes32 channelId) internal view returns (uint128 balance) {
        (balance,) = settlement.channels(channelId);
    }

    function claimedOf(bytes32 channelId) internal view returns (uint128 totalClaimed) {
        (, totalClaimed) = settlement.channels(channelId);
    }

    function typedDigest(bytes32 structHash) private view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract,,) =
            dollar.eip712Domain();
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
}
