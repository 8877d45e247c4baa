import { describe, expect, test } from "vitest";
import type { AgentConfig } from "../../ports/agent/agent.port.ts";
import { openCodeConfig, openCodeEnvironment } from "./opencode-config.ts";

const CONFIG: AgentConfig = {
  providers: [
    { id: "demo", kind: "openai-compatible", baseUrl: "http://broker/demo", models: [{ id: "demo", name: "Demo", contextTokens: 1000 }] },
    { id: "anthropic", kind: "anthropic", baseUrl: "http://broker/anthropic", models: [{ id: "claude", name: "Claude" }] },
  ],
  permissions: {},
  workFolder: "/work",
  brokerToken: "berth_sbx_example",
};

describe("OpenCode's configuration", () => {
  test("knows the brokers' providers and models, and no other", () => {
    expect(openCodeConfig(CONFIG, "/state/token")).toMatchObject({
      autoupdate: false,
      share: "disabled",
      enabled_providers: ["demo", "anthropic"],
      provider: {
        demo: {
          npm: "@ai-sdk/openai-compatible",
          options: { baseURL: "http://broker/demo", apiKey: "{file:/state/token}" },
          whitelist: ["demo"],
          models: { demo: { name: "Demo", limit: { context: 1000, output: 8192 } } },
        },
        anthropic: { npm: "@ai-sdk/anthropic", models: { claude: { name: "Claude" } } },
      },
    });
  });

  test("allows everything inside the sandbox when no policy is given, and passes one on", () => {
    expect(openCodeConfig(CONFIG, "/t")["permission"]).toEqual({ "*": "allow" });
    expect(openCodeConfig({ ...CONFIG, permissions: { bash: { "rm *": "deny" } } }, "/t")["permission"]).toEqual({ bash: { "rm *": "deny" } });
  });

  test("has a home of its own, the author of commits, and no token", () => {
    const environment = openCodeEnvironment({
      base: { PATH: "/bin", HOME: "/root" },
      home: "/home/agent",
      password: "example",
      config: openCodeConfig(CONFIG, "/t"),
      git: { name: "A", email: "a@example.com" },
    });
    expect(environment).toMatchObject({ PATH: "/bin", HOME: "/home/agent", XDG_DATA_HOME: "/home/agent/.local/share", GIT_COMMITTER_EMAIL: "a@example.com" });
    expect(JSON.stringify(environment)).not.toContain(CONFIG.brokerToken);
  });
});
