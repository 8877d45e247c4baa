/**
 * Where programs and libraries are installed from, as `default` in the operator's list. Some of these also take what
 * somebody with an account there sends: an allowlist bounds whom an agent can talk to, not what it says.
 * Where npm installs from is what the launcher adds, or the operator names, since machines are set to a mirror of their own
 * so often; and packages of the system cannot be installed by who is not root.
 */
export const DEFAULT_HOSTS: readonly string[] = [
  "nodejs.org",
  ...["pypi.org", "files.pythonhosted.org"],
  ...["crates.io", "index.crates.io", "static.crates.io", "static.rust-lang.org"],
  ...["proxy.golang.org", "sum.golang.org"],
  ...["rubygems.org", "index.rubygems.org"],
  ...["repo.maven.apache.org", "repo1.maven.org"],
  ...["github.com", "api.github.com", "codeload.github.com", "raw.githubusercontent.com", "objects.githubusercontent.com", "release-assets.githubusercontent.com"],
];
