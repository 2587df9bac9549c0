/**
 * Text of strangers in front of a person. A memo, a message or a name in a transaction must not be able to end a line, to
 * hide itself or to change the order in which other characters are shown.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** Longer text is cut, with its length and hash: nobody reads further, and logs stay bounded. */
export const MAX_SHOWN_CHARACTERS = 2000;

/**
 * Letters of scripts that are written from right to left, by block. Even without control characters they reorder the digits and
 * punctuation around them, so they are shown by number.
 */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** Letters, digits, punctuation and symbols; combining marks, spaces other than U+0020 and all invisible ones are left out. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Letters without ink, which Unicode nevertheless counts as letters or symbols. */
const BLANK = /[\u115f\u1160\u2800\u3164\uffa0\u{1d159}]/u;

/**
 * `"text"` on one line, unambiguously: quotes and backslashes are escaped, and every character that is invisible, that breaks lines
 * or that changes the writing direction appears as `\u{hex}`. Two different strings never look the same in it, except for
 * letters that look alike in different scripts; text outside ASCII is therefore marked.
 */
export function quoteText(text: string): string {
  const characters = Array.from(text);
  const shown = characters
    .slice(0, MAX_SHOWN_CHARACTERS)
    .map((character) => {
      if (character === '"' || character === '\\') return `\\${character}`;
      if (character === ' ') return character;
      const plain = VISIBLE.test(character) && !RIGHT_TO_LEFT.test(character) && !BLANK.test(character);
      return plain ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    })
    .join('');
  // oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
  const foreign = /[^\u0000-\u007f]/.test(text) ? ' (not only ASCII: letters may look like others)' : '';
  if (characters.length <= MAX_SHOWN_CHARACTERS) return `"${shown}"${foreign}`;
  const hash = bytesToHex(sha256(utf8ToBytes(text)));
  return `"${shown}"… and ${characters.length - MAX_SHOWN_CHARACTERS} more characters (SHA-256 of all: ${hash})${foreign}`;
}

/** UTF-8 without errors, or undefined. A byte order mark is kept as a character. */
export function strictUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether every UTF-16 surrogate is part of a pair, so that the text has exactly one UTF-8 encoding. */
export function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

/** Unix time in seconds as `2026-01-31T12:00:00Z`, or the bare number where it is beyond the calendar. */
export function formatTime(seconds: bigint): string {
  if (seconds < 0n || seconds > 253_402_300_799n) return `Unix time ${seconds}`;
  // oxlint-disable-next-line no-restricted-globals -- formats a given time, reads no clock
  return new Date(Number(seconds) * 1000).toISOString().replace('.000', '');
}
