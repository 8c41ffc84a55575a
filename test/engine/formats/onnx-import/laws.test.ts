import { test } from 'node:test'
import fc from 'fast-check'
import { keepsLaws, keepsLawsWhenRun, refusesLie } from './laws.ts'
import { recipes, written } from './random-files.ts'

test('laws of imported files, over random graphs', () => {
  fc.assert(
    fc.property(recipes, (recipe) => void keepsLaws(written(recipe))),
    { numRuns: 200, seed: 3 },
  )
})

test('a false statement of a shape is refused with both', () => {
  fc.assert(fc.property(recipes, fc.nat(7), refusesLie), { numRuns: 30, seed: 5 })
})

test('three images at once give what each gives alone on ONNX Runtime', async () => {
  await fc.assert(
    fc.asyncProperty(recipes, (recipe) => keepsLawsWhenRun(written(recipe))),
    { numRuns: 16, seed: 4 },
  )
})
