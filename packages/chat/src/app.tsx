/** Who is there, then the shell with the view of the current address. */
import { useCallback } from "react";
import { useBerth } from "./lib/berth-context.tsx";
import { parseRoute, usePathname } from "./lib/router.ts";
import { useLoad } from "./lib/use-load.ts";
import { SharedProvider } from "./lib/workspace-context.tsx";
import { Shell } from "./components/shell.tsx";
import { NewSessionView } from "./views/new-session-view.tsx";
import { SessionPage } from "./views/session-view.tsx";
import { SettingsView } from "./views/settings-view.tsx";
import { Splash, SignedOut, Unreachable } from "./views/gate-views.tsx";

export function App() {
  const berth = useBerth();
  const account = useLoad(
    useCallback(async () => {
      const [me, health] = await Promise.all([berth.me(), berth.health()]);
      return { me, health };
    }, [berth]),
  );
  const route = parseRoute(usePathname());
  const { data, error, reload } = account;
  if (!data) {
    if (!error) return <Splash />;
    return error.code === "unauthenticated" ? <SignedOut onRetry={reload} /> : <Unreachable error={error} onRetry={reload} />;
  }
  return (
    <SharedProvider me={data.me} health={data.health}>
      <Shell route={route} onSignedOut={reload}>
        {route.view === "new" ? <NewSessionView /> : null}
        {route.view === "settings" ? <SettingsView /> : null}
        {route.view === "session" ? <SessionPage key={route.id} id={route.id} /> : null}
      </Shell>
    </SharedProvider>
  );
}
