import { expect, test } from 'vitest'
import { listingFolders, listingLimits } from './model.ts'

test('a listing’s folders end in a slash, in their order, as many as the chain takes', () => {
  const sources = ['https://a.example/m', 'https://b.example/', 'http://localhost:8080/m/']
  const folders = ['https://a.example/m/', 'https://b.example/', 'http://localhost:8080/m/']
  expect(listingFolders({ sources })).toEqual(folders)
  const many = Array.from({ length: 12 }, (_, index) => `https://${index}.example/`)
  expect(listingFolders({ sources: many })).toEqual(many.slice(0, listingLimits.sources))
})

test.each([
  'https://[/',
  'https://a.example:99999/',
  'https://%/',
  'https://a.example/?q',
  'https://a.example/#f',
  'https://a b/',
  'http://a.example/',
  'file:///m',
  'javascript:alert(1)',
  '',
])('a page never asks %j', (source) => {
  expect(listingFolders({ sources: [source, 'https://b.example/'] })).toEqual(['https://b.example/'])
})
