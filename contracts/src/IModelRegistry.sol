// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IModelRegistry
/// @notice Where publishers list models: what share of the earnings they ask for, and where the bytes lie.
/// @dev A listing belongs to a model and a publisher together. Anybody may list a model, and nobody can take its
///      place or its royalty from another: a payment channel names the listing that it pays, not the model.
interface IModelRegistry {
    /// @notice A model as one publisher offers it.
    /// @param modelId SHA-256 of the model's canonical manifest.
    /// @param publisher Account that listed it and is paid the royalty.
    /// @param royaltyBps Share of a provider's earnings in hundredths of a percent, fixed for ever.
    /// @param deprecated Whether the publisher advises against it. Royalties are owed all the same.
    struct Listing {
        bytes32 modelId;
        address publisher;
        uint16 royaltyBps;
        bool deprecated;
    }

    /// @notice A listing and where its model's bytes lie.
    /// @param listingId Id of the listing.
    /// @param listing The listing.
    /// @param sources CIDs or URLs of the model's bytes, preferred first.
    struct ListedModel {
        bytes32 listingId;
        Listing listing;
        string[] sources;
    }

    /// @notice A publisher listed a model.
    event ModelRegistered(
        bytes32 indexed listingId,
        bytes32 indexed modelId,
        address indexed publisher,
        uint16 royaltyBps,
        string[] sources
    );
    /// @notice A publisher named other places where the model's bytes lie.
    event SourcesChanged(bytes32 indexed listingId, string[] sources);
    /// @notice A publisher advises against its model from now on.
    event ModelDeprecated(bytes32 indexed listingId);

    /// @notice The model's id is zero.
    error InvalidModelId();
    /// @notice The royalty is above `MAX_ROYALTY_BPS`.
    error RoyaltyTooHigh(uint16 royaltyBps);
    /// @notice The caller has listed this model before.
    error AlreadyRegistered(bytes32 listingId);
    /// @notice There is no such listing.
    error NotRegistered(bytes32 listingId);
    /// @notice The listing is deprecated already.
    error AlreadyDeprecated(bytes32 listingId);
    /// @notice There are more than `MAX_SOURCES` sources.
    error InvalidSourceCount(uint256 count);
    /// @notice A source must have between 1 and `MAX_SOURCE_BYTES` bytes.
    error InvalidSource(uint256 index);

    /// @notice Lists a model for the caller.
    /// @param modelId SHA-256 of the model's canonical manifest.
    /// @param royaltyBps Share of the earnings in hundredths of a percent. It can never be changed.
    /// @param sources CIDs or URLs of the model's bytes, preferred first; none where tabs alone carry them.
    /// @return listingId `getListingId(modelId, caller)`, which a payment channel carries as its salt.
    function register(bytes32 modelId, uint16 royaltyBps, string[] calldata sources)
        external
        returns (bytes32 listingId);

    /// @notice Replaces the sources of the caller's listing.
    /// @param modelId Model that the caller has listed.
    /// @param sources CIDs or URLs of the model's bytes, preferred first.
    function setSources(bytes32 modelId, string[] calldata sources) external;

    /// @notice Marks the caller's listing as one that nobody should start to use. There is no way back.
    /// @param modelId Model that the caller has listed.
    function deprecate(bytes32 modelId) external;

    /// @notice Returns a listing.
    /// @param listingId Id of the listing.
    function getListing(bytes32 listingId) external view returns (Listing memory);

    /// @notice Returns where the bytes of a listed model lie, preferred first.
    /// @param listingId Id of the listing.
    function getSources(bytes32 listingId) external view returns (string[] memory);

    /// @notice Returns how many listings there are.
    function listingCount() external view returns (uint256);

    /// @notice Returns listings, the newest first, so that a reader decides how many it takes.
    /// @param skip Newest listings to leave out.
    /// @param most Most listings to return.
    function getNewest(uint256 skip, uint256 most) external view returns (ListedModel[] memory);

    /// @notice Returns who is paid which royalty; zero and zero where there is no such listing.
    /// @param listingId Id of the listing.
    function royaltyOf(bytes32 listingId) external view returns (address publisher, uint16 royaltyBps);

    /// @notice Returns the id of a listing: `keccak256(abi.encode(modelId, publisher))`.
    /// @param modelId SHA-256 of the model's canonical manifest.
    /// @param publisher Account that lists it.
    function getListingId(bytes32 modelId, address publisher) external pure returns (bytes32);
}
