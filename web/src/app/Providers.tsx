import { MantineProvider } from '@mantine/core'
import { QueryClientProvider, type QueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { I18nextProvider } from 'react-i18next'
import { i18next } from '../locales/i18n'
import { schemeManager } from './scheme'
import { theme } from './theme'

/** What every page stands in. Mantine adds no <style>: its variables are a file (see theme-css.ts). */
export function Providers({ client, children }: { client: QueryClient; children: ReactNode }) {
  return (
    <QueryClientProvider client={client}>
      <I18nextProvider i18n={i18next}>
        <MantineProvider
          theme={theme}
          colorSchemeManager={schemeManager}
          defaultColorScheme="auto"
          withCssVariables={false}
          withGlobalClasses={false}
        >
          {children}
        </MantineProvider>
      </I18nextProvider>
    </QueryClientProvider>
  )
}
