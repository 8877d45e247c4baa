/** AgentConfig → OpenCode's configuration and environment. Pure. */
import type { AgentConfig } from "../../ports/agent/agent.port.ts";
import { DEFAULT_PERMISSIONS } from "../../core/sandbox/default-permissions.ts";

type Provider = AgentConfig["providers"][number];

/** All four are inside OpenCode's binary, so nothing is installed at run time. */
const PACKAGES: { readonly [K in Provider["kind"]]: string } = {
  "openai-compatible": "@ai-sdk/openai-compatible",
  openai: "@ai-sdk/openai",
  anthropic: "@ai-sdk/anthropic",
  google: "@ai-sdk/google",
};

/** OpenCode wants both limits or none; this output limit stands in where only the context is known. */
const OUTPUT_TOKENS_FALLBACK = 8_192;

/**
 * @param extra providers of our own, beside those of the session
 * @param tokenFile holds the broker token. OpenCode reads it from there, so that a tool that prints its environment does
 * not print the token.
 */
export function openCodeConfig({ providers, permissions }: AgentConfig, tokenFile: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    autoupdate: false,
    share: "disabled",
    // Berth keeps its own snapshots of the work; OpenCode's would cost a git run per step.
    snapshot: false,
    enabled_providers: [...providers.map(({ id }) => id), ...Object.keys(extra)],
    provider: { ...Object.fromEntries(providers.map((provider) => [provider.id, providerEntry(provider, tokenFile)])), ...extra },
    permission: Object.keys(permissions).length === 0 ? DEFAULT_PERMISSIONS : permissions,
  };
}

function providerEntry({ id, kind, baseUrl, models }: Provider, tokenFile: string): Record<string, unknown> {
  return {
    name: id,
    npm: PACKAGES[kind],
    options: { baseURL: baseUrl, apiKey: `{file:${tokenFile}}` },
    whitelist: models.map((model) => model.id),
    models: Object.fromEntries(
      models.map(({ id: model, name, contextTokens, outputTokens = OUTPUT_TOKENS_FALLBACK }) => [
        model,
        { name, ...(contextTokens === undefined ? {} : { limit: { context: contextTokens, output: outputTokens } }) },
      ]),
    ),
  };
}

export interface EnvironmentInput {
  /** What the sandbox gives every program: PATH, LANG and the like. */
  readonly base: Readonly<Record<string, string>>;
  readonly home: string;
  readonly password: string;
  readonly config: Record<string, unknown>;
  readonly git?: AgentConfig["git"];
}

export function openCodeEnvironment({ base, home, password, config, git }: EnvironmentInput): Record<string, string> {
  return {
    ...base,
    HOME: home,
    XDG_CONFIG_HOME: `${home}/.config`,
    XDG_DATA_HOME: `${home}/.local/share`,
    XDG_STATE_HOME: `${home}/.local/state`,
    XDG_CACHE_HOME: `${home}/.cache`,
    // The inline configuration outranks a repository's own, so a repository cannot loosen the policy or move the broker.
    OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
    OPENCODE_SERVER_PASSWORD: password,
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    ...(git && {
      GIT_AUTHOR_NAME: git.name,
      GIT_AUTHOR_EMAIL: git.email,
      GIT_COMMITTER_NAME: git.name,
      GIT_COMMITTER_EMAIL: git.email,
    }),
  };
}
