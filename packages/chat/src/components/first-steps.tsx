/** Without a provider key: how to get a real model, starting with what is on this machine already. */
import type { Discovery } from "@berth/sdk";
import { navigate } from "../lib/router.ts";
import type { Loaded } from "../lib/use-load.ts";
import { useShared } from "../lib/workspace-context.tsx";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { DiscoveryList } from "./discovery-list.tsx";

export function FirstSteps({ discoveries }: { readonly discoveries: Loaded<readonly Discovery[]> }) {
  const { models } = useShared();
  if (!models.data || models.data.some(({ demo }) => !demo)) return null;
  const found = discoveries.data?.filter(({ imported }) => !imported) ?? [];
  if (found.length > 0) return <DiscoveryList title="Found on this machine" items={found} onImported={discoveries.reload} />;
  return (
    <Notice
      tone="info"
      icon="key"
      action={
        <Button size="s" onClick={() => navigate({ view: "settings", part: "general" })}>
          Add a key
        </Button>
      }
    >
      {models.data.length === 0 ? "There is no model yet. " : "There is only the demo model yet. "}
      Bring a key of any provider, or the address of a local model server.
    </Notice>
  );
}
