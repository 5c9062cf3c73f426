import type { Hex } from '../domain/bytes.ts'
import { hashPiece } from './hash-piece.ts'
import type { PieceFilesReply, PieceFilesRequest } from './piece-files.ts'
import { writePiece } from './write-piece.ts'

/** Writes files for the page that opened this worker, one after the other, and hashes others beside that. */
export function servePieceFiles(): void {
  let turn: Promise<unknown> = Promise.resolve()
  addEventListener('message', ({ data }: MessageEvent<PieceFilesRequest>) => {
    if (data.type === 'hash') void answer(data.call, hashPiece(data.folder, data.name))
    if (data.type !== 'write') return
    const { call, folder, name, content } = data
    turn = turn.then(() => answer(call, writePiece(folder, name, content)))
  })
}

function answer(call: number, work: Promise<Hex | null | void>): Promise<void> {
  const reply = (message: PieceFilesReply) => postMessage(message)
  return work.then(
    (hash) => reply({ call, hash: hash ?? null }),
    (error: Error) => reply({ call, failure: { name: error.name, message: error.message } }),
  )
}
