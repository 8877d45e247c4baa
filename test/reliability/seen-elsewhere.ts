/**
 * Ways in which comparable products were seen to lose prompts, text or work, to do something twice, or to give a secret
 * away, each with the rules that rule it out here. docs/RELIABILITY.md has the table that is made from this and from the
 * titles of the tests.
 */
import type { Feature } from "./features.ts";

type Failure = Pick<Feature, "name" | "rules">;

export const SEEN_ELSEWHERE: readonly Failure[] = [
  { name: "A session hangs in `starting`", rules: ["SES2", "STA1", "STA2"] },
  { name: "A session hangs in `running`, for hours", rules: ["SES16", "SES20", "SES21", "KIL5"] },
  { name: "A prompt that was under way when the sandbox's link dropped is not sent again", rules: ["SES13", "LNK3", "KIL4"] },
  { name: "A prompt runs a second time after a crash or a wake", rules: ["SES16", "SES40", "AGT26", "KIL1", "KIL2", "KIL3", "KIL4"] },
  { name: "A one-place queue drops the messages of others", rules: ["SES9", "SES11", "PRO35"] },
  { name: "A link that is lost for a minute ends the session for good", rules: ["SES16", "SES17"] },
  { name: "Idle shutdown, or an idle check, stops a run that works without output", rules: ["SES21", "SES44"] },
  { name: "Text before a tool call is lost", rules: ["PRO5"] },
  { name: "Text is shown only once it is complete", rules: ["PRO19", "PAGE2"] },
  { name: "Each piece of text is sent and stored with all text before it", rules: ["PRO21", "PRO24", "STR2"] },
  { name: "Reconnecting has no cursor, and gives a snapshot with holes", rules: ["PRO7", "PRO16", "PRO52", "KIL8"] },
  { name: "A cursor made of time, which stands still or passes events over", rules: ["PRO1", "PRO7", "PRO12"] },
  { name: "A client gives up after a few lost connections", rules: ["PRO52", "PRO60"] },
  { name: "A second tab breaks the first", rules: ["PRO18", "PAGE2"] },
  { name: "A viewer that does not read makes the server's memory grow", rules: ["PRO31", "STR4"] },
  { name: "The log dies with the sandbox", rules: ["SES17", "STR13", "CHK8"] },
  { name: "Waking writes over edits that were not committed", rules: ["CHK4"] },
  { name: "Files are lost after a second resume", rules: ["CHK1", "CHK6"] },
  { name: "A question that nobody answers in minutes is gone", rules: ["SES41"] },
  { name: "An answer to a question nobody asked is taken", rules: ["SES29", "PRO39"] },
  { name: "Any sandbox gets a git credential, for every repository of the organization", rules: ["GIT2", "GIT4", "CLN4"] },
];
