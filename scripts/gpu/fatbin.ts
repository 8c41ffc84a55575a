/**
 * Machine code for GPUs inside a shared library: section `.nv_fatbin`, a row of containers, each with an entry for every
 * architecture that the code was built for. CUDA's driver reads the entry of its GPU and no other.
 *
 * Layout, as cuobjdump shows it: a container is a header (magic, version, bytes of header, bytes of what follows) and
 * entries; an entry is a header (kind, version, bytes of header, bytes of code, …, architecture at byte 28) and code.
 */
const magic = 0xba55ed50

/** Bytes of machine code by architecture (90 for sm_90 and sm_90a), and where each lies. */
export interface MachineCode {
  architecture: number
  start: number
  end: number
}

/** @throws Error where the bytes are no 64-bit ELF file, or its machine code is not laid out as above. */
export function machineCodeOf(library: Buffer): MachineCode[] {
  if (library.toString('latin1', 0, 5) !== '\x7fELF\x02') throw new Error('this is no 64-bit ELF file')
  const sections = Number(library.readBigUInt64LE(0x28))
  const [size, count, namesAt] = [0x3a, 0x3c, 0x3e].map((at) => library.readUInt16LE(at)) as [number, number, number]
  const place = (index: number) => {
    const at = sections + index * size
    return {
      name: library.readUInt32LE(at),
      start: Number(library.readBigUInt64LE(at + 0x18)),
      bytes: Number(library.readBigUInt64LE(at + 0x20)),
    }
  }
  const names = place(namesAt).start
  const nameOf = (at: number) => library.toString('latin1', names + at, library.indexOf(0, names + at))
  const found: MachineCode[] = []
  for (let index = 0; index < count; index++) {
    const { name, start, bytes } = place(index)
    if (nameOf(name) === '.nv_fatbin') found.push(...entriesOf(library, start, start + bytes))
  }
  return found
}

function entriesOf(library: Buffer, start: number, end: number): MachineCode[] {
  const found: MachineCode[] = []
  for (let at = start; at < end; ) {
    if (library.readUInt32LE(at) !== magic) {
      // Containers start at multiples of eight; what lies between is padding.
      at += 8
      continue
    }
    const from = at + library.readUInt16LE(at + 6)
    const to = from + Number(library.readBigUInt64LE(at + 8))
    if (to > end) throw new Error(`a container of machine code at byte ${at} passes the end of its section`)
    for (let entry = from; entry < to; ) {
      const code = entry + library.readUInt32LE(entry + 4)
      const next = code + Number(library.readBigUInt64LE(entry + 8))
      if (next <= entry || next > to) throw new Error(`machine code at byte ${entry} passes the end of its container`)
      found.push({ architecture: library.readUInt32LE(entry + 28), start: code, end: next })
      entry = next
    }
    at = to
  }
  return found
}

/**
 * Writes zeros over the machine code of every other architecture, in place: the file keeps its size and its layout, and
 * packs far smaller.
 * @returns how many bytes of code are left, and how many were blanked.
 * @throws Error where there is no code for the architecture.
 */
export function keepArchitecture(library: Buffer, architecture: number): { kept: number; blanked: number } {
  const all = machineCodeOf(library)
  const bytesOf = (list: readonly MachineCode[]) => list.reduce((sum, { start, end }) => sum + end - start, 0)
  const others = all.filter((code) => code.architecture !== architecture)
  if (others.length === all.length) {
    const there = [...new Set(all.map((code) => code.architecture))].sort((a, b) => a - b)
    throw new Error(`there is no machine code for ${architecture} here, but for ${there.join(', ') || 'nothing'}`)
  }
  for (const { start, end } of others) library.fill(0, start, end)
  return { kept: bytesOf(all) - bytesOf(others), blanked: bytesOf(others) }
}
