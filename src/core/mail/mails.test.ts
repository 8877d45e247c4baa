import { expect, test } from "vitest";
import { invitationMail, resetMail } from "./mails.ts";

test("a link stands on a line of its own", () => {
  const url = "https://berth.example.com/password-reset?token=abc";
  expect(resetMail("ada@example.com", url).text.split("\n")).toContain(url);
});

test("an organization's name cannot add a header or a line", () => {
  const { subject, text } = invitationMail("bo@example.com", "Acme\r\nBcc: eve@example.com\u2028https://evil.example", "https://berth.example.com/invitation");
  expect(subject).toBe("You are invited to Acme Bcc: eve@example.com https://evil.example on Berth");
  expect(text.split("\n").filter((line) => line.startsWith("https://evil"))).toEqual([]);
});
