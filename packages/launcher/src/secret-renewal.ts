/** Asks a running instance to go through the secrets of all its organizations. */
import { z } from "zod";
import { UserError } from "./progress.ts";

const Step = z.object({
  configured: z.array(z.int()),
  newest: z.int(),
  organizations: z.int(),
  renewed: z.int(),
  under: z.record(z.string(), z.int()),
  unreadable: z.array(z.object({ organization: z.string(), name: z.string(), keyVersion: z.int(), state: z.enum(["key-missing", "key-wrong", "damaged"]) })),
  next: z.string().nullable(),
});
type Walk = Omit<z.infer<typeof Step>, "next">;

export interface Instance {
  readonly url: string;
  readonly operatorToken: string;
}

/** @throws UserError when the instance does not do it */
export async function walkSecrets({ url, operatorToken }: Instance, { look }: { readonly look: boolean }): Promise<Walk> {
  const walk = { configured: [] as number[], newest: 0, organizations: 0, renewed: 0, under: {} as Record<string, number>, unreadable: [] as Walk["unreadable"] };
  for (let after: string | null = null, first = true; first || after !== null; first = false) {
    const { next, ...step } = await ask(`${url}/internal/secrets/renewal`, operatorToken, { after, look });
    walk.configured = step.configured;
    walk.newest = step.newest;
    walk.organizations += step.organizations;
    walk.renewed += step.renewed;
    walk.unreadable.push(...step.unreadable);
    for (const [version, count] of Object.entries(step.under)) walk.under[version] = (walk.under[version] ?? 0) + count;
    after = next;
  }
  return walk;
}

/** Configured master keys that no secret is under, and that nothing is written under any more. */
export function droppable({ configured, newest, under }: Walk): readonly number[] {
  return configured.filter((version) => version !== newest && !under[version]);
}

/** What is wrong with secrets that cannot be read, by cause. */
export function unreadableInWords({ unreadable }: Walk): readonly string[] {
  const versions = (state: string): number[] => [...new Set(unreadable.filter((each) => each.state === state).map(({ keyVersion }) => keyVersion))];
  const count = (state: string, keyVersion: number): number => unreadable.filter((each) => each.state === state && each.keyVersion === keyVersion).length;
  return [
    ...versions("key-missing").map((version) => `${count("key-missing", version)} under master key ${version}, which is not configured`),
    ...versions("key-wrong").map((version) => `${count("key-wrong", version)} under another master key than the one configured as ${version}`),
    ...versions("damaged").map((version) => `${count("damaged", version)} under master key ${version} that do not open: changed, or under another key`),
  ];
}

async function ask(address: string, operatorToken: string, body: object): Promise<z.infer<typeof Step>> {
  const response = await fetch(address, {
    method: "POST",
    headers: { authorization: `Bearer ${operatorToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    throw new UserError(`${address} does not answer: ${(error as Error).message}`);
  });
  if (!response.ok) throw new UserError(`${address} answers ${response.status}: ${(await response.text()).slice(0, 500)}`);
  return Step.parse(await response.json());
}
