import type { WriteReply, WriteRequest } from './piece-writer.ts'
import { writePiece } from './write-piece.ts'

/** Writes files for the page that opened this worker, one after the other. */
export function serveWrites(): void {
  let turn: Promise<unknown> = Promise.resolve()
  addEventListener('message', ({ data }: MessageEvent<WriteRequest>) => {
    if (data.type !== 'write') return
    const { call, folder, name, content } = data
    const reply = (answer: WriteReply) => postMessage(answer)
    turn = turn
      .then(() => writePiece(folder, name, content))
      .then(
        () => reply({ call, failure: null }),
        (error: Error) => reply({ call, failure: { name: error.name, message: error.message } }),
      )
  })
}
