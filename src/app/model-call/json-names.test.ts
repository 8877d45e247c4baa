import fc from "fast-check";
import { expect, test } from "vitest";
import { ambiguousName } from "./json-names.ts";

test.each([
  ['{"a":1,"b":2}', null],
  ['{"a":1,"a":2}', "a"],
  ['{"a":1,"A":2}', "A"],
  ['{"a":{"b":1,"B":2}}', null],
  ['{"a":{"b":1,"c":[{"d":1},{"d":1}],"b":2}}', "b"],
  ['{"a":[{"d":1,"d":1}]}', "d"],
  ['{"a\\"":1,"b":"}{\\\\","a\\"":2}', 'a"'],
  ['{"mod\\u0065l":1,"model":2}', "model"],
  ['{"a":"a","b":["a","a"],"c":"\\"a\\":1"}', null],
  ["[]", null],
])("%s has twice: %s", (text, name) => {
  expect(ambiguousName(text)).toBe(name);
});

test("nothing that was written by JSON.stringify has a member twice, however it nests", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    expect(ambiguousName(JSON.stringify({ value }))).toBeNull();
  }));
});

test("a member that is added once more is found, wherever it is and whatever it is called", () => {
  fc.assert(fc.property(fc.string(), fc.jsonValue(), fc.boolean(), (name, value, isDeep) => {
    const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
    const object = `{${member},"another":0,${member}}`;
    fc.pre(name !== "another");
    expect(ambiguousName(isDeep ? `{"x":[1,${object}]}` : object)).toBe(name);
  }));
});
