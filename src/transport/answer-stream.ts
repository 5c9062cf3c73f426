import type { FrameStream, StreamHandler } from '../ports/transport.ts'

/** Runs a handler to its end: its stream is closed when it returns and reset when it throws. */
export async function answerStream(
  stream: FrameStream,
  handler: StreamHandler,
  onHandled: () => void = () => {},
): Promise<void> {
  try {
    await handler(stream)
    onHandled()
    await stream.close()
  } catch (error) {
    onHandled()
    stream.abort(error instanceof Error ? error : new Error(String(error)))
  }
}
