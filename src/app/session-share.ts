/** What can be asked of a session about who may see it: one call with a command, since it crosses between objects. */
import type { Share, ShareRole } from "@berth/protocol";
import type { SoleWriter } from "../core/access/session-access.ts";
import type { ClientGrant } from "./session-handle.ts";

export type ShareCommand =
  | { readonly do: "list" }
  /** The person who alone writes in the session, besides who administers, and ever did; null where others may. */
  | { readonly do: "sole-writer" }
  | { readonly do: "share"; readonly with: "member" | "team"; readonly principalId: string; readonly role: ShareRole }
  /** A share or a link. */
  | { readonly do: "unshare"; readonly id: string }
  | { readonly do: "link"; readonly role: Exclude<ShareRole, "owner">; readonly expiresAtMs: number; readonly usesMax: number }
  /** Takes one of the link's uses for a client token. Asks for no author: the link's token is the right. */
  | { readonly do: "redeem"; readonly token: string }
  | { readonly do: "mint"; readonly access: "read" | "write"; readonly expiresAtMs: number; readonly origins: readonly string[] }
  | { readonly do: "end"; readonly id: string }
  /** What a client token stands for. Asks for no author. */
  | { readonly do: "authorize"; readonly token: string };

export interface ShareAnswers {
  readonly list: readonly Share[];
  readonly "sole-writer": SoleWriter | null;
  readonly share: Share;
  readonly unshare: null;
  readonly link: Share & { readonly token: string };
  readonly redeem: ClientGrant & { readonly token: string };
  readonly mint: ClientGrant & { readonly token: string };
  readonly end: null;
  readonly authorize: ClientGrant;
}
