// The rules for a release: all files have the same version, and the checkout may be published.

const UNRELEASED = "Unreleased";

/**
 * The entries of a changelog in the form of https://keepachangelog.com/en/1.1.0/, the latest first. `changes` tells
 * whether the entry lists anything.
 * @param {string} text
 */
export function changelogEntries(text) {
  const [, ...parts] = text.split(/^## /m);
  return parts.map((part) => {
    const [heading, ...rest] = part.split("\n");
    const found = heading.match(/^\[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$/);
    return { version: found?.[1] ?? heading, date: found?.[2], changes: rest.some((line) => line.startsWith("- ")) };
  });
}

/** A message for each file whose version differs from package.json. */
export function versionProblems({ version, cargo, changelog }) {
  const inCargo = cargo.match(/^\[workspace\.package\]\n(?:[^[]*\n)?version = "([^"]+)"/m)?.[1];
  const inChangelog = changelogEntries(changelog).find((entry) => entry.version !== UNRELEASED)?.version;
  return [
    inCargo !== version && `Cargo.toml has version ${inCargo}, package.json has ${version}.`,
    inChangelog !== version && `The latest version in CHANGELOG.md is ${inChangelog}, package.json has ${version}.`,
  ].filter(Boolean);
}

/** A message for each reason not to publish this checkout. `status` is the output of `git status --porcelain`. */
export function releaseProblems({ version, status, tags, changelog }) {
  const entries = changelogEntries(changelog);
  const unreleased = entries.find((entry) => entry.version === UNRELEASED);
  return [
    status !== "" && `There are uncommitted changes:\n${status.trimEnd()}`,
    tags.includes(`v${version}`) && `The tag v${version} exists already: raise the version.`,
    !entries.find((entry) => entry.version === version)?.date &&
      `CHANGELOG.md has no entry "## [${version}] - YYYY-MM-DD".`,
    unreleased?.changes && `CHANGELOG.md lists changes under "Unreleased": move them to ${version}.`,
  ].filter(Boolean);
}
