/** What can be pressed on a card; for somebody who may only watch, that it waits for somebody else. */
import type { ReactNode } from "react";
import { useRights } from "../lib/session-right.ts";
import css from "./request-card.module.css";

export function CardActions({ children }: { readonly children: ReactNode }) {
  const { mayWork } = useRights();
  return mayWork ? <div className={css.actions}>{children}</div> : <p className={css.words}>It waits for somebody who works in this session.</p>;
}
