/** Bounds on what a peer may send. Larger is refused before it is looked at. */
export const limits = {
  messagesPerJob: 256,
  messageChars: 64_000,
  /** Texts that one job may have embedded. */
  textsPerJob: 64,
  /** Numbers in an embedding; so many of the longest fit into a frame. */
  embeddingWidth: 8_192,
  tasksPerOffer: 8,
  stopStrings: 8,
  stopStringChars: 64,
  maxTokens: 32_768,
  /** Tokens in one frame of an answer. */
  tokensPerFrame: 64,
  /** Characters that those tokens may stand for. */
  textPerFrameChars: 16_384,
  /** Times that a provider may say that a job goes on before something of it comes. */
  waitingFrames: 64,
  shortMessageChars: 400,
  /** Those of every kind of key have at most 53. */
  peerIdChars: 64,
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
  /** Bytes of a manifest as JSON, wherever it comes from. */
  manifestBytes: 2 * 1024 ** 2,
  /** Bytes that a frame may have around a manifest. */
  manifestEnvelopeBytes: 256,
  /** Models that one tab may say it holds. */
  modelsPerHolder: 32,
  /** Tabs that one answer names as holders of a model. */
  holdersPerAnswer: 32,
  /** What a tab holds is forgotten unless it says so again. */
  holdingLifetimeSeconds: 120,
  /** Pieces of a model that tabs exchange: 128 GiB of the usual ones. */
  piecesPerModel: 32_768,
  /** Bytes of a piece in one frame: with its tag and its length it fills one WebRTC message. */
  pieceBytesPerFrame: 16_000,
  /** Frames of pieces that may be on their way unacknowledged, about what a fast link holds. */
  pieceFramesAhead: 32,
  /** Pieces that may be asked for before the first of them has come. */
  piecesAskedAhead: 4,
  /** Pieces that one frame may name as new. */
  gainsPerFrame: 512,
} as const
