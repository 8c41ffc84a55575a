import { test } from 'node:test'
import fc from 'fast-check'
import { keepsLaws, keepsLawsWhenRun, recipes, written } from './laws.ts'

test('laws of imported files, over random graphs', () => {
  fc.assert(
    fc.property(recipes, (recipe) => void keepsLaws(written(recipe))),
    { numRuns: 150, seed: 3 },
  )
})

test('three images at once give what each gives alone on ONNX Runtime', async () => {
  await fc.assert(
    fc.asyncProperty(recipes, (recipe) => keepsLawsWhenRun(written(recipe))),
    { numRuns: 12, seed: 4 },
  )
})
