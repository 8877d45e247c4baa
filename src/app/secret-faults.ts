/**
 * All that is wrong with a secret which somebody wants to keep, beyond its schema: at once, so that a form shows it at once. A field
 * that the schema refuses is passed over here, and the others are looked at all the same.
 */
import { CreateSecret, SecretHost } from "@berth/protocol";
import { z } from "zod";
import { leadsInside } from "../core/egress/inside-address.ts";
import { fitsHeader, isReservedName, mayCarrySecret } from "../core/secrets/secret-rules.ts";
import { originOf } from "./broker-origin.ts";
import type { FieldFault } from "./http/problem-error.ts";

const { name, value, readableByAgent } = CreateSecret.shape;

/** Null is what cannot be read. */
const Readable = z.object({
  name: name.nullable().catch(null),
  value: value.nullable().catch(null),
  readableByAgent: readableByAgent.nullable().catch(null),
  hosts: z.array(z.object({ host: SecretHost.shape.host.nullable().catch(null), header: SecretHost.shape.header.nullable().catch(null) }).nullable().catch(null)).default([]).nullable().catch(null),
});
type ReadableHost = NonNullable<NonNullable<z.infer<typeof Readable>["hosts"]>[number]>;

/** @param operatorOrigins origins the operator runs or allows: these may be inside, and plain http */
export function secretFaults(draft: unknown, operatorOrigins: readonly string[]): readonly FieldFault[] {
  const readable = Readable.safeParse(draft).data;
  if (!readable) return [];
  const { hosts } = readable;
  const found: FieldFault[] = [];
  if (readable.name !== null && isReservedName(readable.name)) found.push({ pointer: "/name", message: `${readable.name} is a variable by which programs find what they run or trust.`, fix: "Choose another name." });
  if (readable.value !== null) found.push(...valueFaults(readable.value, (hosts ?? []).length > 0));
  const isHidden = readable.readableByAgent === undefined || readable.readableByAgent === false;
  if (hosts?.length === 0 && isHidden) found.push({ pointer: "/hosts", message: "Nothing could use this secret.", fix: "Name the hosts it is for, or set `readableByAgent`." });
  return [...found, ...(hosts ?? []).flatMap((host, at) => (host === null ? [] : hostFaults(host, at, operatorOrigins)))];
}

/** Where the value cannot be in an environment, or in a header. */
export function valueFaults(text: string, isForHosts: boolean): readonly FieldFault[] {
  if (text.includes("\0")) return [{ pointer: "/value", message: "The value holds a character that no environment variable can hold." }];
  if (!isForHosts || fitsHeader(text)) return [];
  return [{ pointer: "/value", message: "A secret for hosts must be one line of at most 8,192 printable ASCII characters, without spaces at its ends." }];
}

function hostFaults({ host, header }: ReadableHost, at: number, operatorOrigins: readonly string[]): readonly FieldFault[] {
  const found = host === null ? null : hostFault(host, operatorOrigins);
  return [
    ...(found === null ? [] : [{ pointer: `/hosts/${at}/host`, ...found }]),
    ...(header === null || mayCarrySecret(header) ? [] : [{ pointer: `/hosts/${at}/header`, message: `The header ${header} is the connection's own or Berth's.`, fix: "Name the header in which the host looks for its credential." }]),
  ];
}

function hostFault(host: string, operatorOrigins: readonly string[]): Omit<FieldFault, "pointer"> | null {
  const origin = originOf(host, operatorOrigins);
  if (origin === null || new URL(origin).host !== host.toLowerCase()) return { message: "That is no host: give its name alone, with its port where it is not 443." };
  if (operatorOrigins.includes(origin) || !leadsInside(new URL(origin).hostname)) return null;
  return { message: "That host is inside this machine or a private network, where Berth calls nobody on its own.", fix: `The operator can allow exactly this origin: OPERATOR_ORIGINS with ${origin}.` };
}
