// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "./BatchSettlement.sol";
import {ReceiptHash} from "./ReceiptHash.sol";

/// @title IEarningsBond
/// @notice Receiver of payment channels that credits each provider, holds the newest part of its earnings as a
///         bond for its honesty, and pays out the rest.
/// @dev A channel that pays through the bond has terms `receiver` = the bond, `receiverAuthorizer` = the provider,
///      and `salt` = a listing of the model registry, or anything else where no royalty is owed. The contract
///      learns what was earned from the settlement contract itself; nobody has to be trusted for it. Amounts are
///      in the token's smallest unit, times in seconds, shares in hundredths of a percent (bps).
interface IEarningsBond {
    /// @notice Terms of a bond contract, fixed for its life.
    /// @param settlement Settlement contract whose channels pay here, and under whose domain receipts are signed.
    /// @param token ERC-20 token that is neither rebasing nor charging on transfer.
    /// @param registry Registry of the listings that royalties are owed to.
    /// @param commons Account that is credited with forfeited money that rewards nobody.
    /// @param target Most that is held of one provider.
    /// @param holdSeconds Least time that earnings are held, unless newer ones fill the target.
    /// @param disputeSeconds Time that the panel has for a verdict.
    /// @param rewardBps Share of forfeited money that goes to whoever proved the fault, at most half.
    /// @param panel Accounts whose verdicts count.
    /// @param quorum Verdicts that decide a dispute: more than half of the panel.
    struct BondTerms {
        address settlement;
        address token;
        address registry;
        address commons;
        uint128 target;
        uint40 holdSeconds;
        uint40 disputeSeconds;
        uint16 rewardBps;
        address[] panel;
        uint256 quorum;
    }

    /// @notice A dispute that is open. All zero where there is none.
    /// @param provider Provider whose receipt is disputed.
    /// @param deadline Unix time until which the panel may decide.
    /// @param convictions Convictions of the provider when the dispute was opened.
    /// @param accuser Account that opened it.
    /// @param stake Staked by the accuser.
    /// @param locked Locked of the provider's bond: as much as was staked, or nothing where others had locked all.
    /// @param receiptHash EIP-712 digest of the disputed receipt.
    struct Dispute {
        address provider;
        uint40 deadline;
        uint32 convictions;
        address accuser;
        uint128 stake;
        uint128 locked;
        bytes32 receiptHash;
    }

    /// @notice A channel's claimed money was credited: the royalty to the publisher, the rest to the provider.
    event EarningsCredited(
        bytes32 indexed channelId, address indexed provider, uint128 earned, uint128 royalty
    );
    /// @notice A publisher was credited with its share of a channel's earnings.
    event RoyaltyCredited(bytes32 indexed listingId, address indexed publisher, uint128 amount);
    /// @notice Money was added to a provider's bond: earnings, or a lock that came back.
    event BondHeld(address indexed provider, uint128 amount);
    /// @notice Money left a provider's bond and can be withdrawn.
    event BondReleased(address indexed provider, uint128 amount);
    /// @notice An account was credited with a stake or what an accuser lost of it, a reward or forfeited money.
    event Credited(address indexed account, uint128 amount);
    /// @notice Credit was paid out to its owner.
    event Withdrawn(address indexed account, address indexed sender, uint128 amount);
    /// @notice A provider signed two statements about one thing and lost its bond.
    event Slashed(
        address indexed provider,
        address indexed reporter,
        bytes32 indexed jobId,
        uint128 amount,
        uint128 reward
    );
    /// @notice A receipt is disputed.
    event DisputeOpened(
        uint256 indexed disputeId,
        address indexed provider,
        address indexed accuser,
        bytes32 receiptHash,
        uint128 stake,
        uint128 locked,
        uint40 deadline
    );
    /// @notice The panel decided a dispute.
    event DisputeResolved(uint256 indexed disputeId, bool guilty);
    /// @notice A dispute ended without a verdict: both sides have their money back, but for what the accuser lost
    ///         of its stake to the accused.
    event DisputeExpired(uint256 indexed disputeId, uint128 lost);
    /// @notice Money locked by a dispute fell to the commons, because its provider was convicted meanwhile.
    event LockForfeited(uint256 indexed disputeId, address indexed provider, uint128 amount);

    /// @notice The terms lack an account, an amount or a time, name a panel member twice, or the quorum or the
    ///         reward is out of its range.
    error InvalidTerms();
    /// @notice The channel pays another receiver or another token.
    error ForeignChannel();
    /// @notice The receipt is not signed by the provider it names.
    error InvalidReceiptSignature();
    /// @notice The receipts are of different providers, jobs, terms or positions.
    error DifferentJobs();
    /// @notice The receipts say the same.
    error SameStatement();
    /// @notice The provider was convicted of this contradiction before.
    error AlreadyConvicted();
    /// @notice The provider has nothing at stake.
    error NothingAtStake();
    /// @notice Disputes about this receipt have locked a whole bond already.
    error AlreadyDisputed();
    /// @notice A dispute about nothing.
    error ZeroStake();
    /// @notice There is no such open dispute.
    error UnknownDispute(uint256 disputeId);
    /// @notice The panel's time is over.
    error VerdictTooLate();
    /// @notice The panel's time is not over.
    error DisputeStillOpen();
    /// @notice There are fewer verdicts than the quorum.
    error QuorumMissing(uint256 verdicts, uint256 quorum);
    /// @notice A verdict is not signed by a panel member, or two are by the same, or they are not in order.
    error InvalidVerdict(uint256 index);

