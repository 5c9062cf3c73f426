// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ReceiptHash
/// @notice EIP-712 hashes of the receipts that providers sign off the chain.
library ReceiptHash {
    /// @notice What a provider swears to have done for one job.
    /// @param jobId The job's 32 random bytes.
    /// @param termsHash EIP-712 struct hash of the whole job: prompt, sampler, seed, price.
    /// @param provider Account that signs.
    /// @param channelId Channel that pays.
    /// @param modelId SHA-256 of the model's canonical manifest.
    /// @param arithmeticId Runtime, graph recipe and back end that computed the answer.
    /// @param promptHash Hash of the prompt's tokens.
    /// @param outputHead Head of the hash chain over the answer's tokens.
    /// @param promptTokens Tokens of the prompt.
    /// @param completionTokens Tokens of the answer: the position that the receipt speaks of.
    /// @param chargeMicroUsd Charge so far.
    /// @param finishReason Why the answer ended.
    /// @param issuedAtSeconds Unix time of signing.
    struct Receipt {
        bytes32 jobId;
        bytes32 termsHash;
        address provider;
        bytes32 channelId;
        bytes32 modelId;
        bytes32 arithmeticId;
        bytes32 promptHash;
        bytes32 outputHead;
        uint32 promptTokens;
        uint32 completionTokens;
        uint128 chargeMicroUsd;
        string finishReason;
        uint40 issuedAtSeconds;
    }

    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(bytes32 jobId,bytes32 termsHash,address provider,bytes32 channelId,bytes32 modelId,"
        "bytes32 arithmeticId,bytes32 promptHash,bytes32 outputHead,uint32 promptTokens,"
        "uint32 completionTokens,uint128 chargeMicroUsd,string finishReason,uint40 issuedAtSeconds)"
    );
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @notice Returns the digest that the provider signs: domain `Opentab`, version `1`, this chain, and the
    ///         settlement contract that the job was paid through.
    function digest(Receipt memory receipt, address settlement) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("Opentab"), keccak256("1"), block.chainid, settlement)
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash(receipt)));
    }

    /// @notice Returns the EIP-712 struct hash of a receipt.
    function structHash(Receipt memory receipt) internal pure returns (bytes32) {
        return _hashAsOf(receipt, receipt.issuedAtSeconds);
    }

    /// @notice Whether two receipts speak of the same job, at the same position of its answer, by one provider.
    function sameJob(Receipt memory one, Receipt memory other) internal pure returns (bool) {
        return one.provider == other.provider && one.jobId == other.jobId && one.termsHash == other.termsHash
            && one.completionTokens == other.completionTokens;
    }

    /// @notice Whether two receipts say the same, whenever each was signed.
    function sameStatement(Receipt memory one, Receipt memory other) internal pure returns (bool) {
        return _hashAsOf(one, 0) == _hashAsOf(other, 0);
    }

    /// @dev In two halves, because one `abi.encode` of all fields is too deep for the stack.
    function _hashAsOf(Receipt memory receipt, uint40 issuedAtSeconds) private pure returns (bytes32) {
        bytes memory job = abi.encode(
            RECEIPT_TYPEHASH,
            receipt.jobId,
            receipt.termsHash,
            receipt.provider,
            receipt.channelId,
            receipt.modelId,
            receipt.arithmeticId
        );
        bytes memory answer = abi.encode(
            receipt.promptHash,
            receipt.outputHead,
            receipt.promptTokens,
            receipt.completionTokens,
            receipt.chargeMicroUsd,
            keccak256(bytes(receipt.finishReason)),
            issuedAtSeconds
        );
        return keccak256(bytes.concat(job, answer));
    }
}
