/** Who is there, then the shell with the view of the current address. */
import { useCallback, type ReactNode } from "react";
import { AccountProvider } from "./lib/account-context.tsx";
import { useBerth } from "./lib/berth-context.tsx";
import { parseRoute, usePathname, type Route } from "./lib/router.ts";
import { passOf } from "./lib/share-link.ts";
import { useLoad } from "./lib/use-load.ts";
import { SharedProvider } from "./lib/workspace-context.tsx";
import { Shell } from "./components/shell.tsx";
import { Splash, SignedOut, Unreachable } from "./views/gate-views.tsx";
import { GuestView } from "./views/guest-view.tsx";
import { NewSessionView } from "./views/new-session-view.tsx";
import { SessionPage } from "./views/session-view.tsx";
import { SettingsView } from "./views/settings-view.tsx";
import { SharedView } from "./views/shared-view.tsx";

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
    return error.code === "unauthenticated" ? withoutSignIn(route, <SignedOut onRetry={reload} />) : <Unreachable error={error} onRetry={reload} />;
  }
  if (route.view === "shared") return <SharedView key={route.id} id={route.id} signedIn />;
  return (
    <AccountProvider account={{ ...data, reload }}>
      <SharedProvider>
        <Shell route={route} onSignedOut={reload}>
          {route.view === "new" ? <NewSessionView /> : null}
          {route.view === "settings" ? <SettingsView part={route.part} /> : null}
          {route.view === "session" ? <OneSession key={route.id} id={route.id} /> : null}
        </Shell>
      </SharedProvider>
    </AccountProvider>
  );
}

/** What a link opens needs no sign-in. */
function withoutSignIn(route: Route, otherwise: ReactNode): ReactNode {
  if (route.view === "shared") return <SharedView key={route.id} id={route.id} signedIn={false} />;
  const pass = route.view === "session" ? passOf(route.id) : null;
  return pass ? <GuestView key={pass.sessionId} pass={pass} signedIn={false} /> : otherwise;
}

function OneSession({ id }: { readonly id: string }) {
  const pass = passOf(id);
  return pass ? <GuestView pass={pass} signedIn /> : <SessionPage id={id} />;
}
