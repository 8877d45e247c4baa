/** The mark: a hull with a sail, in a berth. */
import css from "./logo.module.css";

export function Logo({ size = 26 }: { readonly size?: number }) {
  return (
    <svg aria-hidden="true" className={css.logo} width={size} height={size} viewBox="0 0 32 32">
      <rect width="32" height="32" rx="8" />
      <path className={css.hull} d="M7 18.5h18l-2.6 5.2a2 2 0 0 1-1.800 1.100h-9.200a2 2 0 0 1-1.800-1.100L7 18.500Z" />
      <path className={css.sail} d="M15.200 6.500v9.500M15.200 8l6.600 8h-6.600" />
    </svg>
  );
}
