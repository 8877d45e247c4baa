/** A list as it comes from the server: on its way, not to be had, empty, or its rows. */
import type { ReactNode } from "react";
import type { Loaded } from "../lib/use-load.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import css from "./rows.module.css";

export interface LoadListProps<T> {
  readonly label: string;
  /** Said above it, where several follow each other. */
  readonly heading?: string;
  readonly loaded: Loaded<readonly T[]>;
  /** Said where there is none. */
  readonly empty: ReactNode;
  /** Rows with many controls go below their text where it is narrow. */
  readonly wraps?: boolean;
  readonly renderRow: (item: T) => ReactNode;
}

export function LoadList<T>({ label, heading, loaded, empty, wraps = false, renderRow }: LoadListProps<T>) {
  const { data, error, reload } = loaded;
  return (
    <>
      {heading === undefined ? null : <h3 className={css.title}>{heading}</h3>}
      {data && data.length > 0 ? (
        <ul aria-label={label} className={wraps ? css.wraps : undefined}>
          {data.map(renderRow)}
        </ul>
      ) : null}
      {data?.length === 0 ? <p className={css.empty}>{empty}</p> : null}
      {!data && !error ? (
        <p className={`${css.empty} ${css.loading}`} aria-busy="true">
          <Spinner /> Loading…
        </p>
      ) : null}
      {error ? <ErrorNotice error={error} action={<Button size="s" icon="retry" onClick={() => void reload()}>Try again</Button>} /> : null}
    </>
  );
}
