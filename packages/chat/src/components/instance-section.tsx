/** Which Berth this is, and who is signed in to it. */
import { useAccount } from "../lib/account-context.tsx";
import { useBerth } from "../lib/berth-context.tsx";
import { may } from "../lib/rights.ts";
import { Renamable } from "./renamable.tsx";
import { Section } from "./section.tsx";
import css from "./instance-section.module.css";

export function InstanceSection() {
  const berth = useBerth();
  const { me, health, reload } = useAccount();
  const backends = health.sandboxes.map(({ backend, isolation }) => `${backend} (isolation: ${isolation})`).join(", ");
  return (
    <Section title="This instance" about={`Berth ${health.version}. Sandboxes: ${backends || "none"}.`}>
      <dl className={css.facts}>
        <dt>Organization</dt>
        <dd>
          <Renamable what="the organization" name={me.organization.name} rename={may(me, "admin") ? (name) => berth.renameOrganization(name).then(reload) : undefined} />
        </dd>
        <dt>Signed in as</dt>
        <dd>{me.user ? <Renamable what="yourself" name={me.user.name} note={`(${me.user.email})`} rename={(name) => berth.rename(name).then(reload)} /> : "an API key"}</dd>
        <dt>Role</dt>
        <dd>{me.role}</dd>
        {me.user ? (
          <>
            <dt>Password</dt>
            <dd>
              <a href="/password">Change it</a>
            </dd>
          </>
        ) : null}
      </dl>
    </Section>
  );
}
