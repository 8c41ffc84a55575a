/**
 * What is wrong with one layer of a Keras model, in words that say what would be right. Whoever knows where the layer
 * stands adds the path (`network.ts`); `at` leads on from the layer, e.g. `/config/strides`.
 */
export class KerasFault extends Error {
  readonly at: string
  constructor(message: string, at = '') {
    super(message)
    this.name = 'KerasFault'
    this.at = at
  }
}
