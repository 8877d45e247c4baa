/** Keys, people, teams, repositories, environments, secrets and spending: one part at a time, each with its address. */
import { followLink } from "../lib/follow-link.ts";
import { pathOf, SETTINGS_PARTS, type SettingsPart } from "../lib/router.ts";
import { ApiKeysSection } from "../components/api-keys-section.tsx";
import { EnvironmentsSection } from "../components/environments/environments-section.tsx";
import { InstanceSection } from "../components/instance-section.tsx";
import { MembersSection } from "../components/organization/members-section.tsx";
import { SecretsSection } from "../components/organization/secrets-section.tsx";
import { SpendingSection } from "../components/organization/spending-section.tsx";
import { TeamsSection } from "../components/organization/teams-section.tsx";
import { ProvidersSection } from "../components/providers-section.tsx";
import { RepositoriesSection } from "../components/repositories/repositories-section.tsx";
import { TopBar } from "../components/top-bar.tsx";
import css from "./settings-view.module.css";

const NAMES: Readonly<Record<SettingsPart, string>> = { general: "General", members: "Members", teams: "Teams", repositories: "Repositories", environments: "Environments", secrets: "Secrets", spending: "Spending" };

export function SettingsView({ part }: { readonly part: SettingsPart }) {
  return (
    <>
      <TopBar />
      <div className={css.scroller}>
        <div className={css.column}>
          <div className={css.head}>
            <h1 className={css.title}>Settings</h1>
            <nav className={css.parts} aria-label="Parts of the settings">
              {SETTINGS_PARTS.map((each) => (
                <a key={each} href={pathOf({ view: "settings", part: each })} aria-current={each === part ? "page" : undefined} onClick={(event) => followLink(event, { view: "settings", part: each }, () => undefined)}>
                  {NAMES[each]}
                </a>
              ))}
            </nav>
          </div>
          {part === "general" ? (
            <>
              <ProvidersSection />
              <ApiKeysSection />
              <InstanceSection />
            </>
          ) : null}
          {part === "members" ? <MembersSection /> : null}
          {part === "teams" ? <TeamsSection /> : null}
          {part === "repositories" ? <RepositoriesSection /> : null}
          {part === "environments" ? <EnvironmentsSection /> : null}
          {part === "secrets" ? <SecretsSection /> : null}
          {part === "spending" ? <SpendingSection /> : null}
        </div>
      </div>
    </>
  );
}
