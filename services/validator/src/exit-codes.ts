/**
 * How a validator's process ends, and its version.
 *
 * @module
 */

export const softwareVersion = '0.1.0';

export const exitCodes = {
  /** All sessions were finished; the command did what it says. */
  done: 0,
  /** It could not start, or a command failed. */
  failed: 1,
  /** Arguments or configuration. */
  usage: 2,
  /** The validator that a command is for does not run. */
  notRunning: 3,
  /** Sessions were still running when the time for the end was over. They can be led by others. */
  cutOff: 4,
  /** A bug: an error that nobody handled. */
  bug: 70,
  /** A second signal. */
  interrupted: 130,
} as const;
