import { useComputedColorScheme } from '@mantine/core'
import { useMemo } from 'react'

export interface Colors {
  memory: string
  params: string
  flops: string
  line: string
  quiet: string
  card: string
  ink: string
  bad: string
}
const names = ['memory', 'params', 'flops', 'line', 'quiet', 'card', 'ink', 'bad'] as const

/** The colors of styles.css, for what is drawn on a canvas, which knows no variables. */
export function useColors(): Colors {
  const scheme = useComputedColorScheme('light')
  // The variables change with the scheme.
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement)
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as unknown as Colors
  }, [scheme])
}

/** Axes, text and tooltip as the rest of the page. */
export const axis = (colors: Colors) => ({
  axisLine: { lineStyle: { color: colors.line } },
  axisTick: { show: false },
  axisLabel: { color: colors.quiet, fontSize: 11 },
  splitLine: { lineStyle: { color: colors.line } },
  nameTextStyle: { color: colors.quiet, fontSize: 11 },
})

export const tooltip = (colors: Colors) => ({
  backgroundColor: colors.card,
  borderColor: colors.line,
  textStyle: { color: colors.ink, fontSize: 12 },
  confine: true,
})

/** Text from outside on its way into a tooltip, which takes HTML. */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
