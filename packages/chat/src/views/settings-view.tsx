/** Keys: of model providers, found on this machine, and for the API. */
import { useShared } from "../lib/workspace-context.tsx";
import { ApiKeysSection } from "../components/api-keys-section.tsx";
import { ProvidersSection } from "../components/providers-section.tsx";
import { Section } from "../components/section.tsx";
import { TopBar } from "../components/top-bar.tsx";
import css from "./settings-view.module.css";

export function SettingsView() {
  const { me, health } = useShared();
  const backends = health.sandboxes.map(({ backend, isolation }) => `${backend} (isolation: ${isolation})`).join(", ");
  return (
    <>
      <TopBar />
      <div className={css.scroller}>
        <div className={css.column}>
          <h1 className={css.title}>Settings</h1>
          <ProvidersSection />
          <ApiKeysSection />
          <Section title="This instance" about={`Berth ${health.version}. Sandboxes: ${backends || "none"}.`}>
            <dl className={css.facts}>
              <dt>Organization</dt>
              <dd>{me.organization.name}</dd>
              <dt>Signed in as</dt>
              <dd>{me.user ? `${me.user.name} (${me.user.email})` : "an API key"}</dd>
              <dt>Role</dt>
              <dd>{me.role}</dd>
            </dl>
          </Section>
        </div>
      </div>
    </>
  );
}
