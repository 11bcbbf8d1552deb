import { caps, type KeyName } from './table'

/** The key drawn on what it presses. Hidden from assistive technology, which reads aria-keyshortcuts. */
export function Caps({ of }: { of: KeyName }) {
  return (
    <span className="keys" aria-hidden="true">
      {caps(of).map(cap => (
        <kbd key={cap}>{cap}</kbd>
      ))}
    </span>
  )
}
