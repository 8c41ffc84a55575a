import assert from 'node:assert/strict'
import { EngineError, type GraphViolation } from '../../src/engine/errors.ts'
import { verifyGraph } from '../../src/engine/verify.ts'

/** Everything the verifier says about a specification; it must say something. */
export function violationsOf(spec: unknown, code = 'INVALID_GRAPH'): readonly GraphViolation[] {
  try {
    verifyGraph(spec)
  } catch (error) {
    assert.ok(error instanceof EngineError, String((error as Error).stack))
    assert.equal(error.code, code)
    assert.ok(error.errors.length > 0)
    return error.errors
  }
  assert.fail('accepted')
}
