/** Steps from nothing to the most. */
export const levels = 8

type Rgb = readonly [number, number, number]
/** Light and dark: paper, ink, quiet ink, box without a figure, and how much of the color the most has, so that ink stays readable on it. */
export const themes = {
  light: { paper: [255, 255, 255], ink: [17, 20, 24], quiet: [90, 98, 108], card: [247, 248, 250], most: 0.8 },
  dark: { paper: [18, 20, 23], ink: [243, 244, 246], quiet: [160, 168, 178], card: [32, 36, 42], most: 0.55 },
} as const satisfies Record<string, { paper: Rgb; ink: Rgb; quiet: Rgb; card: Rgb; most: number }>

const hex = (color: Rgb): string => `#${color.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`

/** The fill of a level, 0 to `levels`. */
export function fillOf(theme: keyof typeof themes, color: Rgb, level: number): Rgb {
  const { card, most } = themes[theme]
  const part = (most * level) / levels
  const mixed = (i: 0 | 1 | 2): number => card[i] + part * (color[i] - card[i])
  return [mixed(0), mixed(1), mixed(2)]
}

const rules = (theme: keyof typeof themes, color: Rgb): string => {
  const { paper, ink, quiet } = themes[theme]
  const fills = Array.from({ length: levels + 1 }, (_, level) => `.l${level}{fill:${hex(fillOf(theme, color, level))}}`)
  return `.paper{fill:${hex(paper)}}.ink{fill:${hex(ink)}}.quiet{fill:${hex(quiet)}}.line{stroke:${hex(quiet)}}${fills.join('')}`
}

/** Styles for a page of either color; what knows no media queries shows the light one. */
export const styleOf = (color: Rgb): string => `${rules('light', color)}@media (prefers-color-scheme:dark){${rules('dark', color)}}`
