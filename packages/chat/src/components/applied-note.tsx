/** The work was written to a branch. */
import type { AppliedItem } from "@berth/sdk";
import { plural } from "../lib/format.ts";
import { Notice } from "../ui/notice.tsx";

export function AppliedNote({ item }: { readonly item: AppliedItem }) {
  return (
    <Notice tone="info" icon="branch">
      Applied {plural(item.filesChanged, "file")} to <strong>{item.branch}</strong> ({item.commit.slice(0, 7)})
    </Notice>
  );
}
