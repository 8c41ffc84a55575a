import type { PublishedFigure } from './family.ts'

/**
 * Figures of torchvision's documentation for a network and its first ImageNet weights (`IMAGENET1K_V1`): parameters,
 * GMACs (its table calls them GFLOPS; it counts one per multiply-add), and accuracies on the ImageNet-1K validation set.
 * `weights` where the first ones have another name.
 */
export function torchvision(
  name: string,
  params: number,
  gmacs: number,
  top1: number,
  top5: number,
  weights = 'IMAGENET1K_V1',
): PublishedFigure[] {
  const source = `torchvision 0.24, ${name}, weights ${weights}: https://docs.pytorch.org/vision/0.24/models.html`
  return [
    { quantity: 'params', value: params, source },
    { quantity: 'macs', value: Math.round(gmacs * 1e9), rounding: 1e6, source },
    { quantity: 'top1', value: top1, source },
    { quantity: 'top5', value: top5, source },
  ]
}
