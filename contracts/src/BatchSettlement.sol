// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IDepositCollector} from "./IDepositCollector.sol";

/// @title BatchSettlement
/// @notice Unidirectional payment channels of the x402 `batch-settlement` scheme, for chains that lack the public
///         contract.
/// @dev A payer deposits once; its authorizer then signs cumulative vouchers off the chain. The receiver claims
///      any number of channels in one call and sweeps the sum in another. Amounts are in the token's smallest
///      unit, times in seconds. All types stand here, as in the public contract, so that code written against
///      that one compiles with this one.
///      Holds money for three purposes, and never more or less than their sum per token: what channels hold
///      unclaimed, and what receivers have claimed and not settled. Needs transient storage (EIP-1153).
contract BatchSettlement is EIP712, Multicall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Terms of a channel, fixed for its life. Their EIP-712 hash is the channel id.
    /// @param payer Owner of the deposit, to whom unspent money returns.
    /// @param payerAuthorizer Key that signs vouchers; zero makes the payer itself sign (ERC-1271 included).
    /// @param receiver Account to which claimed money is settled.
    /// @param receiverAuthorizer Key that may claim and refund for the receiver.
    /// @param token ERC-20 token that is neither rebasing nor charging on transfer.
    /// @param withdrawDelay Seconds between announcing and finalizing a withdrawal, from 15 minutes to 30 days.
    /// @param salt Tells channels with equal terms apart.
    struct ChannelConfig {
        address payer;
        address payerAuthorizer;
        address receiver;
        address receiverAuthorizer;
        address token;
        uint40 withdrawDelay;
        bytes32 salt;
    }

    /// @notice Money of one channel.
    /// @param balance Deposited and neither withdrawn nor refunded, claimed money included.
    /// @param totalClaimed Claimed by the receiver so far; never above `balance`.
    struct ChannelState {
        uint128 balance;
        uint128 totalClaimed;
    }

    /// @notice A withdrawal that the payer has announced.
    /// @param amount Requested; what is left of it is paid when finalized.
    /// @param initiatedAt Unix time of the announcement; zero when there is none.
    struct WithdrawalState {
        uint128 amount;
        uint40 initiatedAt;
    }

    /// @notice Sums of one receiver in one token over all its channels.
    /// @param totalClaimed Claimed so far.
    /// @param totalSettled Of that, already transferred.
    struct ReceiverState {
        uint128 totalClaimed;
        uint128 totalSettled;
    }

    /// @notice What a payer's authorizer signs, with the channel's terms in place of its id.
    /// @param channel Terms of the channel.
    /// @param maxClaimableAmount Cumulative ceiling.
    struct Voucher {
        ChannelConfig channel;
        uint128 maxClaimableAmount;
    }

    /// @notice One line of a claim.
    /// @param voucher Voucher being redeemed.
    /// @param signature Signature over `getVoucherDigest(channelId, maxClaimableAmount)`.
    /// @param totalClaimed Cumulative amount to have claimed afterwards, at most the ceiling.
    struct VoucherClaim {
        Voucher voucher;
        bytes signature;
        uint128 totalClaimed;
    }

    /// @notice Shortest delay that a channel may have, in seconds.
    uint40 public constant MIN_WITHDRAW_DELAY = 15 minutes;
    /// @notice Longest delay that a channel may have, in seconds.
    uint40 public constant MAX_WITHDRAW_DELAY = 30 days;

    /// @notice EIP-712 type of a channel's terms.
    bytes32 public constant CHANNEL_CONFIG_TYPEHASH = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,"
        "address token,uint40 withdrawDelay,bytes32 salt)"
    );
    /// @notice EIP-712 type of a voucher.
    bytes32 public constant VOUCHER_TYPEHASH =
        keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
    /// @notice EIP-712 type of a refund.
    bytes32 public constant REFUND_TYPEHASH =
        keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
    /// @notice EIP-712 type of one line of a signed claim.
    bytes32 public constant CLAIM_ENTRY_TYPEHASH =
        keccak256("ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)");
    /// @notice EIP-712 type of a signed claim.
    bytes32 public constant CLAIM_BATCH_TYPEHASH = keccak256(
        "ClaimBatch(ClaimEntry[] claims)"
        "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );

    /// @notice Money of each channel.
    mapping(bytes32 channelId => ChannelState) public channels;
    /// @notice Number of refunds of each channel so far; the next signed refund must carry it.
    mapping(bytes32 channelId => uint256) public refundNonce;
    /// @notice Announced withdrawal of each channel.
    mapping(bytes32 channelId => WithdrawalState) public pendingWithdrawals;
    /// @notice Sums of each receiver in each token.
    mapping(address receiver => mapping(address token => ReceiverState)) public receivers;

    /// @notice A deposit reached a channel that held nothing.
    event ChannelCreated(bytes32 indexed channelId, ChannelConfig config);

    /// @notice A channel from which nothing was ever claimed is empty again.
    event ChannelClosed(bytes32 indexed channelId, ChannelConfig config);

    /// @notice Money was added to a channel.
    event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance);

    /// @notice The claimed total of a channel rose.
    event Claimed(
        bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed
    );

    /// @notice Claimed money was transferred to its receiver.
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);

    /// @notice The receiver's side returned unclaimed money to the payer.
    event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount);

    /// @notice The payer's side announced a withdrawal.
    event WithdrawInitiated(bytes32 indexed channelId, uint128 amount, uint40 finalizeAfter);

    /// @notice An announced withdrawal was paid out.
    event WithdrawFinalized(bytes32 indexed channelId, address indexed sender, uint128 amount);

    /// @notice Payer, receiver, receiver's authorizer or token is zero, or the caller is not the payer's side.
    error InvalidChannel();
    /// @notice A deposit of nothing.
    error ZeroDeposit();
    /// @notice The channel's balance would not fit in 128 bits.
    error DepositOverflow();
    /// @notice The signature is not by the key that had to sign.
    error InvalidSignature();
    /// @notice A line of a signed batch names another receiver's authorizer.
    error NotReceiverAuthorizer();
    /// @notice The caller is neither the receiver nor its authorizer.
    error NotAuthorizedToClaim();
    /// @notice The caller is neither the receiver nor its authorizer.
    error NotAuthorizedToRefund();
    /// @notice More is claimed than the voucher allows.
    error ClaimExceedsCeiling();
    /// @notice More is claimed than the channel holds.
    error ClaimExceedsBalance();
    /// @notice A withdrawal is already announced.
    error WithdrawalAlreadyPending();
    /// @notice No withdrawal is announced.
    error WithdrawalNotPending();
    /// @notice The caller is neither the payer nor its authorizer.
    error NotAuthorizedToFinalizeWithdraw();
    /// @notice The channel's delay has not passed yet.
    error WithdrawDelayNotElapsed();
    /// @notice A withdrawal of nothing.
    error NothingToWithdraw();
    /// @notice The withdrawal is larger than what is unclaimed.
    error WithdrawAmountExceedsAvailable();
    /// @notice The delay is shorter than 15 minutes or longer than 30 days.
    error WithdrawDelayOutOfRange();
    /// @notice A claim without lines.
    error EmptyBatch();
    /// @notice The collector did not bring exactly the amount.
    error DepositCollectionFailed();
    /// @notice The collector is zero.
    error InvalidCollector();
    /// @notice The refund was signed for another nonce.
    error InvalidRefundNonce();
    /// @notice A refund of nothing.
    error ZeroRefund();

    /// @notice Fixes the EIP-712 domain: name `x402 Batch Settlement`, version `1`, this chain, this address.
    constructor() EIP712("x402 Batch Settlement", "1") {}

    /// @notice Adds money to a channel, pulled from the payer by a collector. Anyone may call.
    /// @param config Terms of the channel.
    /// @param amount Exact amount that must arrive.
    /// @param collector Contract that pulls the money ({IDepositCollector}).
    /// @param collectorData Data for the collector, such as the payer's authorization.
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external nonReentrant {
        _checkTerms(config);
        if (amount == 0) revert ZeroDeposit();
        if (collector == address(0)) revert InvalidCollector();

        bytes32 channelId = getChannelId(config);
        ChannelState storage channel = channels[channelId];
        uint128 balance = channel.balance;
        if (amount > type(uint128).max - balance) revert DepositOverflow();
        bool isNew = balance == 0 && channel.totalClaimed == 0;
        balance += amount;
        channel.balance = balance;

        IERC20 token = IERC20(config.token);
        uint256 expected = token.balanceOf(address(this)) + amount;
        IDepositCollector(collector).collect(config.payer, config.token, amount, channelId, collectorData);
        if (token.balanceOf(address(this)) != expected) revert DepositCollectionFailed();

        if (isNew) emit ChannelCreated(channelId, config);
        emit Deposited(channelId, msg.sender, amount, balance);
    }

    /// @notice Redeems vouchers. The caller must be receiver or receiver's authorizer of every line.
    /// @dev A line whose total is not above the claimed one changes nothing; any other fault reverts the batch.
    /// @param voucherClaims Lines of the claim.
    function claim(VoucherClaim[] calldata voucherClaims) external nonReentrant {
        if (voucherClaims.length == 0) revert EmptyBatch();
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            if (!_isReceiverSide(voucherClaims[i].voucher.channel)) revert NotAuthorizedToClaim();
            _redeem(voucherClaims[i]);
        }
    }

    /// @notice Redeems vouchers for a receiver's authorizer that signed the batch. Anyone may call.
    /// @param voucherClaims Lines of the claim, all with the same receiver's authorizer.
    /// @param authorizerSignature Its signature over `getClaimBatchDigest(voucherClaims)`.
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature)
        external
        nonReentrant
    {
        if (voucherClaims.length == 0) revert EmptyBatch();
        address authorizer = voucherClaims[0].voucher.channel.receiverAuthorizer;
        _checkSigned(authorizer, getClaimBatchDigest(voucherClaims), authorizerSignature);
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            if (voucherClaims[i].voucher.channel.receiverAuthorizer != authorizer) {
                revert NotReceiverAuthorizer();
            }
            _redeem(voucherClaims[i]);
        }
    }

    /// @notice Transfers everything claimed and not yet settled to the receiver. Anyone may call.
    /// @param receiver Account that is paid.
    /// @param token Token it is paid in.
    function settle(address receiver, address token) external nonReentrant {
        ReceiverState storage state = receivers[receiver][token];
        uint128 totalClaimed = state.totalClaimed;
        uint128 amount = totalClaimed - state.totalSettled;
        if (amount == 0) return;
        state.totalSettled = totalClaimed;
        IERC20(token).safeTransfer(receiver, amount);
        emit Settled(receiver, token, msg.sender, amount);
    }

    /// @notice Announces that the payer takes unclaimed money back. Payer or its authorizer only.
    /// @dev Vouchers not yet claimed reserve nothing: the receiver must claim before the delay has passed.
    /// @param config Terms of the channel.
    /// @param amount At most what is unclaimed now.
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        if (!_isPayerSide(config)) revert InvalidChannel();
        if (amount == 0) revert NothingToWithdraw();
        bytes32 channelId = getChannelId(config);
        if (pendingWithdrawals[channelId].initiatedAt != 0) revert WithdrawalAlreadyPending();
        if (amount > _unclaimed(channels[channelId])) revert WithdrawAmountExceedsAvailable();

        uint40 nowSeconds = uint40(block.timestamp);
        pendingWithdrawals[channelId] = WithdrawalState(amount, nowSeconds);
        emit WithdrawInitiated(channelId, amount, nowSeconds + config.withdrawDelay);
    }

    /// @notice Pays an announced withdrawal, or what is left of it, after the channel's delay. Payer or its
    ///         authorizer only; the money goes to the payer.
    /// @param config Terms of the channel.
    function finalizeWithdraw(ChannelConfig calldata config) external nonReentrant {
        if (!_isPayerSide(config)) revert NotAuthorizedToFinalizeWithdraw();
        bytes32 channelId = getChannelId(config);
        WithdrawalState memory withdrawal = pendingWithdrawals[channelId];
        if (withdrawal.initiatedAt == 0) revert WithdrawalNotPending();
        // The shortest delay is 15 minutes, so a validator's seconds do not matter.
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp < uint256(withdrawal.initiatedAt) + config.withdrawDelay) {
            revert WithdrawDelayNotElapsed();
        }

        delete pendingWithdrawals[channelId];
        uint128 amount = _takeUnclaimed(channelId, withdrawal.amount);
        emit WithdrawFinalized(channelId, msg.sender, amount);
        _payBack(channelId, config, amount);
    }

    /// @notice Returns unclaimed money to the payer at once. Receiver or its authorizer only.
    /// @dev Raises the refund nonce, so a refund signed for the earlier one is void.
    /// @param config Terms of the channel.
    /// @param amount At most this much; what is unclaimed is the limit.
    function refund(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        if (!_isReceiverSide(config)) revert NotAuthorizedToRefund();
        _refund(getChannelId(config), config, amount);
    }

    /// @notice Returns unclaimed money to the payer with the receiver's authorizer's signature. Anyone may call.
    /// @param config Terms of the channel.
    /// @param amount At most this much; what is unclaimed is the limit.
    /// @param nonce Current `refundNonce` of the channel.
    /// @param receiverAuthorizerSignature Signature over `getRefundDigest(channelId, nonce, amount)`.
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external nonReentrant {
        bytes32 channelId = getChannelId(config);
        if (nonce != refundNonce[channelId]) revert InvalidRefundNonce();
        bytes32 digest = getRefundDigest(channelId, nonce, amount);
        _checkSigned(config.receiverAuthorizer, digest, receiverAuthorizerSignature);
        _refund(channelId, config, amount);
    }

    /// @notice Returns the id of a channel: the EIP-712 hash of its terms under this contract's domain.
    /// @param config Terms of the channel.
    function getChannelId(ChannelConfig calldata config) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CHANNEL_CONFIG_TYPEHASH, config)));
    }

    /// @notice Returns the EIP-712 digest that a voucher's signer signs.
    /// @param channelId Channel that pays.
    /// @param maxClaimableAmount Cumulative ceiling.
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, maxClaimableAmount)));
    }

    /// @notice Returns the EIP-712 digest that a receiver's authorizer signs to refund.
    /// @param channelId Channel that refunds.
    /// @param nonce Current `refundNonce` of the channel.
    /// @param amount Amount of the refund.
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REFUND_TYPEHASH, channelId, nonce, amount)));
    }

    /// @notice Returns the EIP-712 digest that a receiver's authorizer signs to claim.
    /// @param voucherClaims Lines of the claim.
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) public view returns (bytes32) {
        bytes32[] memory entries = new bytes32[](voucherClaims.length);
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            VoucherClaim calldata line = voucherClaims[i];
            entries[i] = keccak256(
                abi.encode(
                    CLAIM_ENTRY_TYPEHASH,
                    getChannelId(line.voucher.channel),
                    line.voucher.maxClaimableAmount,
                    line.totalClaimed
                )
            );
        }
        bytes32 entriesHash = keccak256(abi.encodePacked(entries));
        return _hashTypedDataV4(keccak256(abi.encode(CLAIM_BATCH_TYPEHASH, entriesHash)));
    }

    /// @dev Raises a channel's claimed total to that of the line, if it is higher.
    function _redeem(VoucherClaim calldata line) private {
        ChannelConfig calldata config = line.voucher.channel;
        bytes32 channelId = getChannelId(config);
        ChannelState memory channel = channels[channelId];
        uint128 totalClaimed = line.totalClaimed;
        if (totalClaimed <= channel.totalClaimed) return;
        if (totalClaimed > line.voucher.maxClaimableAmount) revert ClaimExceedsCeiling();
        if (totalClaimed > channel.balance) revert ClaimExceedsBalance();
        _checkVoucherSigned(
            config, getVoucherDigest(channelId, line.voucher.maxClaimableAmount), line.signature
        );

        uint128 amount = totalClaimed - channel.totalClaimed;
        channels[channelId].totalClaimed = totalClaimed;
        receivers[config.receiver][config.token].totalClaimed += amount;
        emit Claimed(channelId, msg.sender, amount, totalClaimed);
    }

    /// @dev Session keys are plain keys, so their check needs no call; a payer may be a contract wallet.
    function _checkVoucherSigned(ChannelConfig calldata config, bytes32 digest, bytes calldata signature)
        private
        view
    {
        address authorizer = config.payerAuthorizer;
        if (authorizer == address(0)) return _checkSigned(config.payer, digest, signature);
        if (ECDSA.recoverCalldata(digest, signature) != authorizer) revert InvalidSignature();
    }

    function _checkSigned(address signer, bytes32 digest, bytes calldata signature) private view {
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert InvalidSignature();
        }
    }

    /// @dev The nonce rises before the amount is known, so that a signature serves at most once.
    function _refund(bytes32 channelId, ChannelConfig calldata config, uint128 requested) private {
        if (requested == 0) revert ZeroRefund();
        ++refundNonce[channelId];
        uint128 amount = _takeUnclaimed(channelId, requested);
        if (amount == 0) return;

        WithdrawalState storage withdrawal = pendingWithdrawals[channelId];
        if (withdrawal.amount > amount) withdrawal.amount -= amount;
        else delete pendingWithdrawals[channelId];
        emit Refunded(channelId, msg.sender, amount);
        _payBack(channelId, config, amount);
    }

    /// @dev Takes up to `requested` of a channel's unclaimed money out of its balance and returns how much.
    function _takeUnclaimed(bytes32 channelId, uint128 requested) private returns (uint128 amount) {
        ChannelState storage channel = channels[channelId];
        uint128 unclaimed = _unclaimed(channel);
        amount = requested < unclaimed ? requested : unclaimed;
        channel.balance -= amount;
    }

    /// @dev Transfers what was taken from a channel to its payer, and says when the channel is closed by it.
    function _payBack(bytes32 channelId, ChannelConfig calldata config, uint128 amount) private {
        ChannelState memory channel = channels[channelId];
        if (channel.balance == 0 && channel.totalClaimed == 0) emit ChannelClosed(channelId, config);
        if (amount > 0) IERC20(config.token).safeTransfer(config.payer, amount);
    }

    function _unclaimed(ChannelState storage channel) private view returns (uint128) {
        return channel.balance - channel.totalClaimed;
    }

    function _checkTerms(ChannelConfig calldata config) private pure {
        if (
            config.payer == address(0) || config.receiver == address(0)
                || config.receiverAuthorizer == address(0) || config.token == address(0)
        ) revert InvalidChannel();
        if (config.withdrawDelay < MIN_WITHDRAW_DELAY || config.withdrawDelay > MAX_WITHDRAW_DELAY) {
            revert WithdrawDelayOutOfRange();
        }
    }

    function _isPayerSide(ChannelConfig calldata config) private view returns (bool) {
        return msg.sender == config.payer || msg.sender == config.payerAuthorizer;
    }

    function _isReceiverSide(ChannelConfig calldata config) private view returns (bool) {
        return msg.sender == config.receiver || msg.sender == config.receiverAuthorizer;
    }
}
