/** Bounds on what a peer may send. Larger is refused before it is looked at. */
export const limits = {
  messagesPerJob: 256,
  messageChars: 64_000,
  stopStrings: 8,
  stopStringChars: 64,
  maxTokens: 32_768,
  /** Tokens in one frame of an answer. */
  tokensPerFrame: 64,
  /** Characters that those tokens may stand for. */
  textPerFrameChars: 16_384,
  shortMessageChars: 400,
  peerIdChars: 128,
  /** Hubs that one offer may name. */
  hubsPerOffer: 4,
  /** Channels that one claim may batch: into the bond 80 kB, where many nodes take no transaction above 128 KiB. */
  channelsPerClaim: 100,
  /** Bytes of what a deposit collector is given. */
  collectorDataBytes: 2048,
  /** Offers in one frame of a directory; so many of the longest still fit into it. */
  offersPerFrame: 128,
  /** An offer that promises to live longer is refused. */
  offerLifetimeSeconds: 120,
} as const
