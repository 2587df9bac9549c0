/**
 * Files that several processes of one wallet write: whose they are, and which of them nobody will finish. Node only.
 *
 * @module
 */

/** Does a process with this number run? Somebody else's process is one that runs. */
export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
