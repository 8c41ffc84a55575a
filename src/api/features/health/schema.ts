import { Type } from 'typebox'
import { nullable } from '../../schemas.ts'

export const HealthSchema = Type.Object({ status: Type.Literal('ok') }, { title: 'Health' })
export const ReadinessSchema = Type.Object(
  {
    ready: Type.Boolean(),
    checks: Type.Record(Type.String(), Type.Object({ ready: Type.Boolean(), reason: nullable(Type.String()) })),
  },
  { title: 'Readiness' },
)
