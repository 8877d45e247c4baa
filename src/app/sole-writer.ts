/** Whether a session that the whole organization may write in has one writer all the same, since the organization has. */
import { administers, onlyWatches } from "../core/access/roles.ts";
import type { SoleWriter } from "../core/access/session-access.ts";
import type { Directory } from "../ports/identity/directory.port.ts";
import type { Role } from "../ports/identity/identity.port.ts";
import type { Services } from "./services.ts";

const PAGE = 200;

/** Their id; null where anybody else writes, besides who administers. @throws PortError where that cannot be asked */
export async function soleWriterNow({ identity }: Pick<Services, "identity">, orgId: string, writer: SoleWriter | null): Promise<string | null> {
  if (writer === null) return null;
  return !writer.whileAlone || (await isAlone(identity.directory, orgId, writer.userId)) ? writer.userId : null;
}

async function isAlone(directory: Directory, orgId: string, userId: string): Promise<boolean> {
  if ((await directory.listServiceAccounts(orgId)).some(mayWrite)) return false;
  for (let after: string | null = null; ; ) {
    const page = await directory.listMembers(orgId, { after, limit: PAGE });
    if (page.members.some((member) => member.userId !== userId && mayWrite(member))) return false;
    if (page.next === null) return true;
    after = page.next;
  }
}

function mayWrite({ role }: { readonly role: Role }): boolean {
  return !administers(role) && !onlyWatches(role);
}
