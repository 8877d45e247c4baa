/** One changed file: its name and counts, and once opened its lines. */
import { useId, useState } from "react";
import type { ChangedFile } from "@berth/sdk";
import { LINES_MAX, linesOf } from "../../lib/patch.ts";
import { Icon } from "../../ui/icon.tsx";
import disclosure from "../disclosure.module.css";
import css from "./changed-file-card.module.css";

const MARKS: Readonly<Record<ChangedFile["status"], string>> = { added: "new", modified: "", deleted: "deleted", renamed: "renamed" };

export interface ChangedFileCardProps {
  readonly file: ChangedFile;
  /** Its part of the patch; empty where that was cut. */
  readonly piece: string;
  readonly isOpenFirst: boolean;
}

export function ChangedFileCard({ file: { path, from, status, added, removed }, piece, isOpenFirst }: ChangedFileCardProps) {
  const [open, setOpen] = useState(isOpenFirst);
  const id = useId();
  return (
    <li className={css.card}>
      <button type="button" className={`${disclosure.head} ${css.head}`} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <span className={css.path}>
          {from ? <span className={css.from}>{from} → </span> : null}
          {path}
        </span>
        {MARKS[status] === "" ? null : <span className={css.mark}>{MARKS[status]}</span>}
        <span className={css.counts}>
          {added === null ? "no text" : <span className={css.added}>+{added}</span>} {removed === null ? null : <span className={css.removed}>−{removed}</span>}
        </span>
        <span className={disclosure.chevron}>
          <Icon name="chevron" size={14} />
        </span>
      </button>
      {open ? (
        <div id={id} className={css.body}>
          <Lines piece={piece} />
        </div>
      ) : null}
    </li>
  );
}

function Lines({ piece }: { readonly piece: string }) {
  const lines = linesOf(piece);
  if (lines.length === 0) return <p className={css.note}>{piece === "" ? "Its lines are past what can be shown." : "No line of it changed, or it is no text."}</p>;
  return (
    <pre className={css.lines} tabIndex={0}>
      {lines.slice(0, LINES_MAX).map(({ kind, text }, at) => (
        <span key={at} className={css[kind]}>
          {text}
          {"\n"}
        </span>
      ))}
      {lines.length > LINES_MAX ? <span className={css.place}>… {lines.length - LINES_MAX} more lines</span> : null}
    </pre>
  );
}