    /// @notice Credits what was claimed from a channel since the last call. Anyone may call.
    /// @param config Terms of the channel.
    /// @return earned What was credited, the royalty included; zero when nothing new was claimed.
    function credit(BatchSettlement.ChannelConfig calldata config) external returns (uint128 earned);

    /// @notice Pays an account its credit. Anyone may call; the money goes to the account.
    /// @param account Owner of the credit.
    /// @return amount What was paid; zero when there was nothing.
    function withdraw(address account) external returns (uint128 amount);

    /// @notice Takes a provider's bond for two receipts that contradict one another. Anyone may call and is
    ///         credited with the reward.
    /// @dev Receipts contradict when job, terms and position are equal and anything but the time of signing is not.
    /// @param one A receipt.
    /// @param oneSignature The provider's signature of it.
    /// @param other A receipt of the same job and position that says something else.
    /// @param otherSignature The provider's signature of it.
    function slash(
        ReceiptHash.Receipt calldata one,
        bytes calldata oneSignature,
        ReceiptHash.Receipt calldata other,
        bytes calldata otherSignature
    ) external;

    /// @notice Disputes a receipt before the panel. The caller stakes as much as it locks of the bond.
    /// @dev A receipt locks a whole bond once, in one dispute or in several. Where other disputes have locked all
    ///      that there is, the caller locks nothing and stakes at most as much as they: a verdict of guilty forfeits
    ///      their locks, so that nobody shelters its bond in a dispute with a friend.
    /// @param receipt Receipt that the caller holds to be false.
    /// @param signature The provider's signature of it.
    /// @param most Most that the caller stakes; the provider's bond is the limit. Needs the token's allowance.
    /// @return disputeId Number of the dispute, from 1 on.
    function dispute(ReceiptHash.Receipt calldata receipt, bytes calldata signature, uint128 most)
        external
        returns (uint256 disputeId);

    /// @notice Ends a dispute by the panel's verdicts. Anyone may call, until the deadline.
    /// @dev Guilty: the accuser has its stake back and the reward, the commons the rest of the lock, and the
    ///      provider one conviction more. Not guilty: the provider has its lock back, as after {expire}, and the
    ///      stake for its trouble.
    /// @param disputeId Number of the dispute.
    /// @param guilty What the panel decided.
    /// @param signatures Signatures over `getVerdictDigest`, in ascending order of their signers' addresses.
    function resolve(uint256 disputeId, bool guilty, bytes[] calldata signatures) external;

    /// @notice Ends a dispute without a verdict after its deadline: both sides have their money back, but for a
    ///         twentieth of the stake, which the accused has for its trouble. Anyone may call.
    /// @dev A lock comes back with its age: what would have been released meanwhile is credit at once. Where the
    ///      provider was convicted meanwhile, the commons has the lock and the accuser its whole stake.
    /// @param disputeId Number of the dispute.
    function expire(uint256 disputeId) external;

    /// @notice Returns an account's money as it is now.
    /// @param account Provider, publisher, accuser or commons.
    /// @return available Can be withdrawn.
    /// @return bonded Held as bond.
    /// @return locked Held by open disputes.
    /// @return convictions How often the account was convicted: by a contradiction or by the panel.
    function getAccount(address account)
        external
        view
        returns (uint128 available, uint128 bonded, uint128 locked, uint32 convictions);

    /// @notice Returns a provider's bond part by part, oldest first, with the time at which each is released.
    /// @param provider Owner of the bond.
    /// @return amounts Held amounts; zero where a period brought nothing.
    /// @return releaseAt Unix time of each one's release, unless newer earnings release it before.
    function getBond(address provider)
        external
        view
        returns (uint128[9] memory amounts, uint40[9] memory releaseAt);

    /// @notice Returns an open dispute.
    /// @param disputeId Number of the dispute.
    function getDispute(uint256 disputeId) external view returns (Dispute memory);

    /// @notice Returns the EIP-712 digest that a panel member signs.
    /// @param disputeId Number of the dispute.
    /// @param guilty What it found.
    function getVerdictDigest(uint256 disputeId, bool guilty) external view returns (bytes32);

    /// @notice Returns the EIP-712 digest that a provider signs for a receipt.
    /// @param receipt The receipt.
    function getReceiptDigest(ReceiptHash.Receipt calldata receipt) external view returns (bytes32);
}
