import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles'
import { App } from './App'
import { Providers } from './Providers'
import { newQueryClient } from './query'
import { prepare } from '../locales/i18n'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element with the id "root".')
await prepare()
createRoot(root).render(
  <StrictMode>
    <Providers client={newQueryClient()}>
      <App />
    </Providers>
  </StrictMode>,
)
