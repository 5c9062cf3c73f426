import { answerCalls } from '../tests/browser/answer-calls.ts'
import * as loadPage from './load-page.ts'

// What was built into this page, whatever its path was.
answerCalls(async () => loadPage)
