type DataChannelFactory = { prototype: Pick<RTCPeerConnection, 'createDataChannel'> }

const cured = new WeakSet<object>()

/**
 * Makes libp2p's WebRTC dial survive a race that hangs one dial in nine: the listener may close the `init`
 * channel before the dialler starts to wait for its `open` and `close` events, which then never come.
 */
export function cureDataChannelRace(peerConnection: DataChannelFactory): void {
  const { prototype } = peerConnection
  if (cured.has(prototype)) return
  cured.add(prototype)
  const createDataChannel = prototype.createDataChannel
  prototype.createDataChannel = function (label, options) {
    const channel = createDataChannel.call(this, label, options)
    if (label === 'init') tellLateListeners(channel)
    return channel
  }
}

/** A listener for an event that has already been fires in a microtask. */
function tellLateListeners(channel: RTCDataChannel): void {
  const addEventListener = channel.addEventListener.bind(channel)
  channel.addEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ) => {
    addEventListener(type, listener, options)
    if (isOver(channel.readyState, type)) queueMicrotask(() => call(listener, new Event(type)))
  }
}

function isOver(state: RTCDataChannelState, eventType: string): boolean {
  if (eventType === 'open') return state === 'closing' || state === 'closed'
  return eventType === 'close' && state === 'closed'
}

function call(listener: EventListenerOrEventListenerObject, event: Event): void {
  if (typeof listener === 'function') listener(event)
  else listener.handleEvent(event)
}
