/** The way to a host of source code: knows its credentials, carries git's own calls to it, and says what it refused. */
import type { OutsideProvider } from "../../core/access/outside-sign-in.ts";
import type { GitService } from "../../core/git/git-speech.ts";

/** What is added to a call. Other kinds, such as a token minted per call, come with the adapter that mints it. */
export interface BasicCredential {
  readonly kind: "basic";
  readonly username: string;
  readonly password: string;
}

export interface GitRemote {
  /** `http://` or `https://`, without credentials, query and trailing slash. */
  readonly url: string;
  /** Null for a repository that anyone may read. */
  readonly credential: BasicCredential | null;
}

export interface RemoteRepository {
  /** Where the repository answers: the same host may have sent on to another path. */
  readonly url: string;
  /** Null for one without commits. */
  readonly defaultBranch: string | null;
  /** What the host says of this credential. */
  readonly canPush: boolean;
}

/** One call of git's smart HTTP protocol. */
export interface GitCall {
  readonly remote: GitRemote;
  readonly service: GitService;
  /** `advertise` asks what is there; `exchange` sends a request and reads its result. */
  readonly step: "advertise" | "exchange";
  /** The value of `Git-Protocol`; null for the oldest version. */
  readonly protocol: string | null;
  /** Set when the body is compressed. */
  readonly encoding: "gzip" | null;
  /** Null when advertising. A stream goes out as it comes. */
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
  readonly signal: AbortSignal;
}

/** What a person may do with a repository, as its host says. */
export type RepositoryRight = "none" | "read" | "write";

export interface SourceControl {
  /**
   * Lists the remote's references, which tests its address and its credential.
   * @throws PortError `not-found`, `permission-denied`, `failed-precondition` for what is no git server
   */
  inspect(remote: GitRemote, signal: AbortSignal): Promise<RemoteRepository>;
  /**
   * The answer's body as it comes, which is in git's own protocol.
   * @throws PortError for everything that is no such answer, a refusal of the credential included
   */
  forward(call: GitCall): Promise<ReadableStream<Uint8Array>>;
  /** The provider of accounts whose people the address's host knows as its own; null where it cannot be asked about people. */
  knowsPeople(url: string): OutsideProvider | null;
  /**
   * What the person of that account may do, asked with the remote's credential. @param accountId as the provider of accounts tells it
   * @throws PortError `unimplemented` where the host cannot be asked; `permission-denied` where it does not tell that credential
   */
  rightOf(remote: GitRemote, accountId: string, signal: AbortSignal): Promise<RepositoryRight>;
}
