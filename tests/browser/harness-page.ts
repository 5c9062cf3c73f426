import { answerCalls } from './answer-calls.ts'

answerCalls((path) => import(/* @vite-ignore */ path) as Promise<object>)
