/** A real SMTP server on the loopback address that keeps what it is given. */
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

export interface KeptMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** The lines of its text that are addresses. */
  readonly links: readonly string[];
}

export interface MailSink {
  readonly url: string;
  readonly mails: readonly KeptMail[];
  readonly connections: number;
  /** The next mail to that address, or one that came already and was not asked for. */
  next(to: string): Promise<KeptMail>;
  close(): Promise<void>;
}

export interface SinkOptions {
  /** Answers a recipient with this code. */
  readonly refuseWith?: number;
  readonly password?: string;
}

export async function startMailSink({ refuseWith, password }: SinkOptions = {}): Promise<MailSink> {
  let connections = 0;
  const mails: KeptMail[] = [];
  const taken = new Set<KeptMail>();
  const waiting = new Set<() => void>();
  const server = new SMTPServer({
    authOptional: password === undefined,
    disabledCommands: password === undefined ? ["AUTH", "STARTTLS"] : ["STARTTLS"],
    allowInsecureAuth: true,
    onConnect: (_session, done) => {
      connections += 1;
      done();
    },
    onAuth: (auth, _session, done) => (auth.password === password ? done(null, { user: auth.username ?? "" }) : done(new Error("Invalid username or password"))),
    onRcptTo: (_address, _session, done) => (refuseWith === undefined ? done() : done(Object.assign(new Error("Not here"), { responseCode: refuseWith }))),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push(parse(Buffer.concat(chunks).toString("utf8"), mailFrom === false ? "" : (mailFrom?.address ?? ""), rcptTo.map(({ address }) => address)));
        done();
        for (const wake of waiting) wake();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  const find = (to: string): KeptMail | undefined => mails.find((mail) => mail.to.includes(to) && !taken.has(mail));
  return {
    url: `smtp://${password === undefined ? "" : `berth:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    mails,
    get connections() {
      return connections;
    },
    async next(to) {
      for (;;) {
        const found = find(to);
        if (found) {
          taken.add(found);
          return found;
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** Enough of MIME for one part of text. */
function parse(raw: string, from: string, to: readonly string[]): KeptMail {
  const [head = "", ...rest] = raw.split("\r\n\r\n");
  const headers = new Map(head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n").map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  const body = rest.join("\r\n\r\n").replaceAll("\r\n", "\n");
  const encoding = headers.get("content-transfer-encoding") ?? "7bit";
  const text = encoding === "base64" ? Buffer.from(body, "base64").toString("utf8") : encoding === "quoted-printable" ? unquote(body) : body;
  return { from, to, subject: headers.get("subject") ?? "", text, links: text.split("\n").filter((line) => /^https?:\/\/\S+$/.test(line)) };
}

function unquote(text: string): string {
  const bytes = text.replaceAll("=\n", "").replaceAll(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
