import type { Architectures } from './architectures.ts'
import type { Blobs, HeldBlob } from './blobs.ts'

/** The file that an architecture was registered from and those beside it, as files of this host until they are released. */
export interface HeldModel {
  path: string
  /** Files of external data, by the model's names for them. */
  data: { location: string; digest: string; path: string }[]
  /** Lets go of all of them. */
  release(): Promise<void>
}

/**
 * @param architecture one whose file is kept.
 * @throws StoreError WEIGHTS_MISSING where a file is not there or is damaged; nothing is held then.
 */
export async function holdModel(
  { architectures, blobs }: { architectures: Architectures; blobs: Blobs },
  { id, blob }: { id: string; blob: string },
): Promise<HeldModel> {
  const held: HeldBlob[] = []
  const release = async (): Promise<void> => {
    await Promise.all(held.map((each) => each.release()))
  }
  const hold = async (digest: string): Promise<string> => {
    const file = await blobs.hold(digest)
    held.push(file)
    return file.path
  }
  try {
    const path = await hold(blob)
    const data: HeldModel['data'] = []
    for (const { location, digest } of await architectures.dataOf(id)) data.push({ location, digest, path: await hold(digest) })
    return { path, data, release }
  } catch (error) {
    await release()
    throw error
  }
}
