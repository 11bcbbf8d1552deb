declare module 'virtual:theme.css'
declare module '@tabler/icons-react/dist/esm/icons/*' {
  import type { FC, SVGProps } from 'react'
  const icon: FC<Omit<SVGProps<SVGSVGElement>, 'stroke'> & { size?: number; stroke?: number }>
  export default icon
}
