/**
 * A violation of one layer of a Keras model, which says what would be right. `network.ts` adds the path of the layer; `at`
 * continues it, e.g. `/config/strides`.
 */
export class KerasFault extends Error {
  readonly at: string
  constructor(message: string, at = '') {
    super(message)
    this.name = 'KerasFault'
    this.at = at
  }
}
