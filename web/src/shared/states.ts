/** The states of the screen: a word, a shape, a colour and a pattern each. */
export type ScreenState = 'offline' | 'notready' | 'ready' | 'reserved' | 'ringing' | 'talking' | 'wrapup' | 'lagged'

const OF_SERVICE: Partial<Record<string, ScreenState>> = {
  offline: 'offline',
  connecting: 'ringing',
  not_ready: 'notready',
  ready: 'ready',
  reserved: 'reserved',
  talking: 'talking',
  wrap_up: 'wrapup',
}

/** What the screen shows for a state of the service's operator. */
export const screenState = (operator: string): ScreenState => OF_SERVICE[operator] ?? 'notready'
