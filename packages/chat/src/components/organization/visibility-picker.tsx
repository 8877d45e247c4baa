/** Who sees a session without its being shared with them. */
import { useCallback, useState } from "react";
import type { SessionClient, Visibility } from "@berth/sdk";
import { useAct } from "../../lib/use-act.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Field } from "../../ui/field.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";

const WORDS: Readonly<Record<Visibility, string>> = {
  org: "Every member of the organization sees it and works in it.",
  private: "Whoever opened it, whom it is shared with, and owners and admins of the organization.",
};

export function VisibilityPicker({ session }: { readonly session: SessionClient }) {
  const { data, error: unread } = useLoad(useCallback(async () => (await session.get()).visibility ?? "org", [session]));
  const [chosen, setChosen] = useState<Visibility | null>(null);
  const { busy, error, run } = useAct();
  const choose = async (visibility: Visibility): Promise<void> => {
    if (await run(() => session.update({ visibility }))) setChosen(visibility);
  };
  const shown = chosen ?? data;
  const failure = error ?? unread;
  return (
    <>
      <Field label="Who sees it" hint={shown ? WORDS[shown] : undefined}>
        {(control) => (
          <select {...control} disabled={busy || !shown} value={shown ?? "org"} onChange={(event) => void choose(event.target.value as Visibility)}>
            <option value="org">The organization</option>
            <option value="private">Only those it is shared with</option>
          </select>
        )}
      </Field>
      {failure ? <ErrorNotice error={failure} /> : null}
    </>
  );
}
