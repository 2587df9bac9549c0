// Parsed before the version is known to be good: syntax of Node 12, no `node:` imports.

export const oldest = { major: 20, minor: 19 };

/** Prints one sentence and sets the exit code when this Node is too old. */
export function nodeIsTooOld() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return false;
  const needed = oldest.major + '.' + oldest.minor;
  process.stderr.write('dWallet needs Node ' + needed + ' or newer; this is ' + process.version + '.\n');
  process.exitCode = 1;
  return true;
}
