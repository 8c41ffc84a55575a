/**
 * The events of a source that ends when told to. An async generator alone does not: its `return()` waits for the pending
 * event, so a client that left would keep it, and its listeners, alive until the next event.
 * @param before is called before each event is waited for.
 */
export function abortable<T>(start: (signal: AbortSignal) => AsyncIterable<T>, before: () => void): AsyncIterableIterator<T> {
  const controller = new AbortController()
  const source = start(controller.signal)[Symbol.asyncIterator]()
  const end = async (): Promise<IteratorResult<T>> => {
    controller.abort()
    await source.return?.()
    return { done: true, value: undefined }
  }
  return {
    next() {
      before()
      return source.next()
    },
    return: end,
    throw: async (error) => {
      await end()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
