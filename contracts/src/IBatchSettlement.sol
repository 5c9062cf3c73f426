// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IBatchSettlement
/// @notice Unidirectional payment channels of the x402 `batch-settlement` scheme.
/// @dev A payer deposits once; its authorizer then signs cumulative vouchers off the chain. The receiver claims
///      any number of channels in one call and sweeps the sum in another. Amounts are in the token's smallest
///      unit, times in seconds. Structs, functions, events and errors are those of the x402 interface.
interface IBatchSettlement {
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
    ) external;

    /// @notice Redeems vouchers. The caller must be receiver or receiver's authorizer of every line.
    /// @dev A line whose total is not above the claimed one changes nothing; any other fault reverts the batch.
    /// @param voucherClaims Lines of the claim.
    function claim(VoucherClaim[] calldata voucherClaims) external;

    /// @notice Redeems vouchers for a receiver's authorizer that signed the batch. Anyone may call.
    /// @param voucherClaims Lines of the claim, all with the same receiver's authorizer.
    /// @param authorizerSignature Its signature over `getClaimBatchDigest(voucherClaims)`.
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature)
        external;

    /// @notice Transfers everything claimed and not yet settled to the receiver. Anyone may call.
    /// @param receiver Account that is paid.
    /// @param token Token it is paid in.
    function settle(address receiver, address token) external;

    /// @notice Announces that the payer takes unclaimed money back. Payer or its authorizer only.
    /// @dev Vouchers not yet claimed reserve nothing: the receiver must claim before the delay has passed.
    /// @param config Terms of the channel.
    /// @param amount At most what is unclaimed now.
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external;

    /// @notice Pays an announced withdrawal, or what is left of it, after the channel's delay. Payer or its
    ///         authorizer only; the money goes to the payer.
    /// @param config Terms of the channel.
    function finalizeWithdraw(ChannelConfig calldata config) external;

    /// @notice Returns unclaimed money to the payer at once. Receiver or its authorizer only.
    /// @dev Raises the refund nonce, so a refund signed for the earlier one is void.
    /// @param config Terms of the channel.
    /// @param amount At most this much; what is unclaimed is the limit.
    function refund(ChannelConfig calldata config, uint128 amount) external;

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
    ) external;

    /// @notice Returns the id of a channel: the EIP-712 hash of its terms under this contract's domain.
    /// @param config Terms of the channel.
    function getChannelId(ChannelConfig calldata config) external view returns (bytes32);

    /// @notice Returns the EIP-712 digest that a voucher's signer signs.
    /// @param channelId Channel that pays.
    /// @param maxClaimableAmount Cumulative ceiling.
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) external view returns (bytes32);

    /// @notice Returns the EIP-712 digest that a receiver's authorizer signs to refund.
    /// @param channelId Channel that refunds.
    /// @param nonce Current `refundNonce` of the channel.
    /// @param amount Amount of the refund.
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) external view returns (bytes32);

    /// @notice Returns the EIP-712 digest that a receiver's authorizer signs to claim.
    /// @param voucherClaims Lines of the claim.
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) external view returns (bytes32);
}
