/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { themeCss } from './src/app/theme-css.ts'

const THEME = 'virtual:theme.css'

/** Mantine's variables as a file: what it would put into a <style> at run time, the page's content policy refuses. */
function staticTheme(): Plugin {
  return {
    name: 'static-theme',
    resolveId: id => (id === THEME ? `\0${THEME}` : undefined),
    load: id => (id === `\0${THEME}` ? themeCss() : undefined),
  }
}

const service = process.env.AHIZE_WEB_SERVICE ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), staticTheme()],
  build: { target: 'es2023', manifest: true, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  server: {
    proxy: {
      '/api': { target: service, ws: true, changeOrigin: true },
      '/health': { target: service, changeOrigin: true },
    },
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/shared/testing/setup.ts'],
    restoreMocks: true,
  },
})
