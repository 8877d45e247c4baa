/** Credentials were about to be shown. */
import type { MaskedItem } from "@berth/sdk";
import { Notice } from "../ui/notice.tsx";

export function MaskedNote({ item }: { readonly item: MaskedItem }) {
  return (
    <Notice tone="info" icon="key">
      Hidden in this answer: {item.secrets.map(({ kind, name }) => (kind === "value" ? `the value of ${name}` : `what looks like a credential (${name})`)).join(", ")}
    </Notice>
  );
}
