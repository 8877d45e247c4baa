/** Mails from the Worker's mailer through a real host to a real SMTP server. */
import { afterEach, expect, test } from "vitest";
import { createHostMailer } from "../../../src/adapters/mailer/host-mailer.ts";
import { createSmtp } from "../src/mail/smtp.ts";
import { createHostServer, listen } from "../src/server.ts";
import { startMailSink, type SinkOptions } from "./mail-sink.ts";

const SECRET = "example-host-secret-of-at-least-32-characters";
const MAIL = { to: "bo@example.com", subject: "Grüße von Łoś", text: `Hello,\n\nhttps://berth.example.com/invitation?token=${"a1B2".repeat(20)}\n\nand a line that is long: ${"word ".repeat(40)}\n` };
const logged: string[] = [];
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function mailerTo(smtpUrl: string | null) {
  const server = createHostServer({ providers: [], reports: [], machine: null, ...(smtpUrl === null ? {} : { mail: createSmtp(smtpUrl) }), secret: SECRET, now: Date.now, log: () => undefined });
  closing.push(() => server.close());
  const baseUrl = `http://127.0.0.1:${await listen(server, 0)}`;
  return createHostMailer({ from: "Berth <berth@example.com>", log: (entry) => logged.push(JSON.stringify(entry)), fetch, baseUrl, secret: SECRET, now: Date.now, randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)) });
}

async function sinkOf(options: SinkOptions = {}) {
  const sink = await startMailSink(options);
  closing.push(() => sink.close());
  return sink;
}

test("a mail arrives with its words and its link whole, from the sender that was set", async () => {
  const sink = await sinkOf();
  await (await mailerTo(sink.url)).send(MAIL);
  const mail = await sink.next("bo@example.com");
  expect(mail).toMatchObject({ from: "berth@example.com", to: ["bo@example.com"], text: MAIL.text });
  expect(mail.links).toEqual([MAIL.text.split("\n")[2]]);
});

test("the login of SMTP_URL is used, and a wrong one is named without its password", async () => {
  const sink = await sinkOf({ password: "example-p@ssword" });
  await (await mailerTo(sink.url)).send(MAIL);
  expect(sink.mails).toHaveLength(1);
  const wrong = (await mailerTo(sink.url.replace(/:[^:@]*@/, ":example-wrong@"))).send(MAIL);
  await expect(wrong).rejects.toMatchObject({ port: "mailer", code: "permission-denied", outcome: "not-applied", fix: "Correct SMTP_URL of the sandbox host." });
  await expect(wrong).rejects.not.toThrow(/example-wrong/);
});

test.each([
  [550, { code: "invalid-argument", outcome: "not-applied", retry: "never", message: expect.stringContaining("Not here") }],
  [451, { code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 60_000 } }],
])("a recipient that is answered %s is told as what it is", async (refuseWith, expected) => {
  const sink = await sinkOf({ refuseWith });
  await expect((await mailerTo(sink.url)).send(MAIL)).rejects.toMatchObject(expected);
  expect(sink.mails).toEqual([]);
});

test("a server that is not there took nothing", async () => {
  const sink = await startMailSink();
  await sink.close();
  await expect((await mailerTo(sink.url)).send(MAIL)).rejects.toMatchObject({ code: "deadline-exceeded", outcome: "not-applied" });
  expect(logged.at(-1)).toContain("cannot be reached");
  expect(logged.join()).not.toMatch(/token=|bo@example/);
});

test("outside this machine nothing is sent without TLS", async () => {
  const sink = await sinkOf();
  // The same server by a name that is not known to be this machine's.
  const away = createSmtp(sink.url.replace("127.0.0.1", "[::ffff:127.0.0.1]"));
  await expect(away.send({ from: "berth@example.com", ...MAIL })).rejects.toMatchObject({ outcome: "not-applied", message: expect.stringContaining("TLS") });
  expect([sink.connections, sink.mails]).toEqual([1, []]);
});

test("a host without a mail server says what is missing", async () => {
  await expect((await mailerTo(null)).send(MAIL)).rejects.toMatchObject({ code: "unimplemented", outcome: "not-applied", fix: "Set SMTP_URL on the sandbox host." });
});
