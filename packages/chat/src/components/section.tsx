/** A part of the settings: what it is about, and what is in it. */
import type { ReactNode } from "react";
import css from "./section.module.css";

export interface SectionProps {
  readonly title: string;
  readonly about: string;
  readonly children: ReactNode;
}

export function Section({ title, about, children }: SectionProps) {
  return (
    <section className={css.section} aria-label={title}>
      <div>
        <h2>{title}</h2>
        <p>{about}</p>
      </div>
      {children}
    </section>
  );
}
