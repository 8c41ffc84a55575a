import { EngineError } from '../../errors.ts'

/** The refusal of a file. `node` is the node concerned, where one is. */
export function invalid(message: string, node: string | null = null): EngineError {
  return new EngineError('INVALID_ONNX', message, [{ path: '', layerId: node, message }])
}

/** A name out of a file, short enough for a message. */
export const quote = (name: string): string => `"${name.length > 80 ? `${name.slice(0, 79)}…` : name}"`

/**
 * Thrown where the batch cannot be followed through the file: the import is then made for the file's own batch alone.
 */
export class BatchLost extends Error {}

/** Thrown where a node needs the numbers of a tensor in a file beside the model that was not sent. */
export class NumbersMissing extends Error {
  readonly location: string

  constructor(tensor: string, location: string) {
    super(
      `it needs the numbers of ${quote(tensor)}, which lie in the file ${quote(location)} beside the model: send that file too, in a form with the fields name, file and data`,
    )
    this.location = location
  }
}
