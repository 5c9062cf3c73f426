import { servePieceFiles } from './serve-piece-files.ts'

servePieceFiles()
