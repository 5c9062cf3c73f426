/** A bare data channel and the link that it runs over: what our transport is measured against. */
export type BareChannel = { link: RTCPeerConnection; channel: RTCDataChannel }

/** Opens a channel to another tab, and returns the offer for it. */
export async function offerBareChannel(): Promise<BareChannel & { offer: RTCSessionDescriptionInit }> {
  const link = new RTCPeerConnection()
  const channel = link.createDataChannel('bare')
  channel.binaryType = 'arraybuffer'
  await link.setLocalDescription()
  return { link, channel, offer: await describe(link) }
}

/** Answers another tab's offer. */
export async function answerBareChannel(
  offer: RTCSessionDescriptionInit,
  onOpened: (channel: RTCDataChannel) => void,
): Promise<RTCSessionDescriptionInit> {
  const link = new RTCPeerConnection()
  link.addEventListener('datachannel', ({ channel }) => {
    channel.binaryType = 'arraybuffer'
    onOpened(channel)
  })
  await link.setRemoteDescription(offer)
  await link.setLocalDescription()
  return describe(link)
}

/** Takes the other tab's answer; resolves once the channel is open. */
export async function acceptBareChannel(
  { link, channel }: BareChannel,
  answer: RTCSessionDescriptionInit,
): Promise<void> {
  await link.setRemoteDescription(answer)
  if (channel.readyState !== 'open') await nextEvent(channel, 'open')
}

export function nextEvent(target: EventTarget, type: string): Promise<Event> {
  return new Promise((resolve) => target.addEventListener(type, resolve, { once: true }))
}

/** Describes this end with all of its addresses, so that one exchange is enough. */
async function describe(link: RTCPeerConnection): Promise<RTCSessionDescriptionInit> {
  while (link.iceGatheringState !== 'complete') await nextEvent(link, 'icegatheringstatechange')
  const { type, sdp } = link.localDescription!
  return { type, sdp }
}
