import type { ReactNode } from 'react'

const icon = (path: ReactNode) =>
  function Icon({ size = 18 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {path}
      </svg>
    )
  }

export const HomeIcon = icon(<path d="M4 11l8-7 8 7v9h-5v-6H9v6H4z" />)
export const NetworkIcon = icon(<path d="M4 5h5v14H4zM10.5 8h4v8h-4zM16 10.5h4v3h-4z" />)
export const ExploreIcon = icon(<path d="M4 4v16h16M8 15a1 1 0 102 0 1 1 0 10-2 0M12 10a2 2 0 104 0 2 2 0 10-4 0M18 6a.6.6 0 101.2 0" />)
export const RunIcon = icon(<path d="M12 8v5l3 2M9 2.5h6M12 21a8 8 0 100-16 8 8 0 000 16z" />)
export const DeviceIcon = icon(<path d="M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4" />)
export const KeyIcon = icon(<path d="M8 18a4 4 0 100-8 4 4 0 000 8zM11 11l9-8M16 6.5l3 3M13 9l2 2" />)
export const LogIcon = icon(<path d="M5 3h14v18H5zM8.5 8h7M8.5 12h7M8.5 16h4" />)
export const CallIcon = icon(<path d="M8 7l-5 5 5 5M16 7l5 5-5 5M14 4l-4 16" />)
export const SunIcon = icon(
  <path d="M12 16a4 4 0 100-8 4 4 0 000 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5" />,
)
export const MoonIcon = icon(<path d="M20 14.5A8 8 0 119.5 4a6.5 6.5 0 0010.5 10.5z" />)
