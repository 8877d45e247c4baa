/** Who may make an account without being invited, as the operator wrote it down. Nobody, where nothing is written. */
export interface SignUpAllow {
  readonly addresses: ReadonlySet<string>;
  readonly domains: ReadonlySet<string>;
  /** In lower case: GitHub tells no capitals apart. */
  readonly githubOrgs: readonly string[];
}

const GITHUB_ORG = /^github-org:([a-z\d](?:[a-z\d-]{0,38}))$/;
const DOMAIN = /^@?((?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)+[a-z\d-]{2,})$/;
const ADDRESS = /^[^\s@,*"]+@(?:[a-z\d-]+\.)+[a-z\d-]{2,}$/;

/** @throws Error naming the entry that is none of the three */
export function parseSignUpAllow(text: string): SignUpAllow {
  const addresses = new Set<string>();
  const domains = new Set<string>();
  const githubOrgs: string[] = [];
  for (const entry of text.split(",").map((each) => each.trim().toLowerCase())) {
    const org = GITHUB_ORG.exec(entry)?.[1];
    const domain = DOMAIN.exec(entry)?.[1];
    if (entry === "") continue;
    if (org !== undefined) githubOrgs.push(org);
    else if (domain !== undefined) domains.add(domain);
    else if (ADDRESS.test(entry)) addresses.add(entry);
    else throw new Error(`SIGN_UP_ALLOW: "${entry}" is no e-mail address (ada@example.com), no domain (example.com) and no github-org:name`);
  }
  return { addresses, domains, githubOrgs };
}

/** The domain of an entry is that domain alone, not what is below it. */
export function allowsAddress({ addresses, domains }: SignUpAllow, email: string): boolean {
  const address = email.toLowerCase();
  return addresses.has(address) || domains.has(address.slice(address.lastIndexOf("@") + 1));
}

/** Whether anybody could pass by an address alone. */
export function takesAddresses({ addresses, domains }: SignUpAllow): boolean {
  return addresses.size + domains.size > 0;
}
