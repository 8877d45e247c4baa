/** Something that is shown this once, to copy. */
import type { ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import css from "./reveal.module.css";

export interface RevealProps {
  /** Null where there is nothing to copy. */
  readonly secret: string | null;
  readonly children: ReactNode;
  readonly onDone: () => void;
}

export function Reveal({ secret, children, onDone }: RevealProps) {
  return (
    <div className={css.reveal} role="status">
      <p>{children}</p>
      {secret === null ? null : (
        <div className={css.secret}>
          <code>{secret}</code>
          <CopyButton text={secret} />
        </div>
      )}
      <Button size="s" onClick={onDone}>
        Done
      </Button>
    </div>
  );
}
