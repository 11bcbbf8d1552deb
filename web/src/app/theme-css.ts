import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core'
import { cssVariablesResolver, theme } from './theme.ts'

const OURS = new Set(['iris', 'green', 'red', 'gray', 'dark'])

/** Mantine's CSS variables for our theme, without the colours that nothing uses. Run at build time only. */
export function themeCss(): string {
  const merged = mergeMantineTheme(DEFAULT_THEME, theme)
  const colors = Object.fromEntries(Object.entries(merged.colors).filter(([name]) => OURS.has(name)))
  const slim = { ...merged, colors: colors as typeof merged.colors }
  const base = defaultCssVariablesResolver(slim)
  const own = cssVariablesResolver(slim)
  return convertCssVariables({
    variables: { ...base.variables, ...own.variables },
    light: { '--mantine-color-scheme': 'light', ...base.light, ...own.light },
    dark: { '--mantine-color-scheme': 'dark', ...base.dark, ...own.dark },
  })
}
