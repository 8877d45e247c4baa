/** Line icons, drawn on a 20-pixel grid in the text's colour. Decoration: what they stand beside says the same. */
const PATHS = {
  plus: "M10 4.5v11M4.5 10h11",
  menu: "M3.5 6h13M3.5 10h13M3.5 14h13",
  close: "m5.5 5.5 9 9m0-9-9 9",
  check: "m4.5 10.5 3.7 3.7 7.3-8",
  chevron: "m7.5 5 5 5-5 5",
  down: "M10 4v12m0 0 5-5m-5 5-5-5",
  send: "M10 16V4.5m0 0L5 9.5m5-5 5 5",
  stop: "M6 6h8v8H6z",
  settings: "M3.5 6h7m4 0h2M3.5 14h2m4 0h7M12.5 3.8v4.4M7.5 11.8v4.4",
  terminal: "m4 6 4 4-4 4m6.5 0H16",
  file: "M6 3.5h5l3.5 3.5v9.5h-8.500zM11 3.500V7h3.500",
  pencil: "m4 16 .7-3.200L13 4.500l2.500 2.500-8.300 8.300L4 16Z",
  search: "M9 14.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11Zm4-1.500 3.500 3.500",
  globe: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM3 10h14M10 3c2.200 2.200 3 4.500 3 7s-.8 4.800-3 7c-2.200-2.200-3-4.500-3-7s.8-4.800 3-7Z",
  spark: "M10 3.500 11.600 8l4.400 2-4.400 2L10 16.500 8.400 12 4 10l4.400-2L10 3.500Z",
  folder: "M3.500 6.500v8.300c0 .7.500 1.200 1.200 1.200h10.600c.7 0 1.200-.500 1.200-1.200V8.200c0-.7-.500-1.200-1.200-1.200H10L8.200 5H4.700c-.7 0-1.200.500-1.200 1.500Z",
  branch: "M6 7v6.500M6 7a1.700 1.700 0 1 0 0-3.400A1.700 1.700 0 0 0 6 7Zm0 9.900a1.700 1.700 0 1 0 0-3.400 1.700 1.700 0 0 0 0 3.400ZM14 9.500a1.700 1.700 0 1 0 0-3.400 1.700 1.700 0 0 0 0 3.400Zm0 0c0 3-4 2.500-8 4",
  warn: "M10 4 3 16h14L10 4Zm0 5v3.200m0 1.900v.1",
  info: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm0-7.500v4m0-6.600v.1",
  shield: "M10 3.500 4.500 5.500v4.300c0 3.300 2.300 5.700 5.500 6.700 3.200-1 5.500-3.400 5.500-6.700V5.500L10 3.500Z",
  question: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM8 8.200c0-1.200.9-2 2-2s2 .8 2 1.900c0 1.500-2 1.600-2 3m0 2.300v.1",
  key: "M13 11.500a3.500 3.500 0 1 0-3.400-2.700L4 14.400V16.500h2.600v-1.800h1.800v-1.800l2.700-1.700c.6.200 1.200.3 1.900.3Zm.8-4.200h.1",
  copy: "M7.500 7.500h8v8h-8zM5 12.500H4.500v-8h8V5",
  trash: "M4.500 6h11M8 6V4.200h4V6m-6.300 0 .6 10h7.400l.6-10",
  more: "M5 10h.1M10 10h.1M15 10h.1",
  retry: "M15.500 10a5.500 5.500 0 1 1-1.600-3.900L15.500 8m0-3.500V8H12",
  leave: "M8.500 4.500h-4v11h4M8 10h8.500m0 0-3-3m3 3-3 3",
  list: "M8 6h8M8 10h8M8 14h8M4.500 6h.1M4.500 10h.1M4.500 14h.1",
  up: "M10 16V4m0 0-5 5m5-5 5 5",
  moon: "M15.5 12.2A6 6 0 0 1 7.800 4.500a6 6 0 1 0 7.700 7.700Z",
  steer: "M4 15.500c0-5 3-7 8-7M12 8.500 8.800 5.300M12 8.500l-3.200 3.200M15.500 4v12",
  cpu: "M6 6h8v8H6zM8.500 3.500V6m3-2.500V6m-3 8v2.500m3-2.500v2.500M3.500 8.500H6m-2.500 3H6m8-3h2.500m-2.500 3h2.500",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  const solid = name === "stop";
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill={solid ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.4 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
