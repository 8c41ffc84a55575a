/** What a device is given, and what passes between devices in one call. Bytes and counts are of the whole batch. */
export interface PlacedPart {
  /** From 0. */
  device: number
  /** Layers that it computes, or a part of. */
  layers: number
  /** Null where it is given nothing. */
  firstLayerId: string | null
  lastLayerId: string | null
  params: number
  macs: number
  flops: number
  /** What is balanced, in `unit`. */
  cost: number
  /** Of the cost of all. */
  share: number
  /** Parameters and buffers, those that another device has as well among them. */
  weightBytes: number
  /** Of these, those that another device has as well, since layers on both compute with them. */
  copiedWeightBytes: number
  /** Most activations alive at once, those received among them. */
  peakActivationBytes: number
  /** With weights. */
  peakBytes: number
  receivedBytes: number
  sentBytes: number
}

/** A tensor that passes from one device to others. */
export interface Transfer {
  /** The layer that waits for it. */
  layerId: string
  /** The tensor: a layer's id, or an input of the network. */
  tensor: string
  /** Summed over the devices that receive it. */
  bytes: number
  /** Devices from which it comes, and those to which it goes. */
  from: number[]
  to: number[]
}

/** How a network is placed on devices. */
export interface Placed {
  parts: PlacedPart[]
  transfers: Transfer[]
  trafficBytes: number
  /** The greatest cost of a device or of a link. */
  bottleneck: { cost: number; at: 'device' | 'link'; device: number }
  /** Layers that are not divided but computed on device 0. */
  undivided: string[]
  /** Layers that leave out neighbors on other devices, so that what they give differs at the border. */
  approximate: string[]
}

export const emptyPart = (device: number): PlacedPart => ({
  ...{ device, layers: 0, firstLayerId: null, lastLayerId: null, params: 0, macs: 0, flops: 0, cost: 0, share: 0 },
  ...{ weightBytes: 0, copiedWeightBytes: 0, peakActivationBytes: 0, peakBytes: 0, receivedBytes: 0, sentBytes: 0 },
})

/** Adds up what follows from the other figures. */
export function closeParts(parts: readonly PlacedPart[]): void {
  const total = parts.reduce((sum, { cost }) => sum + cost, 0)
  for (const part of parts) {
    part.share = total > 0 ? part.cost / total : 0
    part.peakBytes = part.weightBytes + part.peakActivationBytes
  }
}
