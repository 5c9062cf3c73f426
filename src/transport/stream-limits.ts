/** Streams of one protocol that one peer may have open at a time, unless a handler says otherwise. */
export const defaultStreamsPerPeer = 8
