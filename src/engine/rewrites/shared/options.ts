import { Type } from 'typebox'

/** A number of channels that need not be given. */
export const someChannels = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: 16_384, description }))

/** A factor that sizes are multiplied by. */
export const factor = (value: number, description: string) =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 16, default: value, description }))

export const whole = (value: number, minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, default: value, description }))

export const flag = (value: boolean, description: string) => Type.Optional(Type.Boolean({ default: value, description }))

export const none = Type.Object({}, { additionalProperties: false })
