/** What a link gave has ended. The link itself may be good for another hour. */
import { navigate } from "../lib/router.ts";
import { dropPass, type Pass } from "../lib/share-link.ts";
import { Button } from "../ui/button.tsx";
import { Centered } from "./centered.tsx";
import { EmptyState } from "./empty-state.tsx";

export function PassOver({ pass: { sessionId } }: { readonly pass: Pass }) {
  const again = (): void => {
    dropPass(sessionId);
    navigate({ view: "shared", id: sessionId }, { replace: true });
  };
  return (
    <Centered>
      <EmptyState icon="key" title="Your time here is over" action={<Button onClick={again}>Use the link again</Button>}>
        A link opens a session for an hour at most, and not any more once it has expired or was taken back.
      </EmptyState>
    </Centered>
  );
}
