import { expect, test } from 'vitest'
import { imageOf } from './discover-wallets.ts'

test.each(['data:image/png;base64,AAAA', 'data:image/svg+xml,<svg/>', 'data:image/webp;base64,AA'])(
  '%s is shown',
  (icon) => expect(imageOf(icon)).toBe(icon),
)

test.each([
  'https://example.org/icon.png',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'data:image/svg+xmlx,',
  ' data:image/png;base64,AAAA',
  `data:image/png;base64,${'A'.repeat(300_000)}`,
  undefined,
  { toString: () => 'data:image/png;base64,AAAA' },
])('%j is not', (icon) => expect(imageOf(icon)).toBeNull())
