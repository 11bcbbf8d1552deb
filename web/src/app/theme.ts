import { createTheme, type CSSVariablesResolver } from '@mantine/core'

/** The design tokens as Mantine reads them; every other colour is a CSS variable of tokens.css. */
export const theme = createTheme({
  primaryColor: 'iris',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  colors: {
    iris: [
      '#f5f8ff',
      '#e8edfd',
      '#d3ddfe',
      '#bbcafe',
      '#9db1fe',
      '#7790fe',
      '#586de7',
      '#4354c5',
      '#33409e',
      '#232d74',
    ],
    green: [
      '#effbf5',
      '#dcf5e7',
      '#bcebd2',
      '#97dfbb',
      '#6bcd9f',
      '#39b281',
      '#069264',
      '#03754f',
      '#015c3d',
      '#00422b',
    ],
    red: ['#fef6f5', '#fde8e6', '#fed2cd', '#feb8b1', '#ff938b', '#fd5a57', '#d93539', '#b61723', '#920b18', '#6b040e'],
  },
  fontFamily: '"Inter Variable", Inter, system-ui, "Segoe UI", sans-serif',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '18px' },
  lineHeights: { xs: '16px', sm: '18px', md: '20px', lg: '24px', xl: '29px' },
  headings: {
    fontWeight: '640',
    sizes: {
      h1: { fontSize: '22px', lineHeight: '28px' },
      h2: { fontSize: '16px', lineHeight: '22px' },
      h3: { fontSize: '14px', lineHeight: '20px' },
    },
  },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '99px' },
  defaultRadius: 'sm',
  focusRing: 'auto',
  cursorType: 'pointer',
  respectReducedMotion: true,
})

const byToken = {
  '--mantine-color-body': 'var(--panel)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text2)',
  '--mantine-color-placeholder': 'var(--text3)',
  '--mantine-color-default': 'var(--panel)',
  '--mantine-color-default-hover': 'var(--sunk)',
  '--mantine-color-default-border': 'var(--edge)',
  '--mantine-color-error': 'var(--bad)',
  '--mantine-color-anchor': 'var(--accent-text)',
}

export const cssVariablesResolver: CSSVariablesResolver = () => ({ variables: {}, light: byToken, dark: byToken })
