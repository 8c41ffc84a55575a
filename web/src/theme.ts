import { createTheme, type MantineColorsTuple } from '@mantine/core'

/** Petrol: calm, and far from the three colors of the figures. */
const petrol: MantineColorsTuple = [
  '#e8f5fa',
  '#d3e7ef',
  '#a6cfdf',
  '#75b6ce',
  '#4ea1c0',
  '#3594b7',
  '#1f7ea3',
  '#0b6485',
  '#075672',
  '#003f56',
]

/** Greys of the dark theme, of the pages' own hue; 6 is the ground of fields and buttons, 4 their border. */
const dark: MantineColorsTuple = [
  '#cfd9de',
  '#b6c3ca',
  '#8d9da6',
  '#72838d',
  '#3d4f59',
  '#2b3b44',
  '#202e35',
  '#172227',
  '#131d21',
  '#10181c',
]

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 6 },
  colors: { petrol, dark },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono", monospace',
  defaultRadius: 'md',
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.1rem' }, h3: { fontSize: '0.95rem' } } },
})
