/**
 * Texts that are credentials by their form alone. Names and forms are those of gitleaks (config/gitleaks.toml, MIT), of
 * the ones that begin with something of their own, so that a stream is only held back after such a beginning.
 */

export interface Fingerprint {
  readonly name: string;
  readonly prefix: string;
  /** What follows the prefix, at the place where it is asked: as many of these as there are. */
  readonly chars: RegExp;
  /** How many characters have to follow, and may at most. */
  readonly least: number;
  readonly most: number;
}

const ALPHANUMERIC = /[0-9A-Za-z]*/y;
const WORD = /[\w-]*/y;
const HEX = /[0-9a-fA-F]*/y;
const BASE64 = /[0-9A-Za-z+/=]*/y;
const DOTTED = /[\w.=-]*/y;

const of = (name: string, prefix: string, chars: RegExp, least: number, most = least): Fingerprint => ({ name, prefix, chars, least, most });

export const FINGERPRINTS: readonly Fingerprint[] = [
  of("anthropic-api-key", "sk-ant-", WORD, 80, 120),
  of("openai-api-key", "sk-proj-", WORD, 58, 180),
  of("openai-api-key", "sk-svcacct-", WORD, 58, 180),
  of("openai-api-key", "sk-admin-", WORD, 58, 180),
  of("openai-api-key", "sk-", ALPHANUMERIC, 40, 60),
  of("openrouter-api-key", "sk-or-v1-", HEX, 64),
  of("perplexity-api-key", "pplx-", ALPHANUMERIC, 48),
  of("gcp-api-key", "AIza", WORD, 35),
  of("huggingface-access-token", "hf_", ALPHANUMERIC, 34),
  ...["AKIA", "ASIA", "ABIA", "ACCA"].map((prefix) => of("aws-access-token", prefix, /[A-Z2-7]*/y, 16)),
  of("github-pat", "ghp_", ALPHANUMERIC, 36),
  of("github-oauth", "gho_", ALPHANUMERIC, 36),
  of("github-app-token", "ghu_", ALPHANUMERIC, 36),
  of("github-app-token", "ghs_", ALPHANUMERIC, 36),
  of("github-fine-grained-pat", "github_pat_", /\w*/y, 82),
  of("gitlab-pat", "glpat-", WORD, 20),
  of("npm-access-token", "npm_", ALPHANUMERIC, 36),
  of("pypi-upload-token", "pypi-AgEIcHlwaS5vcmc", WORD, 50, 1_000),
  of("slack-bot-token", "xoxb-", WORD, 22, 100),
  of("slack-user-token", "xoxp-", WORD, 60, 100),
  of("slack-user-token", "xoxe-", WORD, 60, 100),
  ...["sk_test_", "sk_live_", "sk_prod_", "rk_test_", "rk_live_", "rk_prod_"].map((prefix) => of("stripe-access-token", prefix, ALPHANUMERIC, 10, 99)),
  of("sendgrid-api-token", "SG.", DOTTED, 66),
  of("shopify-access-token", "shpat_", HEX, 32),
  of("square-access-token", "sq0atp-", WORD, 22, 60),
  of("digitalocean-pat", "dop_v1_", HEX, 64),
  of("doppler-api-token", "dp.pt.", ALPHANUMERIC, 43),
  of("databricks-api-token", "dapi", HEX, 32),
  of("grafana-service-account-token", "glsa_", /\w*/y, 41),
  of("linear-api-key", "lin_api_", ALPHANUMERIC, 40),
  of("notion-api-token", "ntn_", ALPHANUMERIC, 46),
  of("postman-api-token", "PMAK-", /[0-9a-fA-F-]*/y, 59),
  of("pulumi-api-token", "pul-", HEX, 40),
  of("sentry-org-token", "sntrys_eyJpYXQiO", /[\w+/=]*/y, 60, 500),
  of("sentry-user-token", "sntryu_", HEX, 64),
  of("vault-service-token", "hvs.", WORD, 90, 120),
  of("1password-service-account-token", "ops_eyJ", BASE64, 250, 2_000),
  of("age-secret-key", "AGE-SECRET-KEY-1", /[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]*/y, 58),
];

/** A private key in PEM, from its first line to its last; one that is cut off counts to where it was cut. */
export const PRIVATE_KEY = {
  name: "private-key",
  prefix: "-----BEGIN",
  header: /-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----/y,
  headerMost: 140,
  end: /-----END[ A-Z0-9_-]{0,100}KEY(?: BLOCK)?-----/g,
  most: 20_000,
} as const;
