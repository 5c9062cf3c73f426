// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "./IModelRegistry.sol";

/// @title ModelRegistry
/// @notice Listings of models by their publishers. Holds no money, has no owner and cannot be upgraded.
contract ModelRegistry is IModelRegistry {
    /// @notice Largest royalty: 30 %.
    uint16 public constant MAX_ROYALTY_BPS = 3000;
    /// @notice Most sources of one listing.
    uint256 public constant MAX_SOURCES = 8;
    /// @notice Longest source in bytes.
    uint256 public constant MAX_SOURCE_BYTES = 512;

    mapping(bytes32 listingId => Listing) private listings;
    mapping(bytes32 listingId => string[]) private sourcesOf;
    bytes32[] private listingIds;

    /// @inheritdoc IModelRegistry
    function register(bytes32 modelId, uint16 royaltyBps, string[] calldata sources)
        external
        returns (bytes32 listingId)
    {
        if (modelId == bytes32(0)) revert InvalidModelId();
        if (royaltyBps > MAX_ROYALTY_BPS) revert RoyaltyTooHigh(royaltyBps);
        listingId = getListingId(modelId, msg.sender);
        if (listings[listingId].publisher != address(0)) revert AlreadyRegistered(listingId);

        listings[listingId] = Listing(modelId, msg.sender, royaltyBps, false);
        listingIds.push(listingId);
        _setSources(listingId, sources);
        emit ModelRegistered(listingId, modelId, msg.sender, royaltyBps, sources);
    }

    /// @inheritdoc IModelRegistry
    function setSources(bytes32 modelId, string[] calldata sources) external {
        bytes32 listingId = _ownListing(modelId);
        _setSources(listingId, sources);
        emit SourcesChanged(listingId, sources);
    }

    /// @inheritdoc IModelRegistry
    function deprecate(bytes32 modelId) external {
        bytes32 listingId = _ownListing(modelId);
        if (listings[listingId].deprecated) revert AlreadyDeprecated(listingId);
        listings[listingId].deprecated = true;
        emit ModelDeprecated(listingId);
    }

    /// @inheritdoc IModelRegistry
    function getListing(bytes32 listingId) external view returns (Listing memory) {
        _checkRegistered(listingId);
        return listings[listingId];
    }

    /// @inheritdoc IModelRegistry
    function getSources(bytes32 listingId) external view returns (string[] memory) {
        _checkRegistered(listingId);
        return sourcesOf[listingId];
    }

    /// @inheritdoc IModelRegistry
    function listingCount() external view returns (uint256) {
        return listingIds.length;
    }

    /// @inheritdoc IModelRegistry
    function getNewest(uint256 skip, uint256 most) external view returns (ListedModel[] memory newest) {
        uint256 count = listingIds.length;
        uint256 left = skip < count ? count - skip : 0;
        newest = new ListedModel[](most < left ? most : left);
        for (uint256 i = 0; i < newest.length; ++i) {
            bytes32 listingId = listingIds[left - 1 - i];
            newest[i] = ListedModel(listingId, listings[listingId], sourcesOf[listingId]);
        }
    }

    /// @inheritdoc IModelRegistry
    function royaltyOf(bytes32 listingId) external view returns (address publisher, uint16 royaltyBps) {
        Listing storage listing = listings[listingId];
        return (listing.publisher, listing.royaltyBps);
    }

    /// @inheritdoc IModelRegistry
    function getListingId(bytes32 modelId, address publisher) public pure returns (bytes32) {
        return keccak256(abi.encode(modelId, publisher));
    }

    function _setSources(bytes32 listingId, string[] calldata sources) private {
        if (sources.length > MAX_SOURCES) revert InvalidSourceCount(sources.length);
        delete sourcesOf[listingId];
        for (uint256 i = 0; i < sources.length; ++i) {
            uint256 length = bytes(sources[i]).length;
            if (length == 0 || length > MAX_SOURCE_BYTES) revert InvalidSource(i);
            sourcesOf[listingId].push(sources[i]);
        }
    }

    /// @dev The id holds the publisher, so a listing that the caller finds by it is the caller's own.
    function _ownListing(bytes32 modelId) private view returns (bytes32 listingId) {
        listingId = getListingId(modelId, msg.sender);
        _checkRegistered(listingId);
    }

    function _checkRegistered(bytes32 listingId) private view {
        if (listings[listingId].publisher == address(0)) revert NotRegistered(listingId);
    }
}
