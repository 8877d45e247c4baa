/** What is found in text, and that a stream shows what the whole shows. */
import { expect, test } from "vitest";
import { createPrng } from "../../../../src/core/kernel/prng.ts";
import { FINGERPRINTS } from "../../src/masking/fingerprints.ts";
import { MaskedStream } from "../../src/masking/masked-stream.ts";
import { covered, Masker } from "../../src/masking/masker.ts";

const VALUE = "correct horse/battery+staple=ä";
const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${"MIIEpAIBAAKCAQEA".repeat(20)}\n-----END RSA PRIVATE KEY-----`;
const masker = new Masker([
  { name: "API_KEY", value: VALUE },
  { name: "SHORT", value: "abc" },
  { name: "CONFIG", value: "user: somebody\npassword: long-enough-to-tell\n" },
]);
const mask = (text: string): string => covered(text, masker.spans(text));

test("[MSK1] a known value is covered as it is, in JSON, in an address, in hexadecimal and in Base64 at any place", () => {
  const bytes = Buffer.from(VALUE);
  for (const form of [VALUE, JSON.stringify(`${VALUE}\n`).slice(1, -3), encodeURIComponent(VALUE), bytes.toString("hex"), bytes.toString("hex").toUpperCase()]) {
    expect(mask(`before ${form} after`)).toBe(`before ${"•".repeat(form.length)} after`);
  }
  for (const before of ["", "a", "ab", "abc"]) {
    for (const encoding of ["base64", "base64url"] as const) {
      const encoded = Buffer.from(`${before}${VALUE} and more`).toString(encoding);
      const left = mask(encoded).replaceAll("•", "");
      expect(encoded.length - left.length).toBeGreaterThan(bytes.length * 1.2);
    }
  }
});

test("[MSK1] each long line of a value is covered, and a value of five characters is not looked for", () => {
  expect(mask("it says password: long-enough-to-tell, and abc")).toBe(`it says ${"•".repeat("password: long-enough-to-tell".length)}, and abc`);
});

test("[MSK2] what has the form of a credential is covered, by the name of the form, and the middle of a word is not", () => {
  const random = createPrng(5);
  for (const { name, prefix, chars, least } of FINGERPRINTS) {
    const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".split("").filter((char) => new RegExp(chars.source, "").exec(char)?.[0] === char);
    const credential = prefix + Array.from({ length: least }, () => alphabet[random.int(alphabet.length)]).join("");
    const text = `key="${credential}" done`;
    expect(masker.spans(text).map((span) => span.name), credential).toContain(name);
    expect(mask(text)).toBe(`key="${"•".repeat(credential.length)}" done`);
    expect(mask(`x${credential}`)).toBe(`x${credential}`);
    expect(mask(`${prefix} alone`)).toBe(`${prefix} alone`);
  }
});

test("[MSK2] a private key is covered to its last line, also where it was cut, and keeps its lines", () => {
  expect(mask(`${PEM}\nok`)).toBe(`${PEM.replaceAll(/[^\n]/g, "•")}\nok`);
  expect(mask(PEM.slice(0, 200))).toMatch(/^•{31}\n•+$/);
  const certificate = PEM.replaceAll("RSA PRIVATE KEY", "CERTIFICATE");
  expect(mask(certificate)).toBe(certificate);
});

test("[MSK3] a stream in any pieces passes on what the whole text shows, at its place, and holds back no more than it must", () => {
  const seed = 20_261_130;
  const random = createPrng(seed);
  const fragments = [VALUE, encodeURIComponent(VALUE), `ghp_${"a1B2".repeat(9)}`, `sk-proj-${"x_Y-".repeat(40)}`, PEM, "sk-", "gh", "-----BEGIN CERTIFICATE-----\n", "AKIA", "correct horse", " words and words ", "\n", "s", "task-force ", "correct correct horse/battery"];
  for (let round = 0; round < 400; round++) {
    const whole = Array.from({ length: 1 + random.int(12) }, () => fragments[random.int(fragments.length)]).join("");
    const stream = new MaskedStream();
    let passed = "";
    for (let at = 0; at < whole.length; ) {
      const text = whole.slice(at, at + 1 + random.int(12));
      const piece = stream.push(masker, { offset: at, text });
      if (piece) {
        expect(piece.offset).toBe(passed.length);
        passed += piece.text;
      }
      at += text.length;
    }
    expect(passed, `round ${round} of seed ${seed}`).toBe(mask(whole).slice(0, passed.length));
    // A word that begins nothing settles all before it.
    const rest = stream.push(masker, { offset: whole.length, text: `${" ".repeat(20_000)}!` });
    expect(passed + (rest?.text ?? "")).toBe(mask(`${whole}${" ".repeat(20_000)}!`));
  }
});

test("[MSK3] words without credentials are held back for nothing but a beginning at their end", () => {
  const stream = new MaskedStream();
  expect(stream.push(masker, { offset: 0, text: "Plain words, classes" })).toEqual({ offset: 0, text: "Plain words, classes" });
  expect(stream.push(masker, { offset: 20, text: " g" })).toEqual({ offset: 20, text: " " });
  expect(stream.push(masker, { offset: 22, text: "o on" })).toEqual({ offset: 21, text: "go on" });
  // Said again, as after a restart of the agent, and after a gap.
  expect(stream.push(masker, { offset: 10, text: "s, classes go on" })).toBeNull();
  expect(stream.push(masker, { offset: 40, text: "later" })).toEqual({ offset: 40, text: "later" });
});
