/** Sizes as people write them in an address, a form or on a command line. */

const largestSize = 2 ** 31 - 1
const sizeOf = (text: string): number | null => (/^[1-9]\d{0,9}$/.test(text) && Number(text) <= largestSize ? Number(text) : null)

/** Sizes of open dims by their names, as `height:640,width:640`. @throws Error saying how they are written. */
export function readDims(text: string): Record<string, number> {
  const pairs = text
    .split(',')
    .map((pair) => [pair.slice(0, pair.lastIndexOf(':')).trim(), sizeOf(pair.slice(pair.lastIndexOf(':') + 1).trim())] as const)
  if (pairs.length > 64 || pairs.some(([name, size]) => name === '' || size === null))
    throw new Error(`dims are at most 64 names, each with a size of 1 to ${largestSize}, such as height:640,width:640`)
  const twice = pairs.find(([name], i) => pairs.findIndex((pair) => pair[0] === name) < i)
  if (twice) throw new Error(`dims has "${twice[0].slice(0, 60)}" twice: give each one size`)
  return Object.fromEntries(pairs as [string, number][])
}

/** Sizes of one image, as `3,640,640` or `3x640x640`. @throws Error saying how they are written. */
export function readInputShape(text: string): number[] {
  const shape = text.split(/[,x]/).map(sizeOf)
  if (shape.length > 7 || shape.includes(null))
    throw new Error(`inputShape is 1 to 7 sizes of 1 to ${largestSize}, without the batch, such as 3,640,640`)
  return shape as number[]
}
