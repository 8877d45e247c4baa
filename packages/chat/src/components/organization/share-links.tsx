/** Links to a session: a new one is shown once, and each can be taken back. */
import { useState } from "react";
import type { CreatedShareLink, SessionClient, Share } from "@berth/sdk";
import { addressOfLink } from "../../lib/share-link.ts";
import { isLive, until, usesLeft } from "../../lib/share-words.ts";
import { useNow } from "../../lib/use-now.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmButton } from "../confirm-button.tsx";
import { Reveal } from "../reveal.tsx";
import { NewShareLink } from "./new-share-link.tsx";
import rows from "../rows.module.css";

export interface ShareLinksProps {
  readonly session: SessionClient;
  readonly links: readonly Share[];
  readonly onChanged: () => Promise<void>;
  readonly onEnd: (id: string) => Promise<void>;
}

export function ShareLinks({ session, links, onChanged, onEnd }: ShareLinksProps) {
  const now = useNow(30_000);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<CreatedShareLink | null>(null);
  const live = links.filter((link) => isLive(link, now));
  return (
    <>
      <h3 className={rows.title}>Links</h3>
      {live.length > 0 ? (
        <ul aria-label="Links">
          {live.map((link) => (
            <li key={link.id}>
              <div className={rows.text}>
                <strong>As {link.role}</strong>
                <span>{usesLeft(link)}</span>
                {link.expiresAt ? <span>{until(link.expiresAt, now)}</span> : null}
              </div>
              <ConfirmButton label={`Take the link as ${link.role} back`} confirm="Take back" onConfirm={() => onEnd(link.id)} />
            </li>
          ))}
        </ul>
      ) : (
        <p className={rows.empty}>No links to this session yet. Whoever opens one gets into this session and no other, even without an account on this Berth.</p>
      )}
      {made ? (
        <Reveal secret={addressOfLink(session.id, made.token)} onDone={() => setMade(null)}>
          <strong>The link is made.</strong> Copy it now: it is not shown again. Whoever has it gets into this session, so send it only to people who are meant to.
        </Reveal>
      ) : null}
      {adding ? (
        <NewShareLink
          session={session}
          onCancel={() => setAdding(false)}
          onMade={(link) => {
            setAdding(false);
            setMade(link);
            void onChanged();
          }}
        />
      ) : (
        <div className={rows.actions}>
          <Button icon="plus" onClick={() => setAdding(true)}>
            Make a link
          </Button>
        </div>
      )}
    </>
  );
}
