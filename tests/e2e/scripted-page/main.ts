import { mountPage } from '../../../src/ui/mount.ts'
import { Page } from '../../../src/state/page.svelte.ts'
import { createScriptedTab, parseScene } from './scripted-tab.ts'

// The real page before a scripted market: every state can be seen without waiting for it.
const scene = parseScene(new URLSearchParams(location.search).get('scene'))
mountPage(new Page(createScriptedTab(scene)))
